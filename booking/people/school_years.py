"""School years and the year groups that birthdays give."""

from __future__ import annotations

from datetime import date

YEAR_ORDER = ("N1", "N2", "R", "1", "2", "3", "4", "5", "6")


def school_year_start(day: date) -> date:
    """The first of September on or before a day."""
    return date(day.year if day.month >= 9 else day.year - 1, 9, 1)


def next_school_year(day: date) -> date:
    """The first of September on or after a day."""
    start = school_year_start(day)
    return start if start == day else date(start.year + 1, 9, 1)


def year_of_birth(born: date, day: date) -> str | None:
    """The year group of a child born on a day, in the school year of another: 5 October 2018 is in Year 3 in 2026/27.

    None when the child is younger than nursery or older than Year 6.
    """
    year = school_year_start(day).year - school_year_start(born).year - 5
    return YEAR_ORDER[year + 2] if -2 <= year <= 6 else None


def year_above(year: str | None) -> str | None:
    """The next year group; none after Year 6, and none where it is not known."""
    if year not in YEAR_ORDER or year == YEAR_ORDER[-1]:
        return None
    return YEAR_ORDER[YEAR_ORDER.index(year) + 1]
