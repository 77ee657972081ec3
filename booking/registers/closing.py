"""A day's registers are closed: who never came stands in the request log, and a correction takes two people from then on.

The office closes a day when its last session is over and nothing is left to ask. A day that nobody closed is closed by
the worker at noon of the day after, with whatever is open still open: a no-show that nobody counts is lost to equity.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import func, select

from booking.bookings.day_notes import notes_on, why_not_expected
from booking.bookings.models import Place
from booking.bookings.request_log import note
from booking.core import clock
from booking.core.audit import record
from booking.core.db import db, insert_new
from booking.core.errors import BookingError
from booking.core.words import clock as hour
from booking.people.models import Pupil
from booking.provision.models import Session
from booking.registers.child_days import Event, child_days
from booking.registers.events import closed_among, events_of_day
from booking.registers.models import ClosedDay, Mark

CLOSES_ITSELF_AT = time(12)
LOOKS_BACK = timedelta(days=14)


class CannotClose(BookingError):
    """The day is not over, is closed already, or something is left to ask; it is said, and nothing was closed."""


@dataclass(frozen=True)
class Missing:
    """A child with a booked place who was never marked and of whom nobody said anything."""

    pupil_id: int
    session_id: int
    account_id: int


@dataclass
class OpenDay:
    """What a day still asks: disagreements, children marked in and never out, and outs without an "in"."""

    disputes: int
    still_in: list[tuple[int, int]]
    lone_outs: list[tuple[int, int]]
    missing: list[Missing]

    @property
    def questions(self) -> int:
        """How many things a person has to look at; a no-show is a fact, not a question."""
        return self.disputes + len(self.still_in) + len(self.lone_outs)


def open_day(day: date) -> OpenDay:
    """What stands open of a day; pairs are (session, pupil)."""
    events = events_of_day(day)
    days = child_days(events)
    last_care = _sessions_that_end_the_day(day)
    return OpenDay(
        disputes=sum(not one.is_settled for child in days.values() for one in child.disputes),
        still_in=sorted(
            (child.is_in, pupil_id)
            for pupil_id, child in days.items()
            if child.is_in is not None and child.is_in in last_care
        ),
        lone_outs=sorted(
            (session_id, pupil_id)
            for pupil_id, child in days.items()
            for session_id, out in child.lone_outs.items()
            if not child.stays_in(session_id) and out.uid not in child.settled
        ),
        missing=_missing(day, events),
    )


def _sessions_that_end_the_day(day: date) -> set[int]:
    """Sessions from which a child goes home; from breakfast it goes to class, and nobody marks it out."""
    rows = db.session.scalars(select(Session).where(Session.date == day, Session.starts_at >= time(12)))
    return {session.id for session in rows}


def _missing(day: date, events: list[Event]) -> list[Missing]:
    undone = {event.undoes for event in events if event.what == "undone"}
    seen = {
        (event.session_id, event.pupil_id)
        for event in events
        if event.what not in {"undone", "settled"} and event.uid not in undone
    }
    rows = db.session.execute(
        select(Place.session_id, Place.pupil_id, Place.account_id, Session.starts_at)
        .join(Session, Session.id == Place.session_id)
        .where(Session.date == day, Session.status == "planned", Place.state == "booked")
        .order_by(Place.session_id, Place.pupil_id)
    ).all()
    notes = notes_on({row.pupil_id for row in rows}, day)
    return [
        Missing(row.pupil_id, row.session_id, row.account_id)
        for row in rows
        if (row.session_id, row.pupil_id) not in seen
        and not why_not_expected(notes.get(row.pupil_id, ()), row.session_id, row.starts_at)
    ]


def ends_at(day: date) -> datetime | None:
    """When the last session of a day is over; nothing when none is planned."""
    last = db.session.scalar(
        select(func.max(Session.ends_at)).where(Session.date == day, Session.status == "planned")
    )
    return clock.instant(day, last) if last is not None else None


def close_day(day: date, *, at: datetime, user_id: int | None) -> ClosedDay:
    """Close a day in the caller's unit of work, once. A person may not while a question is open: raises `CannotClose`."""
    last = ends_at(day)
    if last is None:
        raise CannotClose("Nothing runs on that day, so there is nothing to close.")
    if at < last:
        words = hour(clock.to_school(last).time())
        raise CannotClose(
            f"The last session of that day ends at {words}. Close it afterwards. Nothing was closed."
        )
    found = open_day(day)
    if user_id is not None and found.questions:
        raise CannotClose(
            "Something is still to be looked at on this day. Answer it first. Nothing was closed."
        )
    values = {
        "day": day,
        "closed_at": at,
        "closed_by_id": user_id,
        "open_questions": found.questions,
        "no_shows": len(found.missing),
    }
    done = db.session.execute(insert_new(ClosedDay).values(**values).returning(ClosedDay.day))
    if done.first() is None:
        raise CannotClose("This day is closed already.")
    for one in found.missing:
        note(
            [("no_show", one.pupil_id, one.session_id, None)],
            account_id=one.account_id,
            at=at,
            user_id=user_id,
            channel="worker" if user_id is None else "register",
        )
    record(
        "day_closed",
        "closed_day",
        None,
        at=at,
        user_id=user_id,
        day=day.isoformat(),
        no_shows=len(found.missing),
    )
    db.session.flush()
    return db.session.get_one(ClosedDay, day)


def overdue_days(at: datetime) -> list[date]:
    """Days of the last two weeks that nobody closed by noon of the day after."""
    now = clock.to_school(at)
    last = now.date() - timedelta(days=1 if now.time() >= CLOSES_ITSELF_AT else 2)
    days = db.session.scalars(
        select(Session.date)
        .where(Session.date.between(last - LOOKS_BACK, last), Session.status == "planned")
        .distinct()
        .order_by(Session.date)
    ).all()
    return [day for day in days if day not in closed_among(days)]


def came_late(closed: ClosedDay) -> list[tuple[int, int]]:
    """Who was marked by a device that sent its marks after the day was closed, as (session, pupil)."""
    rows = db.session.execute(
        select(Mark.session_id, Mark.pupil_id)
        .join(Session, Session.id == Mark.session_id)
        .where(Session.date == closed.day, Mark.recorded_at > closed.closed_at, Mark.source == "tablet")
        .distinct()
    )
    return sorted((row.session_id, row.pupil_id) for row in rows)


def names_in(pairs: list[tuple[int, int]]) -> list[tuple[Session, Pupil]]:
    """Sessions and children for a page, in the order of the clock and of surnames."""
    sessions = {
        s.id: s for s in db.session.scalars(select(Session).where(Session.id.in_({s for s, _ in pairs})))
    }
    pupils = {p.id: p for p in db.session.scalars(select(Pupil).where(Pupil.id.in_({p for _, p in pairs})))}
    found = [(sessions[session_id], pupils[pupil_id]) for session_id, pupil_id in pairs]
    return sorted(found, key=lambda pair: (pair[0].starts_at, pair[0].id, pair[1].surname, pair[1].forename))
