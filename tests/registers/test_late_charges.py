"""The late collection charge follows from the mark alone: once a child and day, right when clocks change, waived once."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from booking.core import clock
from booking.core.db import db, unit_of_work
from booking.ledger.arrears_models import LateCharge
from booking.ledger.balances import credit_pence, ledger_problems
from booking.ledger.terms import LateRule, MoneyTerms, PayTerms
from booking.payments.decisions import CannotMoveMoney, Wish, ask_for
from booking.people.models import User
from booking.provision.models import Session
from booking.registers.late_charges import settle_late_collections
from booking.registers.marks import NewMark, add_marks, undo
from tests.bookings.rushes import at_once
from tests.builders import AT, Family, a_family, a_place, a_run, a_session, a_user, save

DAY = date(2026, 11, 25)
NEXT = datetime(2026, 11, 26, 2, 0, tzinfo=AT.tzinfo)
RULE = LateRule(time(17, 30), 10, 500, 15, 1_200)


def the_rule(late_pence: int | None = 500) -> None:
    terms = vars(PayTerms(late_pence=late_pence, late_cap_pence=1_200))
    save(MoneyTerms(**{**terms, "reminder_days": [7]}, starts_on=date(2026, 9, 1), set_at=AT))


def care(on: date = DAY, ends_at: time = time(18, 0)) -> Session:
    return a_session(on, run=a_run(starts_at=time(16, 30), ends_at=ends_at))


def out(family: Family, session: Session, at: time, what: str = "collected") -> int:
    """The child came at half past four and went out at this time; gives the id of the last mark."""
    pupil_id, on = family.pupils[0].id, session.date
    with unit_of_work():
        marks = [
            NewMark(session.id, pupil_id, "arrived", clock.instant(on, time(16, 30))),
            NewMark(session.id, pupil_id, what, clock.instant(on, at)),
        ]
        return add_marks(marks, recorded_at=clock.instant(on, at), user_id=None)[-1].id


def settle(at: datetime = NEXT) -> int:
    with unit_of_work():
        return settle_late_collections(at)


def charges() -> list[tuple[int, str | None]]:
    db.session.rollback()
    rows = db.session.scalars(select(LateCharge).order_by(LateCharge.id))
    return [(row.amount_pence, row.ended_why) for row in rows]


@pytest.fixture
def family(app: Flask) -> Family:
    return a_family()


@pytest.mark.parametrize(
    ("hour", "pence"),
    [
        (time(18, 0), 0),
        (time(18, 10), 0),
        (time(18, 10, 1), 500),
        (time(18, 25), 500),
        (time(18, 25, 1), 1000),
        (time(18, 45), 1200),
        (time(21, 0), 1200),
    ],
)
def test_each_started_slice_after_the_grace_costs_and_no_more_than_the_cap(hour: time, pence: int) -> None:
    free_until = RULE.free_until(DAY, time(18, 0))
    assert RULE.charge_pence(free_until, clock.instant(DAY, hour)) == pence


@given(st.integers(0, 20_000), st.integers(0, 20_000))
def test_later_never_costs_less_and_nothing_is_above_the_cap(first: int, more: int) -> None:
    free_until = RULE.free_until(DAY, time(18, 0))
    pence = [RULE.charge_pence(free_until, free_until + timedelta(seconds=s)) for s in (first, first + more)]
    assert 0 <= pence[0] <= pence[1] <= 1200
    assert (pence[0] == 0) == (first == 0)


@pytest.mark.parametrize("on", [date(2026, 10, 24), date(2026, 10, 25), date(2027, 3, 28), date(2027, 3, 29)])
def test_on_the_days_when_clocks_change_six_is_six(on: date) -> None:
    free_until = RULE.free_until(on, time(18, 0))
    assert clock.to_school(free_until).time() == time(18, 10)
    assert RULE.charge_pence(free_until, clock.instant(on, time(18, 11))) == 500


def test_a_child_collected_late_is_charged_the_next_day_and_once(family: Family) -> None:
    the_rule()
    session = care()
    a_place(family, session)
    out(family, session, time(18, 20))
    assert settle(datetime(2026, 11, 25, 20, 0, tzinfo=AT.tzinfo)) == 0, "not on the day itself"
    assert [settle(), settle(), settle(NEXT + timedelta(days=9))] == [1, 0, 0]
    assert charges() == [(500, None)]
    assert credit_pence(family.account.id) == -500
    assert ledger_problems() == []


@pytest.mark.parametrize(
    "kind", ["no rule", "rule off", "in time", "early session", "handed over", "no place"]
)
def test_nothing_is_charged(family: Family, kind: str) -> None:
    if kind != "no rule":
        the_rule(None if kind == "rule off" else 500)
    session = care(ends_at=time(17, 0) if kind == "early session" else time(18, 0))
    if kind != "no place":
        a_place(family, session)
    hour = time(18, 9) if kind == "in time" else time(18, 30)
    out(family, session, hour, "to_activity" if kind == "handed over" else "collected")
    assert settle() == 0
    assert charges() == []


def test_a_corrected_mark_takes_the_charge_back_and_makes_another(family: Family) -> None:
    the_rule()
    session = care()
    a_place(family, session)
    mark_id = out(family, session, time(18, 40))
    settle()
    with unit_of_work():
        undo(mark_id, session_id=session.id, at=NEXT, user_id=None)
    with unit_of_work():
        again = NewMark(session.id, family.pupils[0].id, "collected", clock.instant(DAY, time(18, 20)))
        corrected = add_marks([again], recorded_at=NEXT, user_id=None)[0].id
    assert settle() == 2
    assert charges() == [(1000, "corrected"), (500, None)]
    assert credit_pence(family.account.id) == -500
    with unit_of_work():
        undo(corrected, session_id=session.id, at=NEXT, user_id=None)
    assert [settle(), settle()] == [1, 0]
    assert credit_pence(family.account.id) == 0
    assert ledger_problems() == []


def test_two_late_sessions_of_a_day_are_one_charge(family: Family) -> None:
    the_rule()
    first, last = (
        care(ends_at=time(17, 30)),
        a_session(DAY, run=a_run(starts_at=time(18, 0), ends_at=time(18, 30))),
    )
    for session in (first, last):
        a_place(family, session)
    out(family, first, time(17, 50))
    with unit_of_work():
        hours = (("arrived", time(18, 0)), ("collected", time(19, 0)))
        marks = [
            NewMark(last.id, family.pupils[0].id, what, clock.instant(DAY, hour)) for what, hour in hours
        ]
        add_marks(marks, recorded_at=NEXT, user_id=None)
    settle()
    assert charges() == [(1000, None)]


def test_two_workers_charge_once(family: Family, app: Flask) -> None:
    the_rule()
    session = care()
    a_place(family, session)
    out(family, session, time(18, 20))
    results = at_once(app, [lambda: settle_late_collections(NEXT)] * 3)
    assert sorted(results) == [0, 0, 1]
    assert charges() == [(500, None)]


def waive(family: Family, key: str = "a form") -> None:
    by = a_user("manager")
    charge_id = db.session.scalars(select(LateCharge.id)).one()
    db.session.rollback()
    with unit_of_work():
        wish = Wish(key, "waive", family.account.id, 500, "Train stood", late_charge_id=charge_id)
        ask_for(wish, at=NEXT, by=db.session.get_one(User, by.id))


def test_a_charge_is_waived_with_a_reason_at_most_once_and_does_not_come_again(family: Family) -> None:
    the_rule()
    session = care()
    a_place(family, session)
    mark_id = out(family, session, time(18, 20))
    settle()
    waive(family)
    assert charges() == [(500, "waived")]
    assert credit_pence(family.account.id) == 0
    with pytest.raises(CannotMoveMoney):
        waive(family, "another form")
    with unit_of_work():
        undo(mark_id, session_id=session.id, at=NEXT, user_id=None)
    with unit_of_work():
        later = NewMark(session.id, family.pupils[0].id, "collected", clock.instant(DAY, time(19, 0)))
        add_marks([later], recorded_at=NEXT, user_id=None)
    assert settle() == 0
    assert credit_pence(family.account.id) == 0
    assert ledger_problems() == []
