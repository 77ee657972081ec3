"""Families that booked and paid, by the ledger's own functions: each act at an instant of its own."""

from __future__ import annotations

import secrets
from datetime import datetime

from booking.bookings.models import Place
from booking.core.db import db, unit_of_work
from booking.ledger.posting import BookedPlace, post_booking, post_credit, post_payment
from booking.payments.invoices import Order, issue_invoice
from booking.payments.models import Payment
from booking.people.models import Pupil
from booking.provision.models import Session
from tests.builders import AT, Family, a_basket, a_place, a_session


def booked_place(place: Place) -> BookedPlace:
    """What the ledger knows of a place."""
    activity = place.session.run.activity
    return BookedPlace(place.id, place.account_id, activity.id, activity.seller_id, place.price_pence)


def buy(
    family: Family, *sessions: Session, pupil: Pupil | None = None, at: datetime = AT, pence: int = 450
) -> list[Place]:
    """Book these sessions for one child in one basket, and post it."""
    basket = a_basket(family.account, booked_at=at)
    places = [
        a_place(family, one, pupil=pupil, basket_id=basket.id, booked_at=at, held_at=at, price_pence=pence)
        for one in sessions
    ]
    with unit_of_work():
        post_booking([booked_place(place) for place in places], basket_id=basket.id, at=at, user_id=None)
    return places


def pay(
    family: Family,
    pence: int,
    tender: str = "office",
    *,
    at: datetime = AT,
    basket_id: int | None = None,
    **values: object,
) -> Payment:
    """Money came in."""
    with unit_of_work():
        payment = Payment(
            account_id=family.account.id,
            basket_id=basket_id,
            tender=tender,
            state="paid",
            amount_pence=pence,
            idempotency_key=secrets.token_hex(8),
            created_at=at,
            paid_at=at,
            **values,
        )
        db.session.add(payment)
        db.session.flush()
        post_payment(payment.id, family.account.id, basket_id, pence, tender, at=at, user_id=None)
    return payment


def cancel(place: Place, *, at: datetime) -> None:
    """Give a place back for credit."""
    with unit_of_work():
        db.session.get_one(Place, place.id).state = "cancelled"
        post_credit(booked_place(place), at=at, user_id=None)


def money_papers(family: Family) -> dict[str, int]:
    """A payment that has a receipt, and an invoice, as the arguments of their addresses."""
    session = a_session()
    (place,) = buy(family, session)
    payment = pay(family, 450, basket_id=place.basket_id)
    order = Order(session.run.activity.seller_id, session.date, session.date, session.date)
    with unit_of_work():
        invoice = issue_invoice(family.account.id, order, at=AT, user_id=None)
    assert invoice is not None
    return {"paid_id": payment.id, "invoice_id": invoice.id}
