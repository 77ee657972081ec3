"""What a family reads about its money: every line of its account in words, and what it paid and how."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from booking.bookings.frozen_prices import shown_lines
from booking.bookings.models import Basket, Place
from booking.core.clock import to_school
from booking.core.db import db
from booking.core.words import day
from booking.ledger.balances import StatementLine, lines_of
from booking.payments.models import Payment
from booking.people.restrictions import CLOSED_BOOKING, closed_to_accounts
from booking.provision.models import Run, Session

ACTS = {
    "booking": "You booked",
    "credit": "Came back as credit",
    "payment": "You paid",
    "payment_undone": "Taken back by the office",
    "refund": "Going back to your card",
    "dispute_lost": "Taken back by your bank, so you owe it again",
    "scheme_refund": "Sent back the way that it came",
    "refund_failed": "Did not reach your card, kept as credit",
    "late": "Charged by the school’s rule",
    "late_back": "Charge taken back",
    "write_off": "You need not pay this any more",
    "write_off_back": "Stands again, as you have paid it",
}
SUBJECTS = {"late": "Late collection", "late_back": "Late collection"}
TENDERS = {
    "card": "Payment by card",
    "office": "Payment at the office",
    "tfc": "Payment by Tax-Free Childcare",
    "voucher": "Payment by childcare vouchers",
}


@dataclass(frozen=True)
class StatementRow:
    """One line as a family reads it: what it is about, what was done, the amount, and how the account stood after.

    Of `credit_pence` and `owed_pence` one is always 0. `payment_id` is that of a payment that came in.
    """

    on: date
    what: str
    act: str
    reference: str | None
    amount_pence: int
    credit_pence: int
    owed_pence: int
    payment_id: int | None = None


def statement_of(account_id: int, on: date | None = None) -> list[StatementRow]:
    """Every line of a family's account, newest first, with the credit after each (below zero: owed).

    Of a child whom a restriction closes on a day the amounts stay, and what they were for does not; the office,
    which names no day, reads everything.
    """
    closed = closed_to_accounts({account_id}, on) if on else frozenset()
    lines = lines_of(account_id)
    places = _places({line.place_id for line in lines if line.place_id is not None})
    off = {
        place_id: name
        for place_id, lines_off in shown_lines(dict.fromkeys(places, 1)).items()
        for name, _ in lines_off
    }
    payments = _payments({line.payment_id for line in lines if line.payment_id is not None})
    references = _references({line.basket_id for line in lines if line.basket_id is not None})
    rows, balance_pence = [], 0
    for line in lines:
        balance_pence -= line.amount_pence
        rows.append(
            StatementRow(
                on=to_school(line.at).date(),
                what=_what(line, places, off, payments, closed),
                act=_act(line),
                reference=references.get(line.basket_id or 0),
                amount_pence=abs(line.amount_pence),
                credit_pence=max(balance_pence, 0),
                owed_pence=max(-balance_pence, 0),
                payment_id=line.payment_id if line.kind == "payment" else None,
            )
        )
    return rows[::-1]


def _is_discount(line: StatementLine) -> bool:
    """A booking's line below zero is a discount, and above zero in a credit it is one that goes."""
    return (line.kind == "booking" and line.amount_pence < 0) or (
        line.kind == "credit" and line.amount_pence > 0
    )


def _act(line: StatementLine) -> str:
    if _is_discount(line):
        return "Taken off" if line.kind == "booking" else "No longer taken off"
    return ACTS.get(line.kind, "Put right")


def _what(
    line: StatementLine,
    places: dict[int, Place],
    off: dict[int, str],
    payments: dict[int, Payment],
    closed: frozenset[int],
) -> str:
    if line.place_id is not None:
        place = places[line.place_id]
        if place.pupil_id in closed:
            return CLOSED_BOOKING
        what = f"{place.pupil.first_name}: {place.session.run.activity.name}, {day(place.session.date)}"
        return f"{off.get(place.id, 'Discount')}. {what}" if _is_discount(line) else what
    payment = payments.get(line.payment_id or 0)
    return TENDERS[payment.tender] if payment is not None else SUBJECTS.get(line.kind, "Your account")


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
