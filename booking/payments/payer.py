"""Who is written to about a card payment: whoever paid, or all adults of the account when nobody knows any more."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from booking.core import outbox
from booking.core.db import db
from booking.payments.models import Payment
from booking.people.models import FamilyAccount, User


def write_to_payer(
    payment: Payment, template: str, *, at: datetime, about: tuple[str, int] | None = None
) -> None:
    """Put a letter about a payment (or `about` one thing of it, a refund) into the outbox, once for each reader."""
    name, number = about or ("payment_id", payment.id)
    context: dict[str, Any] = {"payment_id": payment.id, name: number}
    payer = db.session.get(User, payment.user_id) if payment.user_id is not None else None
    users = [payer] if payer else db.session.get_one(FamilyAccount, payment.account_id).users
    for user in users:
        outbox.post(
            key=f"{template}:{number}:{user.id}",
            to_email=user.email,
            template=template,
            context=context,
            at=at,
            user_id=user.id,
        )
