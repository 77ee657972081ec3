"""How values are written for people: money, days, hours and counts, in British English; screen and letters alike."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time

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


def plain_day(value: date) -> str:
    """`2 November 2026`, as it stands in forms and on paper."""
    return f"{value.day} {value:%B} {value.year}"


def plain_short_day(value: date) -> str:
    """`Mon 2 Nov 2026`."""
    return f"{short_day(value)} {value.year}"


def month(value: date) -> str:
    """`September 2027`."""
    return f"{value:%B %Y}"


def clock(value: time | datetime) -> str:
    """`15:30` by the school's wall clock."""
    if isinstance(value, datetime):
        value = to_school(value).time()
    return f"{value:%H:%M}"


def moment(value: datetime) -> str:
    """`Monday 2 November at 18:00` by the school's wall clock."""
    local = to_school(value)
    return f"{day(local.date())} at {local:%H:%M}"


def telephone(value: str) -> str:
    """`07700 900941` for a mobile that is kept as +447700900941; any other number as it stands."""
    return f"0{value[3:7]} {value[7:]}" if value.startswith("+447") and len(value) == 13 else value


def counted(number: int, one: str, many: str | None = None) -> str:
    """`1 place`, `3 places`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


WORDS: dict[str, Callable[..., str]] = {
    "day": day,
    "short_day": short_day,
    "full_day": full_day,
    "plain_day": plain_day,
    "plain_short_day": plain_short_day,
    "month": month,
    "clock": clock,
    "moment": moment,
    "counted": counted,
    "telephone": telephone,
    "pence": format_pence,
}
