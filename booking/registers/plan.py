"""Where each child should be, from the end of class to home: its booked sessions of an afternoon, in their order.

What the office or a parent said of today is heeded: a child who is away has no plan, a session that it does not come
to is no leg, and who leaves early has no leg from then on. Breakfast is no leg: it ends in class.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from sqlalchemy import select

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
    booked = _booked_on(day, pupil_ids)
    return {pupil_id: chain for pupil_id, legs in sorted(booked.items()) if (chain := chained(legs))}


def chained(legs: Iterable[Leg]) -> list[Leg]:
    """Legs in the order of the clock, each with how it ends; pure."""
    ordered = sorted(legs, key=lambda leg: (leg.starts_at, leg.ends_at, leg.session_id))
    return [
        replace(leg, ends=TO_NEXT if after is not None and _waits(leg, after) else HOME)
        for leg, after in zip(ordered, [*ordered[1:], None], strict=True)
    ]


def _waits(leg: Leg, after: Leg) -> bool:
    day = date.min
    gap = datetime.combine(day, after.starts_at) - datetime.combine(day, leg.ends_at)
    return gap <= WAITS_AT_SCHOOL


def _booked_on(day: date, pupil_ids: Collection[int] | None) -> dict[int, list[Leg]]:
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
