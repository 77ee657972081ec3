"""Devices that a parent called their own: for 30 days no second step is asked there. Staff get no such device."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select, update

from booking.core.db import db
from booking.people.invitations import token_digest
from booking.people.models import User
from booking.people.sign_in_models import TrustedDevice
from booking.people.sign_ins import TRUST_LASTS, works_here


def trust(user: User, *, device: str, at: datetime) -> str:
    """Remember the browser that asks, and give the token that it keeps."""
    token = secrets.token_urlsafe(16)
    db.session.add(
        TrustedDevice(
            user_id=user.id,
            token_digest=token_digest(token),
            device=device,
            created_at=at,
            expires_at=at + TRUST_LASTS,
        )
    )
    db.session.flush()
    return token


def trusted_until(user: User, tokens: Collection[str], *, at: datetime) -> datetime | None:
    """Until when one of these tokens is trusted for this person; nothing when none is."""
    if works_here(user) or not tokens:
        return None
    return db.session.scalar(
        select(TrustedDevice.expires_at)
        .where(
            TrustedDevice.user_id == user.id,
            TrustedDevice.token_digest.in_([token_digest(token) for token in tokens]),
            TrustedDevice.ended_at.is_(None),
            TrustedDevice.expires_at > at,
        )
        .order_by(TrustedDevice.expires_at.desc())
        .limit(1)
    )


def trusted_devices(user_id: int, *, at: datetime) -> list[TrustedDevice]:
    """The devices of a person that are trusted now."""
    return list(
        db.session.scalars(
            select(TrustedDevice)
            .where(
                TrustedDevice.user_id == user_id,
                TrustedDevice.ended_at.is_(None),
                TrustedDevice.expires_at > at,
            )
            .order_by(TrustedDevice.created_at.desc())
        )
    )


def end_trust(user_id: int, *, at: datetime, device_id: int | None = None) -> None:
    """Forget one trusted device of a user, or all of them."""
    query = update(TrustedDevice).where(TrustedDevice.user_id == user_id, TrustedDevice.ended_at.is_(None))
    if device_id is not None:
        query = query.where(TrustedDevice.id == device_id)
    db.session.execute(query.values(ended_at=at))
