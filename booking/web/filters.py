"""How values are written on screen: money, days, hours and counts, in British English."""

from __future__ import annotations

from datetime import date, datetime, time

from flask import Flask

from booking.core.clock import to_school
from booking.core.money import format_pence


def day(value: date) -> str:
    """`Monday 2 November`; the year is said only where a page says it."""
    return f"{value:%A} {value.day} {value:%B}"


def short_day(value: date) -> str:
    """`Mon 2 Nov`."""
    return f"{value:%a} {value.day} {value:%b}"


def full_day(value: date) -> str:
    """`Monday 2 November 2026`."""
    return f"{day(value)} {value.year}"


def clock(value: time | datetime) -> str:
    """`15:30` by the school's wall clock."""
    if isinstance(value, datetime):
        value = to_school(value).time()
    return f"{value:%H:%M}"


def moment(value: datetime) -> str:
    """`Monday 2 November at 18:00` by the school's wall clock."""
    local = to_school(value)
    return f"{day(local.date())} at {local:%H:%M}"


def counted(number: int, one: str, many: str | None = None) -> str:
    """`1 place`, `3 places`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def register_filters(app: Flask) -> None:
    """Make these filters known to every template."""
    for function in (day, short_day, full_day, clock, moment, counted):
        app.jinja_env.filters[function.__name__] = function
    app.jinja_env.filters["pence"] = format_pence
