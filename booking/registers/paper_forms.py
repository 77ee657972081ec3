"""The sheet on the screen that a paper sheet is typed into: a line a child, times as a hand writes them."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import time

from booking.core.errors import BookingError
from booking.people.models import Pupil
from booking.registers.child_days import OUTS
from booking.registers.paper import PaperRow
from booking.registers.walk_ins import find_children

EXTRA = "extra"
FIELDS = ("in", "out", "how", "detail", "absent", "name")
MORNING_ENDS = 7


class NoTime(BookingError):
    """What was typed is no time of a day."""


def read_time(words: str) -> time | None:
    """A time as a hand writes it: 15:32, 1532, 15.32 or 3.32; before seven it is the afternoon. Raises `NoTime`."""
    if not words.strip():
        return None
    match = re.fullmatch(r"\s*(\d{1,2})\s*[:. ]?\s*(\d{2})\s*", words)
    if match is None or int(match[1]) > 23 or int(match[2]) > 59:
        raise NoTime(f"“{words.strip()}” is no time. Write it as 15:32.")
    hour = int(match[1])
    return time(hour + 12 if 0 < hour < MORNING_ENDS else hour, int(match[2]))


@dataclass
class Line:
    """One line of the sheet as it was typed, with what is wrong about it by field."""

    key: str
    values: dict[str, str]
    pupil: Pupil | None = None
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was typed into the line."""
        return not any(self.values[name] for name in FIELDS if name != "how")


@dataclass
class Sheet:
    """All lines, and the number under which the sheet is kept once."""

    number: str
    lines: list[Line]

    @property
    def error_list(self) -> list[tuple[str, str]]:
        """Each error as (id of its field, sentence)."""
        return [(f"{name}-{line.key}", words) for line in self.lines for name, words in line.errors.items()]


def read_sheet(pupils: Sequence[Pupil], typed: Mapping[str, str]) -> Sheet:
    """The sheet for these children with what was typed so far; the last line is for somebody else."""
    try:
        number = str(uuid.UUID(typed.get("sheet", "")))
    except ValueError:
        number = str(uuid.uuid4())
    keys: list[tuple[str, Pupil | None]] = [(str(pupil.id), pupil) for pupil in pupils]
    lines = [
        Line(key, {name: typed.get(f"{name}-{key}", "").strip() for name in FIELDS}, pupil)
        for key, pupil in [*keys, (EXTRA, None)]
    ]
    return Sheet(number, lines)


def rows_of(sheet: Sheet) -> list[PaperRow]:
    """The lines that say something, as they are to be kept; what is wrong is noted on its line."""
    return [row for line in sheet.lines if not line.is_empty and (row := _row(line)) is not None]


def _row(line: Line) -> PaperRow | None:
    times: dict[str, time | None] = {}
    for name in ("in", "out"):
        try:
            times[name] = read_time(line.values[name])
        except NoTime as error:
            line.errors[name] = str(error)
    pupil = line.pupil or _somebody_else(line)
    how = line.values["how"] or "collected"
    if how not in OUTS:
        line.errors["how"] = "Choose how the child went."
    if line.errors or pupil is None:
        return None
    return PaperRow(
        pupil.id,
        pupil.full_name,
        times["in"],
        times["out"],
        how,
        line.values["detail"][:160],
        is_absent=bool(line.values["absent"]),
        is_walk_in=line.pupil is None,
    )


def _somebody_else(line: Line) -> Pupil | None:
    """The one child of the name on the last line."""
    found = find_children(line.values["name"])
    if len(found) == 1:
        return found[0]
    line.errors["name"] = (
        "We found no child of that name on the roll."
        if not found
        else f"{len(found)} children have that name. Type more of it."
    )
    return None
