"""What Stripe says, as small frozen facts: read out of its library's objects, so that nothing else of them is used."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

FAILED_INTENT = frozenset({"requires_payment_method", "canceled"})
FAILED_REFUND = frozenset({"failed", "canceled"})


@dataclass(frozen=True)
class SessionFacts:
    """What Stripe says of one Checkout Session; `reference` is the payment's idempotency key.

    `intent_status` is known only when one session was asked for.
    """

    id: str
    url: str | None
    status: str
    payment_status: str
    amount_pence: int
    currency: str
    intent_id: str | None
    reference: str | None
    intent_status: str | None = None

    @property
    def is_paid(self) -> bool:
        """True when the money is there, whatever the browser or an event said."""
        return self.status == "complete" and self.payment_status == "paid"

    @property
    def has_failed(self) -> bool:
        """True when the parent did pay, and their bank said no afterwards."""
        return self.status == "complete" and not self.is_paid and self.intent_status in FAILED_INTENT


@dataclass(frozen=True)
class RefundFacts:
    """What Stripe says of one refund; `reference` is our refund's idempotency key, empty when made at Stripe."""

    id: str
    intent_id: str | None
    amount_pence: int
    status: str
    reference: str | None

    @property
    def has_failed(self) -> bool:
        """True when the money never went, or came back."""
        return self.status in FAILED_REFUND


@dataclass(frozen=True)
class DisputeFacts:
    """What Stripe says of one dispute; an inquiry, for which no money was taken, has no `state`."""

    id: str
    intent_id: str | None
    amount_pence: int
    state: str | None


@dataclass(frozen=True)
class Movement:
    """One movement of the balance at Stripe: `amount_pence` came in (or went out, below zero), less `fee_pence`."""

    id: str
    type: str
    amount_pence: int
    fee_pence: int
    source_id: str | None
    at: datetime


@dataclass(frozen=True)
class EventFacts:
    """What is used of an event: its id, its type and what it is about; never its amounts."""

    id: str
    type: str
    object_id: str
    intent_id: str | None


def session_facts(session: Any) -> SessionFacts:
    """Out of a Checkout Session; its payment intent may be whole, or only named."""
    intent = session.payment_intent
    return SessionFacts(
        id=session.id,
        url=session.url,
        status=session.status or "open",
        payment_status=session.payment_status,
        amount_pence=session.amount_total or 0,
        currency=session.currency or "",
        intent_id=_id_of(intent),
        reference=session.client_reference_id,
        intent_status=None if intent is None or isinstance(intent, str) else intent.status,
    )


def refund_facts(refund: Any) -> RefundFacts:
    """Out of a refund."""
    metadata = refund.metadata.to_dict() if refund.metadata else {}
    return RefundFacts(
        id=refund.id,
        intent_id=_id_of(refund.payment_intent),
        amount_pence=refund.amount,
        status=refund.status or "pending",
        reference=metadata.get("reference"),
    )


def dispute_facts(dispute: Any) -> DisputeFacts:
    """Out of a dispute; whatever is not decided yet is opened."""
    if dispute.status.startswith("warning") or dispute.status == "prevented":
        state = None
    else:
        state = dispute.status if dispute.status in {"won", "lost"} else "opened"
    return DisputeFacts(
        id=dispute.id, intent_id=_id_of(dispute.payment_intent), amount_pence=dispute.amount, state=state
    )


def movement(transaction: Any) -> Movement:
    """Out of a balance transaction."""
    return Movement(
        id=transaction.id,
        type=transaction.type,
        amount_pence=transaction.amount,
        fee_pence=transaction.fee,
        source_id=_id_of(transaction.source),
        at=datetime.fromtimestamp(transaction.created, UTC),
    )


def _id_of(value: Any) -> str | None:
    """The id of something that Stripe gives as its id or whole."""
    return value if value is None or isinstance(value, str) else str(value.id)
