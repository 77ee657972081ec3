"""Money that a cardholder's bank took back: noted once, posted as it goes on, and told to the office.

While it is open the family owes nothing: who is right is not decided. What is lost the family owes again.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from booking.core.audit import record
from booking.core.db import db
from booking.core.money import format_pence
from booking.ledger.afterwards import post_dispute
from booking.payments.card_models import Dispute
from booking.payments.facts import DisputeFacts
from booking.payments.models import Payment
from booking.payments.money_worries import Difference, tell_office
from booking.payments.states import DISPUTE_MOVES, move

WHAT = {
    "opened": "was taken back by the payer’s bank; answer it at Stripe",
    "won": "came back: the bank has decided for the school",
    "lost": "is lost: the bank has decided for the payer, and the family owes it again",
}

ASKED = "the payer’s bank asks what this payment was for; nothing was taken back yet"


def note_dispute(payment: Payment, facts: DisputeFacts, *, at: datetime) -> None:
    """Bring a locked payment's dispute to where Stripe says it is; again, or in another order, changes nothing more."""
    if facts.state is None:
        found = Difference(f"Payment {payment.id}", "inquiry", ASKED, payment.account_id)
        tell_office(f"inquiry:{facts.id}", "dispute", found, at=at)
        return
    dispute = db.session.scalars(select(Dispute).where(Dispute.stripe_dispute_id == facts.id)).one_or_none()
    if dispute is None:
        dispute = Dispute(
            payment_id=payment.id,
            stripe_dispute_id=facts.id,
            amount_pence=facts.amount_pence,
            at=at,
            state="opened",
        )
        db.session.add(dispute)
        db.session.flush()
        _post(dispute, payment, at=at)
    if facts.state != "opened" and dispute.state == "opened":
        move(dispute, facts.state, DISPUTE_MOVES)
        _post(dispute, payment, at=at)


def disputed_pence(payment_id: int) -> int:
    """What a cardholder's bank has of a payment, or is asking for; what was won does not count."""
    return int(
        db.session.scalar(
            select(func.coalesce(func.sum(Dispute.amount_pence), 0)).where(
                Dispute.payment_id == payment_id, Dispute.state != "won"
            )
        )
        or 0
    )


def _post(dispute: Dispute, payment: Payment, *, at: datetime) -> None:
    post_dispute(dispute.id, dispute.state, payment.id, payment.account_id, dispute.amount_pence, at=at)
    record(f"dispute_{dispute.state}", "dispute", dispute.id, at=at, user_id=None, pence=dispute.amount_pence)
    found = Difference(
        f"Payment {payment.id}",
        f"dispute_{dispute.state}",
        f"{format_pence(dispute.amount_pence)} {WHAT[dispute.state]}",
        payment.account_id,
    )
    tell_office(f"dispute:{dispute.id}:{dispute.state}", "dispute", found, at=at)
