"""Helpers of the tests about what is so of a child today."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, time

import pytest

from booking.bookings.day_note_models import DayNote
from booking.bookings.telling import tell
from booking.core.db import db, unit_of_work
from booking.people.models import User
from booking.people.restrictions import Restriction
from booking.provision.models import Session
from booking.registers.expected import registers_of
from tests.builders import Family, a_restriction, a_user, save

TODAY = date(2026, 11, 25)
MORNING = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


def stand_at(monkeypatch: pytest.MonkeyPatch, at: datetime) -> None:
    """Let every page of this test be opened at an instant, and the seconds after it."""
    seconds = math.ceil((at - datetime.now(UTC)).total_seconds())
    monkeypatch.setenv("BOOKING_CLOCK_OFFSET", str(seconds))


def say(
    family: Family,
    kind: str = "not_coming",
    *,
    session: Session | None = None,
    words: str = "",
    at_time: time | None = None,
    at: datetime = MORNING,
    user: User | None = None,
) -> DayNote:
    """What a parent says of the first child of a family."""
    with unit_of_work():
        return tell(
            kind,
            account_id=family.account.id,
            pupil_id=family.pupils[0].id,
            day=TODAY,
            session_id=session.id if session else None,
            at_time=at_time,
            words=words,
            at=at,
            user_id=(user or family.user).id,
        )


def away(family: Family, kind: str = "away", at: datetime = MORNING, **values: object) -> DayNote:
    """The school knows that the first child of a family is not in school."""
    note = DayNote(
        pupil_id=family.pupils[0].id, day=TODAY, kind=kind, source="office", told_at=at, words="", **values
    )
    save(note)
    return note


def in_force(family: Family, adult: User | None = None, **values: object) -> Restriction:
    """A restriction with its second yes."""
    by, second = a_user("manager"), a_user("manager", approves=True)
    return a_restriction(
        family.pupils[0], adult, by=by, confirmed_by_id=second.id, confirmed_at=MORNING, **values
    )


def names_at_the_door(session_id: int) -> str:
    """All that the register says of its children's day."""
    session = db.session.get_one(Session, session_id)
    (register,) = registers_of([session])
    return " ".join(words for child in register.children for words in (*child.notes, child.away))
