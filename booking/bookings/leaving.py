"""Leaving a waiting list by the link in a letter: signed, for this purpose and this entry alone."""

from __future__ import annotations

from datetime import datetime

from itsdangerous import BadData, URLSafeTimedSerializer

from booking.bookings.models import WaitingEntry
from booking.bookings.waiting_list import LIVE_ENTRIES, end_entry
from booking.core.db import db
from booking.core.errors import NotFound

LASTS_SECONDS = 120 * 86_400


def leave_token(entry_id: int, secret: str) -> str:
    """What the link in a letter ends with."""
    return str(_signer(secret).dumps(entry_id))


def read_leave_token(token: str, secret: str) -> int:
    """The entry that a link names; raises `NotFound` for one that is not ours or is too old."""
    try:
        return int(_signer(secret).loads(token, max_age=LASTS_SECONDS))
    except (BadData, ValueError, TypeError) as error:
        raise NotFound from error


def leave_by_letter(entry_id: int, *, at: datetime) -> None:
    """End the entry, or do nothing when it has ended already, so that a second press does no harm."""
    entry = db.session.get(WaitingEntry, entry_id)
    if entry is not None and entry.state in LIVE_ENTRIES:
        end_entry(entry, at=at, user_id=None)


def _signer(secret: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(secret, salt="leave a waiting list")
