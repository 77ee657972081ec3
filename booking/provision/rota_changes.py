"""Changes the rota: who stands on a run, until when, and who stays away or comes for one session of one day."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta

from sqlalchemy import select

from booking.core import clock
from booking.core.audit import record
from booking.core.db import db, lock_rows
from booking.core.errors import BookingError, NotFound
from booking.provision.models import Run, Session
from booking.provision.rota import stands_on
from booking.provision.staff_models import RotaChange, RotaLine, StaffRecord


class RotaRefused(BookingError):
    """The rota cannot be changed so; the sentence says why, and nothing was changed."""


def put_on_run(
    run_id: int,
    staff_id: int,
    *,
    weekdays: Collection[int] = (),
    from_on: date,
    is_leader: bool = False,
    at: datetime,
    user_id: int | None,
) -> RotaLine:
    """Let somebody stand on a run's rota from a day on; no weekday means all of the run's. Raises `RotaRefused`."""
    run, staff = db.session.get(Run, run_id), db.session.get(StaffRecord, staff_id)
    if run is None or staff is None:
        raise NotFound
    if not set(weekdays) <= set(run.weekdays):
        raise RotaRefused("The run is not on that weekday. Nothing was changed.")
    lines = db.session.scalars(
        select(RotaLine).where(RotaLine.run_id == run_id, RotaLine.staff_id == staff_id)
    )
    for line in lines:
        if line.to_on is None or line.to_on >= from_on:
            raise RotaRefused(f"{staff.name} stands on this rota already. End that line first.")
    made = RotaLine(
        run_id=run_id,
        staff_id=staff_id,
        weekdays=sorted(set(weekdays)),
        from_on=from_on,
        is_leader=is_leader,
    )
    db.session.add(made)
    db.session.flush()
    record("put_on_rota", "run", run_id, at=at, user_id=user_id, staff_id=staff_id)
    return made


def take_off_run(line_id: int, last_on: date, *, at: datetime, user_id: int | None) -> RotaLine:
    """End a standing line with a day; one that would never have begun goes. Raises `NotFound`."""
    line = db.session.get(RotaLine, line_id)
    if line is None or (line.to_on is not None and line.to_on <= last_on):
        raise NotFound
    if last_on < line.from_on:
        db.session.delete(line)
    else:
        line.to_on = last_on
    db.session.flush()
    record("taken_off_rota", "run", line.run_id, at=at, user_id=user_id, staff_id=line.staff_id)
    return line


def change_day(
    session_id: int,
    staff_id: int,
    *,
    is_here: bool,
    is_leader: bool = False,
    at: datetime,
    user_id: int | None,
) -> Session:
    """Let somebody come to one session, or stay away from it; what stands already needs no change and leaves none.

    Raises `RotaRefused` for a session that is over, or `NotFound`.
    """
    lock_rows((Session, [session_id]))
    session, staff = db.session.get(Session, session_id), db.session.get(StaffRecord, staff_id)
    if session is None or staff is None:
        raise NotFound
    if session.date < clock.today(at):
        raise RotaRefused("That day is over. Nothing was changed.")
    line = _standing(session, staff_id)
    change = db.session.scalars(
        select(RotaChange).where(RotaChange.session_id == session_id, RotaChange.staff_id == staff_id)
    ).first()
    if is_here == (line is not None):
        if change is not None:
            db.session.delete(change)
    elif change is None:
        db.session.add(
            RotaChange(
                session_id=session_id,
                staff_id=staff_id,
                is_here=is_here,
                is_leader=is_leader,
                at=at,
                user_id=user_id,
            )
        )
    else:
        change.is_here, change.is_leader, change.at, change.user_id = is_here, is_leader, at, user_id
    db.session.flush()
    record("rota_changed", "session", session_id, at=at, user_id=user_id, staff_id=staff_id, is_here=is_here)
    return session


def _standing(session: Session, staff_id: int) -> RotaLine | None:
    lines = db.session.scalars(
        select(RotaLine).where(RotaLine.run_id == session.run_id, RotaLine.staff_id == staff_id)
    )
    return next((line for line in lines if stands_on(line, session.date)), None)


def lines_of_run(run_id: int, today: date) -> list[RotaLine]:
    """The standing lines of a run that hold today or later, leaders first."""
    lines = db.session.scalars(
        select(RotaLine)
        .join(StaffRecord, StaffRecord.id == RotaLine.staff_id)
        .where(RotaLine.run_id == run_id)
        .order_by(RotaLine.is_leader.desc(), StaffRecord.name, RotaLine.from_on)
    )
    return [line for line in lines if line.to_on is None or line.to_on >= today]


def leave_everything(staff_id: int, last_on: date, *, at: datetime, user_id: int | None) -> int:
    """Take somebody who leaves off every rota after a day; how many lines and days that were."""
    after = last_on + timedelta(days=1)
    lines = db.session.scalars(select(RotaLine).where(RotaLine.staff_id == staff_id)).all()
    open_lines = [line for line in lines if line.to_on is None or line.to_on > last_on]
    for line in open_lines:
        take_off_run(line.id, last_on, at=at, user_id=user_id)
    changes = db.session.scalars(
        select(RotaChange)
        .join(Session, Session.id == RotaChange.session_id)
        .where(RotaChange.staff_id == staff_id, RotaChange.is_here, Session.date >= after)
    ).all()
    for change in changes:
        db.session.delete(change)
    db.session.flush()
    return len(open_lines) + len(changes)
