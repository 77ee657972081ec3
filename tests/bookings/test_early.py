"""Early windows: who comes in, what a link opens and for whom, and what nobody can read from it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select

from booking.bookings import early_rule, rules
from booking.bookings.baskets import bookable_ids
from booking.bookings.early_grounds import GROUNDS, families_in, who_comes_in
from booking.bookings.early_links import LinkIsOver, link_of, link_to, open_link, withdraw_link
from booking.bookings.early_models import EarlyAccess, EarlyWindow
from booking.bookings.early_windows import EarlyDetails, EarlyRefused, look_at, make_window, take_back
from booking.bookings.models import Place
from booking.bookings.rounds import ENTITLED
from booking.bookings.situations import load_situation
from booking.bookings.waiting_list import CannotWait, join_list
from booking.core import clock
from booking.core.audit import AuditEntry
from booking.core.db import db, unit_of_work
from booking.core.errors import NotFound
from booking.core.outbox import OutboxMessage
from booking.people.group_facts import PURPOSE_OF, GroupFact
from booking.people.invitations import token_digest
from booking.people.models import Guardianship, account_pupil
from booking.provision.models import Run
from tests.bookings.early import (
    EARLY,
    IN_WINDOW,
    LESSON,
    OPENS,
    RULE,
    a_coming_run,
    a_window,
    came,
    send,
    try_for,
    use,
    who_came,
    with_premium,
)
from tests.bookings.racers import at_the_start, race_in_threads
from tests.builders import (
    AT,
    Family,
    a_family,
    a_group_fact,
    a_place,
    a_restriction,
    a_session,
    a_user,
    save,
)


def _reasons(family: Family, run: Run, at: datetime = IN_WINDOW) -> list[str]:
    return [refusal.reason for refusal in try_for(family, run.sessions[0], at=at).refused]


def _held(family: Family) -> int:
    count = (
        db.session.query(Place).filter(Place.account_id == family.account.id, Place.state == "held").count()
    )
    db.session.rollback()
    return count


def _a_sent_window(places: int = 10, share: int = 50) -> tuple[Run, int, list[Family]]:
    run = a_coming_run(places)
    families = [*who_came(run), *with_premium()]
    window_id = a_window(run, share=share)
    assert send(window_id) == 5
    return run, window_id, families


def test_a_child_with_an_opened_link_books_early_and_no_other_child_does(app: Flask) -> None:
    run, window_id, families = _a_sent_window()
    stranger = a_family()
    use(families[4], window_id)
    assert _reasons(families[4], run, EARLY - timedelta(minutes=1)) == ["not_open"]
    assert _reasons(families[4], run) == []
    assert _reasons(families[3], run) == ["not_open"], "a link that was not opened opens nothing"
    assert _reasons(stranger, run) == ["not_open"]
    assert _reasons(stranger, run, OPENS) == []


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
    run, window_id, families = _a_sent_window()
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
    run, window_id, families = _a_sent_window()
    use(families[4], window_id)
    with unit_of_work():
        db.session.get_one(Run, run.id).year_groups = ["6"]
    assert _reasons(families[4], run) == ["year_group"]
    with unit_of_work():
        db.session.get_one(Run, run.id).year_groups = ["3"]
    a_place(families[4], a_session(LESSON))
    assert _reasons(families[4], run) == ["overlap"]


def test_early_bookings_stop_at_their_share_and_the_rest_stays_for_everybody(app: Flask) -> None:
    run, window_id, families = _a_sent_window(places=4)
    for family in families[:3]:
        use(family, window_id)
    assert [_reasons(family, run) for family in families[:2]] == [[], []]
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
    assert [_reasons(family, run, OPENS) for family in strangers] == [[], [], []], (
        "holds have run out by then"
    )


def test_one_basket_cannot_take_more_than_the_share(app: Flask) -> None:
    run, window_id, _ = _a_sent_window(places=2)
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
    run, window_id, families = _a_sent_window(places=1, share=100)
    for family in families[:2]:
        use(family, window_id)
    assert _reasons(families[0], run) == []
    assert _reasons(families[1], run) == ["full"]
    with unit_of_work():
        entry = join_list(
            families[1].pupils[0].id,
            run.sessions[0].id,
            account_id=families[1].account.id,
            at=IN_WINDOW,
            user_id=None,
        )
        assert entry.state == "waiting"


def test_the_last_early_place_goes_to_one_family_only(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    run, window_id, families = _a_sent_window(places=2)
    for family in families:
        use(family, window_id)
    monkeypatch.setattr("tests.bookings.racers.AT", IN_WINDOW)
    racers = at_the_start(families, [run.sessions[0].id])
    assert sorted(race_in_threads(app, racers)) == [0, 0, 0, 0, 1]


def test_without_the_guard_the_last_early_place_is_given_twice(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin of the race: with the share not looked at, more go early than may."""
    run, window_id, families = _a_sent_window(places=2)
    for family in families:
        use(family, window_id)
    monkeypatch.setattr("tests.bookings.racers.AT", IN_WINDOW)
    monkeypatch.setattr(early_rule.Early, "is_used_up", lambda self, taken, places: False)
    racers = at_the_start(families, [run.sessions[0].id])
    assert sum(race_in_threads(app, racers)) == 2


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
    run, window_id, families = _a_sent_window()
    use(families[0], window_id)
    ids = [run.sessions[0].id, a_session(LESSON, opens_at=OPENS).id]
    pupils = [family.pupils[0].id for family in families]
    on_the_day = _statements(lambda: load_situation(pupils, ids, OPENS))
    assert _statements(lambda: load_situation(pupils, ids, IN_WINDOW)) == on_the_day + 1
    assert _statements(lambda: load_situation([], ids, IN_WINDOW)) <= on_the_day


