"""Turns the rows of a table into pupils as the file tells them, gathering every problem before anything is said.

A blank cell says nothing: it changes nothing and is never taken for a no.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Any

from booking.people.import_headings import MISSING, field_of, find_columns
from booking.people.import_problems import ColumnsUnknown, ImportProblem, ImportRefused
from booking.people.import_table import Row, Table, read_table
from booking.people.import_values import (
    FACT_READERS,
    Unreadable,
    clean,
    read_birthday,
    read_class,
    read_date,
    read_email,
    read_name,
    read_phone,
    read_responsibility,
    read_upn,
    read_year,
)

MOST_CONTACTS = 9


@dataclass(frozen=True)
class ContactRow:
    """An adult whom the file names for a pupil; `priority` is the number in the heading."""

    priority: int
    name: str
    relationship_name: str | None
    phone: str | None
    email: str | None
    parental_responsibility: str
    may_collect: bool | None


@dataclass(frozen=True)
class FactSpan:
    """A group fact over time as a file tells it; without an end it is still so, without a start since ever known."""

    kind: str
    value: str
    starts_on: date | None
    ends_on: date | None = None
    source: str | None = None


@dataclass(frozen=True)
class PupilFile:
    """A file that could be read: its pupils, and the headings that nothing is read from.

    `is_partial` says that the file is not of the whole school: who is missing from it has not left.
    """

    name: str
    rows: tuple[PupilRow, ...]
    unread: tuple[str, ...]
    is_partial: bool = False


@dataclass(frozen=True)
class PupilRow:
    """One pupil as one line tells: None where the file is silent; a fact with an empty value is a spoken no.

    `facts` is what is true now; `spans` is the whole history of the kinds that the file dates (FSM, SEN).
    """

    line: int
    upn: str | None
    surname: str
    forename: str
    preferred_name: str | None
    date_of_birth: date
    year_group: str | None
    class_name: str | None
    joined_on: date | None
    facts: Mapping[str, str]
    contacts: tuple[ContactRow, ...]
    spans: tuple[FactSpan, ...] = ()
    sources: Mapping[str, str] = field(default_factory=dict)
    former_upn: str | None = None
    has_left: bool = False

    @property
    def dated_kinds(self) -> frozenset[str]:
        """The kinds of which the file tells the whole history."""
        return frozenset(span.kind for span in self.spans)

    @property
    def likeness(self) -> tuple[str, str, date]:
        """What a pupil is known by without a UPN; twins differ in the forename."""
        return likeness(self.surname, self.forename, self.date_of_birth)

    @property
    def full_name(self) -> str:
        """The name that the family uses."""
        return f"{self.preferred_name or self.forename} {self.surname}"


def likeness(surname: str, forename: str, born: date) -> tuple[str, str, date]:
    """Surname, forename and date of birth, whatever the case of the letters."""
    return surname.casefold(), forename.casefold(), born


def read_pupils(
    content: bytes, file: str, *, today: date, mapping: Mapping[str, str] | None = None
) -> PupilFile:
    """Read and check every row of a CSV file; raises `ImportRefused` with all problems, `ColumnsUnknown` among them.

    `mapping` names the heading of a field where ours would be wrong, such as {"class_name": "House"}.
    """
    named = set((mapping or {}).values())
    table = read_table(content, file, knows=lambda text: field_of(text) is not None or text.strip() in named)
    columns, problems = find_columns(table.headings, file=file, line=table.line, mapping=mapping)
    if problems:
        is_gap = all(problem.reason == MISSING for problem in problems)
        raise ColumnsUnknown(problems) if is_gap else ImportRefused(problems)
    reader = _Reader(table, columns, today)
    rows = [row for row in map(reader.pupil, table.rows) if row is not None]
    problems = reader.problems + (_doubles(table, columns, rows) if not reader.problems else [])
    if problems:
        raise ImportRefused(sorted(problems, key=lambda problem: problem.line))
    read = set(columns.values())
    unread = tuple(h for index, h in enumerate(table.headings) if index not in read and h)
    return PupilFile(file, tuple(rows), unread)


class _Reader:
    """Reads the cells of one table by field, noting each problem with its place."""

    def __init__(self, table: Table, columns: Mapping[str, int], today: date) -> None:
        self.table, self.columns, self.today = table, columns, today
        self.problems: list[ImportProblem] = []
        self.numbers = [
            n for n in range(1, MOST_CONTACTS + 1) if any(c.startswith(f"contact_{n}_") for c in columns)
        ]

    def pupil(self, row: Row) -> PupilRow | None:
        """One row as a pupil; none when something in it is wrong."""
        before = len(self.problems)
        read = partial(self._read, row)
        values = {
            "upn": read("upn", read_upn),
            "surname": read("surname", read_name, needed=True),
            "forename": read("forename", read_name, needed=True),
            "preferred_name": read("preferred_name", read_name),
            "date_of_birth": read("date_of_birth", partial(read_birthday, today=self.today), needed=True),
            "year_group": read("year_group", read_year),
            "class_name": read("class_name", read_class),
            "joined_on": read("joined_on", read_date),
        }
        told = {kind: read(kind, reader) for kind, reader in FACT_READERS.items()}
        contacts = [self._contact(row, number) for number in self.numbers]
        if len(self.problems) > before:
            return None
        return PupilRow(
            line=row.line,
            **values,
            facts={kind: value for kind, value in told.items() if value is not None},
            contacts=tuple(contact for contact in contacts if contact is not None),
        )

    def _contact(self, row: Row, number: int) -> ContactRow | None:
        """The adult of one number; none when the row names nobody there."""

        def read(part: str, reader: Callable[[str], Any]) -> Any:
            return self._read(row, f"contact_{number}_{part}", reader)

        full = partial(read_name, kind="full_name")
        parts = [read("forename", full), read("surname", full)]
        name = read("name", full) or " ".join(part for part in parts if part)
        relationship = read("relationship", partial(read_name, kind="relationship"))
        phone, email = read("phone", read_phone), read("email", read_email)
        responsibility = read("responsibility", read_responsibility)
        may_collect = read("may_collect", read_responsibility)
        if not name:
            if phone or email:
                self._note(row, self._first_column(number), "", "This contact has no name.")
            return None
        return ContactRow(
            number,
            name[:160],
            relationship,
            phone,
            email,
            responsibility or "not_known",
            None if may_collect is None else may_collect == "yes",
        )

    def _first_column(self, number: int) -> int:
        return min(i for name, i in self.columns.items() if name.startswith(f"contact_{number}_"))

    def _read(self, row: Row, name: str, reader: Callable[[str], Any], *, needed: bool = False) -> Any:
        """The value of one field in a row, or None when it is blank or wrong (then noted)."""
        index = self.columns.get(name)
        if index is None:
            return None
        text = row.cells[index]
        try:
            cleaned = clean(text)
            if cleaned:
                return reader(cleaned)
            if needed:
                self._note(row, index, "", "This cell is empty, and every pupil needs it.")
        except Unreadable as error:
            self._note(row, index, text, str(error))
        return None

    def _note(self, row: Row, index: int, value: str, reason: str) -> None:
        self.problems.append(
            ImportProblem(self.table.file, row.line, self.table.headings[index], value, reason)
        )


def _doubles(table: Table, columns: Mapping[str, int], rows: list[PupilRow]) -> list[ImportProblem]:
    """The doubles of a table, by the headings that it has."""
    upn = table.headings[columns["upn"]] if "upn" in columns else ""
    return find_doubles(table.file, rows, upn=upn, surname=table.headings[columns["surname"]])


def find_doubles(file: str, rows: Sequence[PupilRow], *, upn: str, surname: str) -> list[ImportProblem]:
    """The same pupil on two lines: by UPN, or by name and date of birth where a UPN is missing.

    `upn` and `surname` are what the file calls them.
    """
    problems = []
    upns: dict[str, int] = {}
    likes: dict[tuple[str, str, date], PupilRow] = {}
    for row in rows:
        if row.upn is not None and row.upn in upns:
            reason = f"This UPN stands on line {upns[row.upn]} too."
            problems.append(ImportProblem(file, row.line, upn, row.upn, reason))
        elif row.upn is not None:
            upns[row.upn] = row.line
        twin = likes.setdefault(row.likeness, row)
        if twin is not row and (row.upn is None or twin.upn is None):
            reason = f"A child of this name and date of birth stands on line {twin.line} too."
            problems.append(ImportProblem(file, row.line, surname, row.surname, reason))
    return problems
