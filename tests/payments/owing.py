"""Families that paid, owe or were promised money for, written past the pages: for tests of refunds and arrears."""

from __future__ import annotations

import secrets
from datetime import date, datetime, time, timedelta
from typing import Any

from booking.bookings.models import Place
from booking.core import clock
from booking.core.db import db, unit_of_work
from booking.ledger.afterwards import post_late_charge
from booking.ledger.arrears_models import LateCharge
from booking.ledger.posting import BookedPlace, post_booking, post_credit, post_payment
from booking.payments.models import Payment
from booking.provision.models import Session
from tests.builders import AT, Family, a_basket, a_place, a_session, save


def paid_in(
    family: Family, pence: int, at: datetime, *, tender: str = "card", basket_id: int | None = None
) -> int:
    """Money that came in for a family and is credit until something is booked; gives the payment's id."""
    if basket_id is None and tender == "card":
        basket_id = a_basket(family.account).id
    with unit_of_work():
        payment = Payment(
            basket_id=basket_id,
            account_id=family.account.id,
            tender=tender,
            state="paid",
            amount_pence=pence,
            idempotency_key=secrets.token_hex(9),
            stripe_intent_id=f"pi_{secrets.token_hex(9)}" if tender == "card" else None,
            created_at=at,
            paid_at=at,
        )
        db.session.add(payment)
        db.session.flush()
        post_payment(payment.id, family.account.id, basket_id, pence, tender, at=at, user_id=None)
        return payment.id


def bought(
    family: Family, pence: int, at: datetime, *, session: Session | None = None, **values: Any
) -> Place:
    """A booked place that was posted and not paid: the family's credit pays it, or it is owed."""
    place = a_place(family, session or a_session(), price_pence=pence, **values)
    with unit_of_work():
        post_booking([_line(place.id)], basket_id=place.basket_id, at=at, user_id=None)
    return place


def gave_back(place: Place, at: datetime) -> None:
    """The place is cancelled in time: its price comes back as credit."""
    with unit_of_work():
        db.session.get_one(Place, place.id).state = "cancelled"
        post_credit(_line(place.id), at=at, user_id=None)


def _line(place_id: int) -> BookedPlace:
    place = db.session.get_one(Place, place_id)
    activity = place.session.run.activity
    return BookedPlace(place.id, place.account_id, activity.id, activity.seller_id, place.price_pence)


def owes(
    family: Family, pence: int, due_on: date, *, tender: str = "office", session: Session | None = None
) -> Place:
    """A place booked a week before `due_on` and promised by that day; gives the place."""
    due_at = clock.instant(due_on, time(18, 0))
    place = bought(family, pence, due_at - timedelta(days=7), session=session)
    with unit_of_work():
        db.session.add(
            Payment(
                basket_id=place.basket_id,
                account_id=family.account.id,
                tender=tender,
                state="promised",
                amount_pence=pence,
                idempotency_key=secrets.token_hex(9),
                created_at=due_at - timedelta(days=7),
                due_at=due_at,
            )
        )
    return place


def a_late_charge(family: Family, *, pence: int = 500) -> int:
    """A child collected at 18:17 three days before `AT`, posted the day after; gives the charge's id."""
    on = AT.date() - timedelta(days=3)
    end = clock.instant(on, time(18, 10))
    charge = LateCharge(
        account_id=family.account.id,
        pupil_id=family.pupils[0].id,
        session_id=a_session(on).id,
        date=on,
        free_until=end,
        out_at=end + timedelta(minutes=7),
        amount_pence=pence,
        posted_at=AT - timedelta(days=2),
    )
    save(charge)
    with unit_of_work():
        post_late_charge(charge.id, family.account.id, pence, at=AT - timedelta(days=2))
    return charge.id
