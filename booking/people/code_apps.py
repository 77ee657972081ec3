"""The code app: six figures every 30 seconds (RFC 6238), each good for one use."""

from __future__ import annotations

import base64
import os
from datetime import datetime
from urllib.parse import quote

import segno
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.hotp import HOTP
from sqlalchemy import select

from booking.core import audit
from booking.core.db import db
from booking.core.errors import BookingError
from booking.people.models import User
from booking.people.one_time import tell
from booking.people.sign_in_models import CodeApp

STEP_SECONDS = 30
SECRET_BYTES = 20
DRIFT = (0, -1, 1)
"""A telephone may be half a minute wrong: the step before and the step after are taken too."""


class WrongCode(BookingError):
    """The code is wrong, over, or was used before; all three get the same words."""

    def __init__(self) -> None:
        super().__init__("That code is not right, or was used before. Wait for the next one and try again.")


def app_of(user_id: int) -> CodeApp | None:
    """The code app of a person, ready or still being set up."""
    return db.session.scalars(select(CodeApp).where(CodeApp.user_id == user_id).with_for_update()).first()


def has_code_app(user_id: int) -> bool:
    """True when codes of an app are asked for."""
    query = select(CodeApp.id).where(CodeApp.user_id == user_id, CodeApp.confirmed_at.is_not(None))
    return db.session.scalar(query) is not None


def begin(user: User, *, at: datetime) -> None:
    """Make a fresh secret that counts once a code of it was typed; one that is in use goes on until then."""
    secret = base64.b32encode(os.urandom(SECRET_BYTES)).decode()
    found = app_of(user.id)
    if found is None:
        db.session.add(CodeApp(user_id=user.id, created_at=at, last_counter=0, secret="", next_secret=secret))
    else:
        found.next_secret = secret
    db.session.flush()


def confirm(user: User, code: str, *, at: datetime) -> None:
    """Take the new secret into use with a first code of it; raises `WrongCode`."""
    found = app_of(user.id)
    counter = _counter_of(found.next_secret, code, at) if found is not None and found.next_secret else None
    if found is None or counter is None:
        raise WrongCode
    found.secret, found.next_secret = found.next_secret, ""
    found.confirmed_at, found.last_counter = at, counter
    audit.record("code_app_on", "user", user.id, at=at, user_id=user.id)
    tell(user, "code_app_on", at=at)
    db.session.flush()


def check(user_id: int, code: str, *, at: datetime) -> bool:
    """Whether a code is right now and was not used before; the step that it belongs to is used up."""
    found = app_of(user_id)
    if found is None or found.confirmed_at is None:
        return False
    counter = _counter_of(found.secret, code, at)
    if counter is None or counter <= found.last_counter:
        return False
    found.last_counter = counter
    db.session.flush()
    return True


def remove(user: User, *, at: datetime, by: int) -> None:
    """Take the code app away."""
    found = app_of(user.id)
    if found is not None:
        db.session.delete(found)
        audit.record("code_app_off", "user", user.id, at=at, user_id=by)
        tell(user, "code_app_off", at=at)


def code_at(secret: str, at: datetime) -> str:
    """The six figures of a secret at an instant."""
    return _code(secret, int(at.timestamp()) // STEP_SECONDS)


def _code(secret: str, counter: int) -> str:
    return HOTP(base64.b32decode(secret), 6, SHA1()).generate(counter).decode()


def _counter_of(secret: str, code: str, at: datetime) -> int | None:
    """The step that a code belongs to; every step is compared, so that no answer comes sooner."""
    now = int(at.timestamp()) // STEP_SECONDS
    fitting = [now + drift for drift in DRIFT if _code(secret, now + drift) == code]
    return fitting[0] if fitting else None


def address_of(user: User, secret: str, *, school: str) -> str:
    """What the app reads from the square: `otpauth://totp/...`."""
    label = quote(f"Eight till Six {school}:{user.email}", safe="")
    return f"otpauth://totp/{label}?secret={secret}&issuer={quote('Eight till Six ' + school, safe='')}"


def square(text: str) -> tuple[int, str]:
    """A QR code as the side of its square and one path of dark cells, for a drawing without any markup of others."""
    code = segno.make(text, micro=False, error="m")
    cells = [f"M{x} {y}h1v1h-1z" for y, line in enumerate(code.matrix) for x, dark in enumerate(line) if dark]
    return len(code.matrix), "".join(cells)
