"""Pages of a long answer: a cursor says after which row the next page begins, and stays right while rows come and go."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, TypeVar

Row = TypeVar("Row")
MOST, USUAL = 500, 100


class BadPage(ValueError):
    """The cursor or the limit is none of ours; the words say which."""


def read_limit(text: str | None) -> int:
    """How many rows a page holds; raises `BadPage` for anything but 1 to 500."""
    if text is None:
        return USUAL
    if not (text.isascii() and text.isdigit() and len(text) < 5 and 1 <= int(text) <= MOST):
        raise BadPage(f"limit is a whole number from 1 to {MOST}.")
    return int(text)


def read_day(text: str) -> date:
    """A day as 2026-11-25 and in no other form; raises `ValueError`."""
    day = date.fromisoformat(text)
    if day.isoformat() != text:
        raise ValueError(text)
    return day


def read_cursor(text: str | None, shape: tuple[type, ...]) -> tuple[Any, ...] | None:
    """The key after which the page begins; raises `BadPage` for one that this list did not give."""
    if text is None:
        return None
    try:
        values = json.loads(base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True))
        found = tuple(
            read_day(value) if kind is date else _whole(value)
            for value, kind in zip(values, shape, strict=True)
        )
    except (ValueError, TypeError, binascii.Error, RecursionError) as error:
        raise BadPage("cursor is not one that this list gave.") from error
    return found


def _whole(value: object) -> int:
    if type(value) is not int or not 0 <= value < 2**31:
        raise ValueError(value)
    return value


def cursor_of(key: Sequence[Any]) -> str:
    """A key (days and whole numbers) as a cursor."""
    return base64.urlsafe_b64encode(json.dumps(list(key), default=date.isoformat).encode()).decode("ascii")


def page_of(
    rows: Sequence[Row], limit: int, key: Callable[[Row], Sequence[Any]]
) -> tuple[Sequence[Row], str | None]:
    """The rows of one page out of one row more than it holds, and the cursor of the next one, if there is one."""
    if len(rows) <= limit:
        return rows, None
    return rows[:limit], cursor_of(key(rows[limit - 1]))
