"""Tokens for other programs: 256 random bits, of which only a digest is kept; each may do what its scopes say."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

from sqlalchemy import select

from booking.api.models import ApiToken
from booking.core import audit
from booking.core.db import db
from booking.core.errors import BookingError

SCOPES = {
    "sessions:read": "Read sessions with the places left in them",
    "bookings:read": "Read what one family has booked, children by id",
    "registers:read": "Read who is expected in a session, with names and marks",
}


class UnknownScope(BookingError):
    """The scope asked for does not exist; the ones that do are listed."""


def make_token(name: str, scopes: tuple[str, ...], *, at: datetime) -> str:
    """Make a token and return it; it is shown this once."""
    unknown = [scope for scope in scopes if scope not in SCOPES]
    if unknown or not scopes:
        raise UnknownScope(
            f"“{', '.join(unknown)}” is no scope. There is {', '.join(SCOPES)}. Nothing was made."
        )
    token = secrets.token_urlsafe(32)
    row = ApiToken(name=name, token_digest=_digest(token), scopes=list(scopes), created_at=at)
    db.session.add(row)
    db.session.flush()
    audit.record("made", "api_token", row.id, at=at, user_id=None, scopes=list(scopes))
    return token


def revoke_token(name: str, *, at: datetime) -> int:
    """End every live token of this name at once; how many there were."""
    rows = db.session.scalars(
        select(ApiToken).where(ApiToken.name == name, ApiToken.revoked_at.is_(None))
    ).all()
    for row in rows:
        row.revoked_at = at
        audit.record("revoked", "api_token", row.id, at=at, user_id=None)
    return len(rows)


def scopes_of(token: str) -> frozenset[str] | None:
    """What a live token may do; nothing for one that is unknown or revoked."""
    row = db.session.scalars(
        select(ApiToken).where(ApiToken.token_digest == _digest(token), ApiToken.revoked_at.is_(None))
    ).first()
    return frozenset(row.scopes) if row else None


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
