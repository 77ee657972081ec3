"""Passwords: our own thin steps over Flask-Security's functions, so that hashing never holds a write lock."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from flask_security import verify_password
from flask_security.utils import hash_password
from sqlalchemy import select

from booking.core.db import db, unit_of_work
from booking.core.errors import BookingError
from booking.people.limits import account_digest, note_try, refuse_too_many
from booking.people.models import User
from booking.people.passwords import check_new_password


class WrongSignIn(BookingError):
    """E-mail and password do not fit together; the same words whether the address is known or not."""

    def __init__(self) -> None:
        super().__init__("That e-mail address and password do not match. Check both and try again.")


def find_user(email: str) -> User | None:
    """The user with this e-mail address, whatever the case of its letters."""
    return db.session.scalars(select(User).where(User.email == email.strip().lower())).first()


def check_sign_in(email: str, password: str, *, address: str, at: datetime, takes_demo: bool = True) -> User:
    """Check a password outside any transaction, and note a wrong try; raises `WrongSignIn` or `TooManyTries`.

    A right try is noted with the sign-in that follows, so that signing in is one short write and not two.
    Demo accounts get in only where `takes_demo` says so, which a real school never does.
    """
    digest = account_digest(email)
    refuse_too_many(digest, address=address, at=at)
    user = find_user(email)
    if user is not None and user.password:
        is_right = (
            verify_password(password, user.password) and user.active and (takes_demo or not user.is_demo)
        )
    else:
        verify_password(password, _nobodys_password())
        is_right = False
    if not is_right or user is None:
        with unit_of_work():
            note_try(digest, address=address, at=at, succeeded=False)
        raise WrongSignIn
    return user


def new_password(password: str, *, about: Collection[str] = ()) -> str:
    """The hash to keep for a new password; raises `WeakPassword`. `about` holds words close to its owner."""
    check_new_password(password, about=about)
    return hashed(password)


def hashed(text: str) -> str:
    """The argon2 hash of a password, a PIN or a recovery code; slow, so never inside a unit of work."""
    made: str = hash_password(text)
    return made


def fits(text: str, kept: str) -> bool:
    """Whether a text is what a hash was made of; slow, so never inside a unit of work."""
    return bool(verify_password(text, kept))


_decoy: list[str] = []


def _nobodys_password() -> str:
    """A hash to check against when there is no such user, so that both ways take as long."""
    if not _decoy:
        _decoy.append(hash_password("nobody has this password"))
    return _decoy[0]
