"""What reading a bank's file gives, whatever the kind of file: lines in whole pence, and what is wrong by its line.

Amounts are read from their digits, never through a float. A day that is still to come, or more than a year past, is
named and not taken: a wrong year pays another year's bookings.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from itertools import pairwise

from booking.core.errors import BookingError
from booking.core.money import format_pence
from booking.people.dates import NotADate, parse_date
from booking.people.import_problems import ImportProblem, shown

OLDEST = timedelta(days=366)
MOST_PENCE = 1_000_000_00
MOST_LINES = 200_000
LONGEST_TEXT = 400
_AMOUNT = re.compile(r"([0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.([0-9]{1,2})0*)?")
_SIGNS = str.maketrans({"\N{MINUS SIGN}": "-", "\N{EN DASH}": "-", "\xa0": " "})
_SHORT_YEAR = re.compile(r"(\d{1,2}[ /.-](?:\d{1,2}|[A-Za-z]{3,9})[ /.-])(\d{2})")
_HOUR = re.compile(r"[T ]\d{1,2}:\d{2}.*$")


class Unreadable(ValueError):
    """A value that stands in no form that we read; its words are for the person."""


@dataclass(frozen=True)
class ReadLine:
    """One movement on a bank account: above zero it came in. `number` is its line in the file, or its place in it."""

    number: int
    on: date
    amount_pence: int
    text: str
    reference: str = ""
    balance_pence: int | None = None


@dataclass(frozen=True)
class ReadFile:
    """What a file says: whose it is as far as it tells, its good lines in order, and what is wrong with others."""

    kind: str
    bank: str
    account: str
    lines: tuple[ReadLine, ...]
    problems: tuple[ImportProblem, ...]


def read_pence(text: str) -> int:
    """Pence of `1,234.56`, `£-3`, `(3.00)`, `3.00 CR` or `3.00 DR`; raises `Unreadable`."""
    plain = text.translate(_SIGNS).strip()
    sign = 1
    if plain.startswith("(") and plain.endswith(")"):
        sign, plain = -1, plain[1:-1]
    if plain[-2:].upper() in {"CR", "DR"}:
        sign, plain = (-1 if plain[-2] in "Dd" else 1), plain[:-2]
    plain = plain.upper().replace("GBP", "").replace("£", "").replace(" ", "")
    if plain[:1] in {"-", "+"}:
        sign, plain = (-sign if plain[0] == "-" else sign), plain[1:]
    elif plain.endswith("-"):
        sign, plain = -sign, plain[:-1]
    match = _AMOUNT.fullmatch(plain)
    if match is None:
        raise Unreadable("This is not an amount in pounds and pence.")
    pence = int(match[1].replace(",", "")) * 100 + int((match[2] or "").ljust(2, "0"))
    if pence > MOST_PENCE:
        raise Unreadable(f"This is more than {format_pence(MOST_PENCE)}. Is it an amount?")
    return sign * pence


@lru_cache(maxsize=4_000)
def read_day(text: str) -> date:
    """A day, the day before the month: 25/11/2026, 25/11/26, 25 Nov 2026, 2026-11-25 or 20261125, with or without an
    hour; raises `Unreadable`.
    """
    plain = _HOUR.sub("", text.strip())
    if re.fullmatch(r"\d{8}.*", plain):
        plain = f"{plain[:4]}-{plain[4:6]}-{plain[6:8]}"
    elif match := _SHORT_YEAR.fullmatch(plain):
        plain = f"{match[1]}20{match[2]}"
    try:
        return parse_date(plain)
    except NotADate as error:
        raise Unreadable("This is not a day. It should look like 25/11/2026.") from error


def fits(on: date, today: date) -> None:
    """Raise `Unreadable` for a day that is still to come or more than a year past."""
    if on > today:
        raise Unreadable("This day is still to come. Take the file again from your bank after it.")
    if on < today - OLDEST:
        raise Unreadable("This day is more than a year ago. Is it the right file?")


class LineTaker:
    """Collects the lines of one file; what does not fit becomes a problem with its line, and the next line goes on."""

    def __init__(self, file: str, today: date) -> None:
        self.file, self.today = file, today
        self.lines: list[ReadLine] = []
        self.problems: list[ImportProblem] = []

    def wrong(self, number: int, reason: str, *, column: str = "", value: str = "") -> None:
        """Name what is wrong with a line."""
        self.problems.append(ImportProblem(self.file, number, column, shown(value), reason))

    def take(
        self, number: int, day: str, pence: int, text: str, *, reference: str = "", balance: str = ""
    ) -> None:
        """Take one line up, or name what is wrong with it; a line that moves nothing is left out."""
        try:
            on = read_day(day)
            fits(on, self.today)
        except Unreadable as error:
            self.wrong(number, str(error), column="Date", value=day)
            return
        if not pence:
            return
        if len(self.lines) >= MOST_LINES:
            raise TooManyLines
        self.lines.append(ReadLine(number, on, pence, tidy(text), tidy(reference), _balance_pence(balance)))

    def done(self, kind: str, bank: str, account: str) -> ReadFile:
        """The file as read, the balances held against the amounts; without line breaks a line's number is its place."""
        if len(self.lines) > 1 and self.lines[0].number == self.lines[-1].number:
            self.lines = [replace(line, number=place) for place, line in enumerate(self.lines, 1)]
        self.problems += _gaps(self.file, self.lines)
        problems = sorted(self.problems, key=lambda one: one.line)
        return ReadFile(kind, bank, account, tuple(self.lines), tuple(problems))


class TooManyLines(BookingError):
    """The file has more lines than any school's bank account; nothing was taken up."""

    def __init__(self) -> None:
        super().__init__(f"More than {MOST_LINES:,} lines. Take a shorter time from your bank.")


def tidy(text: str) -> str:
    """A text in one line with single blanks, without signs that cannot be seen, and not too long."""
    seen = "".join(sign if sign.isprintable() else " " for sign in text)
    return " ".join(seen.split()).lstrip("'")[:LONGEST_TEXT]


def _balance_pence(text: str) -> int | None:
    try:
        return read_pence(text) if text.strip() else None
    except Unreadable:
        return None


def _gaps(file: str, lines: list[ReadLine]) -> list[ImportProblem]:
    """Lines whose balance does not follow from the line beside it: something between them is missing or was changed.

    Oldest first or newest first, whichever fits better. Where it fits badly the column is no running balance.
    """
    with_balance = [line for line in lines if line.balance_pence is not None]
    if len(with_balance) < 3 or len(with_balance) != len(lines):
        return []
    pairs = list(pairwise(lines))
    oldest_first = [b for a, b in pairs if _step(a, b) != b.amount_pence]
    newest_first = [b for a, b in pairs if -_step(a, b) != a.amount_pence]
    wrong = min(oldest_first, newest_first, key=len)
    if len(wrong) > max(1, len(pairs) // 10):
        return []
    reason = "The balance does not follow from the line before it. Is a line missing, or cut?"
    return [ImportProblem(file, line.number, "Balance", "", reason) for line in wrong]


def _step(before: ReadLine, after: ReadLine) -> int:
    return (after.balance_pence or 0) - (before.balance_pence or 0)