# Who comes in


def test_nothing_but_entitlements_and_who_comes_already_can_be_a_ground(app: Flask) -> None:
    kinds = {ENTITLED[name][0] for name in GROUNDS if name in ENTITLED}
    assert kinds == {"pupil_premium", "sen", "young_carer"}
    assert {PURPOSE_OF[kind] for kind in kinds} == {"entitlement"}
    run = a_coming_run()
    for forbidden in ("ethnicity", "language", "sex", "religion", "fsm"):
        details = EarlyDetails((run.id,), EARLY, ("pupil_premium", "young_carer", "present", forbidden))
        with pytest.raises(EarlyRefused, match="not on the list"):
            look_at(details, at=AT)
    family = a_family()
    for kind, value in (("ethnicity", "BCRB"), ("language", "BEN"), ("sex", "F")):
        a_group_fact(family.pupils[0], kind, value)
    assert who_comes_in([run], GROUNDS, AT).pairs == frozenset()


def test_each_ground_lets_in_whom_it_names(app: Flask) -> None:
    run = a_coming_run(year_groups=["3", "4"])
    before = a_session(date(2026, 11, 18), activity_id=run.activity_id)
    long_ago = a_session(date(2026, 5, 6), activity_id=run.activity_id)
    elsewhere = a_session(date(2026, 11, 18))
    two = came(a_family(2), before)
    came(a_family(), long_ago)
    came(a_family(), elsewhere)
    carer, plan, support = a_family(), a_family(), a_family()
    a_group_fact(carer.pupils[0], "young_carer", "yes")
    a_group_fact(plan.pupils[0], "sen", "E")
    a_group_fact(support.pupils[0], "sen", "K")
    too_old = a_family(year_group="6")
    a_group_fact(too_old.pupils[0], "young_carer", "yes")
    found = who_comes_in([run], GROUNDS, AT)
    assert {pupil: set(names) for pupil, names in found.grounds.items()} == {
        two.pupils[0].id: {"present"},
        two.pupils[1].id: {"sibling"},
        carer.pupils[0].id: {"young_carer"},
        plan.pupils[0].id: {"ehcp"},
    }
    assert found.families == 3
    assert found.children == 4
    assert set(who_comes_in([run], ("ehcp",), AT).grounds) == {plan.pupils[0].id}


def test_the_accounts_are_those_that_may_book_and_nobody_is_let_in_past_a_restriction(app: Flask) -> None:
    run, family, other = a_coming_run(), a_family(), a_family()
    child = family.pupils[0]
    a_group_fact(child, "young_carer", "yes")
    save(Guardianship(user_id=other.user.id, pupil_id=child.id, created_at=AT, parental_responsibility="yes"))
    both = {(family.account.id, child.id), (other.account.id, child.id)}
    found = who_comes_in([run], GROUNDS, AT)
    assert found.pairs == both
    assert found.families == 1, "two accounts of one child are one family"
    a_restriction(child, other.user, by=a_user("manager"), confirmed_at=AT)
    found = who_comes_in([run], GROUNDS, AT)
    assert found.pairs == {(family.account.id, child.id)}
    for one in (family, other):
        ids = {pupil for account, pupil in found.pairs if account == one.account.id}
        assert ids <= bookable_ids(one.account.id, clock.today(AT))


