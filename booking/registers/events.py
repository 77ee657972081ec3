"""Marks as they stand in the database, read as events; and which marks and days stand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import aliased

from booking.core.db import db
from booking.core.vault import unpacked
from booking.provision.models import Activity, Run, Session
from booking.registers.child_days import Event
from booking.registers.models import ClosedDay, Mark

AT_ONCE = 1_000
COLUMNS = (
    Mark.id,
    Mark.uid,
    Mark.session_id,
    Mark.pupil_id,
    Mark.what,
    Mark.at,
    Mark.user_id,
    Mark.source,
    Mark.device_id,
    Mark.browser,
    Mark.sequence,
    Mark.undoes_uid,
)


def event_of(row: Any) -> Event:
    """A mark (or its columns) as an event."""
    return Event(
        uid=row.uid,
        session_id=row.session_id,
        pupil_id=row.pupil_id,
        what=row.what,
        at=row.at,
        device=_device(row),
        counter=row.browser or "",
        sequence=row.sequence,
        undoes=row.undoes_uid,
        mark_id=row.id,
    )


def _device(row: Any) -> str:
    """Who is meant when two devices disagree; what two people of the office agreed on disagrees with nobody."""
    if row.source == "office":
        return ""
    if row.source == "paper":
        return "paper"
    if row.device_id is not None:
        return f"tablet-{row.device_id}"
    return row.browser or (f"user-{row.user_id}" if row.user_id is not None else row.source)


def events_on(
    session_ids: Collection[int], *, of_pupils: Collection[int] | None = None
) -> dict[date, list[Event]]:
    """All marks on the days of these sessions, by day, of these children, or of all who are marked in the sessions.

    The whole day of each child is read: where it came in elsewhere it went out here.
    """
    if not session_ids:
        return {}
    days = select(Session.date).where(Session.id.in_(session_ids))
    query = (
        select(Session.date, *COLUMNS)
        .join(Session, Session.id == Mark.session_id)
        .where(Session.date.in_(days))
    )
    if of_pupils is None:
        marked = select(Mark.pupil_id).where(Mark.session_id.in_(session_ids))
        query = query.where(Mark.pupil_id.in_(marked))
    else:
        query = query.where(Mark.pupil_id.in_(of_pupils))
    found: dict[date, list[Event]] = defaultdict(list)
    for row in db.session.execute(query):
        found[row.date].append(event_of(row))
    return found


def events_of_day(day: date) -> list[Event]:
    """All marks of one day."""
    return events_between(day, day).get(day, [])


def events_between(first: date, last: date) -> dict[date, list[Event]]:
    """All marks from one day to another, both included, by day."""
    query = (
        select(Session.date, *COLUMNS)
        .join(Session, Session.id == Mark.session_id)
        .where(Session.date.between(first, last))
    )
    found: dict[date, list[Event]] = defaultdict(list)
    for row in db.session.execute(query):
        found[row.date].append(event_of(row))
    return found


def details_of(uids: Collection[str]) -> dict[str, str]:
    """The sealed words of these marks; only of those that have any."""
    found = {}
    wanted = sorted(uids)
    for some in (wanted[start : start + AT_ONCE] for start in range(0, len(wanted), AT_ONCE)):
        for row in db.session.execute(select(Mark.uid, Mark.row_key, Mark.sealed).where(Mark.uid.in_(some))):
            if words := unpacked(Mark, row.row_key, row.sealed).get("detail"):
                found[row.uid] = words
    return found


def names_of(session_ids: Collection[int]) -> dict[int, str]:
    """What is on in these sessions."""
    if not session_ids:
        return {}
    rows = db.session.execute(
        select(Session.id, Activity.name)
        .join(Run, Run.id == Session.run_id)
        .join(Activity, Activity.id == Run.activity_id)
        .where(Session.id.in_(session_ids))
    )
    return {row.id: row.name for row in rows}


def not_undone() -> ColumnElement[bool]:
    """For a query on marks: nobody took this one back."""
    back = aliased(Mark)
    return ~exists().where(back.undoes_uid == Mark.uid, back.what == "undone", back.pupil_id == Mark.pupil_id)


def closed_among(days: Iterable[date]) -> set[date]:
    """Which of these days are closed."""
    return set(db.session.scalars(select(ClosedDay.day).where(ClosedDay.day.in_(set(days)))))


def version_of(day: date) -> str:
    """Words that change when any mark of the day does: marks are only ever added."""
    count, last = db.session.execute(
        select(func.count(Mark.id), func.max(Mark.id))
        .join(Session, Session.id == Mark.session_id)
        .where(Session.date == day)
    ).one()
    return f"{day.isoformat()}-{count}-{last or 0}"
