"""Reads the bytes of a table file: which encoding, which separator, where the headings stand, which lines do not fit."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from booking.people.import_problems import ColumnsUnknown, ImportProblem, ImportRefused

SEPARATORS = (",", ";", "\t")
HEADINGS_WITHIN = 10
MOST_ROWS = 20_000
MOST_COLUMNS = 200
FEWEST_COLUMNS = 3
LONGEST_LINE = 100_000
"""More than any table of so many columns needs; a line beyond it is not even cut into cells."""

OTHER_KINDS = (
    (b"PK\x03\x04", "This is an Excel workbook or a zip file. In Excel choose Save As, then CSV UTF-8."),
    (b"\xd0\xcf\x11\xe0", "This is an old Excel workbook. In Excel choose Save As, then CSV UTF-8."),
    (b"%PDF", "This is a PDF. Export the list from your school’s system as CSV."),
    (b"{\\rtf", "This is a text document. Export the list from your school’s system as CSV."),
    (b"\x89PNG", "This is a picture. Export the list from your school’s system as CSV."),
    (b"\xff\xd8\xff", "This is a picture. Export the list from your school’s system as CSV."),
)


@dataclass(frozen=True)
class Row:
    """One line of the table: where it begins in the file, and as many cells as there are headings."""

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A file's headings and rows; blank rows are left out."""

    file: str
    line: int
    headings: tuple[str, ...]
    rows: tuple[Row, ...]


def read_table(content: bytes, file: str, *, knows: Callable[[str], bool]) -> Table:
    """Read a CSV file whose headings `knows` recognises; raises `ImportRefused`.

    The headings may follow up to nine lines of title; of `,` `;` and tab that separator is taken with which
    the most headings are recognised.
    """
    text = table_text(content, file)
    best: tuple[int, str, int] | None = None
    for separator in SEPARATORS:
        for number, cells in enumerate(first_lines(text, separator)):
            known = sum(knows(cell) for cell in cells)
            if known and (best is None or known > best[0]):
                best = (known, separator, number)
    if best is None:
        reason = "No headings that we know, such as UPN, Surname, Forename and DOB."
        raise ColumnsUnknown([ImportProblem(file, 1, "", "", reason)])
    return _table(text, file, separator=best[1], skip=best[2])


def guess_headings(content: bytes, file: str, *, knows: Callable[[str], bool]) -> tuple[str, ...]:
    """What seem to be the headings: the line with the most that we know, else the first of the fullest ones.

    Raises `ImportRefused` when the file is no table at all.
    """
    text = table_text(content, file)
    rank: tuple[int, int] = (0, 0)
    found: tuple[str, ...] = ()
    lines = [cells for separator in SEPARATORS for cells in first_lines(text, separator)]
    for cells in lines:
        named = tuple(dict.fromkeys(cell.strip() for cell in cells if cell.strip()))
        if (better := (sum(knows(cell) for cell in named), len(named))) > rank:
            rank, found = better, named
    if not FEWEST_COLUMNS <= len(found) <= MOST_COLUMNS:
        raise _refused(file, 1, f"This is no table of {FEWEST_COLUMNS} to {MOST_COLUMNS} columns.")
    return found


def table_text(content: bytes, file: str) -> str:
    """The file as text: UTF-16 by its mark, UTF-8 with or without one, else Windows-1252; raises `ImportRefused`."""
    for mark, reason in OTHER_KINDS:
        if content.startswith(mark):
            raise _refused(file, 0, reason)
    if not content.strip(b"\x00 \t\r\n"):
        raise _refused(file, 0, "The file is empty.")
    has_mark = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    encodings = ["utf-16"] if has_mark else ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if text.lstrip().startswith(("<?xml", "<CTfile", "<!DOCTYPE", "<html")):
            raise _refused(file, 0, "This is XML, not a table. Choose CSV, or a common transfer file.")
        _bound_lines(text, file)
        return text
    raise _refused(file, 0, "This is not text in UTF-8 or Windows-1252. Save it as CSV UTF-8.")


def _bound_lines(text: str, file: str) -> None:
    for line in re.finditer(r"[^\r\n]+", text):
        if line.end() - line.start() > LONGEST_LINE:
            number = text.count("\n", 0, line.start()) + 1
            reason = f"This line is far too long for a table of at most {MOST_COLUMNS} columns."
            raise _refused(file, number, f"{reason} Export only what is needed.")


def first_lines(text: str, separator: str, within: int = HEADINGS_WITHIN) -> list[list[str]]:
    """The first records read with one separator; a broken quote ends the look."""
    lines: list[list[str]] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        for cells in reader:
            lines.append(cells)
            if len(lines) == within:
                break
    except csv.Error:
        pass
    return lines


def _table(text: str, file: str, *, separator: str, skip: int) -> Table:
    found = records(text, file, separator)
    for _ in range(skip):
        next(found)
    line, first = next(found)
    headings = tuple(cell.strip() for cell in first)
    while headings and not headings[-1]:
        headings = headings[:-1]
    if len(headings) > MOST_COLUMNS:
        raise _refused(file, line, f"More than {MOST_COLUMNS} columns. Export only what is needed.")
    rows, problems = [], []
    for number, cells in found:
        if not any(cell.strip() for cell in cells):
            continue
        problem = _misfit(file, number, cells, headings)
        if problem:
            problems.append(problem)
        rows.append(Row(number, tuple(cells[: len(headings)])))
        if len(rows) > MOST_ROWS:
            raise _refused(file, number, f"More than {MOST_ROWS:,} rows. Is this the right file?")
    if problems:
        raise ImportRefused(problems)
    if not rows:
        raise _refused(file, line, "There are headings, but no pupil under them.")
    return Table(file, line, headings, tuple(rows))


def records(text: str, file: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Each record with the line on which it begins; a quoted cell may go over several lines.

    Raises `ImportRefused` at the line from which the quotation marks do not pair up.
    """
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    begins = 1
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            reason = "The quotation marks do not pair up from here on, so the rest cannot be read."
            raise _refused(file, begins, reason) from error
        if cells is None:
            return
        yield begins, cells
        begins = reader.line_num + 1


def _misfit(file: str, line: int, cells: list[str], headings: tuple[str, ...]) -> ImportProblem | None:
    """A row with more or fewer cells than headings: something slipped, and which child has what is a guess."""
    extra = [cell for cell in cells[len(headings) :] if cell.strip()]
    if extra:
        reason = f"This row has more cells than the {len(headings)} headings. Is a comma missing its quotes?"
        return ImportProblem(file, line, "", extra[0], reason)
    if len(cells) < len(headings):
        reason = f"This row has {len(cells)} cells, and there are {len(headings)} headings."
        return ImportProblem(file, line, headings[len(cells)], "", reason)
    return None


def _refused(file: str, line: int, reason: str) -> ImportRefused:
    return ImportRefused([ImportProblem(file, line, "", "", reason)])
