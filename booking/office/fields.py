"""Fields that read days, hours and money as people type them, and keep what was typed when it is wrong."""

from __future__ import annotations

import re
from datetime import date, time
from typing import Any

from booking.people.dates import NotADate, parse_date
from booking.web.fields import PenceField as PenceField
from booking.web.fields import TypedField


class DayField(TypedField):
    """A day, such as 27/3/2026."""

    def read(self, text: str) -> date:
        """A day as people write it."""
        try:
            return parse_date(text)
        except NotADate as error:
            raise ValueError(str(error)) from error

    def write(self, value: date) -> str:
        """Day first."""
        return f"{value.day}/{value.month}/{value.year}"


class HourField(TypedField):
    """An hour of the school's clock, such as 15:30, 15.30 or 3.30pm."""

    def read(self, text: str) -> time:
        """An hour as people write it."""
        return parse_hour(text)

    def write(self, value: time) -> str:
        """Twenty-four hours."""
        return f"{value:%H:%M}"


def parse_hour(text: str) -> time:
    """An hour as people write it; raises `ValueError` with the sentence to show."""
    match = re.fullmatch(r"(\d{1,2})(?:[:.h ]?(\d{2}))?\s*([ap]\.?m\.?)?", text.lower())
    hour = int(match[1]) if match else 99
    if match and match[3]:
        hour = hour % 12 + (12 if match[3].startswith("p") else 0) if 1 <= hour <= 12 else 99
    if match is None or hour > 23 or int(match[2] or 0) > 59:
        raise ValueError(f"“{text}” is not a time. Write it like 15:30.")
    return time(hour, int(match[2] or 0))


class NumberField(TypedField):
    """A whole number between two bounds."""

    def __init__(self, label: str, *, least: int = 0, most: int = 1000, **options: Any) -> None:
        super().__init__(label, **options)
        self.least, self.most = least, most

    def read(self, text: str) -> int:
        """The number, held against its bounds."""
        if not (text.isascii() and text.isdigit() and self.least <= int(text) <= self.most):
            raise ValueError(f"Enter a whole number from {self.least} to {self.most}.")
        return int(text)
