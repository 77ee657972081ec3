"""A paper sheet typed in afterwards: times for all children of a session at once, kept as marks "from paper".

Like marks of a device they are kept whatever else is there, and the child's day follows from all of them. Each sheet on
the screen has a number of its own, so that sending it twice keeps it once.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time

from sqlalchemy import select

from booking.core import audit, clock
from booking.core.db import db, insert_new, lock_rows
from booking.core.errors import BookingError, NotFound
from booking.people.models import Pupil
from booking.provision.models import Session
from booking.registers.arrivals import note_who_came
from booking.registers.events import closed_among
from booking.registers.marks import NewMark
from booking.registers.models import Mark


class PaperRefused(BookingError):
    """The day is closed, or a time cannot be; the child and the time are named, and nothing was kept."""


@dataclass(frozen=True)
class PaperRow:
    """One line of the sheet: when the child came and went (wall clock), how, with whom, or that it was absent."""

    pupil_id: int
    name: str
    came_at: time | None = None
    went_at: time | None = None
    how: str = "collected"
    detail: str = ""
    is_absent: bool = False
    is_walk_in: bool = False


def type_in(
    session: Session, rows: Sequence[PaperRow], *, sheet: str, at: datetime, user_id: int | None
) -> int:
    """Keep what stands on the paper, all or nothing, and give how many marks are new. Raises `PaperRefused`."""
    if closed_among([session.date]):
        raise PaperRefused("The registers of this day are closed. Ask the office for a correction.")
    marks = [mark for row in rows for mark in _marks_of(row, session, sheet, at)]
    pupils = {mark.pupil_id for mark in marks}
    lock_rows((Pupil, pupils))
    if set(db.session.scalars(select(Pupil.id).where(Pupil.id.in_(pupils)))) != pupils:
        raise NotFound
    known = set(db.session.scalars(select(Mark.uid).where(Mark.uid.in_({mark.uid for mark in marks}))))
    new = [mark for mark in marks if mark.uid not in known]
    if not new:
        return 0
    note_who_came([(one.session_id, one.pupil_id, one.what, one.at) for one in new], user_id)
    db.session.execute(insert_new(Mark), [_row(mark, sheet, at, user_id) for mark in new])
    audit.record("paper_typed_in", "session", session.id, at=at, user_id=user_id, marks=len(new))
    return len(new)


def _marks_of(row: PaperRow, session: Session, sheet: str, now: datetime) -> Iterable[NewMark]:
    """The marks that one line stands for, in their order; raises `PaperRefused`."""
    if row.is_absent:
        if row.came_at or row.went_at:
            raise PaperRefused(f"{row.name} cannot be absent and have a time. Nothing was kept.")
        at = min(now, clock.instant(session.date, session.starts_at))
        yield _mark(row, session, sheet, "absent", at, 1, row.detail)
        return
    if row.came_at and row.went_at and row.went_at <= row.came_at:
        raise PaperRefused(f"{row.name} cannot go out before coming in. Nothing was kept.")
    for wall in filter(None, (row.came_at, row.went_at)):
        if clock.instant(session.date, wall) > now:
            raise PaperRefused(f"{wall:%H:%M} is still to come, for {row.name}. Nothing was kept.")
    if row.came_at:
        what = "walk_in" if row.is_walk_in else "arrived"
        yield _mark(row, session, sheet, what, clock.instant(session.date, row.came_at), 1, "")
    if row.went_at:
        yield _mark(row, session, sheet, row.how, clock.instant(session.date, row.went_at), 2, row.detail)


def _mark(
    row: PaperRow, session: Session, sheet: str, what: str, at: datetime, sequence: int, detail: str
) -> NewMark:
    uid = str(uuid.uuid5(uuid.UUID(sheet), f"{session.id} {row.pupil_id} {what} {at.isoformat()}"))
    return NewMark(session.id, row.pupil_id, what, at, detail or None, uid, sequence)


def _row(mark: NewMark, sheet: str, at: datetime, user_id: int | None) -> dict[str, object]:
    return Mark.row(
        uid=mark.uid,
        session_id=mark.session_id,
        pupil_id=mark.pupil_id,
        what=mark.what,
        at=mark.at,
        recorded_at=at,
        user_id=user_id,
        source="paper",
        browser=sheet,
        sequence=mark.sequence,
        **({"detail": mark.detail} if mark.detail else {}),
    )
