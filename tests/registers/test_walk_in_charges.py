"""A walk-in is booked and charged by the school's rule of that day, once, and taken back when the mark is."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from booking.bookings.invariants import booking_problems
from booking.bookings.models import Place
from booking.core.db import db, unit_of_work
from booking.ledger.balances import credit_pence, ledger_problems
from booking.ledger.terms import MoneyTerms, PayTerms
from booking.people.models import FamilyAccount, Guardianship
from booking.provision.models import Session
from booking.registers import walk_in_charges
from booking.registers.marks import MarkRefused, add_mark, states_in, undo
from booking.registers.walk_in_charges import due_walk_ins, settle_walk_in, walk_ins_since
from tests.bookings.rushes import at_once, take_out_the_locks
from tests.browser import Browser
from tests.builders import (
    AT,
    Family,
    a_family,
    a_place,
    a_restriction,
    a_school,
    a_session,
    a_user,
    save,
)
from tests.price_builders import a_funding, a_pot

DAY = date(2026, 11, 25)
THERE = datetime(2026, 11, 25, 15, 35, tzinfo=UTC)
NEXT = datetime(2026, 11, 26, 2, 0, tzinfo=UTC)


def the_rule(walk_ins_pay: bool = True, starts_on: date = date(2026, 9, 1)) -> None:
    terms = vars(PayTerms(walk_ins_pay=walk_ins_pay))
    save(MoneyTerms(**{**terms, "reminder_days": [7]}, starts_on=starts_on, set_at=AT))


def comes(family: Family, session: Session, what: str = "walk_in") -> int:
    """The child comes to the door; gives the mark's id."""
    with unit_of_work():
        user_id = a_user("staff").id
        return add_mark(session.id, family.pupils[0].id, what, at=THERE, user_id=user_id).id


def walked_in(session: Session, family: Family) -> bool:
    return states_in([session.id])[session.id, family.pupils[0].id].is_walk_in


def settle(at: datetime = NEXT) -> int:
    done = 0
    for session_id, pupil_id in due_walk_ins(at):
        with unit_of_work():
            done += settle_walk_in(session_id, pupil_id, at=at)
    db.session.rollback()
    return done


def places(family: Family) -> list[tuple[str, int]]:
    rows = db.session.scalars(select(Place).where(Place.pupil_id == family.pupils[0].id).order_by(Place.id))
    return [(row.state, row.price_pence) for row in rows]


def outcomes() -> list[str]:
    db.session.rollback()
    return [one.outcome for one in walk_ins_since(DAY, NEXT)]


@pytest.fixture
def family(app: Flask) -> Family:
    return a_family()


def test_a_full_session_takes_the_child_in_and_says_so(app: Flask) -> None:
    a_school()
    session, family, extra = a_session(DAY, capacity=1), a_family(), a_family(surname="Quill")
    a_place(family, session)
    office = a_user("manager")
    with unit_of_work():
        add_mark(session.id, family.pupils[0].id, "arrived", at=THERE, user_id=office.id)
    page = (
        Browser(app)
        .sign_in(office)
        .post("registers.add_walk_in", {"name": "Quill"}, follow=True, session_id=session.id)
    )
    assert "Child 1 Quill is in. 2 children have come, for 1 place" in page.text
    assert "1 more than there are places." in page.text
    assert walked_in(session, extra)


def test_a_walk_in_is_booked_the_next_day_and_once(family: Family) -> None:
    the_rule()
    comes(family, a_session(DAY))
    assert settle(datetime(2026, 11, 25, 22, 0, tzinfo=UTC)) == 0, "not on the day itself"
    assert outcomes() == ["due"]
    assert [settle(), settle(), settle(NEXT + timedelta(days=9))] == [1, 0, 0]
    assert places(family) == [("booked", 450)]
    assert credit_pence(family.account.id) == -450
    assert outcomes() == ["booked"]
    assert booking_problems() + ledger_problems() == []


@pytest.mark.parametrize(
    "kind", ["no rule", "rule off", "rule later", "free", "booked", "left undone", "expected"]
)
def test_nothing_is_charged(family: Family, kind: str) -> None:
    if kind != "no rule":
        the_rule(kind != "rule off", DAY + timedelta(days=1) if kind == "rule later" else date(2026, 9, 1))
    session = a_session(DAY, price_pence=0) if kind == "free" else a_session(DAY)
    if kind in ("booked", "expected"):
        a_place(family, session)
    mark = comes(family, session, "arrived" if kind == "expected" else "walk_in")
    if kind == "left undone":
        with unit_of_work():
            undo(mark, session_id=session.id, at=THERE, user_id=None)
    before = credit_pence(family.account.id)
    assert settle() == 0
    assert credit_pence(family.account.id) == before


def test_beyond_the_places_it_is_allowed_by_name_and_stays_within_the_rules(family: Family) -> None:
    the_rule()
    session = a_session(DAY, capacity=1)
    a_place(a_family(), session, price_pence=0)
    comes(family, session)
    assert settle() == 1
    assert booking_problems() == []


def test_a_pot_pays_for_a_walk_in_as_for_a_booking(family: Family) -> None:
    the_rule()
    pot = a_pot()
    a_funding(pot, pupil_id=family.pupils[0].id)
    comes(family, a_session(DAY))
    assert settle() == 1
    assert places(family) == [("booked", 0)]
    assert credit_pence(family.account.id) == 0
    assert booking_problems() + ledger_problems() == []


