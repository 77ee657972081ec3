"""Money that comes after its places were let go: it takes again what it paid for, or nothing."""

from __future__ import annotations

from datetime import date, timedelta

from flask import Flask

from booking.bookings.baskets import choose_week
from booking.bookings.expiry import expire_overdue
from booking.bookings.holds import give_up, hold_for_payment
from booking.bookings.invariants import booking_problems
from booking.bookings.places import book_late, take_holds
from booking.core.db import unit_of_work
from tests.bookings.test_holds import WEDNESDAY, basket_of, hold, states
from tests.builders import AT, a_family, a_session


def test_late_money_books_when_there_is_room_and_not_when_there_is_none(app: Flask) -> None:
    family, session = a_family(), a_session(WEDNESDAY, capacity=1)
    hold(family, session)
    basket = basket_of(family)
    with unit_of_work():
        hold_for_payment(basket, at=AT)
    with unit_of_work():
        give_up(basket, at=AT + timedelta(minutes=40), user_id=None)
    with unit_of_work():
        assert len(book_late(basket, at=AT + timedelta(minutes=41)).held) > 0
    assert states() == ["booked"]
    assert booking_problems() == []


def test_late_money_is_turned_away_when_somebody_else_has_the_place(app: Flask) -> None:
    family, rival, session = a_family(), a_family(), a_session(WEDNESDAY, capacity=1)
    hold(family, session)
    basket = basket_of(family)
    with unit_of_work():
        hold_for_payment(basket, at=AT)
    with unit_of_work():
        give_up(basket, at=AT + timedelta(minutes=40), user_id=None)
    hold(rival, session, at=AT + timedelta(minutes=41))
    with unit_of_work():
        assert book_late(basket, at=AT + timedelta(minutes=42)).held == []
    assert states() == ["expired", "held"]


def test_late_money_is_not_for_a_hold_that_ran_out_by_its_own_clock(app: Flask) -> None:
    family, first, second = a_family(), a_session(WEDNESDAY), a_session(date(2026, 11, 26))
    hold(family, first)
    over, child = AT + timedelta(minutes=15), family.pupils[0].id
    with unit_of_work():
        expire_overdue(over)
    with unit_of_work():
        both = {(child, first.id), (child, second.id)}
        basket = choose_week(family.account.id, {(child, second.id)}, both, at=over, user_id=None).id
        take_holds(basket, "all", at=over, user_id=None)
    with unit_of_work():
        hold_for_payment(basket, at=over)
    with unit_of_work():
        give_up(basket, at=over, user_id=None)
    with unit_of_work():
        assert book_late(basket, at=over).held == [(child, second.id)]
