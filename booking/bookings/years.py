"""Year groups: which one a child is in on a day, and how a run of them is spoken."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date

from booking.provision.models import YEAR_GROUPS


def year_group_on(current: str | None, today: date, day: date) -> str | None:
    """The year group of a child on another day: one up for each 1 September in between; nothing after Year 6."""
    if current not in YEAR_GROUPS:
        return current
    steps = _school_year(day) - _school_year(today)
    place = YEAR_GROUPS.index(current) + steps
    return YEAR_GROUPS[place] if 0 <= place < len(YEAR_GROUPS) else None


def _school_year(day: date) -> int:
    return day.year if day.month >= 9 else day.year - 1


def years_in_words(years: Collection[str]) -> str:
    """`Years 3 to 6`, `Reception to Year 2`, `Nursery`: a run of year groups as it is spoken."""
    wanted = [year for year in YEAR_GROUPS if year in years]
    if not wanted:
        return "nobody"
    first, last = _year_word(wanted[0]), _year_word(wanted[-1])
    if first == last:
        return first
    is_run = YEAR_GROUPS.index(wanted[-1]) - YEAR_GROUPS.index(wanted[0]) == len(wanted) - 1
    if not is_run:
        return ", ".join(dict.fromkeys(_year_word(year) for year in wanted))
    if first.startswith("Year ") and last.startswith("Year "):
        return f"Years {wanted[0]} to {wanted[-1]}"
    return f"{first} to {last}"


def ratios_in_words(per_adult: Mapping[str, int]) -> list[str]:
    """How many children one adult may have, youngest first: `8 children of Nursery`, `30 of Reception to Year 6`."""
    groups: dict[int, list[str]] = {}
    for year in YEAR_GROUPS:
        if year in per_adult:
            groups.setdefault(per_adult[year], []).append(year)
    noun = "child" if next(iter(groups), 0) == 1 else "children"
    words = [f"{count} of {years_in_words(years)}" for count, years in groups.items()]
    return [words[0].replace(" of ", f" {noun} of ", 1), *words[1:]] if words else []


def _year_word(year: str) -> str:
    return {"N1": "Nursery", "N2": "Nursery", "R": "Reception"}.get(year, f"Year {year}")
