"""What of signing in is forgotten, and when; the worker calls it once an hour."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, func

from booking.core.db import Base, db
from booking.people.models import SignInAttempt
from booking.people.sign_in_models import OneTimeSecret, PasskeyChallenge, SignIn, TrustedDevice

TRIES_KEPT = timedelta(days=30)
SECRETS_KEPT = timedelta(days=1)
SIGN_INS_KEPT = timedelta(days=90)


def forget_old_sign_ins(at: datetime) -> dict[str, int]:
    """Delete what is over long enough, in the caller's unit of work; how many rows of each table."""
    over: list[tuple[type[Base], object]] = [
        (PasskeyChallenge, PasskeyChallenge.expires_at < at),
        (OneTimeSecret, OneTimeSecret.expires_at < at - SECRETS_KEPT),
        (SignInAttempt, SignInAttempt.at < at - TRIES_KEPT),
        (TrustedDevice, TrustedDevice.expires_at < at - SIGN_INS_KEPT),
        (SignIn, func.coalesce(SignIn.ended_at, SignIn.expires_at) < at - SIGN_INS_KEPT),
    ]
    return {
        model.__tablename__: db.session.execute(delete(model).where(where)).rowcount  # type: ignore[arg-type, attr-defined]
        for model, where in over
    }
