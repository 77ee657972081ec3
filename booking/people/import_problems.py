"""What is wrong with a file of pupils: each problem names file, line, column, value and reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from booking.core.errors import BookingError

LONGEST_SHOWN = 60
MOST_SHOWN = 200


@dataclass(frozen=True)
class ImportProblem:
    """One thing that stops an import; line 1 is the first line of the file, 0 the file as a whole."""

    file: str
    line: int
    column: str
    value: str
    reason: str

    def __str__(self) -> str:
        where = f"{self.file}, line {self.line}" if self.line else self.file
        column = f", column “{shown(self.column)}”" if self.column else ""
        value = f", value “{shown(self.value)}”" if self.value else ""
        return f"{where}{column}{value}: {self.reason}"


class ImportRefused(BookingError):
    """Something in the file is wrong, so nothing was imported; every problem is a line of its own."""

    def __init__(self, problems: Sequence[ImportProblem]) -> None:
        self.problems = list(problems)
        lines = [str(problem) for problem in self.problems[:MOST_SHOWN]]
        if len(self.problems) > MOST_SHOWN:
            lines.append(f"and {len(self.problems) - MOST_SHOWN} more problems")
        super().__init__("\n".join(lines))


class ColumnsUnknown(ImportRefused):
    """A column that every pupil needs is not recognised; a person can say which it is."""


def shown(text: str) -> str:
    """A value as it may stand in a message: signs that cannot be seen written out, and not too long."""
    seen = "".join(sign if sign.isprintable() else f"\\u{ord(sign):04x}" for sign in text)
    return seen if len(seen) <= LONGEST_SHOWN else seen[: LONGEST_SHOWN - 1] + "…"
