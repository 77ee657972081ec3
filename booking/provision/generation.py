"""Makes a run's dated sessions from the calendar, again and again without harm: what somebody uses is never lost."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import select

from booking.core.db import db
from booking.core.errors import BookingError
from booking.core.words import short_day
from booking.provision.calendar import Calendar, days_of_run, read_calendar
from booking.provision.models import Run, Session
from booking.provision.rota_places import places_by_rota

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
    places = capacity_on(run, result.added)
    db.session.add_all(
        Session(run_id=run.id, date=day, starts_at=run.starts_at, ends_at=run.ends_at, capacity=places[day])
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


def capacity_on(run: Run, days: Collection[date]) -> dict[date, int]:
    """Places on each of these days: the fewest of room, run and, where the school's rule says so, the standing rota."""
    places, limits = capacity_of(run), places_by_rota(run, days)
    return {day: min(places, limits.get(day, places)) for day in days}


def carry_capacity(run: Run, *, from_day: date, uses: Mapping[int, Use]) -> int:
    """Give the run's places to its sessions from a day on; how many changed. Raises `TooFewPlaces`.

    Who is booked beyond what the rota allows keeps the place, and the rota is a problem to settle. The caller has locked
    these sessions, so that nobody is booked in between.
    """
    capacity = capacity_of(run)
    sessions = future_sessions(run, from_day)
    used = [(s, uses.get(s.id, Use())) for s in sessions]
    too_full = [(s, use.booked) for s, use in used if use.booked > capacity + use.extra]
    if too_full:
        raise TooFewPlaces(too_full)
    wanted = capacity_on(run, [session.date for session in sessions])
    places = {s.id: max(wanted[s.date], use.booked - use.extra) for s, use in used}
    changed = [s for s in sessions if s.capacity != places[s.id]]
    for session in changed:
        session.capacity = places[session.id]
    db.session.flush()
    return len(changed)


def follow_rota(
    run: Run, before: Mapping[date, int], *, from_day: date, uses: Mapping[int, Use]
) -> list[Session]:
    """After a change of rota or rule: sessions that had the places of `before` get those of now; the changed ones.

    What somebody set by hand for one session stays, and so does everybody who is booked.
    """
    sessions = future_sessions(run, from_day)
    now = capacity_on(run, [session.date for session in sessions])
    changed = []
    for session in sessions:
        use = uses.get(session.id, Use())
        followed = session.capacity == max(before.get(session.date, -1), use.booked - use.extra)
        places = max(now[session.date], use.booked - use.extra)
        if followed and places != session.capacity:
            session.capacity = places
            changed.append(session)
    db.session.flush()
    return changed


def future_sessions(run: Run, from_day: date) -> list[Session]:
    """A run's sessions from a day on, in order."""
    return list(
        db.session.scalars(
            select(Session).where(Session.run_id == run.id, Session.date >= from_day).order_by(Session.date)
        )
    )
