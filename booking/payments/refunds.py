"""Money on its way back to the card: asked for as a row in the transaction that causes it, sent by the worker.

The ledger counts a refund from the moment that it is asked for, so that nobody spends it meanwhile; one that fails
for good is reversed and becomes the family's credit.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

import structlog
from sqlalchemy import func, select

from booking.core.audit import record
from booking.core.db import db, unit_of_work
from booking.core.money import format_pence
from booking.ledger.models import Entry
from booking.ledger.posting import Line, post, post_refund
from booking.payments.disputes import disputed_pence
from booking.payments.facts import RefundFacts
from booking.payments.gateway import Gateway, StripeOutOfReach, StripeRefused
from booking.payments.models import Payment, Refund
from booking.payments.money_worries import Difference, tell_office
from booking.payments.payer import write_to_payer
from booking.payments.states import REFUND_MOVES, move

log = structlog.get_logger()
AT_ONCE = 20
CLAIM_LASTS = timedelta(minutes=5)
LONGEST_WAIT = timedelta(hours=6)


class RefundTooBig(RuntimeError):
    """A programming error: more was to go back than had been paid; nothing was asked for."""


def ask_refund(
    payment: Payment, amount_pence: int, reason: str, *, at: datetime, user_id: int | None
) -> Refund:
    """Write down a refund to a card and post it, with the payment's row locked.

    Raises `RefundTooBig` beyond what is left of what that card paid, and for whatever was not paid by card.
    """
    is_card = payment.tender == "card" and payment.state == "paid"
    if not is_card or amount_pence > left_pence(payment):
        raise RefundTooBig
    refund = Refund(
        payment_id=payment.id,
        amount_pence=amount_pence,
        reason=reason,
        idempotency_key=f"refund-{secrets.token_urlsafe(18)}",
        created_at=at,
        next_try_at=at,
        user_id=user_id,
    )
    db.session.add(refund)
    db.session.flush()
    _post(refund, payment, at=at, user_id=user_id)
    return refund


def refunded_pence(payment_id: int) -> int:
    """What has gone back of a payment, or is on its way; what failed for good does not count."""
    return int(
        db.session.scalar(
            select(func.coalesce(func.sum(Refund.amount_pence), 0)).where(
                Refund.payment_id == payment_id, Refund.state != "failed"
            )
        )
        or 0
    )


def left_pence(payment: Payment) -> int:
    """What could still go back of a payment: what went back already, or the payer's bank has, is not sent twice."""
    return payment.amount_pence - refunded_pence(payment.id) - disputed_pence(payment.id)


def send_refunds(at: datetime, gateway: Gateway | None) -> int:
    """Ask Stripe for every refund that is due, each claimed first and asked outside a transaction; gives their number.

    A row that Stripe could not be asked about waits 2, 4, 8 ... minutes, at most 6 hours, under the same key; Stripe
    forgets keys after a day, so before a later try it is asked whether it has the refund already.
    """
    if gateway is None:
        return 0
    sent = 0
    for refund_id in _claim(at):
        refund = db.session.get_one(Refund, refund_id)
        try:
            facts = _ask(refund, gateway)
        except StripeOutOfReach as error:
            with unit_of_work():
                row = _locked(refund_id)
                row.last_error = str(error)
                row.next_try_at = at + min(timedelta(minutes=2 ** min(row.attempts, 10)), LONGEST_WAIT)
            continue
        except StripeRefused as error:
            with unit_of_work():
                _fail(_locked(refund_id), str(error), at=at)
            continue
        with unit_of_work():
            keep_refund(_locked(refund_id), facts, at=at)
        sent += 1
    return sent


def keep_refund(refund: Refund, facts: RefundFacts, *, at: datetime) -> None:
    """Bring a locked refund to where Stripe says it is; pending waits for Stripe's event."""
    if refund.stripe_refund_id is None:
        refund.stripe_refund_id = facts.id
    refund.next_try_at, refund.last_error = None, None
    if facts.status == "succeeded" and refund.state == "asked":
        move(refund, "done", REFUND_MOVES)
        record("refund_done", "refund", refund.id, at=at, user_id=None, pence=refund.amount_pence)
    elif facts.has_failed and refund.state != "failed":
        _fail(refund, f"Stripe: {facts.status}", at=at)


