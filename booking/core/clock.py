"""The only place that asks what time it is; instants are aware UTC, school days and times are wall-clock.

`BOOKING_CLOCK_OFFSET` shifts every process alike, for tests: whole seconds, or a number with s, m, h or d.
"""

from __future__ import annotations

import os
import re
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from booking.core.errors import SettingsError

_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


@lru_cache(maxsize=8)
def parse_offset(text: str) -> timedelta:
    """Read an offset such as `-90`, `15m` or `+3d`; raises `SettingsError` when it is not one."""
    match = re.fullmatch(r"\s*([+-]?\d+)\s*([smhd]?)\s*", text)
    if match is None:
        raise SettingsError(f"BOOKING_CLOCK_OFFSET is {text!r}; use seconds, or a number with s, m, h or d.")
    return timedelta(seconds=int(match[1]) * _UNITS[match[2]])


def now() -> datetime:
    """The present instant, aware and in UTC, shifted by the offset that all processes share."""
    return datetime.now(UTC) + parse_offset(os.environ.get("BOOKING_CLOCK_OFFSET") or "0")


def school_zone() -> ZoneInfo:
    """The zone in which the school's wall clock hangs."""
    return _zone(os.environ.get("SCHOOL_TIMEZONE") or "Europe/London")


@lru_cache(maxsize=8)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def today(at: datetime | None = None) -> date:
    """The school's calendar day at an instant (now when none is given)."""
    return to_school(at or now()).date()


def to_school(at: datetime) -> datetime:
    """An instant as the school's wall clock shows it; refuses a naive value."""
    if at.tzinfo is None:
        raise ValueError("an instant must know its zone")
    return at.astimezone(school_zone())


def instant(day: date, wall: time) -> datetime:
    """The UTC instant of a wall-clock time on a school day.

    A time that happens twice (autumn) means the first; one that never happens (spring) means the same
    distance after midnight, so 01:30 becomes 02:30 summer time.
    """
    return datetime.combine(day, wall, tzinfo=school_zone()).astimezone(UTC)
