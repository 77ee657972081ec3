"""On which days what runs: the school's periods, its special days and England's bank holidays held against a run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time, timedelta
from functools import lru_cache

import holidays
from sqlalchemy import select

from booking.core.db import db
from booking.provision.models import Activity, Period, Run, SpecialDay

CLOSED_WORDS = {
    "closure": "the school is closed",
    "bank_holiday": "bank holiday",
    "inset": "INSET day",
    "early_finish": "school finishes early",
}


@dataclass(frozen=True)
class Calendar:
    """The school's days, read once: what is teaching time, and which days differ."""

    periods: tuple[Period, ...]
    special: dict[date, SpecialDay]

    def is_in_term(self, day: date) -> bool:
        """In a half-term, or in a term for which no half-terms are entered; so never in the holiday between."""
        return any(first <= day <= last for first, last in self._teaching())

    def _teaching(self) -> Iterator[tuple[date, date]]:
        halves = [p for p in self.periods if p.kind == "half_term"]
        for half in halves:
            yield half.starts_on, half.ends_on
        for term in self.periods:
            has_halves = any(term.starts_on <= h.ends_on and h.starts_on <= term.ends_on for h in halves)
            if term.kind == "term" and not has_halves:
                yield term.starts_on, term.ends_on

    def is_school_day(self, day: date) -> bool:
        """Pupils come in: a weekday in term that is no INSET day, closure or bank holiday."""
        if day.weekday() > 4 or not self.is_in_term(day) or is_bank_holiday(day):
            return False
        special = self.special.get(day)
        return special is None or special.kind == "early_finish"

    def why_closed(self, day: date, activity: Activity, starts_at: time) -> str | None:
        """Why an activity that starts at this hour does not run on a day, in words; nothing when it runs."""
        if day.weekday() > 4:
            return "weekend"
        if not self.is_in_term(day):
            return "not in term"
        if is_bank_holiday(day):
            return CLOSED_WORDS["bank_holiday"]
        special = self.special.get(day)
        if special is None:
            return None
        runs = {
            "inset": activity.runs_on_inset,
            "early_finish": activity.runs_on_early_finish
            or (special.finishes_at is not None and starts_at < special.finishes_at),
        }.get(special.kind, False)
        return None if runs else CLOSED_WORDS[special.kind]


def read_calendar() -> Calendar:
    """The calendar as it stands now, in two queries."""
    periods = db.session.scalars(select(Period).order_by(Period.starts_on, Period.id)).all()
    days = db.session.scalars(select(SpecialDay)).all()
    return Calendar(tuple(periods), {day.date: day for day in days})


def is_school_day(day: date) -> bool:
    """Pupils come in on this day, by the calendar as it stands now."""
    return read_calendar().is_school_day(day)


def days_of_run(run: Run, calendar: Calendar | None = None) -> list[date]:
    """Every day on which a run takes place: its weekdays in its period, less the days when its activity does not run."""
    calendar = calendar or read_calendar()
    return [
        day
        for day in _days(run.period.starts_on, run.period.ends_on)
        if day.weekday() in run.weekdays and calendar.why_closed(day, run.activity, run.starts_at) is None
    ]


def is_bank_holiday(day: date) -> bool:
    """A bank holiday in England, whether or not the office has entered it."""
    return day in bank_holidays(day.year)


@lru_cache(maxsize=16)
def bank_holidays(year: int) -> dict[date, str]:
    """England's bank holidays of a year that fall on a weekday, with their names."""
    found = holidays.country_holidays("GB", subdiv="ENG", years=year)
    return {day: name for day, name in sorted(found.items()) if day.weekday() < 5}


def _days(first: date, last: date) -> Iterator[date]:
    for offset in range((last - first).days + 1):
        yield first + timedelta(days=offset)


def term_began(day: date) -> date:
    """The first day of the term that a day is in, or of the last one before it; else the first of September."""
    found = db.session.scalar(
        select(Period.starts_on)
        .where(Period.kind == "term", Period.starts_on <= day)
        .order_by(Period.starts_on.desc())
        .limit(1)
    )
    return found or date(day.year if day.month >= 9 else day.year - 1, 9, 1)
