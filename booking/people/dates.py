"""Reads dates as people and school offices write them: 27/3/2019, 27-03-2019, 27 Mar 2019 or 2019-03-27."""

from __future__ import annotations

import re
from datetime import date

from booking.core.errors import BookingError

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


class NotADate(BookingError):
    """What was typed is no date that exists; the person is shown an example."""

    def __init__(self, text: str) -> None:
        super().__init__(f"“{text}” is not a date that we can read. Write it like 27/3/2019.")


def parse_date(text: str) -> date:
    """Read a day-first or ISO date with a year of four figures; raises `NotADate`."""
    cleaned = re.sub(r"[\s./-]+", " ", text.strip())
    match = re.fullmatch(r"(\d{4}) (\d{1,2}) (\d{1,2})", cleaned)
    if match:
        return _date(text, int(match[1]), int(match[2]), int(match[3]))
    match = re.fullmatch(r"(\d{1,2}) (\d{1,2}|[A-Za-z]{3,9}) (\d{4})", cleaned)
    if match is None:
        raise NotADate(text)
    month = int(match[2]) if match[2].isdigit() else _month(text, match[2])
    return _date(text, int(match[3]), month, int(match[1]))


def _month(text: str, name: str) -> int:
    try:
        return MONTHS.index(name[:3].lower()) + 1
    except ValueError as error:
        raise NotADate(text) from error


def _date(text: str, year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError as error:
        raise NotADate(text) from error