def test_a_corrected_mark_takes_the_place_back_with_all_of_its_price(family: Family) -> None:
    the_rule()
    session = a_session(DAY)
    mark = comes(family, session)
    settle()
    with unit_of_work():
        undo(mark, session_id=session.id, at=NEXT, user_id=None)
    assert [settle(), settle()] == [1, 0]
    assert places(family) == [("cancelled", 450)]
    assert credit_pence(family.account.id) == 0
    comes(family, session)
    assert settle() == 1
    assert credit_pence(family.account.id) == -450
    assert booking_problems() + ledger_problems() == []


def test_what_the_office_cancelled_is_not_booked_again(family: Family) -> None:
    the_rule()
    comes(family, a_session(DAY))
    settle()
    with unit_of_work():
        place = db.session.scalars(select(Place)).one()
        place.state, place.ended_at = "cancelled", NEXT
    assert settle() == 0
    assert outcomes() == ["cancelled"]


def test_a_place_elsewhere_at_that_hour_is_for_the_office(family: Family) -> None:
    the_rule()
    a_place(family, a_session(DAY), price_pence=0)
    comes(family, a_session(DAY))
    assert settle() == 0
    assert outcomes() == ["elsewhere"]
    assert booking_problems() == []


def another_parent(family: Family) -> Family:
    """A second parent of the same child, with an account of their own."""
    user = a_user("parent")
    with unit_of_work():
        account = FamilyAccount(name=user.name, created_at=AT, users=[user])
        db.session.add(account)
        db.session.add(Guardianship(user_id=user.id, pupil_id=family.pupils[0].id, created_at=AT))
    return Family(user, account, family.pupils)


def test_of_two_parents_the_one_who_booked_last_and_else_nobody(family: Family) -> None:
    the_rule()
    other = another_parent(family)
    comes(family, a_session(DAY))
    assert settle() == 0
    assert outcomes() == ["several families"]
    a_place(family, a_session(date(2026, 11, 10)), booked_at=AT - timedelta(days=9))
    a_place(other, a_session(date(2026, 11, 11)), booked_at=AT - timedelta(days=2))
    before = credit_pence(family.account.id)
    assert settle() == 1
    assert credit_pence(other.account.id) < 0
    assert credit_pence(family.account.id) == before


def test_an_account_that_a_restriction_closes_is_never_charged(family: Family) -> None:
    the_rule()
    other, office = another_parent(family), a_user("manager")
    a_restriction(
        family.pupils[0], other.user, by=office, confirmed_by_id=a_user("manager").id, confirmed_at=AT
    )
    a_place(other, a_session(date(2026, 11, 11)), booked_at=AT - timedelta(days=2))
    comes(family, a_session(DAY))
    assert settle() == 1
    assert credit_pence(family.account.id) == -450


def test_a_child_without_a_family_account_waits_for_the_office(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    the_rule()
    family = a_family()
    with unit_of_work():
        db.session.scalars(select(Guardianship)).one().may_book = False
    comes(family, a_session(DAY))
    assert settle() == 0
    assert outcomes() == ["no family"]
    a_school()
    monkeypatch.setenv("BOOKING_CLOCK_OFFSET", str(int((NEXT - datetime.now(UTC)).total_seconds())))
    page = Browser(app).sign_in(a_user("manager")).get("registers.walk_ins")
    assert "For you to decide Not charged: no family account has this child" in page.text


def test_two_workers_at_once_charge_once(app: Flask, family: Family) -> None:
    the_rule()
    session = a_session(DAY)
    comes(family, session)
    key = (session.id, family.pupils[0].id)

    acts = [lambda: settle_walk_in(*key, at=NEXT)] * 4
    assert sorted(at_once(app, acts)) == [False, False, False, True]
    assert places(family) == [("booked", 450)]


def test_the_control_without_the_locks_is_found_out(
    app: Flask, family: Family, monkeypatch: pytest.MonkeyPatch
) -> None:
    the_rule()
    session = a_session(DAY)
    comes(family, session)
    key = (session.id, family.pupils[0].id)
    take_out_the_locks(monkeypatch, 2, [(walk_in_charges, "load_situation")])
    results = at_once(app, [lambda: settle_walk_in(*key, at=NEXT)] * 2)
    assert any(isinstance(one, IntegrityError) for one in results), "the database alone kept them apart"


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.sampled_from(["comes", "goes back", "settle"]), max_size=7))
def test_whatever_is_marked_and_taken_back_the_money_follows_the_register(
    app: Flask, steps: list[str]
) -> None:
    if db.session.scalars(select(MoneyTerms)).first() is None:
        the_rule()
    family, session = a_family(), a_session(DAY)
    marks: list[int] = []
    for step in [*steps, "settle"]:
        if step == "comes":
            try:
                marks.append(comes(family, session))
            except MarkRefused:
                continue
        elif step == "goes back" and marks:
            with unit_of_work():
                undo(marks.pop(), session_id=session.id, at=THERE, user_id=None)
        elif step == "settle":
            settle()
    assert credit_pence(family.account.id) == (-450 if marks else 0)
    assert [state for state, _ in places(family)].count("booked") == len(marks)
    db.session.rollback()
