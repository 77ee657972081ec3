"""Reads the values in a transfer file that stand in no other file; None where a code says nothing."""

from __future__ import annotations

from booking.people.ctf_codes import HERE, LEFT, RELATIONSHIPS
from booking.people.import_values import Unreadable, read_flag, read_name, read_sex, read_year


def read_told_sex(text: str) -> str | None:
    """F or M; unknown and unspecified say nothing."""
    return None if text.upper() in {"U", "N", "X", "0", "9"} else read_sex(text)


def read_ctf_year(text: str) -> str | None:
    """A year group; X is for a child who follows none, and the birthday says it then."""
    return None if text.upper() == "X" else read_year(text)


def read_service(text: str) -> str | None:
    """Y or N; refused and unknown (R, U) say nothing."""
    return None if text.upper() in {"U", "R"} else read_flag(text)


def read_has_left(text: str) -> bool:
    """Whether the child was enrolled before and is no longer."""
    if text.upper() not in HERE | {LEFT}:
        raise Unreadable("We do not know this status. Use C, M, S, F, O or G, or P for a child who has left.")
    return text.upper() == LEFT


def read_order(text: str) -> int:
    """The place of a contact among the others."""
    if not (text.isascii() and text.isdecimal() and len(text) <= 3):
        raise Unreadable("Use a number from 1 to 999.")
    return int(text)


def read_relationship(text: str) -> str:
    """A relationship in words; the census's three letters are spelt out where they are known."""
    return RELATIONSHIPS.get(text.upper()) or read_name(text, kind="relationship")
