"""Codes and links that leave by letter: random, sealed, bound to one purpose, used once, and soon over.

The request that asks for a reset never looks whether anybody has that address: it writes the same two rows for all,
and the letter finds out when it is about to leave. So no answer and no clock tells who is known here.
"""

from __future__ import annotations

import hmac
import secrets
from datetime import datetime, timedelta

from sqlalchemy import func, select, update

from booking.core.db import db
from booking.core.errors import BookingError
from booking.core.outbox import post
from booking.people.invitations import token_digest
from booking.people.models import User
from booking.people.sign_in_models import OneTimeSecret, SignIn

LASTS = {
    "new_device": timedelta(minutes=10),
    "reset": timedelta(minutes=60),
    "email": timedelta(minutes=60),
}
TEMPLATES = {"new_device": "sign_in_code", "reset": "reset", "email": "new_email"}
MOST_TRIES = 5
MOST_LETTERS_AN_HOUR = 5


class SecretOver(BookingError):
    """The link or code is unknown, used, over, or was meant for something else."""

    def __init__(self) -> None:
        super().__init__("This does not work any more. Ask for a fresh one.")


def send_code(row: SignIn, *, at: datetime) -> bool:
    """Write a letter with six figures to the person who is signing in; False after five letters in an hour.

    Codes sent before for the same sign-in end here.
    """
    if _letters_since(row.user.email, "new_device", at - timedelta(hours=1)) >= MOST_LETTERS_AN_HOUR:
        return False
    _use_up(OneTimeSecret.sign_in_id == row.id, at)
    code = f"{secrets.randbelow(10**6):06}"
    _write("new_device", code, email=row.user.email, user_id=row.user_id, sign_in_id=row.id, at=at)
    return True


def check_code(sign_in_id: int, given: str, *, at: datetime) -> bool:
    """Whether these are the figures of the last letter; a wrong one is counted, the fifth ends the code."""
    row = db.session.scalars(
        select(OneTimeSecret)
        .where(
            OneTimeSecret.purpose == "new_device",
            OneTimeSecret.sign_in_id == sign_in_id,
            OneTimeSecret.used_at.is_(None),
            OneTimeSecret.expires_at > at,
            OneTimeSecret.tries < MOST_TRIES,
        )
        .order_by(OneTimeSecret.id.desc())
        .limit(1)
        .with_for_update()
    ).first()
    if row is None:
        return False
    if not hmac.compare_digest(row.secret.encode(), given.encode()):
        row.tries += 1
        return False
    row.used_at = at
    return True


def send_link(purpose: str, email: str, *, user_id: int | None, at: datetime) -> None:
    """Write a letter with a link of 128 bits to an address, known or not; five in an hour at most."""
    email = email.strip().lower()
    if _letters_since(email, purpose, at - timedelta(hours=1)) < MOST_LETTERS_AN_HOUR:
        token = secrets.token_urlsafe(16)
        _write(purpose, token, email=email, user_id=user_id, token_digest=token_digest(token), at=at)


def find_link(token: str, purpose: str, *, at: datetime) -> OneTimeSecret:
    """The live row behind a link of this purpose; raises `SecretOver`."""
    row = db.session.scalars(
        select(OneTimeSecret)
        .where(OneTimeSecret.token_digest == token_digest(token), OneTimeSecret.purpose == purpose)
        .with_for_update()
    ).first()
    if row is None or not is_live(row, at=at):
        raise SecretOver
    return row


def is_live(row: OneTimeSecret, *, at: datetime) -> bool:
    """True while the secret may still be used."""
    return row.used_at is None and row.expires_at > at


def use_up_links(purpose: str, email: str, *, at: datetime) -> None:
    """End every open link of this purpose for an address."""
    _use_up((OneTimeSecret.email == email) & (OneTimeSecret.purpose == purpose), at)


def tell(user: User, what: str, *, at: datetime, email: str | None = None) -> None:
    """Write to a person that something about their signing in changed; to the old address when that changed."""
    post(
        key=f"sign-in-changed-{secrets.token_hex(8)}",
        to_email=email or user.email,
        template="sign_in_changed",
        context={"what": what, "name": user.name},
        at=at,
        user_id=user.id,
    )


def _write(
    purpose: str,
    secret: str,
    *,
    email: str,
    user_id: int | None,
    at: datetime,
    token_digest: str | None = None,
    sign_in_id: int | None = None,
) -> None:
    row = OneTimeSecret(
        purpose=purpose,
        secret=secret,
        token_digest=token_digest,
        email=email,
        user_id=user_id,
        sign_in_id=sign_in_id,
        created_at=at,
        expires_at=at + LASTS[purpose],
    )
    db.session.add(row)
    db.session.flush()
    post(
        key=f"one-time-{row.row_key}",
        to_email=email,
        template=TEMPLATES[purpose],
        context={"secret_id": row.id},
        at=at,
        user_id=user_id,
    )


def _use_up(where: object, at: datetime) -> None:
    db.session.execute(
        update(OneTimeSecret)
        .where(where, OneTimeSecret.used_at.is_(None))  # type: ignore[arg-type]
        .values(used_at=at)
        .execution_options(synchronize_session="fetch")
    )


def _letters_since(email: str, purpose: str, since: datetime) -> int:
    query = (
        select(func.count())
        .select_from(OneTimeSecret)
        .where(
            OneTimeSecret.email == email, OneTimeSecret.purpose == purpose, OneTimeSecret.created_at > since
        )
    )
    return db.session.scalar(query) or 0