def test_a_family_that_nobody_signs_in_for_comes_in_and_the_office_opens_its_link(app: Flask) -> None:
    run, family = a_coming_run(), a_family()
    who_came(run)
    with_premium()
    with unit_of_work():
        db.session.execute(Guardianship.__table__.delete().where(Guardianship.user_id == family.user.id))
        db.session.execute(
            account_pupil.insert().values(account_id=family.account.id, pupil_id=family.pupils[0].id)
        )
    a_group_fact(family.pupils[0], "young_carer", "yes")
    window_id = a_window(run)
    assert send(window_id) == 6
    office = a_user("manager").id
    with unit_of_work():
        open_link(link_to(window_id, family.account.id, at=AT), at=AT, user_id=office)
    assert _reasons(family, run) == []


def test_families_are_counted_by_the_children_whom_they_share() -> None:
    assert families_in([]) == 0
    assert families_in([(1, 10), (1, 11), (2, 20)]) == 2
    assert families_in([(1, 10), (2, 10), (2, 11), (3, 11), (4, 40)]) == 2
    assert families_in([(1, 10), (2, 20), (1, 20)]) == 1


# The rule


@pytest.mark.parametrize(
    ("grounds", "words"),
    [
        ((), "at least two grounds"),
        (("present",), "at least two grounds"),
        (("pupil_premium", "young_carer"), "at least two grounds"),
        (("young_carer", "present"), "second entitlement"),
    ],
)
def test_a_rule_that_would_give_a_ground_away_is_refused(
    app: Flask, grounds: tuple[str, ...], words: str
) -> None:
    run = a_coming_run()
    who_came(run, 6)
    with pytest.raises(EarlyRefused, match=words):
        a_window(run, grounds=grounds)
    assert db.session.scalars(select(EarlyWindow)).all() == []


@pytest.mark.parametrize(("by_habit", "by_right"), [(3, 1), (2, 9), (0, 9)])
def test_too_few_families_make_no_window_and_the_refusal_counts_nobody(
    app: Flask, by_habit: int, by_right: int
) -> None:
    run = a_coming_run()
    who_came(run, by_habit)
    with_premium(by_right)
    with pytest.raises(EarlyRefused, match="Too few families"):
        a_window(run)


@pytest.mark.parametrize("case", ["draw", "twice", "late", "past", "none", "share"])
def test_a_window_that_cannot_stand_is_refused(app: Flask, case: str) -> None:
    run = a_coming_run(in_round=case == "draw")
    who_came(run, 6)
    details = EarlyDetails((run.id,), EARLY, RULE)
    if case == "twice":
        a_window(run)
    changed = {
        "late": replace(details, opens_at=OPENS),
        "past": replace(details, opens_at=AT),
        "none": replace(details, run_ids=()),
        "share": replace(details, share=0),
    }.get(case, details)
    with pytest.raises(EarlyRefused), unit_of_work():
        make_window(changed, at=AT, user_id=1)


def test_a_window_that_was_taken_back_makes_room_for_another(app: Flask) -> None:
    run, window_id, families = _a_sent_window()
    use(families[0], window_id)
    with unit_of_work():
        take_back(window_id, "Wrong day", at=AT, user_id=a_manager())
    assert _reasons(families[0], run) == ["not_open"]
    assert a_window(run) != window_id
    with pytest.raises(EarlyRefused), unit_of_work():
        take_back(window_id, "Again", at=AT, user_id=1)


def a_manager() -> int:
    return a_user("manager").id


# The links


