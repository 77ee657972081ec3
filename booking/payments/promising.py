"""The rows of promises: made when a basket is booked, or kept waiting while its card page is open."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select

from booking.bookings.models import Place
from booking.core.audit import record
from booking.core.db import db
from booking.payments.models import Payment, PaymentLine
from booking.payments.splitting import Part
from booking.payments.states import PAYMENT_MOVES, move
from booking.payments.to_pay import office_due_at


def make_promises(
    parts: Sequence[Part],
    *,
    basket_id: int,
    account_id: int,
    at: datetime,
    user_id: int | None,
    card: Payment | None = None,
) -> list[Payment]:
    """Write down what a family promises for a basket, with the places of each part; with a `card` all wait for it."""
    made = []
    for part in parts:
        payment = Payment(
            basket_id=basket_id,
            account_id=account_id,
            tender=part.tender,
            state="waiting" if card else "promised",
            waits_for_id=card.id if card else None,
            amount_pence=part.amount_pence,
            pupil_id=part.pupil_id,
            voucher_firm_id=part.voucher_firm_id,
            idempotency_key=f"{part.tender}-{secrets.token_urlsafe(18)}",
            created_at=at,
            due_at=office_due_at(at),
            user_id=user_id,
            lines=[
                PaymentLine(place_id=place_id, position=number, amount_pence=pence)
                for number, (place_id, pence) in enumerate(part.places, start=1)
            ],
        )
        db.session.add(payment)
        db.session.flush()
        record(
            f"{part.tender}_{payment.state}",
            "payment",
            payment.id,
            at=at,
            user_id=user_id,
            pence=payment.amount_pence,
        )
        made.append(payment)
    return made


def bring_into_force(card: Payment, *, at: datetime, user_id: int | None) -> None:
    """The card is paid and the basket booked: what waited is promised now, but for places that were lost meanwhile."""
    for promise in _waiting_for(card, "waiting", "given_up"):
        db.session.execute(
            delete(PaymentLine).where(
                PaymentLine.payment_id == promise.id,
                PaymentLine.place_id.not_in(
                    select(Place.id).where(Place.basket_id == card.basket_id, Place.state == "booked")
                ),
            )
        )
        db.session.refresh(promise, ["lines"])
        promise.amount_pence = sum(line.amount_pence for line in promise.lines)
        to = "promised" if promise.lines else "given_up"
        if promise.state != to:
            move(promise, to, PAYMENT_MOVES)
        record(
            f"{promise.tender}_{to}",
            "payment",
            promise.id,
            at=at,
            user_id=user_id,
            pence=promise.amount_pence,
        )


def forget_waiting(card: Payment) -> None:
    """The card page is over: nothing is promised for its basket."""
    for promise in _waiting_for(card, "waiting"):
        move(promise, "given_up", PAYMENT_MOVES)


def _waiting_for(card: Payment, *states: str) -> Sequence[Payment]:
    return db.session.scalars(
        select(Payment).where(Payment.waits_for_id == card.id, Payment.state.in_(states)).order_by(Payment.id)
    ).all()
