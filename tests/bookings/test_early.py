"""Early windows: what an opened link opens, for which child, and what it never opens."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from booking.bookings.early_models import EarlyAccess
from booking.bookings.situations import load_situation
from booking.bookings.waiting_list import CannotWait, join_list
from booking.core.db import db, unit_of_work
from booking.people.models import Guardianship
from booking.provision.models import Run
from tests.bookings.early import (
    EARLY,
    IN_WINDOW,
    LESSON,
    OPENS,
    a_coming_run,
    a_sent_window,
    a_window,
    reasons,
    send,
    try_for,
    use,
    who_came,
    with_premium,
)
from tests.builders import (
    AT,
    a_family,
    a_group_fact,
    a_place,
    a_session,
    save,
)


def test_a_child_with_an_opened_link_books_early_and_no_other_child_does(app: Flask) -> None:
    run, window_id, families = a_sent_window()
    stranger = a_family()
    use(families[4], window_id)
    assert reasons(families[4], run, EARLY - timedelta(minutes=1)) == ["not_open"]
    assert reasons(families[4], run) == []
    assert reasons(families[3], run) == ["not_open"], "a link that was not opened opens nothing"
    assert reasons(stranger, run) == ["not_open"]
    assert reasons(stranger, run, OPENS) == []


def test_it_is_for_the_child_and_the_runs_of_the_window_alone(app: Flask) -> None:
    run, other = a_coming_run(), a_coming_run()
    family = a_family(2)
    a_group_fact(family.pupils[0], "pupil_premium", "yes")
    who_came(run)
    with_premium()
    window_id = a_window(run, grounds=("pupil_premium", "young_carer", "present"))
    send(window_id)
    use(family, window_id)
    assert try_for(family, run.sessions[0]).refused == []
    for child, session in ((1, run.sessions[0]), (0, other.sessions[0])):
        refused = try_for(family, session, child=child).refused
        assert (family.pupils[child].id, session.id, "not_open") in {
            (r.pupil_id, r.session_id, r.reason) for r in refused
        }


def test_what_one_parent_has_opened_opens_nothing_for_the_other_account(app: Flask) -> None:
    run, window_id, families = a_sent_window()
    use(families[4], window_id)
    other = a_family()
    child = families[4].pupils[0]
    save(Guardianship(user_id=other.user.id, pupil_id=child.id, created_at=AT, parental_responsibility="yes"))
    situation = load_situation([child.id], [run.sessions[0].id], IN_WINDOW)
    session_id = run.sessions[0].id
    assert situation.why_not(child.id, session_id, families[4].account.id) is None
    refusal = situation.why_not(child.id, session_id, other.account.id)
    assert refusal is not None
    assert refusal.reason == "not_open"


def test_year_group_overlap_and_every_other_rule_still_hold(app: Flask) -> None:
    run, window_id, families = a_sent_window()
    use(families[4], window_id)
    with unit_of_work():
        db.session.get_one(Run, run.id).year_groups = ["6"]
    assert reasons(families[4], run) == ["year_group"]
    with unit_of_work():
        db.session.get_one(Run, run.id).year_groups = ["3"]
    a_place(families[4], a_session(LESSON))
    assert reasons(families[4], run) == ["overlap"]


def test_early_bookings_stop_at_their_share_and_the_rest_stays_for_everybody(app: Flask) -> None:
    run, window_id, families = a_sent_window(places=4)
    for family in families[:3]:
        use(family, window_id)
    assert [reasons(family, run) for family in families[:2]] == [[], []]
    refused = try_for(families[2], run.sessions[0]).refused
    assert [r.reason for r in refused] == ["not_open"]
    assert "no early places left" in refused[0].words
    assert "booked by everybody from Monday 30 November at 09:00" in refused[0].words
    with pytest.raises(CannotWait), unit_of_work():
        join_list(
            families[2].pupils[0].id,
            run.sessions[0].id,
            account_id=families[2].account.id,
            at=IN_WINDOW,
            user_id=None,
        )
    strangers = [a_family() for _ in range(3)]
    assert [reasons(family, run, OPENS) for family in strangers] == [[], [], []], "holds have run out by then"


def test_one_basket_cannot_take_more_than_the_share(app: Flask) -> None:
    run, window_id, _ = a_sent_window(places=2)
    big = a_family(2)
    with unit_of_work():
        for pupil in big.pupils:
            db.session.add(
                EarlyAccess(
                    window_id=window_id,
                    account_id=big.account.id,
                    pupil_id=pupil.id,
                    token_digest="d",
                    sent_at=AT,
                    opened_at=AT,
                    token="t",
                )
            )
    wanted = {(pupil.id, run.sessions[0].id) for pupil in big.pupils}
    situation = load_situation([p for p, _ in wanted], [run.sessions[0].id], IN_WINDOW)
    first, second = sorted(wanted)
    assert situation.why_not(*first, big.account.id) is None
    situation.take(*first, big.account.id)
    refusal = situation.why_not(*second, big.account.id)
    assert refusal is not None
    assert refusal.reason == "not_open"


def test_a_session_whose_every_place_may_go_early_has_a_list_when_it_is_full(app: Flask) -> None:
    run, window_id, families = a_sent_window(places=1, share=100)
    for family in families[:2]:
        use(family, window_id)
    assert reasons(families[0], run) == []
    assert reasons(families[1], run) == ["full"]
    with unit_of_work():
        entry = join_list(
            families[1].pupils[0].id,
            run.sessions[0].id,
            account_id=families[1].account.id,
            at=IN_WINDOW,
            user_id=None,
        )
        assert entry.state == "waiting"


def _statements(act: Any) -> int:
    seen: list[str] = []
    event.listen(db.engine, "before_cursor_execute", listener := (lambda *a: seen.append(a[2])))
    try:
        act()
    finally:
        event.remove(db.engine, "before_cursor_execute", listener)
        db.session.rollback()
    return len(seen)


def test_one_query_more_where_something_is_not_open_yet_and_none_on_the_day(app: Flask) -> None:
    run, window_id, families = a_sent_window()
    use(families[0], window_id)
    ids = [run.sessions[0].id, a_session(LESSON, opens_at=OPENS).id]
    pupils = [family.pupils[0].id for family in families]
    on_the_day = _statements(lambda: load_situation(pupils, ids, OPENS))
    assert _statements(lambda: load_situation(pupils, ids, IN_WINDOW)) == on_the_day + 1
    assert _statements(lambda: load_situation([], ids, IN_WINDOW)) <= on_the_day
