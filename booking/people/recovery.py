"""Ten codes on paper for the day when the telephone is lost: shown once, hashed, each good for one use."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, select, update

from booking.core import audit
from booking.core.db import db
from booking.people.models import User
from booking.people.one_time import tell
from booking.people.sign_in import fits
from booking.people.sign_in_models import RecoveryCode

HOW_MANY = 10
LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
"""No letter or figure that looks like another."""
HANDLE_LETTERS, SECRET_LETTERS = 4, 8


def fresh_codes() -> list[str]:
    """Ten codes such as `K7QF-M2WX-9RTP`: four letters that find the row, then eight (39 bits) that prove it."""
    codes: dict[str, str] = {}
    while len(codes) < HOW_MANY:
        text = "".join(secrets.choice(LETTERS) for _ in range(HANDLE_LETTERS + SECRET_LETTERS))
        codes[text[:HANDLE_LETTERS]] = f"{text[:4]}-{text[4:8]}-{text[8:]}"
    return list(codes.values())


def plain(code: str) -> str:
    """A code as it was typed, without dashes, blanks and small letters."""
    return "".join(letter for letter in code.upper() if letter.isalnum())


def keep_codes(user: User, hashes: Sequence[tuple[str, str]], *, at: datetime) -> None:
    """Put new codes in place of the old ones; `hashes` are (first four letters, hash of the whole plain code)."""
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    db.session.add_all(
        RecoveryCode(user_id=user.id, handle=handle, code_hash=code_hash, created_at=at)
        for handle, code_hash in hashes
    )
    audit.record("recovery_codes_made", "user", user.id, at=at, user_id=user.id)
    tell(user, "recovery_codes", at=at)
    db.session.flush()


def find_code(user_id: int, code: str) -> int | None:
    """The row of a right, unused code; hashes once whatever was typed, so it stays outside a unit of work."""
    row = db.session.scalars(
        select(RecoveryCode).where(
            RecoveryCode.user_id == user_id,
            RecoveryCode.handle == plain(code)[:HANDLE_LETTERS],
            RecoveryCode.used_at.is_(None),
        )
    ).first()
    return row.id if row is not None and fits(plain(code), row.code_hash) else None


def use_up(code_id: int, user: User, *, at: datetime) -> bool:
    """Use a code; False when somebody was quicker with the same one."""
    done = db.session.execute(
        update(RecoveryCode)
        .where(RecoveryCode.id == code_id, RecoveryCode.user_id == user.id, RecoveryCode.used_at.is_(None))
        .values(used_at=at)
    )
    if not done.rowcount:  # type: ignore[attr-defined]
        return False
    audit.record("recovery_code_used", "user", user.id, at=at, user_id=user.id)
    tell(user, "recovery_used", at=at)
    return True


def codes_left(user_id: int) -> int:
    """How many unused codes a person has on paper."""
    return (
        db.session.scalar(
            select(func.count())
            .select_from(RecoveryCode)
            .where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
        )
        or 0
    )
