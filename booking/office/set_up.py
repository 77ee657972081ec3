"""The office changes what runs, with an eye on who is booked: nobody loses a place because a form was saved."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import ColumnElement, func, select, union

from booking.bookings.changes import Changed, close_day
from booking.bookings.models import (
    BasketLine,
    CapacityOverride,
    FreeForecast,
    Place,
    RequestFact,
    WaitingEntry,
)
from booking.core import clock
from booking.core.audit import record
from booking.core.db import db, lock_rows
from booking.core.errors import BookingError, NotFound
from booking.core.words import short_day
from booking.people.tablet_models import DayPassSession
from booking.provision.generation import Generated, Use, carry_capacity, generate_sessions
from booking.provision.models import Period, Room, Run, Session, SpecialDay
from booking.provision.runs import RunDetails, save_run
from booking.provision.setup import RoomDetails, save_room
from booking.provision.staff_models import RotaChange
from booking.provision.terms import DayDetails, remove_special_day, save_special_day
from booking.registers.models import Mark


class HoursAreBooked(BookingError):
    """Children are booked at the old hours, and their families were told these; each such day is named."""

    def __init__(self, days: list[date]) -> None:
        named = ", ".join(short_day(day) for day in days[:8])
        more = f" and {len(days) - 8} more" if len(days) > 8 else ""
        super().__init__(
            f"Children are booked at the old times on {named}{more}. Nothing was changed. "
            "Close this run and start a new one with the new times."
        )


def uses_of(sessions: Iterable[Session]) -> dict[int, Use]:
    """What hangs on each of these sessions, in three queries; one that nothing refers to is not in it."""
    ids = [session.id for session in sessions]
    live = _counts(Place, func.count(), Place.session_id.in_(ids), Place.state.in_(("held", "booked")))
    extra = _counts(CapacityOverride, func.sum(CapacityOverride.extra), CapacityOverride.session_id.in_(ids))
    tables = (
        Place,
        Mark,
        WaitingEntry,
        FreeForecast,
        RequestFact,
        BasketLine,
        CapacityOverride,
        RotaChange,
        DayPassSession,
    )
    traces = union(*(select(table.session_id).where(table.session_id.in_(ids)) for table in tables))
    return {
        session_id: Use(live.get(session_id, 0), extra.get(session_id, 0), is_referred_to=True)
        for session_id in db.session.scalars(traces)
    }


def _counts(
    table: type[Place] | type[CapacityOverride], what: ColumnElement[int], *where: ColumnElement[bool]
) -> dict[int, int]:
    rows = db.session.execute(select(table.session_id, what).where(*where).group_by(table.session_id))
    return {session_id: int(count) for session_id, count in rows}


def make_sessions(run_id: int, *, at: datetime, user_id: int | None) -> Generated:
    """Bring a run's sessions from today on in line with the calendar; what is booked is kept and named."""
    run = _run(run_id)
    sessions = _lock(Session.run_id == run_id, Session.date >= clock.today(at))
    result = generate_sessions(run, uses=uses_of(sessions), between=(clock.today(at), date.max))
    record("sessions_made", "run", run_id, at=at, user_id=user_id, added=len(result.added))
    return result


def change_run(run_id: int, details: RunDetails, *, at: datetime, user_id: int | None) -> Run:
    """Change a run and carry hours and places to its sessions from today on.

    Raises `HoursAreBooked`, `TooFewPlaces` or `RunRefused`; then nothing has changed.
    """
    today = clock.today(at)
    sessions = _lock(Session.run_id == run_id, Session.date >= today)
    uses = uses_of(sessions)
    run = _run(run_id)
    has_new_hours = (run.starts_at, run.ends_at) != (details.starts_at, details.ends_at)
    if has_new_hours:
        booked = [session.date for session in sessions if uses.get(session.id, Use()).booked]
        if booked:
            raise HoursAreBooked(booked)
    run = save_run(run_id, details, at=at, user_id=user_id)
    db.session.refresh(run)
    for session in sessions if has_new_hours else []:
        session.starts_at, session.ends_at = run.starts_at, run.ends_at
    carry_capacity(run, from_day=today, uses=uses)
    if run.status != "draft":
        generate_sessions(run, uses=uses, between=(today, date.max))
    return run


