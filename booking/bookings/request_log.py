"""The request log: what was asked and what came of it, append-only; unmet demand is read from it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import insert

from booking.bookings.models import RequestFact
from booking.core.db import db, table_of

NEW_FACTS = insert(table_of(RequestFact))
Fact = tuple[str, int, int, str | None]
"""What, pupil, session, and the reason where there is one."""


def note(
    facts: Iterable[Fact],
    *,
    account_id: int | None,
    at: datetime,
    user_id: int | None,
    channel: str = "online",
) -> None:
    """Add facts to the log in one statement, in the caller's transaction."""
    rows = [
        {
            "at": at,
            "what": what,
            "pupil_id": pupil_id,
            "session_id": session_id,
            "account_id": account_id,
            "user_id": user_id,
            "reason": reason,
            "channel": channel,
        }
        for what, pupil_id, session_id, reason in facts
    ]
    if rows:
        db.session.execute(NEW_FACTS, rows)
