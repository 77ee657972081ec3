"""Holds payments against Stripe, both ways, and against the ledger; every difference is one line for a person.

Nothing is put right here: money is only moved by the functions that move it every day.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from booking.core.db import db
from booking.core.money import format_pence
from booking.ledger.models import Entry, EntryLine, LedgerAccount
from booking.ledger.posting import STANDING
from booking.payments.gateway import CURRENCY, Gateway, RefundFacts, SessionFacts
from booking.payments.models import Payment, Refund

IN_TRANSIT = timedelta(minutes=10)


@dataclass(frozen=True)
class Difference:
    """One thing that does not agree: what it is about, and what differs."""

    subject: str
    what: str

    def __str__(self) -> str:
        return f"{self.subject}: {self.what}"


def reconcile(at: datetime, *, gateway: Gateway | None) -> list[Difference]:
    """Every difference between payments, Stripe and the ledger; an empty list when all agree.

    Raises `StripeOutOfReach`. Without a gateway only the ledger is held against the payments, and a card payment
    is a difference in itself. A refund asked for in the last ten minutes is on its way, not missing.
    """
    payments = list(db.session.scalars(select(Payment).order_by(Payment.id)))
    refunds = list(db.session.scalars(select(Refund).order_by(Refund.id)))
    found = [*_ledger_of_payments(payments), *_ledger_of_refunds(refunds)]
    paid_cards = [payment for payment in payments if payment.tender == "card" and payment.state == "paid"]
    if gateway is None:
        return found + [
            Difference(f"payment {payment.id}", "paid by card, but no Stripe key is set")
            for payment in paid_cards
        ]
    sessions = {facts.id: facts for facts in gateway.sessions() if facts.is_paid}
    found += _sessions_here(sessions, payments)
    found += [
        Difference(f"payment {payment.id}", f"{format_pence(payment.amount_pence)} paid here, not at Stripe")
        for payment in paid_cards
        if payment.stripe_session_id not in sessions
    ]
    at_stripe = {facts.id: facts for facts in gateway.refunds()}
    found += _refunds_here(at_stripe, refunds)
    found += _refunds_there(at_stripe, refunds, at)
    return found


def _sessions_here(sessions: dict[str, SessionFacts], payments: list[Payment]) -> Iterator[Difference]:
    """What Stripe was paid, held against the payments here."""
    by_session = {payment.stripe_session_id: payment for payment in payments if payment.stripe_session_id}
    by_key = {payment.idempotency_key: payment for payment in payments}
    for facts in sessions.values():
        payment = by_session.get(facts.id) or by_key.get(facts.reference or "")
        paid = f"{format_pence(facts.amount_pence)} paid at Stripe"
        if payment is None:
            yield Difference(f"Stripe session {facts.id}", f"{paid}, no payment here")
        elif payment.state != "paid":
            yield Difference(f"payment {payment.id}", f"{paid}, {payment.state} here")
        elif (payment.amount_pence, CURRENCY) != (facts.amount_pence, facts.currency):
            here = f"{format_pence(payment.amount_pence)} here ({facts.currency})"
            yield Difference(f"payment {payment.id}", f"{paid}, {here}")


def _refunds_here(at_stripe: dict[str, RefundFacts], refunds: list[Refund]) -> Iterator[Difference]:
    """What Stripe sent back, held against the refunds here."""
    by_id = {refund.stripe_refund_id: refund for refund in refunds if refund.stripe_refund_id}
    by_key = {refund.idempotency_key: refund for refund in refunds}
    for facts in at_stripe.values():
        refund = by_id.get(facts.id) or by_key.get(facts.reference or "")
        failed = facts.status in {"failed", "canceled"}
        amount = format_pence(facts.amount_pence)
        if refund is None:
            if not failed:
                yield Difference(f"Stripe refund {facts.id}", f"{amount} went back at Stripe, no refund here")
        elif refund.amount_pence != facts.amount_pence:
            here = format_pence(refund.amount_pence)
            yield Difference(f"refund {refund.id}", f"{amount} at Stripe, {here} here")
        elif failed != (refund.state == "failed"):
            yield Difference(f"refund {refund.id}", f"{facts.status} at Stripe, {refund.state} here")


def _refunds_there(
    at_stripe: dict[str, RefundFacts], refunds: list[Refund], at: datetime
) -> Iterator[Difference]:
    """What was to go back, held against Stripe's refunds."""
    keys = {facts.reference for facts in at_stripe.values()}
    for refund in refunds:
        if refund.stripe_refund_id in at_stripe or refund.idempotency_key in keys:
            continue
        amount = format_pence(refund.amount_pence)
        if refund.state == "done":
            yield Difference(f"refund {refund.id}", f"{amount} done here, not at Stripe")
        elif refund.state == "asked" and refund.created_at + IN_TRANSIT < at:
            yield Difference(
                f"refund {refund.id}", f"{amount} still to be sent: {refund.last_error or 'waiting'}"
            )


def _ledger_of_payments(payments: list[Payment]) -> Iterator[Difference]:
    """Each payment that brought money has its entry, of its amount; no other has one, but for one that was undone."""
    moved, undone = _moved("payment"), _moved("payment_undone")
    for payment in payments:
        brought = payment.state == "paid" and payment.tender != "credit"
        expected_pence = payment.amount_pence if brought else 0
        in_ledger_pence = moved.pop((f"payment:{payment.id}", payment.id), 0)
        in_ledger_pence += undone.pop((f"payment_undone:{payment.id}", payment.id), 0)
        if in_ledger_pence != expected_pence:
            expected, in_ledger = format_pence(expected_pence), format_pence(in_ledger_pence)
            yield Difference(f"payment {payment.id}", f"{expected} came in, {in_ledger} in the ledger")
    for (key, _), pence in (moved | undone).items():
        yield Difference(f"ledger entry {key}", f"{format_pence(pence)} came in, no payment here")


def _ledger_of_refunds(refunds: list[Refund]) -> Iterator[Difference]:
    """Each refund has its entry from the moment that it was asked for, and its reversal when it failed."""
    moved = _moved("refund") | _moved("refund_failed")
    for refund in refunds:
        asked_pence = moved.get((f"refund:{refund.id}", refund.payment_id), 0)
        back_pence = -asked_pence - moved.get((f"refund_failed:{refund.id}", refund.payment_id), 0)
        expected_pence = 0 if refund.state == "failed" else refund.amount_pence
        if back_pence != expected_pence:
            expected, back = format_pence(expected_pence), format_pence(back_pence)
            yield Difference(f"refund {refund.id}", f"{expected} to go back, {back} in the ledger")


def _moved(kind: str) -> dict[tuple[str, int | None], int]:
    """What the entries of a kind moved to the accounts where money stands, by key and payment."""
    rows = db.session.execute(
        select(Entry.key, Entry.payment_id, func.sum(EntryLine.amount_pence))
        .join(EntryLine, EntryLine.entry_id == Entry.id)
        .join(LedgerAccount, LedgerAccount.id == EntryLine.account_id)
        .where(Entry.kind == kind, LedgerAccount.kind.in_(STANDING.values()))
        .group_by(Entry.key, Entry.payment_id)
    )
    return {(key, payment_id): int(total) for key, payment_id, total in rows}
