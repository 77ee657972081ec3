"""Paying without a card: from the family's credit, with a promise to pay at the office, and money handed in there."""

from __future__ import annotations

import secrets
from datetime import datetime

from booking.bookings.models import Basket
from booking.bookings.places import book_locked_basket
from booking.core.audit import record
from booking.core.db import db, lock_rows
from booking.core.errors import BookingError
from booking.ledger.posting import post_payment
from booking.payments.models import Payment
from booking.payments.promising import make_promises
from booking.payments.splitting import Choice, PricedLine, split_basket
from booking.payments.to_pay import (
    NotEnoughCredit,
    NothingToPay,
    Summary,
    checkout_of,
    may_be_paid,
)
from booking.people.models import FamilyAccount

MOST_AT_ONCE_PENCE = 500_000


class NotATillAmount(BookingError):
    """The office typed nothing, less than nothing or more than any family pays at once; nothing was posted."""

    def __init__(self) -> None:
        super().__init__("Enter an amount between £0.01 and £5,000.00. Nothing was posted.")


def pay_basket(account_id: int, tender: str, *, seen_pence: int, at: datetime, user_id: int | None) -> str:
    """Book the family's basket by `credit`, by `office`, or `free` when it costs nothing; gives its reference.

    Raises the refusals of `may_be_paid` and `NotEnoughCredit`; then nothing has changed. The account is locked before
    anything is looked at: of two parents who pay at one moment, the second finds nothing left to pay.
    """
    lock_rows((FamilyAccount, [account_id]))
    summary = may_be_paid(checkout_of(account_id, at=at), seen_pence=seen_pence)
    pay = {"credit": _from_credit, "office": _at_office, "free": _for_nothing}[tender]
    pay(summary, account_id, at=at, user_id=user_id)
    return summary.reference


def pay_from_credit(basket_id: int, *, at: datetime, user_id: int | None) -> Payment | None:
    """Book a held basket and let the family's credit pay all of it; raises `NotEnoughCredit`."""
    account_id = db.session.get_one(Basket, basket_id).account_id
    return _from_credit(_locked_summary(basket_id, account_id, at=at), account_id, at=at, user_id=user_id)


def pay_at_office(basket_id: int, *, at: datetime, user_id: int | None) -> Payment | None:
    """Book a held basket now; credit pays what it can, and the rest is promised by the school's terms."""
    account_id = db.session.get_one(Basket, basket_id).account_id
    return _at_office(_locked_summary(basket_id, account_id, at=at), account_id, at=at, user_id=user_id)


def take_office_payment(account_id: int, amount_pence: int, *, at: datetime, user_id: int | None) -> Payment:
    """Money was handed in at the office: it pays what the family owes, and the rest is credit."""
    if not 0 < amount_pence <= MOST_AT_ONCE_PENCE:
        raise NotATillAmount
    payment = Payment(
        account_id=account_id,
        tender="office",
        state="paid",
        amount_pence=amount_pence,
        idempotency_key=f"office-{secrets.token_urlsafe(18)}",
        created_at=at,
        paid_at=at,
        user_id=user_id,
    )
    db.session.add(payment)
    db.session.flush()
    post_payment(payment.id, account_id, None, amount_pence, "office", at=at, user_id=user_id)
    record("office_paid", "payment", payment.id, at=at, user_id=user_id, pence=amount_pence)
    return payment


def _locked_summary(basket_id: int, account_id: int, *, at: datetime) -> Summary:
    lock_rows((FamilyAccount, [account_id]))
    summary = checkout_of(account_id, at=at)
    if summary is None or summary.basket_id != basket_id:
        raise NothingToPay
    return summary


def _from_credit(summary: Summary, account_id: int, *, at: datetime, user_id: int | None) -> Payment | None:
    if summary.rest_pence:
        raise NotEnoughCredit
    book_locked_basket(summary.basket_id, at=at, user_id=user_id)
    if not summary.total_pence:
        return None
    payment = Payment(
        basket_id=summary.basket_id,
        account_id=account_id,
        tender="credit",
        state="paid",
        amount_pence=summary.total_pence,
        idempotency_key=f"credit-{summary.reference}-{secrets.token_urlsafe(9)}",
        created_at=at,
        paid_at=at,
        user_id=user_id,
    )
    db.session.add(payment)
    db.session.flush()
    record("credit_paid", "payment", payment.id, at=at, user_id=user_id, pence=summary.total_pence)
    return payment


def _at_office(summary: Summary, account_id: int, *, at: datetime, user_id: int | None) -> Payment | None:
    lines = [PricedLine(line.place_id, line.pupil_id, line.price_pence) for line in summary.lines]
    split = split_basket(lines, summary.credit_pence, Choice(rest="office"))
    book_locked_basket(summary.basket_id, at=at, user_id=user_id)
    made = make_promises(
        split.promises, basket_id=summary.basket_id, account_id=account_id, at=at, user_id=user_id
    )
    return made[0] if made else None


def _for_nothing(summary: Summary, account_id: int, *, at: datetime, user_id: int | None) -> None:
    if summary.total_pence:
        raise NotEnoughCredit
    book_locked_basket(summary.basket_id, at=at, user_id=user_id)
