"""The stretches of days for which families ask what they paid: a Universal Credit assessment period, a month, a tax year.

An assessment period begins on the same day of each month (GOV.UK: "Universal Credit: how you're paid"); in a month that
has no such day it begins on the last one. Tax years begin on 6 April.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

KINDS = {
    "credit": "Universal Credit assessment period",
    "month": "Month",
    "term": "Term",
    "tax_year": "Tax year",
}
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Span:
    """Both ends belong to it."""

    kind: str
    first: date
    last: date
    name: str = ""

    def holds(self, on: date) -> bool:
        """Whether a day is in it."""
        return self.first <= on <= self.last


def assessment_period(day_of_month: int, on: date) -> Span:
    """The assessment period around a day, for somebody whose periods begin on this day of the month (1 to 31)."""
    first = _start(day_of_month, on.year, on.month)
    if first > on:
        first = _start(day_of_month, *_month_before(on.year, on.month))
    after = _start(day_of_month, *_month_after(first.year, first.month))
    return Span("credit", first, after - ONE_DAY)


def month_of(on: date) -> Span:
    """The calendar month around a day."""
    return Span(
        "month", on.replace(day=1), on.replace(day=monthrange(on.year, on.month)[1]), f"{on:%B} {on.year}"
    )


def tax_year_of(on: date) -> Span:
    """The tax year around a day, 6 April to 5 April."""
    year = on.year if (on.month, on.day) >= (4, 6) else on.year - 1
    return Span("tax_year", date(year, 4, 6), date(year + 1, 4, 5), f"Tax year {year} to {year + 1}")


def _start(day_of_month: int, year: int, month: int) -> date:
    return date(year, month, min(day_of_month, monthrange(year, month)[1]))


def _month_before(year: int, month: int) -> tuple[int, int]:
    return (year - 1, 12) if month == 1 else (year, month - 1)


def _month_after(year: int, month: int) -> tuple[int, int]:
    return (year + 1, 1) if month == 12 else (year, month + 1)
