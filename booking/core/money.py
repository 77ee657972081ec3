"""Money is whole pence in pounds sterling; this is its one formatter and its one reader."""

from __future__ import annotations

import re

from booking.core.errors import BookingError

_AMOUNT = re.compile(r"(\d{1,6})(?:\.(\d{2}))?")


class NotAnAmount(BookingError):
    """What was typed is not an amount of money; the person is shown an example of one."""

    def __init__(self, text: str) -> None:
        super().__init__(f"“{text}” is not an amount. Use pounds and pence, like 4.50.")


def format_pence(pence: int) -> str:
    """Write pence as `£31.50`, with a true minus sign in front when it is below zero."""
    sign = "\N{MINUS SIGN}" if pence < 0 else ""
    return f"{sign}£{abs(pence) // 100:,}.{abs(pence) % 100:02d}"


def parse_pence(text: str) -> int:
    """Read `4.50`, `£4.50`, `4` or `1,200.00` as pence; raises `NotAnAmount`."""
    match = _AMOUNT.fullmatch(text.strip().removeprefix("£").replace(",", "").strip())
    if match is None:
        raise NotAnAmount(text)
    return int(match[1]) * 100 + int(match[2] or 0)