def test_the_letters_are_the_same_for_all_and_leave_at_one_moment(app: Flask) -> None:
    _, _, families = _a_sent_window()
    letters = db.session.scalars(select(OutboxMessage).where(OutboxMessage.template == "early_booking")).all()
    assert {letter.user_id for letter in letters} == {family.user.id for family in families}
    assert {letter.next_try_at for letter in letters} == {AT}
    assert {frozenset(letter.context) for letter in letters} == {frozenset({"window_id", "account_id"})}
    rows = db.session.scalars(select(EarlyAccess)).all()
    assert len({row.token for row in rows}) == 5
    assert all(row.token_digest == token_digest(row.token) for row in rows)
    assert all(row.token.encode() not in row.sealed for row in rows)
    assert set(EarlyAccess.__table__.columns.keys()).isdisjoint({"ground", "grounds", "why"})
    assert {tuple(sorted(row.said())) for row in rows} == {("token",)}, "no ground is kept, sealed or open"


def test_links_go_once_and_not_when_letters_would_come_too_late(app: Flask) -> None:
    _, window_id, _ = _a_sent_window()
    with pytest.raises(EarlyRefused, match="sent already"):
        send(window_id)
    late = a_coming_run()
    who_came(late, 3)
    second = a_window(late)
    with pytest.raises(EarlyRefused, match="would leave"):
        send(second, at=EARLY)


def test_links_do_not_go_when_too_few_have_a_ground_by_then(app: Flask) -> None:
    run = a_coming_run()
    who_came(run, 3)
    with_premium(2)
    window_id = a_window(run)
    with unit_of_work():
        db.session.query(GroupFact).delete()
    with pytest.raises(EarlyRefused, match="Too few"):
        send(window_id)
    assert db.session.query(OutboxMessage).count() == 0


def test_a_ground_that_is_lost_takes_no_link_away(app: Flask) -> None:
    run, window_id, families = _a_sent_window()
    with unit_of_work():
        db.session.query(GroupFact).delete()
    use(families[4], window_id)
    assert _reasons(families[4], run) == []


def test_a_link_is_for_its_own_account_and_says_nothing_to_another(app: Flask) -> None:
    _, window_id, families = _a_sent_window()
    token = link_to(window_id, families[0].account.id, at=AT).rows[0].token
    assert link_of(token, {families[0].account.id}, at=AT).account.id == families[0].account.id
    for accounts in ({families[1].account.id}, set()):
        with pytest.raises(NotFound):
            link_of(token, accounts, at=AT)
    with pytest.raises(NotFound):
        link_of("unknown", {families[0].account.id}, at=AT)


def test_the_office_withdraws_one_link_with_a_reason_and_what_was_taken_stays(app: Flask) -> None:
    run, window_id, families = _a_sent_window()
    for family in families[:2]:
        use(family, window_id)
    assert _reasons(families[0], run) == []
    office = a_manager()
    with unit_of_work():
        link = link_to(window_id, families[0].account.id, at=IN_WINDOW)
        withdraw_link(link, "Sent to the wrong adult", at=IN_WINDOW, user_id=office)
    assert _held(families[0]) == 1
    second = a_session(LESSON + timedelta(days=1), run=run)
    assert [r.reason for r in try_for(families[0], second).refused] == ["not_open"]
    assert try_for(families[1], second).refused == []
    row = db.session.scalars(select(EarlyAccess).where(EarlyAccess.withdrawn_at.is_not(None))).one()
    assert row.reason == "Sent to the wrong adult"
    actions = set(db.session.scalars(select(AuditEntry.action)))
    assert actions >= {"early_window_made", "early_links_sent", "early_link_opened", "early_link_withdrawn"}
    with pytest.raises(LinkIsOver):
        use(families[0], window_id)


def _audit_words() -> Iterable[str]:
    return [str(entry.details) for entry in db.session.scalars(select(AuditEntry))]


def test_the_audit_trail_names_the_rule_and_no_childs_ground(app: Flask) -> None:
    _, window_id, families = _a_sent_window()
    use(families[4], window_id)
    with_grounds = [words for words in _audit_words() if any(name in words for name in GROUNDS)]
    assert len(with_grounds) == 1, "the published rule alone"


def test_rules_reads_an_open_run_without_looking_for_links(app: Flask) -> None:
    """`opens_at` is asked only before the day; afterwards the rule costs nothing."""
    run, window_id, families = _a_sent_window()
    use(families[0], window_id)
    situation = load_situation([families[0].pupils[0].id], [run.sessions[0].id], OPENS)
    assert situation.early == {}
    assert isinstance(situation, rules.Situation)
