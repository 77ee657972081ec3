"""The pupil premium list that the department gives to a school: it changes facts of pupils on the roll, and adds nobody.

Its columns are those of Get information about pupils. The money and the share of a year are left alone. Pupil premium
is deprivation (which is FSM Ever 6), adoption from care or being looked after; the service premium stands apart.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from booking.people.import_problems import ImportProblem, ImportRefused
from booking.people.import_rows import PupilFile, PupilRow
from booking.people.import_table import Row, Table, read_table
from booking.people.import_values import NO, Unreadable, clean, read_date, read_flag, read_upn
from booking.people.models import Pupil

MARK = "deprivationpupilpremium"
"""The heading that no other file has."""
COLUMNS = {
    "upn": "upn", "uniquepupilnumber": "upn", "dob": "born", "dateofbirth": "born", MARK: "deprivation",
    "servicechildpremium": "service", "adoptedfromcarepremium": "adopted", "lookedafterpremium": "looked_after",
    "pupilpremiumfyenddate": "until",
}  # fmt: skip
LEFT_ALONE = frozenset(
    {
        "surname", "forename", "sex", "gender", "ncyear", "pupilpremiumfte", "pupilpremiumcashamount",
        "pupilpremiumfystartdate", "lastfsm", "modservice", "censusserviceever6",
    }
)  # fmt: skip
NEEDED = {"upn": "UPN", "deprivation": "Deprivation Pupil Premium"}


@dataclass(frozen=True)
class PremiumRow:
    """What the list says of one child; `until` is the last day of the financial year that it is about."""

    line: int
    upn: str
    born: date | None
    until: date | None
    deprivation: bool
    adopted: bool
    looked_after: bool
    service: bool

    @property
    def facts(self) -> dict[str, str]:
        """The list decides on premium and Ever 6; of care and service it can say yes, for later news may say more."""
        has_premium = self.deprivation or self.adopted or self.looked_after
        told = {"pupil_premium": "yes" if has_premium else NO, "fsm6": "yes" if self.deprivation else NO}
        if self.looked_after:
            told["looked_after"] = "yes"
        if self.service:
            told["service_child"] = "yes"
        return told


@dataclass(frozen=True)
class PremiumFile:
    """A list that could be read: a row for each UPN, and the headings that nobody knows."""

    name: str
    rows: tuple[PremiumRow, ...]
    unread: tuple[str, ...]


def is_premium(content: bytes) -> bool:
    """Whether these bytes begin like a pupil premium list, in whatever encoding."""
    return MARK.encode() in re.sub(rb"[^a-z0-9]", b"", content[:4000].lower())


def read_premium(content: bytes, file: str) -> PremiumFile:
    """Read and check every row; of several years the newest counts. Raises `ImportRefused` with all problems."""
    table = read_table(content, file, knows=lambda text: _plain(text) in COLUMNS)
    columns = {COLUMNS[_plain(h)]: place for place, h in enumerate(table.headings) if _plain(h) in COLUMNS}
    missing = [words for name, words in NEEDED.items() if name not in columns]
    if missing:
        reason = "This column is missing."
        raise ImportRefused([ImportProblem(file, table.line, words, "", reason) for words in missing])
    reader = _Reader(table, columns)
    rows = [row for row in map(reader.row, table.rows) if row is not None]
    if reader.problems:
        raise ImportRefused(reader.problems)
    unread = tuple(h for h in table.headings if h and _plain(h) not in COLUMNS.keys() | LEFT_ALONE)
    return PremiumFile(file, tuple(_newest(rows)), unread)


def told_of(premium: PremiumFile, pupils: Iterable[Pupil]) -> PupilFile:
    """The list as rows of the pupils whom it means: nobody is added, and nobody is missing.

    A UPN that is not on the roll is noted with what is not read. Raises `ImportRefused` where a UPN and a date of
    birth are of two children.
    """
    by_upn = {pupil.upn: pupil for pupil in pupils if pupil.status == "on_roll"}
    rows, notes, problems = [], [], []
    for row in premium.rows:
        pupil = by_upn.get(row.upn)
        if pupil is None:
            notes.append(f"UPN {row.upn} on line {row.line}, who is not on the roll")
        elif row.born not in {None, pupil.date_of_birth}:
            reason = f"On the roll this is {pupil.full_name}, born {pupil.date_of_birth:%d/%m/%Y}."
            problems.append(ImportProblem(premium.name, row.line, "UPN", row.upn, reason))
        else:
            rows.append(_pupil_row(pupil, row))
    if problems:
        raise ImportRefused(problems)
    return PupilFile(premium.name, tuple(rows), (*premium.unread, *notes), is_partial=True)


def _pupil_row(pupil: Pupil, row: PremiumRow) -> PupilRow:
    return PupilRow(
        line=row.line,
        upn=pupil.upn,
        surname=pupil.surname,
        forename=pupil.forename,
        preferred_name=None,
        date_of_birth=pupil.date_of_birth,
        year_group=None,
        class_name=None,
        joined_on=None,
        facts=row.facts,
        contacts=(),
    )


class _Reader:
    """Reads the cells of one list, noting each problem with its place."""

    def __init__(self, table: Table, columns: dict[str, int]) -> None:
        self.table, self.columns = table, columns
        self.problems: list[ImportProblem] = []

    def row(self, row: Row) -> PremiumRow | None:
        """One line; none when something in it is wrong."""
        before = len(self.problems)
        value = partial(self._value, row)
        upn, born, until = value("upn", read_upn), value("born", read_date), value("until", read_date)
        flags = {
            name: value(name, _amount) or False
            for name in ("deprivation", "adopted", "looked_after", "service")
        }
        if upn is None and len(self.problems) == before:
            self._note(row, "upn", "", "This cell is empty, and every pupil needs it.")
        if len(self.problems) > before:
            return None
        return PremiumRow(row.line, upn, born, until, **flags)

    def _value(self, row: Row, name: str, read: Callable[[str], Any]) -> Any:
        text = row.cells[self.columns[name]] if name in self.columns else ""
        try:
            cleaned = clean(text)
            return read(cleaned) if cleaned else None
        except Unreadable as error:
            self._note(row, name, text, str(error))
        return None

    def _note(self, row: Row, name: str, value: str, reason: str) -> None:
        heading = self.table.headings[self.columns[name]]
        self.problems.append(ImportProblem(self.table.file, row.line, heading, value, reason))


def _newest(rows: list[PremiumRow]) -> list[PremiumRow]:
    """One row for each UPN: the last of the newest financial year, at the place of its own line."""
    found: dict[str, PremiumRow] = {}
    for row in rows:
        known = found.get(row.upn)
        if known is None or (row.until or date.min) >= (known.until or date.min):
            found[row.upn] = row
    return sorted(found.values(), key=lambda row: row.line)


def _amount(text: str) -> bool:
    """Yes and no, or a number of which any but nought is a yes."""
    if re.fullmatch(r"\d{1,6}(\.\d{1,4})?", text):
        return float(text) > 0
    return read_flag(text) == "yes"


def _plain(heading: str) -> str:
    return re.sub(r"[^a-z0-9]", "", heading.lower())
