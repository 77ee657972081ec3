"""What a family reads about its money: every line of its account in words, and what it paid and how."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from booking.bookings.models import Basket, Place
from booking.core.clock import to_school
from booking.core.db import db
from booking.core.words import full_day
from booking.ledger.balances import StatementLine, lines_of
from booking.payments.models import Payment
from booking.provision.models import Run, Session

KINDS = {
    "payment": "Payment",
    "refund": "Money going back to your card",
    "refund_failed": "A refund that did not work, kept as your credit",
}
TENDERS = {"card": "by card", "office": "at the office", "credit": "from your credit"}


@dataclass(frozen=True)
class StatementRow:
    """One line as a family reads it: bought, or paid and got back; the other is 0. Credit below zero was owed."""

    on: date
    what: str
    detail: str
    reference: str | None
    bought_pence: int
    paid_pence: int
    credit_pence: int


def statement_of(account_id: int) -> list[StatementRow]:
    """Every line of a family's account, newest first, with the credit after each (below zero: owed)."""
    lines = lines_of(account_id)
    places = _places({line.place_id for line in lines if line.place_id is not None})
    payments = _payments({line.payment_id for line in lines if line.payment_id is not None})
    references = _references({line.basket_id for line in lines if line.basket_id is not None})
    rows, credit_pence = [], 0
    for line in lines:
        credit_pence -= line.amount_pence
        what, detail = _words(line, places, payments)
        rows.append(
            StatementRow(
                on=to_school(line.at).date(),
                what=what,
                detail=detail,
                reference=references.get(line.basket_id or 0),
                bought_pence=max(line.amount_pence, 0),
                paid_pence=max(-line.amount_pence, 0),
                credit_pence=credit_pence,
            )
        )
    return rows[::-1]


def _words(line: StatementLine, places: dict[int, Place], payments: dict[int, Payment]) -> tuple[str, str]:
    if line.place_id is not None:
        place = places[line.place_id]
        activity = place.session.run.activity.name
        verb = "Credit for " if line.kind == "credit" else ""
        return f"{verb}{activity}", f"{place.pupil.first_name}, {full_day(place.session.date)}"
    payment = payments.get(line.payment_id or 0)
    what = KINDS.get(line.kind, "Correction")
    return what, TENDERS[payment.tender] if payment is not None and line.kind == "payment" else ""


def _places(ids: set[int]) -> dict[int, Place]:
    rows = db.session.scalars(
        select(Place)
        .where(Place.id.in_(ids))
        .options(
            joinedload(Place.pupil),
            joinedload(Place.session).joinedload(Session.run).joinedload(Run.activity),
        )
    )
    return {place.id: place for place in rows}


def _payments(ids: set[int]) -> dict[int, Payment]:
    rows = db.session.scalars(select(Payment).where(Payment.id.in_(ids)))
    return {payment.id: payment for payment in rows}


def _references(ids: set[int]) -> dict[int, str]:
    """The references of baskets that were booked, so that each has a page to lead to."""
    rows = db.session.execute(
        select(Basket.id, Basket.reference).where(Basket.id.in_(ids), Basket.state == "booked")
    )
    return {row.id: row.reference for row in rows}
