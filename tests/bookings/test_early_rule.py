"""Early windows: who comes in by the published rule, and which rules may not be published at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select

from booking.bookings.baskets import bookable_ids
from booking.bookings.early_grounds import GROUNDS, families_in, who_comes_in
from booking.bookings.early_links import link_to, open_link
from booking.bookings.early_models import EarlyWindow
from booking.bookings.early_windows import EarlyDetails, EarlyRefused, look_at, make_window, take_back
from booking.bookings.rounds import ENTITLED
from booking.core import clock
from booking.core.db import db, unit_of_work
from booking.people.group_facts import PURPOSE_OF
from booking.people.models import Guardianship, account_pupil
from tests.bookings.early import (
    EARLY,
    OPENS,
    RULE,
    a_coming_run,
    a_manager,
    a_sent_window,
    a_window,
    came,
    reasons,
    send,
    use,
    who_came,
    with_premium,
)
from tests.builders import (
    AT,
    a_family,
    a_group_fact,
    a_restriction,
    a_session,
    a_user,
    save,
)


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
    assert reasons(family, run) == []


def test_families_are_counted_by_the_children_whom_they_share() -> None:
    assert families_in([]) == 0
    assert families_in([(1, 10), (1, 11), (2, 20)]) == 2
    assert families_in([(1, 10), (2, 10), (2, 11), (3, 11), (4, 40)]) == 2
    assert families_in([(1, 10), (2, 20), (1, 20)]) == 1


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
    run, window_id, families = a_sent_window()
    use(families[0], window_id)
    with unit_of_work():
        take_back(window_id, "Wrong day", at=AT, user_id=a_manager())
    assert reasons(families[0], run) == ["not_open"]
    assert a_window(run) != window_id
    with pytest.raises(EarlyRefused), unit_of_work():
        take_back(window_id, "Again", at=AT, user_id=1)
