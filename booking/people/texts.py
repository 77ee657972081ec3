"""Who wants text messages, since when and on which number: asked for by the reader alone, and ended by one press."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime

from booking.core import audit
from booking.core.db import db
from booking.core.errors import BookingError
from booking.people.models import User

_FILLERS = re.compile(r"[\s().\-\u2010-\u2015]")
_MOBILE = re.compile(r"(?:\+44|0044|44)?0?(7(?:[1-57-9][0-9]|62(?=4))[0-9]{7})")
"""Ofcom's plan: 070 (personal numbers) and 076 (pagers, but for 07624 on the Isle of Man) take no texts."""


class NotAMobile(BookingError):
    """No UK mobile number; an example is shown, and nothing was changed."""

    def __init__(self) -> None:
        super().__init__("Enter a UK mobile number, such as 07700 900 982.")


def read_mobile(text: str) -> str:
    """The number as +447..., however it was typed; raises `NotAMobile`."""
    found = _MOBILE.fullmatch(_FILLERS.sub("", unicodedata.normalize("NFKC", text)))
    if found is None:
        raise NotAMobile
    return f"+44{found[1]}"


def want_texts(user_id: int, number: str, *, at: datetime) -> None:
    """From now on texts go to this number too; who only changes the number keeps the first date."""
    user = db.session.get_one(User, user_id)
    user.phone = read_mobile(number)
    user.texts_since = user.texts_since or at
    db.session.flush()
    audit.record("texts_wanted", "user", user.id, at=at, user_id=user.id)


def stop_texts(user_id: int, *, at: datetime) -> None:
    """No more texts, and none of those that wait to leave; the number is forgotten."""
    user = db.session.get_one(User, user_id)
    if user.texts_since is None:
        return
    user.phone, user.texts_since = None, None
    db.session.flush()
    audit.record("texts_stopped", "user", user.id, at=at, user_id=user.id)


def texts_number(user: User | None) -> str | None:
    """Where texts for somebody go now; nowhere when they did not ask, have left, or the number is no mobile."""
    if user is None or not user.active or user.texts_since is None:
        return None
    try:
        return read_mobile(user.phone or "")
    except NotAMobile:
        return None
