"""The second shape of paper: lists in sections (going home, handover, roll call, kitchen, contacts, late, bus).

Nothing here asks the database. A part of a line is a text and how it stands on paper: plain, "strong", "tag", "alert",
"tick", "ticked", "line" or "sign"; what is not said by the text itself is never said by the way it stands alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from booking.core.words import plain_day
from booking.registers.sheets import SLOTS, has_holes, printed_words

Part = tuple[str, str]
Line = tuple[Part, ...]
Cell = tuple[Line, ...]
KEEP_PAPER = timedelta(days=30)
DRAWN = frozenset({"tick", "ticked", "line", "sign"})
"""What is drawn even where no text stands."""
_LONG_CELL = 900
"""Letters of one cell beyond which its row may run over to the next page."""
TICK: Line = (("", "tick"),)
TIME: Line = (("", "tick"), ("", "line"))
SIGN: Line = (("", "sign"),)


def words(text: str, how: str = "") -> Line:
    """A line of one part."""
    return ((text, how),)


def cell(*lines: Line | str) -> Cell:
    """A cell of several lines; a text alone is a plain line, and an empty one is left out."""
    made = (words(line) if isinstance(line, str) else line for line in lines)
    return tuple(line for line in made if any(text or how in DRAWN for text, how in line))


@dataclass(frozen=True)
class Column:
    """A heading and its width: "24mm", a share such as "2fr", or "auto"."""

    head: str
    width: str = "auto"


@dataclass(frozen=True)
class Section:
    """One table of a sheet; `empty` is said when it has no rows, `blanks` rows are left free for a pen."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...] = ()
    title: str = ""
    note: str = ""
    empty: str = ""
    blanks: int = 0


@dataclass(frozen=True)
class ListSheet:
    """One sheet of lists; of `counts` the first stands large at the top, `notes` are lines below the head."""

    title: str
    label: str
    day: date
    school: str
    printed_at: datetime
    printed_by: str = ""
    about: tuple[str, ...] = ()
    kind: str = ""
    counts: tuple[tuple[str, int], ...] = ()
    notes: tuple[Line, ...] = ()
    sections: tuple[Section, ...] = ()
    totals: tuple[str, ...] = ()
    signs: tuple[str, ...] = ()
    holds_care: bool = False

    def data(self) -> dict[str, Any]:
        """The sheet as the template takes it."""
        shape, shape_words = SLOTS[self.kind] if self.kind else ("", "")
        printed = printed_words(self.printed_at, self.printed_by, self.day)
        holds = "Holds care details. " if self.holds_care else ""
        return {
            "kind": "list",
            "title": self.title,
            "label": self.label,
            "school": self.school,
            "about": list(self.about),
            "printed": printed,
            "shape": shape,
            "shape_words": shape_words,
            "foot": f"{holds}Destroy after {plain_day(self.day + KEEP_PAPER)}.",
            "counts": [(name, str(figure)) for name, figure in self.counts],
            "notes": [list(line) for line in self.notes],
            "sections": [_section(section) for section in self.sections],
            "totals": list(self.totals),
            "signs": list(self.signs),
            "has_holes": has_holes((self.title, self.school, *self.about, printed)),
        }


def _section(section: Section) -> dict[str, Any]:
    return {
        "title": section.title,
        "note": section.note,
        "empty": section.empty,
        "blanks": section.blanks,
        "columns": [{"head": column.head, "width": column.width} for column in section.columns],
        "rows": [_row(row) for row in section.rows],
    }


def _row(row: tuple[Cell, ...]) -> dict[str, Any]:
    texts = [[text for text, _ in _parts(one)] for one in row]
    cells: list[Cell] = list(row)
    if has_holes(text for one in texts for text in one):
        cells[0] = (*cells[0], words("(some letters cannot be printed)"))
    return {
        "cells": [[list(line) for line in one] for one in cells],
        "is_long": any(sum(map(len, one)) > _LONG_CELL for one in texts),
    }


def _parts(one: Iterable[Line]) -> Iterator[Part]:
    for line in one:
        yield from line
