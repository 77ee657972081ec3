"""Signing in: our own thin steps over Flask-Security's functions, so that hashing never holds a write lock.

Limits are kept in the database, by account and address together: a stranger elsewhere cannot lock a parent
out, and 300 different parents may sign in from one address. Figures from docs/security.md.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from flask_security import verify_password
from flask_security.utils import hash_password
from sqlalchemy import func, select

from booking.core.db import db, unit_of_work
from booking.core.errors import BookingError
from booking.people.models import SignInAttempt, User

TRIES_A_MINUTE = 5
TRIES_AN_HOUR = 20
SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 128


class WrongSignIn(BookingError):
    """E-mail and password do not fit together; the same words whether the address is known or not."""

    def __init__(self) -> None:
        super().__init__("That e-mail address and password do not match. Check both and try again.")


class TooManyTries(BookingError):
    """This account was tried too often from this address; waiting helps, and other addresses are not stopped."""

    def __init__(self) -> None:
        super().__init__("Too many tries. Wait a minute, then try again.")


class WeakPassword(BookingError):
    """The new password is too short or too long; the length asked for is named."""


def account_digest(email: str) -> str:
    """What stands for an e-mail address in the list of tries, so that the list holds no addresses."""
    return hashlib.sha256(email.strip().lower().encode()).hexdigest()


def find_user(email: str) -> User | None:
    """The user with this e-mail address, whatever the case of its letters."""
    return db.session.scalars(select(User).where(User.email == email.strip().lower())).first()


def check_sign_in(email: str, password: str, *, address: str, at: datetime, takes_demo: bool = True) -> User:
    """Check a password outside any transaction, then note the try; raises `WrongSignIn` or `TooManyTries`.

    Demo accounts get in only where `takes_demo` says so, which a real school never does.
    """
    digest = account_digest(email)
    if _tries_since(digest, address, at - timedelta(minutes=1)) >= TRIES_A_MINUTE:
        raise TooManyTries
    if _tries_since(digest, address, at - timedelta(hours=1)) >= TRIES_AN_HOUR:
        raise TooManyTries
    user = find_user(email)
    if user is not None and user.password:
        is_right = (
            verify_password(password, user.password) and user.active and (takes_demo or not user.is_demo)
        )
    else:
        verify_password(password, _nobodys_password())
        is_right = False
    with unit_of_work():
        db.session.add(SignInAttempt(account_digest=digest, address=address, at=at, succeeded=is_right))
    if not is_right or user is None:
        raise WrongSignIn
    return user


def new_password(password: str) -> str:
    """The hash to keep for a new password of 12 to 128 characters; raises `WeakPassword`."""
    if len(password) < SHORTEST_PASSWORD:
        raise WeakPassword(f"Use at least {SHORTEST_PASSWORD} characters. Three or four words work well.")
    if len(password) > LONGEST_PASSWORD:
        raise WeakPassword(f"Use at most {LONGEST_PASSWORD} characters.")
    hashed: str = hash_password(password)
    return hashed


def _tries_since(digest: str, address: str, since: datetime) -> int:
    """Failed tries only: a parent who signs in rightly is never slowed down."""
    return (
        db.session.scalar(
            select(func.count())
            .select_from(SignInAttempt)
            .where(
                SignInAttempt.account_digest == digest,
                SignInAttempt.address == address,
                SignInAttempt.succeeded.is_(False),
                SignInAttempt.at > since,
            )
        )
        or 0
    )


_decoy: list[str] = []


def _nobodys_password() -> str:
    """A hash to check against when there is no such user, so that both ways take as long."""
    if not _decoy:
        _decoy.append(hash_password("nobody has this password"))
    return _decoy[0]
