"""Setting up the calendar: half-terms, terms and years with the school's own dates, and the days that differ."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time

from sqlalchemy import select

from booking.core.audit import record
from booking.core.db import db
from booking.core.errors import BookingError, NotFound
from booking.provision.calendar import bank_holidays, is_bank_holiday
from booking.provision.models import Period, Run, SpecialDay


class PeriodRefused(BookingError):
    """The dates cannot stand (ends before it starts, or lies over another of its kind); the other is named."""


class DayRefused(BookingError):
    """The day has an entry already, or an early finish lacks its hour."""


@dataclass(frozen=True)
class PeriodDetails:
    """What the office enters of a year, term or half-term; both dates are in it."""

    kind: str
    name: str
    starts_on: date
    ends_on: date


@dataclass(frozen=True)
class DayDetails:
    """What the office enters of a day that differs; `finishes_at` for an early finish alone."""

    date: date
    kind: str
    note: str = ""
    finishes_at: time | None = None


def save_period(
    period_id: int | None, details: PeriodDetails, *, at: datetime, user_id: int | None
) -> Period:
    """Add a period, or change one; England's bank holidays in it are entered too. Raises `PeriodRefused`."""
    if details.starts_on > details.ends_on:
        raise PeriodRefused("The last day comes before the first. Check the two dates.")
    other = db.session.scalars(
        select(Period)
        .where(Period.kind == details.kind, Period.id != (period_id or 0))
        .where(Period.starts_on <= details.ends_on, Period.ends_on >= details.starts_on)
    ).first()
    if other is not None:
        raise PeriodRefused(
            f"These dates lie over {other.name} ({other.starts_on:%d/%m/%Y} to {other.ends_on:%d/%m/%Y})."
        )
    period = db.session.get(Period, period_id) if period_id else Period()
    if period is None:
        raise NotFound
    period.kind, period.name = details.kind, details.name
    period.starts_on, period.ends_on = details.starts_on, details.ends_on
    db.session.add(period)
    db.session.flush()
    enter_bank_holidays(period)
    record("period_saved", "period", period.id, at=at, user_id=user_id)
    return period


def enter_bank_holidays(period: Period) -> int:
    """Enter each bank holiday of a period that has no entry yet, so that the office sees it; how many were new."""
    taken = set(
        db.session.scalars(
            select(SpecialDay.date).where(SpecialDay.date.between(period.starts_on, period.ends_on))
        )
    )
    new = [
        SpecialDay(date=day, kind="bank_holiday", note=name[:120])
        for year in range(period.starts_on.year, period.ends_on.year + 1)
        for day, name in bank_holidays(year).items()
        if period.starts_on <= day <= period.ends_on and day not in taken
    ]
    db.session.add_all(new)
    db.session.flush()
    return len(new)


def remove_period(period_id: int, *, at: datetime, user_id: int | None) -> None:
    """Take away a period in which nothing runs; raises `PeriodRefused` otherwise."""
    period = db.session.get(Period, period_id)
    if period is None:
        raise NotFound
    if db.session.scalars(select(Run.id).where(Run.period_id == period_id)).first() is not None:
        raise PeriodRefused(f"{period.name} has runs in it, so it stays.")
    db.session.delete(period)
    record("period_removed", "period", period_id, at=at, user_id=user_id)
    db.session.flush()


def save_special_day(
    day_id: int | None, details: DayDetails, *, at: datetime, user_id: int | None
) -> SpecialDay:
    """Enter a day that differs, or change its entry; raises `DayRefused`."""
    if details.kind == "early_finish" and details.finishes_at is None:
        raise DayRefused("Say at what time school finishes on that day.")
    if details.kind != "bank_holiday" and is_bank_holiday(details.date):
        raise DayRefused(f"{details.date:%d/%m/%Y} is a bank holiday already.")
    taken = db.session.scalars(
        select(SpecialDay).where(SpecialDay.date == details.date, SpecialDay.id != (day_id or 0))
    ).first()
    if taken is not None:
        raise DayRefused(f"{details.date:%d/%m/%Y} has an entry already. Change that one.")
    day = db.session.get(SpecialDay, day_id) if day_id else SpecialDay()
    if day is None:
        raise NotFound
    day.date, day.kind, day.note = details.date, details.kind, details.note
    day.finishes_at = details.finishes_at if details.kind == "early_finish" else None
    db.session.add(day)
    db.session.flush()
    record("day_saved", "special_day", day.id, at=at, user_id=user_id, kind=day.kind)
    return day


def remove_special_day(day_id: int, *, at: datetime, user_id: int | None) -> None:
    """Make a day an ordinary one again; sessions come back when they are made afresh."""
    day = db.session.get(SpecialDay, day_id)
    if day is None:
        raise NotFound
    db.session.delete(day)
    record("day_removed", "special_day", day_id, at=at, user_id=user_id)
    db.session.flush()
