"""One letter to each adult of a family account who still signs in; what it says is gathered when it is sent.

Here alone it is decided what goes by text too: what cannot wait until somebody reads e-mails.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from booking.core import outbox
from booking.core.db import db
from booking.ledger.arrears_models import LateCharge
from booking.people.models import FamilyAccount
from booking.people.texts import texts_number

BY_TEXT_TOO = frozenset({"offer", "change"})
"""A place that is kept for hours only, and what the school called off or moved."""


def write_to_family(
    account_id: int,
    template: str,
    context: Mapping[str, Any],
    *,
    key: str,
    at: datetime,
    not_before: datetime | None = None,
) -> None:
    """Put the letters in the outbox, in the caller's transaction; `key` with the adult's id makes each one unique.

    A text beside a letter leaves no earlier than the letter, so quiet hours hold for both.
    """
    for user in db.session.get_one(FamilyAccount, account_id).users:
        if not user.active:
            continue
        is_texted = template in BY_TEXT_TOO and texts_number(user) is not None
        for channel in ("email", "text") if is_texted else ("email",):
            outbox.post(
                key=f"{key}:{user.id}" + (":text" if channel == "text" else ""),
                channel=channel,
                to_email=user.email,
                template=template,
                context=dict(context),
                at=at,
                user_id=user.id,
                not_before=not_before,
            )


def tell_of_late_charge(charge: LateCharge, *, at: datetime) -> None:
    """A charge for late collection was posted, or was taken back: the family hears of each once."""
    is_back = charge.ended_at is not None
    about = {"charge_id": charge.id, "is_back": is_back}
    key = f"late_charge:{charge.id}" + (":back" if is_back else "")
    write_to_family(charge.account_id, "late_charge", about, key=key, at=at)
