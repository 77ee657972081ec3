"""Families with places held, made by the functions that parents use; days and hours follow the true clock."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import select

from booking.bookings.baskets import choose_week, open_basket
from booking.bookings.models import Basket, Place
from booking.bookings.places import take_holds
from booking.core import clock
from booking.core.db import db, unit_of_work
from booking.payments.models import Payment
from booking.payments.office_till import take_office_payment
from booking.provision.models import Period, Session
from tests.builders import Family, a_family, a_period, a_run, a_session


def a_school_day(at: datetime) -> date:
    """The Monday of the week after next, so that every cut-off is far away."""
    today = clock.today(at)
    return today + timedelta(days=14 - today.weekday())


def some_sessions(
    at: datetime, count: int = 2, *, price_pence: int = 450, capacity: int = 20
) -> list[Session]:
    """Sessions of one club from that Monday on, open for booking now."""
    day = a_school_day(at)
    run = a_run(
        period_id=_period(day).id,
        price_pence=price_pence,
        capacity=capacity,
        opens_at=at - timedelta(days=1),
    )
    return [a_session(day + timedelta(days=n), run=run, capacity=capacity) for n in range(count)]


def hold(family: Family, sessions: list[Session], at: datetime) -> int:
    """Hold a place in each session for the family's first child; gives the basket's id."""
    pupil_id = family.pupils[0].id
    wanted = {(pupil_id, session.id) for session in sessions}
    account_id, user_id = family.account.id, family.user.id
    with unit_of_work():
        choose_week(account_id, wanted, wanted, at=at, user_id=user_id)
    with unit_of_work():
        basket = open_basket(account_id)
        assert basket is not None
        basket_id = basket.id
        result = take_holds(basket_id, "all", at=at, user_id=user_id)
    assert not result.refused
    return basket_id


def a_family_with_a_basket(
    at: datetime, count: int = 2, *, price_pence: int = 450, credit_pence: int = 0
) -> tuple[Family, int]:
    """A family with so much credit, and places held; and the basket's id."""
    family = a_family()
    if credit_pence:
        with unit_of_work():
            take_office_payment(family.account.id, credit_pence, at=at, user_id=None)
    return family, hold(family, some_sessions(at, count, price_pence=price_pence), at)


def states_of(basket_id: int) -> tuple[str, list[str]]:
    """The basket's state and its places' states, as they stand in the database."""
    db.session.rollback()
    basket = db.session.get_one(Basket, basket_id)
    return basket.state, [
        place.state
        for place in db.session.scalars(select(Place).where(Place.basket_id == basket_id).order_by(Place.id))
    ]


def payments_of(basket_id: int) -> list[Payment]:
    """The basket's payments, oldest first, read afresh."""
    db.session.rollback()
    query = select(Payment).where(Payment.basket_id == basket_id).order_by(Payment.id)
    return list(db.session.scalars(query))


def _period(day: date) -> Period:
    found = db.session.scalars(select(Period).where(Period.starts_on <= day, Period.ends_on >= day)).first()
    return found or a_period(starts_on=day - timedelta(days=21), ends_on=day + timedelta(days=60))
