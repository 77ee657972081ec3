"""Runs: what stands on the calendar for one half-term or term, how it opens, and where two want the same room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, time
from itertools import combinations

from sqlalchemy import select

from booking.core.audit import record
from booking.core.clock import instant, to_school, today
from booking.core.db import db
from booking.core.errors import BookingError, NotFound
from booking.provision.calendar import days_of_run
from booking.provision.documents import refuse_without_documents
from booking.provision.generation import generate_sessions
from booking.provision.models import Activity, Period, Room, Run

MOVES = frozenset({("draft", "open"), ("open", "closed"), ("closed", "open")})
DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")


class RunRefused(BookingError):
    """The run cannot stand as entered; the sentence says which answer to change."""


class MoveRefused(BookingError):
    """A run goes from draft to open, and between open and closed; nothing else."""

    def __init__(self, old: str, new: str) -> None:
        super().__init__(f"A run that is {old} cannot become {new}. Nothing was changed.")


@dataclass(frozen=True)
class RunDetails:
    """What the office enters of a run; weekdays from 0 (Monday), `capacity` none for as many as the room holds."""

    activity_id: int
    period_id: int
    room_id: int
    weekdays: tuple[int, ...]
    starts_at: time
    ends_at: time
    price_pence: int
    year_groups: tuple[str, ...]
    opens_at: datetime
    closes_at: time
    closes_days_before: int = 1
    capacity: int | None = None
    leader: str = ""
    sold_as: str = "session"
    block_pence: int | None = None
    needs_consent: str | None = None


@dataclass(frozen=True)
class Clash:
    """Two runs want one room at the same hour of the same weekdays; a hall may be shared, so a person decides."""

    room: str
    weekdays: tuple[int, ...]
    one: Run
    other: Run


@dataclass(frozen=True)
class Copied:
    """What came of copying a term: new drafts, how many were there already, and clashes to look at."""

    made: list[Run]
    already: int
    clashes: list[Clash]


def save_run(run_id: int | None, details: RunDetails, *, at: datetime, user_id: int | None) -> Run:
    """Add a run as a draft, or change one; its sessions follow when they are made afresh. Raises `RunRefused`."""
    if details.starts_at >= details.ends_at:
        raise RunRefused("It ends before it starts. Check the two times.")
    if not details.weekdays or not set(details.weekdays) <= set(range(5)):
        raise RunRefused("Choose at least one day from Monday to Friday.")
    if details.sold_as != "session" and details.block_pence is None:
        raise RunRefused("Enter the price of the whole run, or sell it by the session.")
    if not details.year_groups:
        raise RunRefused("Choose at least one year group.")
    for model, key in (
        (Activity, details.activity_id),
        (Period, details.period_id),
        (Room, details.room_id),
    ):
        if db.session.get(model, key) is None:
            raise NotFound
    run = db.session.get(Run, run_id) if run_id else Run(status="draft")
    if run is None:
        raise NotFound
    for name, value in asdict(details).items():
        setattr(run, name, list(value) if isinstance(value, tuple) else value)
    db.session.add(run)
    db.session.flush()
    record("saved", "run", run.id, at=at, user_id=user_id, price_pence=run.price_pence)
    return run


def open_run(run_id: int, at: datetime, user_id: int | None) -> Run:
    """Open a draft (or a closed run) for booking, with its sessions.

    Raises `MoveRefused` or `RunRefused`, and `DocumentsMissing` while an outside seller's papers are not in date: today,
    and on the first day of the run.
    """
    run = _move(run_id, "open", at, user_id)
    for day in sorted({today(at), max(today(at), run.period.starts_on)}):
        refuse_without_documents(run.activity.seller_id, day)
    if not days_of_run(run):
        raise RunRefused("There is no day in this period on which it would run. Check days and dates.")
    generate_sessions(run)
    return run


def close_run(run_id: int, at: datetime, user_id: int | None) -> Run:
    """Close an open run: no more bookings, and what is booked stays."""
    return _move(run_id, "closed", at, user_id)


def _move(run_id: int, new: str, at: datetime, user_id: int | None) -> Run:
    run = db.session.get(Run, run_id)
    if run is None:
        raise NotFound
    if (run.status, new) not in MOVES:
        raise MoveRefused(run.status, new)
    run.status = new
    db.session.flush()
    record(f"run_{new}", "run", run.id, at=at, user_id=user_id)
    return run


def clashes_in(runs: Sequence[Run]) -> list[Clash]:
    """Every pair of these runs that wants one room at overlapping hours of a weekday in overlapping periods."""
    found = []
    for one, other in combinations(runs, 2):
        weekdays = tuple(sorted(set(one.weekdays) & set(other.weekdays)))
        if (
            weekdays
            and one.room_id == other.room_id
            and one.starts_at < other.ends_at
            and other.starts_at < one.ends_at
            and one.period.starts_on <= other.period.ends_on
            and other.period.starts_on <= one.period.ends_on
        ):
            found.append(Clash(one.room.name, weekdays, one, other))
    return found


def runs_beside(period: Period) -> list[Run]:
    """All runs that take place at some time of a period, whichever period they were entered for."""
    return list(
        db.session.scalars(
            select(Run)
            .join(Period, Period.id == Run.period_id)
            .where(Period.starts_on <= period.ends_on, Period.ends_on >= period.starts_on)
            .order_by(Run.starts_at, Run.id)
        )
    )


def copy_runs(from_period_id: int, to_period_id: int, *, at: datetime, user_id: int | None) -> Copied:
    """Copy a period's runs into another as drafts; what stands there at the same hour already is left alone.

    Booking opens as many days before the new period as it did before the old one, at the same hour of the
    school's clock.
    """
    old, new = db.session.get(Period, from_period_id), db.session.get(Period, to_period_id)
    if old is None or new is None:
        raise NotFound
    if old.id == new.id:
        raise RunRefused("Choose two different periods.")
    runs = db.session.scalars(select(Run).where(Run.period_id == old.id).order_by(Run.id)).all()
    there = {_likeness(run) for run in db.session.scalars(select(Run).where(Run.period_id == new.id))}
    made = [_copy(run, new) for run in runs if _likeness(run) not in there]
    db.session.add_all(made)
    db.session.flush()
    record("runs_copied", "period", new.id, at=at, user_id=user_id, count=len(made), source=old.id)
    clashes = [c for c in clashes_in(runs_beside(new)) if c.one in made or c.other in made]
    return Copied(made, len(runs) - len(made), clashes)


def _likeness(run: Run) -> tuple[int, tuple[int, ...], time]:
    return run.activity_id, tuple(sorted(run.weekdays)), run.starts_at


def _copy(run: Run, period: Period) -> Run:
    opened = to_school(run.opens_at)
    ahead = run.period.starts_on - opened.date()
    kept = {
        name: getattr(run, name)
        for name in RunDetails.__dataclass_fields__
        if name not in {"period_id", "opens_at", "weekdays", "year_groups"}
    }
    return Run(
        **kept,
        period=period,
        weekdays=list(run.weekdays),
        year_groups=list(run.year_groups),
        opens_at=instant(period.starts_on - ahead, opened.time().replace(tzinfo=None)),
        status="draft",
    )
