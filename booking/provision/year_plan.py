"""A school year such as English councils publish: a proposal to enter and change, and the calendar of the demo.

Two weeks at Christmas, two round Easter and a week in each term; 195 days of which five are INSET. The summer ends
on whichever day makes the count right, as councils do it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from functools import lru_cache

from booking.provision.calendar import bank_holidays

STAFF_DAYS = 195
LAST_DAY_ENDS_AT = time(13, 30)
HISTORY = 3
"""Half-terms that make a term and a half."""

_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Span:
    """A year, term or half-term by the words of `Period`: both dates are in it."""

    kind: str
    name: str
    starts_on: date
    ends_on: date


@dataclass(frozen=True)
class YearPlan:
    """One school year; `previous` and `following` stand there when the day it was planned for needs them.

    `inset` days are at the edge of half-terms; `early_finishes` pairs the last day of each term with its hour.
    """

    year: Span
    terms: tuple[Span, ...]
    half_terms: tuple[Span, ...]
    inset: tuple[date, ...]
    early_finishes: tuple[tuple[date, time], ...]
    holidays: tuple[tuple[date, str], ...]
    previous: YearPlan | None = None
    following: YearPlan | None = None

    def school_days(self) -> list[date]:
        """The days of this year on which pupils come in, in order."""
        closed = {*self.inset, *(day for day, _ in self.holidays)}
        return [
            day
            for half in self.half_terms
            for day in _days(half.starts_on, half.ends_on)
            if day.weekday() < 5 and day not in closed
        ]

    def plans(self) -> tuple[YearPlan, ...]:
        """The previous, this and the following year, as far as they are in the plan."""
        return tuple(plan for plan in (self.previous, self, self.following) if plan is not None)

    def all_half_terms(self) -> list[Span]:
        """The half-terms of every year in the plan, in order."""
        return [half for plan in self.plans() for half in plan.half_terms]


def plan_year(today: date) -> YearPlan:
    """The year that `today` is in; in the summer holiday the one that comes next.

    The year before comes with it until the third half-term begins, so that a last finished half-term and a term and
    a half of history always exist; the next year comes with the last half-term, so that there is always one to book.
    """
    plan = school_year(today.year - 1)
    if plan.year.ends_on < today:
        plan = school_year(today.year)
    if today < plan.half_terms[2].starts_on:
        return replace(plan, previous=school_year(_first_year(plan) - 1))
    if plan.half_terms[5].starts_on <= today:
        return replace(plan, following=school_year(_first_year(plan) + 1))
    return plan


def history_of(today: date, plan: YearPlan) -> list[Span]:
    """The last three half-terms that have begun, oldest first: a term and a half, the present one among them."""
    return [half for half in plan.all_half_terms() if half.starts_on <= today][-HISTORY:]


def last_finished_half_term(today: date, plan: YearPlan) -> Span:
    """The half-term that ended last before `today`, in this year or the one before."""
    return [half for half in plan.all_half_terms() if half.ends_on < today][-1]


def nearest_school_day(today: date, plan: YearPlan) -> date:
    """The day of the plan's own year with pupils in that lies nearest; of two as near, the later."""
    return min(plan.school_days(), key=lambda day: (abs((day - today).days), -day.toordinal()))


@lru_cache(maxsize=16)
def school_year(first_year: int) -> YearPlan:
    """The year that begins in September of `first_year`."""
    holidays = {
        day: name for year in (first_year, first_year + 1) for day, name in bank_holidays(year).items()
    }
    spans = _half_term_dates(first_year, holidays)
    label = f"{first_year}/{(first_year + 1) % 100:02}"
    names = [f"{term} {n} {label}" for term in ("Autumn", "Spring", "Summer") for n in (1, 2)]
    halves = tuple(Span("half_term", name, *span) for name, span in zip(names, spans, strict=True))
    terms = tuple(
        Span("term", f"{term} term {label}", halves[n].starts_on, halves[n + 1].ends_on)
        for term, n in (("Autumn", 0), ("Spring", 2), ("Summer", 4))
    )
    year = Span("year", f"School year {label}", halves[0].starts_on, halves[-1].ends_on)
    autumn_1, autumn_2, spring_1, _, _, summer_2 = halves
    inset = (
        autumn_1.starts_on,
        _open_day(autumn_1.starts_on + _DAY, holidays),
        autumn_2.starts_on,
        spring_1.starts_on,
        summer_2.starts_on,
    )
    within = tuple((day, name) for day, name in sorted(holidays.items()) if _is_in(day, year))
    early = tuple((term.ends_on, LAST_DAY_ENDS_AT) for term in terms)
    return YearPlan(year, terms, halves, inset, early, within)


