"""Where each child should be, from the end of class to home: its booked sessions of an afternoon, in their order.

What the office or a parent said of today is heeded: a child who is away has no plan, a session that it does not come
to is no leg, and who leaves early has no leg from then on. Breakfast is no leg: it ends in class.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import zip_longest

from sqlalchemy import select

from booking.bookings.day_note_models import DayNote
from booking.bookings.day_notes import notes_on, why_not_expected
from booking.bookings.models import Place
from booking.core.db import db
from booking.provision.models import Activity, Room, Run, Session

BEFORE_CLASS = ("breakfast",)
WAITS_AT_SCHOOL = timedelta(minutes=30)
TO_NEXT, HOME = "to_next", "home"


@dataclass(frozen=True)
class Leg:
    """One session of a child's afternoon and how it ends: `to_next`, handed over to the leg after it, or `home`.

    A child waits at school for its next session when that begins within 30 minutes; else it goes home in between.
    `status` is booked, or held while it is not yet paid. Times are wall clock.
    """

    session_id: int
    name: str
    kind: str
    room: str
    starts_at: time
    ends_at: time
    ends: str = HOME
    status: str = "booked"


def plans_of(day: date, pupil_ids: Collection[int] | None = None) -> dict[int, list[Leg]]:
    """The plan of every child who should be somewhere after class on a day, or of these children, by pupil.

    A child without a leg is not in it: it goes home from class. A constant number of queries.
    """
    booked = booked_on(day, pupil_ids)
    notes = notes_on(booked.keys(), day)
    plans = {pupil_id: heeding(notes.get(pupil_id, ()), legs) for pupil_id, legs in sorted(booked.items())}
    return {pupil_id: legs for pupil_id, legs in plans.items() if legs}


def heeding(notes: Iterable[DayNote], legs: Iterable[Leg]) -> list[Leg]:
    """A child's legs as they are to be today, after what the office and the family said of it; reads nothing."""
    said = list(notes)
    leaves_at = min((one.at_time for one in said if one.kind == "leaves_early" and one.at_time), default=None)
    kept = [leg for leg in legs if not why_not_expected(said, leg.session_id, leg.starts_at)]
    if leaves_at is not None:
        kept = [replace(leg, ends_at=min(leg.ends_at, leaves_at)) for leg in kept]
    return chained(kept)


def chained(legs: Iterable[Leg]) -> list[Leg]:
    """Legs in the order of the clock, each with how it ends; pure."""
    ordered = sorted(legs, key=lambda leg: (leg.starts_at, leg.ends_at, leg.session_id))
    found = []
    for leg, after in zip_longest(ordered, ordered[1:]):
        found.append(replace(leg, ends=TO_NEXT if after is not None and _waits(leg, after) else HOME))
    return found


def _waits(leg: Leg, after: Leg) -> bool:
    day = date.min
    gap = datetime.combine(day, after.starts_at) - datetime.combine(day, leg.ends_at)
    return gap <= WAITS_AT_SCHOOL


def booked_on(day: date, pupil_ids: Collection[int] | None = None) -> dict[int, list[Leg]]:
    """The sessions after class that each child has a place in, whatever was said of today since."""
    query = (
        select(
            Place.pupil_id,
            Place.state,
            Session.id,
            Session.starts_at,
            Session.ends_at,
            Activity.name,
            Activity.kind,
            Room.name.label("room"),
        )
        .join(Session, Session.id == Place.session_id)
        .join(Run, Run.id == Session.run_id)
        .join(Activity, Activity.id == Run.activity_id)
        .join(Room, Room.id == Run.room_id)
        .where(Session.date == day, Session.status == "planned", Place.state.in_(("held", "booked")))
        .where(Activity.kind.not_in(BEFORE_CLASS))
    )
    if pupil_ids is not None:
        query = query.where(Place.pupil_id.in_(list(pupil_ids)))
    found: dict[int, list[Leg]] = defaultdict(list)
    for row in db.session.execute(query):
        found[row.pupil_id].append(
            Leg(row.id, row.name, row.kind, row.room, row.starts_at, row.ends_at, status=row.state)
        )
    return found
