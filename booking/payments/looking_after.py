"""The worker's regular look at card money: every ten minutes at what may have been missed, each night at everything.

Nothing waits for an event that was lost. What a person must look at is kept for the office.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import structlog
from sqlalchemy import func, select

from booking.core.audit import AuditEntry, record
from booking.core.clock import to_school
from booking.core.db import db, unit_of_work
from booking.core.money import format_pence
from booking.payments.fulfilment import fulfil
from booking.payments.gateway import Gateway, StripeOutOfReach, StripeRefused
from booking.payments.models import Payment, Refund
from booking.payments.money_worries import Difference, keep_found
from booking.payments.movements import book_movements
from booking.payments.reconciliation import IN_TRANSIT, reconcile
from booking.payments.refunds import note_refunds
from booking.payments.stripe_events import take_missed_events

log = structlog.get_logger()
EVERY = timedelta(minutes=10)
NIGHT_BEGINS = 2
LOOKS_BACK = timedelta(days=2)
TOO_LONG = timedelta(hours=1)
BANK_TOO_LONG = timedelta(days=3)
COMPARED = "money_compared"


class MoneyRounds:
    """When a worker looks next; two workers may both look, for nothing is taken or posted twice."""

    def __init__(self) -> None:
        self.next: datetime | None = None

    def look(self, at: datetime, gateway: Gateway | None) -> None:
        """Do what is due now: the short look, and from two in the morning once a day the long one."""
        if gateway is None or (self.next is not None and at < self.next):
            return
        self.next = at + EVERY
        look_again(at, gateway)
        if to_school(at).hour >= NIGHT_BEGINS and not _was_compared_today(at):
            compare_all(at, gateway)


def look_again(at: datetime, gateway: Gateway) -> None:
    """Take events that were missed, ask about what is not decided, post fees and payouts, note what is stuck.

    While Stripe is out of reach only what is stuck is noted.
    """
    try:
        take_missed_events(at, gateway)
        _ask_banks(at, gateway)
        _ask_refunds(at, gateway)
        book_movements(at, gateway, since=at - LOOKS_BACK)
    except StripeOutOfReach as error:
        log.warning("card money not looked at", error=str(error))
    with unit_of_work():
        keep_found("stuck", list(_stuck(at)), at=at)


def compare_all(at: datetime, gateway: Gateway) -> list[Difference]:
    """Hold everything against Stripe and keep what differs; what differs no more is gone. Raises `StripeOutOfReach`."""
    book_movements(at, gateway)
    found = reconcile(at, gateway=gateway)
    with unit_of_work():
        keep_found("difference", found, at=at)
        record(COMPARED, "money_worry", None, at=at, user_id=None, found=len(found))
    return found


def last_compared() -> datetime | None:
    """When everything was last held against Stripe."""
    return db.session.scalar(select(func.max(AuditEntry.at)).where(AuditEntry.action == COMPARED))


def _was_compared_today(at: datetime) -> bool:
    last = last_compared()
    return last is not None and to_school(last).date() == to_school(at).date()


def _ask_banks(at: datetime, gateway: Gateway) -> None:
    """Ask about each payment of which the bank has not said yes or no."""
    ids = db.session.scalars(
        select(Payment.stripe_session_id).where(
            Payment.state == "started", Payment.awaited_since.is_not(None)
        )
    ).all()
    for session_id in ids:
        if session_id is not None:
            fulfil(session_id, gateway=gateway, at=at)


def _ask_refunds(at: datetime, gateway: Gateway) -> None:
    """Ask about each refund that Stripe has, and has not ended."""
    query = (
        select(Payment.id, Payment.stripe_intent_id)
        .join(Refund, Refund.payment_id == Payment.id)
        .where(Refund.state == "asked", Refund.stripe_refund_id.is_not(None))
        .where(Refund.created_at < at - IN_TRANSIT)
        .distinct()
    )
    for payment_id, intent_id in db.session.execute(query).all():
        try:
            facts = list(gateway.refunds(intent_id))
        except StripeRefused as error:
            log.warning("stripe does not know a payment", payment_id=payment_id, code=error.code)
            continue
        with unit_of_work():
            payment = db.session.scalars(
                select(Payment).where(Payment.id == payment_id).with_for_update()
            ).one()
            note_refunds(payment, facts, at=at)


def _stuck(at: datetime) -> Iterator[Difference]:
    """Payments and refunds that should long have ended."""
    for payment in db.session.scalars(
        select(Payment).where(Payment.state == "started", Payment.expires_at < at - TOO_LONG)
    ):
        amount, subject = format_pence(payment.amount_pence), f"payment {payment.id}"
        if payment.awaited_since is None:
            what = f"{amount}: the card page is over, and Stripe has not said how it ended"
            yield Difference(subject, "started_long", what, payment.account_id)
        elif payment.awaited_since < at - BANK_TOO_LONG:
            what = f"{amount}: the parent’s bank has not said yes or no for three days"
            yield Difference(subject, "bank_long", what, payment.account_id)
    waiting = select(Refund).where(Refund.state == "asked", Refund.created_at < at - TOO_LONG)
    for refund in db.session.scalars(waiting.where(Refund.stripe_refund_id.is_(None))):
        what = f"{format_pence(refund.amount_pence)} still to be sent: {refund.last_error or 'waiting'}"
        yield Difference(f"refund {refund.id}", "refund_waits", what, refund.payment.account_id)