def _half_term_dates(first_year: int, holidays: dict[date, str]) -> list[tuple[date, date]]:
    """The first and last open day of each half-term, INSET days among them."""
    second = first_year + 1
    october = _monday_from(date(first_year, 10, 22))
    christmas = _friday_until(date(first_year, 12, 22))
    february = _monday_from(date(second, 2, 12))
    easter = _easter_holiday(second)
    whitsun = _monday_from(date(second, 5, 25))
    starts = [
        _september(first_year),
        october + _WEEK,
        _monday_from(date(second, 1, 2)),
        february + _WEEK,
        easter + 2 * _WEEK,
        whitsun + _WEEK,
    ]
    starts = [_open_day(day, holidays) for day in starts]
    breaks = [october, christmas + _DAY, february, easter, whitsun]
    ends = [_last_open_day(day - _DAY, holidays) for day in breaks]
    used = sum(_open_days(first, last, holidays) for first, last in zip(starts, ends, strict=False))
    ends.append(_day_after_days(starts[-1], STAFF_DAYS - used, holidays))
    return list(zip(starts, ends, strict=True))


def _september(year: int) -> date:
    """The first of September, or the Monday after when it falls late in the week."""
    first = date(year, 9, 1)
    return first if first.weekday() < 4 else _monday_from(first)


def _easter_holiday(year: int) -> date:
    """The Monday on which two weeks begin: the one before Easter, or Easter Monday itself when Easter is early."""
    before = easter_sunday(year) - 6 * _DAY
    return before if before >= date(year, 3, 28) else before + _WEEK


def easter_sunday(year: int) -> date:
    """Easter in the Gregorian calendar, by the computus of Gauss with the corrections for the long months."""
    century, golden = year // 100, year % 19
    moon = (15 + century - century // 4 - (13 + 8 * century) // 25 + 19 * golden) % 30
    moon -= (moon // 28) * (1 - (29 // (moon + 1)) * ((21 - golden) // 11))
    weekday = (year + year // 4 + moon + 2 - century + century // 4) % 7
    return date(year, 3, 28) + timedelta(days=moon - weekday)


def _first_year(plan: YearPlan) -> int:
    return plan.year.starts_on.year


def _is_in(day: date, span: Span) -> bool:
    return span.starts_on <= day <= span.ends_on


def _monday_from(day: date) -> date:
    return day + timedelta(days=-day.weekday() % 7)


def _friday_until(day: date) -> date:
    return day - timedelta(days=(day.weekday() - 4) % 7)


def _open_day(day: date, holidays: dict[date, str]) -> date:
    """This day, or the next that is neither weekend nor bank holiday."""
    while day.weekday() > 4 or day in holidays:
        day += _DAY
    return day


def _last_open_day(day: date, holidays: dict[date, str]) -> date:
    """This day, or the last before it that is neither weekend nor bank holiday."""
    while day.weekday() > 4 or day in holidays:
        day -= _DAY
    return day


def _days(first: date, last: date) -> Iterator[date]:
    for offset in range((last - first).days + 1):
        yield first + timedelta(days=offset)


def _open_days(first: date, last: date, holidays: dict[date, str]) -> int:
    return sum(day.weekday() < 5 and day not in holidays for day in _days(first, last))


def _day_after_days(first: date, count: int, holidays: dict[date, str]) -> date:
    """The last of `count` open days that begin with `first`."""
    day = first
    for _ in range(count - 1):
        day = _open_day(day + _DAY, holidays)
    return day
