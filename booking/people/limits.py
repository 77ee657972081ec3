"""Limits on guessing, kept in the database by account and network address together.

A stranger elsewhere cannot lock a parent out; 300 parents, all mistyping, get in from one address. Only wrong tries
count. Codes have a limit for the account as a whole too: whoever reaches them knows the password already.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select

from booking.core.db import db
from booking.core.errors import BookingError
from booking.people.models import SignInAttempt

TRIES_A_MINUTE = 5
TRIES_AN_HOUR = 20
TRIES_OF_ALL_AN_HOUR = 1000
CODES_AN_HOUR = 50


class TooManyTries(BookingError):
    """This account was tried too often from this address; waiting helps, and other addresses are not stopped."""

    def __init__(self) -> None:
        super().__init__("Too many tries. Wait a minute, then try again.")


def account_digest(email: str, what: str = "") -> str:
    """What stands for an e-mail address (and for what is tried) in the list of tries, which holds no addresses."""
    return hashlib.sha256((what + email.strip().lower()).encode()).hexdigest()


def refuse_too_many(digest: str, *, address: str, at: datetime, is_code: bool = False) -> None:
    """Raise `TooManyTries` when this account (or this address, over all accounts) was tried too often."""
    here = SignInAttempt.address == address
    account = SignInAttempt.account_digest == digest
    minute, hour = at - timedelta(minutes=1), at - timedelta(hours=1)
    if (
        _wrong_since(minute, account, here) >= TRIES_A_MINUTE
        or _wrong_since(hour, account, here) >= TRIES_AN_HOUR
        or _wrong_since(hour, here) >= TRIES_OF_ALL_AN_HOUR
        or (is_code and _wrong_since(hour, account) >= CODES_AN_HOUR)
    ):
        raise TooManyTries


def note_try(digest: str, *, address: str, at: datetime, succeeded: bool) -> None:
    """Keep one try."""
    db.session.add(SignInAttempt(account_digest=digest, address=address, at=at, succeeded=succeeded))
    db.session.flush()


def _wrong_since(since: datetime, *wheres: ColumnElement[bool]) -> int:
    """Failed tries only: a parent who signs in rightly is never slowed down."""
    query = (
        select(func.count())
        .select_from(SignInAttempt)
        .where(*wheres, SignInAttempt.succeeded.is_(False), SignInAttempt.at > since)
    )
    return db.session.scalar(query) or 0
