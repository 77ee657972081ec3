"""One letter to each adult of a family account who still signs in; what it says is gathered when it is sent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from booking.core import outbox
from booking.core.db import db
from booking.people.models import FamilyAccount


def write_to_family(
    account_id: int,
    template: str,
    context: Mapping[str, Any],
    *,
    key: str,
    at: datetime,
    not_before: datetime | None = None,
) -> None:
    """Put the letters in the outbox, in the caller's transaction; `key` with the adult's id makes each one unique."""
    for user in db.session.get_one(FamilyAccount, account_id).users:
        if user.active:
            outbox.post(
                key=f"{key}:{user.id}",
                to_email=user.email,
                template=template,
                context=dict(context),
                at=at,
                user_id=user.id,
                not_before=not_before,
            )
