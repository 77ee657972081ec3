"""What a day's paper is made from: the sessions that a person may see, their registers, and the school's name."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import cached_property
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from booking.bookings.day_note_models import DayNote
from booking.bookings.day_notes import notes_on, why_not_expected
from booking.core import clock
from booking.core.db import db
from booking.people.models import Pupil, School
from booking.provision.models import Run, Session
from booking.registers.expected import Expected, Register, registers_of

AFTER_CLASS = time(12, 0)
"""What starts later than this comes after class: clubs, care and the way home."""
YEAR_LABELS = {"N1": "Nursery", "N2": "Nursery", "R": "Reception"}


@dataclass
class Made:
    """Sheets ready for the template, and whose private fields are on them, for the log of who saw what."""

    sheets: list[dict[str, Any]] = field(default_factory=list)
    seen: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))

    def add(self, other: Made) -> None:
        """Put another's sheets behind these."""
        self.sheets += other.sheets
        for name, ids in other.seen.items():
            self.seen[name] |= ids


@dataclass
class PaperDay:
    """One day on paper: `sessions` are those to print, planned ones alone, in the order in which they start.

    `class_name` narrows a sheet that is made by class; `by` is who prints, as the sheet says it.
    """

    day: date
    sessions: list[Session]
    at: datetime
    by: str = ""
    class_name: str | None = None

    @cached_property
    def registers(self) -> list[Register]:
        """The registers of these sessions, in their order."""
        found = {one.session.id: one for one in registers_of(self.sessions)}
        return [found[session.id] for session in self.sessions]

    @cached_property
    def whole_day(self) -> list[Register]:
        """The registers of everything that is planned on that day, whoever prints: where else a child is."""
        return registers_of(planned_on(self.day))

    @cached_property
    def notes(self) -> dict[int, list[DayNote]]:
        """What was told of the children in these registers today, by pupil."""
        ids = {child.pupil.id for register in self.registers for child in register.children}
        return notes_on(ids, self.day)

    def why_away(self, child: Expected, session: Session) -> str | None:
        """Why nobody waits for a child in a session, marked or told (perhaps an empty text); None when it is awaited."""
        if child.state.state == "absent":
            return child.state.detail
        if child.state.state != "expected":
            return None
        told = self.notes.get(child.pupil.id, ())
        return why_not_expected(told, session.id, session.starts_at) or None

    @cached_property
    def school(self) -> str:
        """The school's name."""
        found = db.session.scalars(select(School)).first()
        return found.name if found else "Our school"

    @property
    def wall(self) -> time:
        """The hour on the wall when it is printed."""
        return clock.to_school(self.at).time().replace(tzinfo=None)

    @property
    def is_today(self) -> bool:
        """Whether the day printed is the day of printing."""
        return clock.today(self.at) == self.day


def planned_on(day: date) -> list[Session]:
    """Everything planned on a day, whoever asks, in the order in which it starts."""
    return list(
        db.session.scalars(
            select(Session)
            .join(Session.run)
            .options(
                joinedload(Session.run).joinedload(Run.activity), joinedload(Session.run).joinedload(Run.room)
            )
            .where(Session.date == day, Session.status == "planned")
            .order_by(Session.starts_at, Session.id)
        )
    )


def listed_name(pupil: Pupil) -> str:
    """Surname first, as it stands on every list."""
    return f"{pupil.surname}, {pupil.first_name}"


def year_label(pupil: Pupil) -> str:
    """`Reception`, `Year 3`, or nothing."""
    year = pupil.year_group or ""
    return YEAR_LABELS.get(year, f"Year {year}" if year else "")


def place_words(session: Session) -> str:
    """`Chess club, Main hall`."""
    return f"{session.run.activity.name}, {session.run.room.name}"


def hours_words(session: Session) -> str:
    """`15:30 to 16:30`."""
    return f"{session.starts_at:%H:%M} to {session.ends_at:%H:%M}"
