"""Hours of attendance of each child on each day, as EYFS asks a provider to keep them: names, and when they were here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from booking.core import clock
from booking.core.csv_cells import Cell
from booking.core.db import db
from booking.people.models import Pupil
from booking.provision.models import Run, Session
from booking.registers.child_days import ChildDay, Stay, child_days
from booking.registers.events import events_between

MOST_DAYS = 366


@dataclass(frozen=True)
class Hours:
    """One stay of one child: `out_at` is the end of the session where nobody marked the child out (`is_assumed`)."""

    day: date
    pupil: Pupil
    session: Session
    in_at: datetime
    out_at: datetime
    is_assumed: bool

    @property
    def minutes(self) -> int:
        """How long, in whole minutes."""
        return max(int((self.out_at - self.in_at).total_seconds() // 60), 0)


@dataclass(frozen=True)
class ChildHours:
    """One child's day: every stay, and all minutes together."""

    pupil: Pupil
    stays: tuple[Hours, ...]

    @property
    def minutes(self) -> int:
        """How long the child was here in all."""
        return sum(stay.minutes for stay in self.stays)


def hours_between(first: date, last: date, *, at: datetime) -> list[Hours]:
    """Every stay of every child from one day to another, by day, surname and time; a stay that goes on ends now."""
    days = {day: child_days(events) for day, events in events_between(first, last).items()}
    sessions = _sessions(days.values())
    ids = {pupil_id for children in days.values() for pupil_id in children}
    pupils = {p.id: p for p in db.session.scalars(select(Pupil).where(Pupil.id.in_(ids)))}
    found = [
        _hours(day, pupils[pupil_id], sessions[stay.session_id], stay, at)
        for day, children in days.items()
        for pupil_id, child in children.items()
        for stay in child.stays
    ]
    return sorted(
        found,
        key=lambda one: (
            one.day,
            one.pupil.surname.casefold(),
            one.pupil.first_name.casefold(),
            one.pupil.id,
            one.in_at,
        ),
    )


def _hours(day: date, pupil: Pupil, session: Session, stay: Stay, at: datetime) -> Hours:
    if stay.out_at is not None:
        return Hours(day, pupil, session, stay.in_at, stay.out_at, is_assumed=False)
    ends = clock.instant(day, session.ends_at)
    return Hours(day, pupil, session, stay.in_at, max(stay.in_at, min(ends, at)), is_assumed=True)


def _sessions(days: Iterable[dict[int, ChildDay]]) -> dict[int, Session]:
    ids = {stay.session_id for children in days for child in children.values() for stay in child.stays}
    query = (
        select(Session)
        .options(
            joinedload(Session.run).joinedload(Run.activity), joinedload(Session.run).joinedload(Run.room)
        )
        .where(Session.id.in_(ids))
    )
    return {session.id: session for session in db.session.scalars(query)}


def by_child(hours: Iterable[Hours]) -> list[ChildHours]:
    """The stays of one day by child, in the order in which they come."""
    found: dict[int, list[Hours]] = {}
    for one in hours:
        found.setdefault(one.pupil.id, []).append(one)
    return [ChildHours(stays[0].pupil, tuple(stays)) for stays in found.values()]


def hours_words(minutes: int) -> str:
    """Minutes as a person reads them: "2 h 05"."""
    return f"{minutes // 60} h {minutes % 60:02}"


def csv_rows(hours: Iterable[Hours]) -> Iterator[tuple[Cell, ...]]:
    """The hours as rows of a file, a row for each stay, heading with them; times are the school's clock."""
    yield ("date", "surname", "first_name", "class", "activity", "room", "in", "out", "minutes", "out_marked")
    for one in hours:
        yield (
            one.day,
            one.pupil.surname,
            one.pupil.first_name,
            one.pupil.class_name or "",
            one.session.run.activity.name,
            one.session.run.room.name,
            _wall(one.in_at),
            _wall(one.out_at),
            one.minutes,
            "no" if one.is_assumed else "yes",
        )


def _wall(at: datetime) -> str:
    return f"{clock.to_school(at):%H:%M}"
