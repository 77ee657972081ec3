"""The call log: who was rung about a child, when, by whom, and what they said."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, time, timedelta

from sqlalchemy import select

from booking.core import clock
from booking.core.audit import record
from booking.core.db import db
from booking.core.errors import BookingError, NotFound
from booking.people.models import Pupil
from booking.registers.call_models import CallLog

LONGEST = 300


class CallNotLogged(BookingError):
    """A line of the call log needs who was rung and what came of it; nothing was written."""


def log_call(
    pupil_id: int,
    session_id: int | None,
    whom: str,
    outcome: str,
    at: datetime,
    user_id: int | None,
    *,
    about: str = "other",
) -> CallLog:
    """Write down one ring about a child, in the caller's unit of work; raises `CallNotLogged` or `NotFound`."""
    if db.session.get(Pupil, pupil_id) is None:
        raise NotFound
    if not whom.strip() or not outcome.strip():
        raise CallNotLogged("Say who was rung and what came of it. Nothing was written down.")
    made = CallLog(
        pupil_id=pupil_id,
        session_id=session_id,
        about=about,
        at=at,
        user_id=user_id,
        whom=whom.strip()[:LONGEST],
        outcome=outcome.strip()[:LONGEST],
    )
    db.session.add(made)
    db.session.flush()
    record("rang", "pupil", pupil_id, at=at, user_id=user_id, call=made.id)
    return made


def calls_on(pupil_ids: Collection[int], day: date) -> dict[int, list[CallLog]]:
    """The rings of one school day about these children, in their order."""
    found: dict[int, list[CallLog]] = {}
    start = clock.instant(day, time(0))
    rows = db.session.scalars(
        select(CallLog)
        .where(CallLog.pupil_id.in_(list(pupil_ids)))
        .where(CallLog.at >= start, CallLog.at < clock.instant(day + timedelta(days=1), time(0)))
        .order_by(CallLog.at, CallLog.id)
    )
    for row in rows:
        found.setdefault(row.pupil_id, []).append(row)
    return found
