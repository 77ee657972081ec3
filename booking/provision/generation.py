"""Makes a run's dated sessions from the calendar, again and again without harm: what somebody uses is never lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import select

from booking.core.db import db
from booking.core.errors import BookingError
from booking.core.words import short_day
from booking.provision.calendar import Calendar, days_of_run, read_calendar
from booking.provision.models import Run, Session

CLOSED_NOTE = "Not a day when this runs"


class TooFewPlaces(BookingError):
    """More children are booked into a session than the new number of places; each such session is named."""

    def __init__(self, sessions: list[tuple[Session, int]]) -> None:
        named = "; ".join(f"{short_day(session.date)}: {count} booked" for session, count in sessions[:10])
        more = f" and {len(sessions) - 10} more" if len(sessions) > 10 else ""
        super().__init__(f"More children are booked than that. {named}{more}. Nothing was changed.")


@dataclass(frozen=True)
class Use:
    """What hangs on a session: `booked` children held or booked now, `extra` places allowed by name, and other traces."""

    booked: int = 0
    extra: int = 0
    is_referred_to: bool = False


@dataclass
class Generated:
    """What making sessions did; `kept` are sessions on days when the run does not run, with children in them."""

    added: list[date] = field(default_factory=list)
    removed: list[date] = field(default_factory=list)
    called_off: list[date] = field(default_factory=list)
    kept: list[date] = field(default_factory=list)


def generate_sessions(
    run: Run,
    *,
    uses: Mapping[int, Use] | None = None,
    calendar: Calendar | None = None,
    between: tuple[date, date] = (date.min, date.max),
) -> Generated:
    """Add each missing session of a run; with `uses` (by session id) also clear days when it does not run.

    A session that nothing refers to is removed; one with history only is called off; one with children stays
    and is named. Without `uses` nothing is known of what is booked, so nothing is taken away.
    """
    calendar = calendar or read_calendar()
    first, last = between
    wanted = {day for day in days_of_run(run, calendar) if first <= day <= last}
    sessions = db.session.scalars(
        select(Session).where(Session.run_id == run.id, Session.date.between(first, last))
    )
    found = {session.date: session for session in sessions}
    result = Generated(added=sorted(wanted - set(found)))
    capacity = capacity_of(run)
    db.session.add_all(
        Session(run_id=run.id, date=day, starts_at=run.starts_at, ends_at=run.ends_at, capacity=capacity)
        for day in result.added
    )
    for day in sorted(wanted & set(found)):
        session = found[day]
        if session.status == "called_off" and session.note == CLOSED_NOTE:
            session.status, session.note = "planned", ""
    if uses is not None:
        for day in sorted(set(found) - wanted):
            _clear(found[day], uses.get(found[day].id, Use()), result)
    db.session.flush()
    db.session.expire(run, ["sessions"])
    return result


def _clear(session: Session, use: Use, result: Generated) -> None:
    """Take a session off a day when its run does not run, as far as nobody is hurt by it."""
    if use.booked:
        result.kept.append(session.date)
    elif use.is_referred_to:
        if session.status != "called_off":
            session.status, session.note = "called_off", CLOSED_NOTE
            result.called_off.append(session.date)
    else:
        db.session.delete(session)
        result.removed.append(session.date)


def capacity_of(run: Run) -> int:
    """Places in each session of a run: the fewer of what its room holds and what the run allows."""
    room = run.room.capacity
    return room if run.capacity is None else min(room, run.capacity)


def carry_capacity(run: Run, *, from_day: date, uses: Mapping[int, Use]) -> int:
    """Give the run's places to its sessions from a day on; how many changed. Raises `TooFewPlaces`.

    The caller has locked these sessions, so that nobody is booked in between.
    """
    capacity = capacity_of(run)
    sessions = future_sessions(run, from_day)
    used = [(s, uses.get(s.id, Use())) for s in sessions]
    too_full = [(s, use.booked) for s, use in used if use.booked > capacity + use.extra]
    if too_full:
        raise TooFewPlaces(too_full)
    changed = [s for s in sessions if s.capacity != capacity]
    for session in changed:
        session.capacity = capacity
    db.session.flush()
    return len(changed)


def future_sessions(run: Run, from_day: date) -> list[Session]:
    """A run's sessions from a day on, in order."""
    return list(
        db.session.scalars(
            select(Session).where(Session.run_id == run.id, Session.date >= from_day).order_by(Session.date)
        )
    )