def note_refunds(payment: Payment, all_facts: list[RefundFacts], *, at: datetime) -> None:
    """Hold a locked payment's refunds against Stripe's list; one made on Stripe's own pages gets its row here."""
    known = {refund.idempotency_key: refund for refund in payment.refunds}
    by_id = {refund.stripe_refund_id: refund for refund in payment.refunds if refund.stripe_refund_id}
    for facts in all_facts:
        refund = by_id.get(facts.id) or known.get(facts.reference or "")
        if refund is None and not facts.has_failed:
            refund = Refund(
                payment_id=payment.id,
                amount_pence=facts.amount_pence,
                reason="at_stripe",
                idempotency_key=f"stripe-{facts.id}",
                stripe_refund_id=facts.id,
                created_at=at,
            )
            db.session.add(refund)
            db.session.flush()
            _post(refund, payment, at=at, user_id=None)
        if refund is not None:
            keep_refund(refund, facts, at=at)


def _post(refund: Refund, payment: Payment, *, at: datetime, user_id: int | None) -> None:
    post_refund(payment.id, refund.id, payment.account_id, refund.amount_pence, at=at, user_id=user_id)
    record("refund_asked", "refund", refund.id, at=at, user_id=user_id, pence=refund.amount_pence)


def _ask(refund: Refund, gateway: Gateway) -> RefundFacts:
    intent_id = refund.payment.stripe_intent_id
    if intent_id is None:
        raise StripeRefused("no payment to refund")
    arguments = (intent_id, refund.amount_pence, refund.idempotency_key, refund.id, refund.attempts)
    db.session.rollback()
    intent_id, amount_pence, key, refund_id, attempts = arguments
    if attempts > 1:
        for facts in gateway.refunds(intent_id):
            if facts.reference == key:
                return facts
    return gateway.refund(intent_id, amount_pence, idempotency_key=key, refund_id=refund_id)


def _claim(at: datetime) -> list[int]:
    """Take the due refunds for five minutes, so that of two workers only one asks."""
    with unit_of_work():
        rows = db.session.scalars(
            select(Refund)
            .where(Refund.state == "asked", Refund.next_try_at <= at)
            .order_by(Refund.id)
            .limit(AT_ONCE)
            .with_for_update(skip_locked=True)
        ).all()
        for row in rows:
            row.next_try_at = at + CLAIM_LASTS
            row.attempts += 1
        return [row.id for row in rows]


def _locked(refund_id: int) -> Refund:
    """A refund with its payment's row locked first and its own after it, as everywhere, so that nobody deadlocks."""
    payment_id = select(Refund.payment_id).where(Refund.id == refund_id).scalar_subquery()
    db.session.execute(select(Payment.id).where(Payment.id == payment_id).with_for_update())
    return db.session.scalars(select(Refund).where(Refund.id == refund_id).with_for_update()).one()


def _fail(refund: Refund, why: str, *, at: datetime) -> None:
    """End a refund that Stripe will never make: its money becomes the family's credit again, and all are told."""
    move(refund, "failed", REFUND_MOVES)
    refund.next_try_at, refund.last_error = None, why
    entry = db.session.scalars(select(Entry).where(Entry.key == f"refund:{refund.id}")).one()
    lines = [Line(line.account_id, -line.amount_pence) for line in entry.lines]
    post(
        f"refund_failed:{refund.id}",
        "refund_failed",
        lines,
        at=at,
        user_id=None,
        payment_id=refund.payment_id,
        reverses_id=entry.id,
    )
    log.error("refund failed", refund_id=refund.id, why=why)
    payment = refund.payment
    what = f"{format_pence(refund.amount_pence)} could not go back to the card; it is credit now"
    found = Difference(f"Payment {payment.id}", "refund_failed", what, payment.account_id)
    tell_office(f"refund_failed:{refund.id}", "refund", found, at=at)
    write_to_payer(payment, "refund_failed", at=at, about=("refund_id", refund.id))
