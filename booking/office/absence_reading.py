"""Reads a list of absences as school systems write it, or as somebody types names one a line."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from functools import cache
from pathlib import Path

from booking.office.fields import parse_hour
from booking.people.import_problems import ColumnsUnknown, ImportProblem, ImportRefused
from booking.people.import_table import Row, Table, guess_headings, read_table, table_text

FIELDS = {
    "name": "The whole name",
    "surname": "Surname",
    "forename": "First name",
    "upn": "UPN",
    "class_name": "Class",
    "mark": "Mark of the afternoon (or of the day)",
    "morning": "Mark of the morning",
    "leaves_at": "When the child leaves early",
    "why": "Why, or a comment",
}
KNOWN: Mapping[str, tuple[str, ...]] = {
    "name": ("name", "full name", "pupil", "pupil name", "student", "student name", "child"),
    "surname": ("surname", "legal surname", "last name", "family name", "pupil surname"),
    "forename": (
        "forename",
        "first name",
        "legal forename",
        "preferred forename",
        "preferred name",
        "given name",
    ),
    "upn": ("upn", "unique pupil number"),
    "class_name": (
        "class",
        "reg",
        "reg group",
        "registration group",
        "registration form",
        "form",
        "tutor group",
    ),
    "mark": (
        "mark",
        "code",
        "pm",
        "pm mark",
        "pm code",
        "attendance mark",
        "attendance code",
        "absence code",
        "session 2",
    ),
    "morning": ("am", "am mark", "am code", "session 1"),
    "leaves_at": (
        "leaves",
        "leaves at",
        "left at",
        "leaving time",
        "out",
        "time out",
        "early",
        "collected at",
        "time",
    ),
    "why": ("reason", "comment", "comments", "note", "notes", "why", "description", "absence reason"),
}
CODES = Path(__file__).parent / "data" / "absence_codes.csv"
SEPARATOR = re.compile(r"[\t,;]")
LONGEST_NAME, LONGEST_WORDS = 120, 200


@dataclass(frozen=True)
class AbsenceLine:
    """One line of the list: who, what is so of that child, and why if the list says it."""

    line: int
    upn: str
    surname: str
    forename: str
    name: str
    class_name: str
    kind: str
    at_time: time | None
    words: str

    @property
    def said(self) -> str:
        """The child as the list names it."""
        return self.name or f"{self.forename} {self.surname}".strip() or self.upn


@dataclass(frozen=True)
class ReadList:
    """What a list says: who is away or leaves early, who is out with the school, and how many of its lines are in."""

    file: str
    lines: tuple[AbsenceLine, ...]
    out: tuple[AbsenceLine, ...] = ()
    is_in: int = 0


def field_of(heading: str) -> str | None:
    """What a heading means, or nothing."""
    plain = " ".join(re.split(r"[^a-z0-9]+", heading.casefold())).strip()
    return next((field for field, known in KNOWN.items() if plain in known), None)


def headings_of(content: bytes, file: str) -> tuple[str, ...]:
    """What a person may choose from; nothing when the list is no table."""
    try:
        return guess_headings(content, file, knows=lambda text: field_of(text) is not None)
    except ImportRefused:
        return ()


def read_absences(content: bytes, file: str, *, mapping: Mapping[str, str] | None = None) -> ReadList:
    """Read a list; `mapping` is what a person said of its headings. Raises `ImportRefused` with every problem."""
    if not mapping:
        names = _names(table_text(content, file))
        if names:
            return ReadList(file, names)
    chosen = set(mapping.values()) if mapping else set()
    table = read_table(
        content, file, knows=lambda text: text.strip() in chosen if mapping else field_of(text) is not None
    )
    columns = _columns(table, mapping)
    return _read(table, columns)


def squared(text: str) -> str:
    """Pasted cells with the empty ones at the very end, which a form trims away."""
    lines = text.splitlines()
    short = lines[0].count("\t") - lines[-1].count("\t") if lines else 0
    return text + "\t" * max(0, short)


def _columns(table: Table, mapping: Mapping[str, str] | None) -> dict[str, int]:
    """Where each field stands; the first of two columns of one meaning counts. Raises `ColumnsUnknown`."""
    columns: dict[str, int] = {}
    for place, heading in enumerate(table.headings):
        said = (
            [field for field, name in mapping.items() if name == heading] if mapping else [field_of(heading)]
        )
        for field in said:
            if field:
                columns.setdefault(field, place)
    if not {"name", "upn"} & set(columns) and not {"surname", "forename"} <= set(columns):
        reason = "No column that says which child: the name, surname and first name, or the UPN."
        raise ColumnsUnknown([ImportProblem(table.file, table.line, "", "", reason)])
    return columns


def _read(table: Table, columns: Mapping[str, int]) -> ReadList:
    lines, out, problems, is_in = [], [], [], 0
    for row in table.rows:
        cells = {field: " ".join(row.cells[place].split()) for field, place in columns.items()}
        mark = cells.get("mark") or cells.get("morning", "")
        try:
            leaves = parse_hour(cells["leaves_at"]) if cells.get("leaves_at") else None
        except ValueError as error:
            problems.append(ImportProblem(table.file, row.line, "", cells["leaves_at"], str(error)))
            continue
        where = absence_codes().get(mark.upper(), "away") if mark else "away"
        line = _line(row, cells, leaves)
        if not line.said:
            problems.append(ImportProblem(table.file, row.line, "", "", "This line names no child."))
        elif leaves is not None or where == "away":
            lines.append(line)
        elif where == "out":
            out.append(line)
        else:
            is_in += 1
    if problems:
        raise ImportRefused(problems)
    return ReadList(table.file, tuple(lines), tuple(out), is_in)


def _line(row: Row, cells: Mapping[str, str], leaves: time | None) -> AbsenceLine:
    who = {
        field: cells.get(field, "")[:LONGEST_NAME]
        for field in ("upn", "surname", "forename", "name", "class_name")
    }
    kind = "leaves_early" if leaves is not None else "away"
    words = cells.get("why", "")[:LONGEST_WORDS]
    return AbsenceLine(line=row.line, kind=kind, at_time=leaves, words=words, **who)


@cache
def absence_codes() -> Mapping[str, str]:
    """Of each code of the attendance register that is no absence: `in` school, or `out` with it. Others are away."""
    with CODES.open(encoding="utf-8", newline="") as file:
        return {row["code"]: row["where"] for row in csv.DictReader(file)}


def _names(text: str) -> tuple[AbsenceLine, ...]:
    """Names one a line, `Ada Okafor` or `Okafor, Ada`; nothing when it looks like a table."""
    rows = [(number, line.strip()) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    if rows and field_of(rows[0][1]) == "name":
        rows = rows[1:]
    found = []
    for number, line in rows:
        parts = [part.strip().strip('"') for part in SEPARATOR.split(line.strip('"'))]
        is_known = any(field_of(part) for part in parts)
        is_name = all(re.search(r"[^\W\d_]", part) for part in parts)
        if (
            len(parts) > 2
            or len(line) > LONGEST_NAME
            or is_known
            or not is_name
            or re.search(r"[\d/@<>]", line)
        ):
            return ()
        surname, forename = parts if len(parts) == 2 else ("", "")
        name = "" if len(parts) == 2 else parts[0]
        found.append(AbsenceLine(number, "", surname, forename, name, "", "away", None, ""))
    return tuple(found)