def change_room(room_id: int, details: RoomDetails, *, at: datetime, user_id: int | None) -> Room:
    """Change a room and carry its size to all coming sessions in it; raises `TooFewPlaces` or `NameTaken`."""
    today = clock.today(at)
    runs = select(Run.id).where(Run.room_id == room_id)
    uses = uses_of(_lock(Session.run_id.in_(runs), Session.date >= today))
    room = save_room(room_id, details, at=at, user_id=user_id)
    for run in db.session.scalars(select(Run).where(Run.room_id == room_id).order_by(Run.id)):
        carry_capacity(run, from_day=today, uses=uses)
    return room


def enter_day(day_id: int | None, details: DayDetails, *, at: datetime, user_id: int | None) -> list[str]:
    """Enter or change a day that differs; sessions follow. Gives what happened to them, in sentences."""
    old = db.session.get(SpecialDay, day_id) if day_id else None
    days = {details.date} | ({old.date} if old else set())
    sessions = _lock(Session.date.in_(days))
    save_special_day(day_id, details, at=at, user_id=user_id)
    return _follow(days, sessions, at)


def close_school(day: date, reason: str, *, at: datetime, user_id: int) -> Changed:
    """Close the school for a day (snow): the calendar says so, all is given back, and every family is told."""
    changed, sessions = close_day(day, reason, at=at, user_id=user_id)
    entry = db.session.scalars(select(SpecialDay).where(SpecialDay.date == day)).first()
    details = DayDetails(day, "closure", reason)
    save_special_day(entry.id if entry else None, details, at=at, user_id=user_id)
    _follow({day}, sessions, at)
    return changed


def forget_day(day_id: int, *, at: datetime, user_id: int | None) -> list[str]:
    """Make a day an ordinary one again, with its sessions; gives what happened to them, in sentences."""
    old = db.session.get(SpecialDay, day_id)
    if old is None:
        raise NotFound
    days = {old.date}
    sessions = _lock(Session.date.in_(days))
    remove_special_day(day_id, at=at, user_id=user_id)
    return _follow(days, sessions, at)


def _follow(days: set[date], sessions: list[Session], at: datetime) -> list[str]:
    """Let the sessions of these days follow the calendar, for every run that has opened; the past stays."""
    uses = uses_of(sessions)
    added, gone, kept = 0, 0, []
    for day in sorted(day for day in days if day >= clock.today(at)):
        runs = db.session.scalars(
            select(Run)
            .join(Period, Period.id == Run.period_id)
            .where(Run.status != "draft", Period.starts_on <= day, Period.ends_on >= day)
        )
        for run in runs:
            result = generate_sessions(run, uses=uses, between=(day, day))
            added += len(result.added)
            gone += len(result.removed) + len(result.called_off)
            kept += [f"{run.activity.name} on {short_day(day)}" for day in result.kept]
    return told(added, gone, kept)


def told(added: int, gone: int, kept: list[str]) -> list[str]:
    """What making sessions did, in sentences for the office; a session with children in it asks for a person."""
    sentences = []
    if added:
        sentences.append(f"{added} session{'s' if added != 1 else ''} added.")
    if gone:
        sentences.append(f"{gone} session{'s' if gone != 1 else ''} taken off.")
    if kept:
        sentences.append(f"Children are booked into {', '.join(kept)}. Please tell their families.")
    return sentences


def _run(run_id: int) -> Run:
    run = db.session.get(Run, run_id)
    if run is None:
        raise NotFound
    return run


def _lock(*where: ColumnElement[bool]) -> list[Session]:
    """Lock these sessions by the locking law and read them, in order."""
    ids = db.session.scalars(select(Session.id).where(*where)).all()
    lock_rows((Session, ids))
    return list(db.session.scalars(select(Session).where(Session.id.in_(ids)).order_by(Session.date)))
