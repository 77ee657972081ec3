"""Table files: CSV with a header, the first column names the row, the others hold counts (`c` = withheld).

Whoever reads a table gets either whole counts of 0 or more, or one sentence that names file, line, column and value.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from booking.core.errors import BookingError

TOTAL = "total"
LARGEST_COUNT = 10_000_000
WITHHELD_MARKS = frozenset({"c", "[c]"})

CellName = tuple[str, str]


class TableError(BookingError):
    """A table file cannot be used; the sentence names the file and, where there is one, line, column and value."""


@dataclass(frozen=True)
class Table:
    """A named table of counts; `None` stands for a withheld count. Totals, if any, are the last row and column."""

    name: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    counts: tuple[tuple[int | None, ...], ...]

    @property
    def has_total_row(self) -> bool:
        """True when the last row is headed `total` and there is a row that it is the total of."""
        return len(self.rows) > 1 and self.rows[-1] == TOTAL

    @property
    def has_total_column(self) -> bool:
        """True when the last column is headed `total` and there is a column that it is the total of."""
        return len(self.columns) > 1 and self.columns[-1] == TOTAL


def read_tables(paths: Sequence[Path], *, may_withhold: bool = False) -> list[Table]:
    """Read each file; a table is called by its file's name, or by the path as given where two names are the same."""
    names = [path.name for path in paths]
    if len({path.resolve() for path in paths}) < len(paths):
        raise TableError("The same table file is given twice.")
    return [
        read_table(
            path, may_withhold=may_withhold, name=path.name if names.count(path.name) == 1 else str(path)
        )
        for path in paths
    ]


def read_table(path: Path, *, may_withhold: bool = False, name: str | None = None) -> Table:
    """Read one file and hold its totals, where it has any, against what they are totals of."""
    name = name or path.name
    lines = _lines(path, name)
    if not lines:
        raise TableError(f"{name} is empty: a header line was expected.")
    header, body = lines[0][1], lines[1:]
    columns = _names(header[1:], name, f"line {lines[0][0]}", "column")
    if not columns:
        raise TableError(f"{name}, line {lines[0][0]}: the header names no column of counts.")
    if not body:
        raise TableError(f"{name} has a header and no rows.")
    counts = tuple(_counts(name, number, cells, columns, may_withhold) for number, cells in body)
    rows = _names([cells[0] for _, cells in body], name, "its first column", "row")
    table = Table(name, rows, columns, counts)
    _check_place_of_totals(table)
    check_sums(table)
    return table


def _lines(path: Path, name: str) -> list[tuple[int, list[str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            return [(reader.line_num, cells) for cells in reader if any(cell.strip() for cell in cells)]
    except OSError as error:
        raise TableError(f"{name} cannot be read: {error.strerror or 'unknown reason'}.") from error
    except UnicodeDecodeError as error:
        raise TableError(f"{name} is not UTF-8 text (byte {error.start}).") from error
    except csv.Error as error:
        raise TableError(f"{name} is not a CSV file: {error}.") from error


def _names(cells: Iterable[str], name: str, where: str, what: str) -> tuple[str, ...]:
    names = []
    for cell in cells:
        label = " ".join(cell.split())
        if label.casefold() == TOTAL:
            label = TOTAL
        if not label:
            raise TableError(f"{name}, {where}: a {what} has no name.")
        if label in names:
            raise TableError(f'{name}, {where}: the {what} "{label}" is there twice.')
        names.append(label)
    return tuple(names)


def _counts(
    name: str, line: int, cells: list[str], columns: tuple[str, ...], may_withhold: bool
) -> tuple[int | None, ...]:
    if len(cells) != len(columns) + 1:
        raise TableError(f"{name}, line {line}: {len(cells)} cells, but the header has {len(columns) + 1}.")
    return tuple(
        _count(name, line, column, cell.strip(), may_withhold)
        for column, cell in zip(columns, cells[1:], strict=True)
    )


def _count(name: str, line: int, column: str, cell: str, may_withhold: bool) -> int | None:
    if may_withhold and cell.casefold() in WITHHELD_MARKS:
        return None
    if not (cell.isascii() and cell.isdigit()):
        wanted = 'a whole number of 0 or more, or "c"' if may_withhold else "a whole number of 0 or more"
        raise TableError(f'{name}, line {line}, column "{column}": "{cell}" is not {wanted}.')
    if len(cell.lstrip("0")) > len(str(LARGEST_COUNT)) or int(cell) > LARGEST_COUNT:
        raise TableError(f'{name}, line {line}, column "{column}": "{cell[:20]}" is over {LARGEST_COUNT}.')
    return int(cell)


def _check_place_of_totals(table: Table) -> None:
    for names, what in ((table.rows, "row"), (table.columns, "column")):
        if TOTAL in names[:-1]:
            raise TableError(f'{table.name}: the {what} "total" must be the last {what}.')


def require_totals(table: Table) -> None:
    """Refuse a table whose last row and last column are not headed `total`."""
    if not table.has_total_row or not table.has_total_column:
        missing = "row" if table.has_total_column else "column"
        raise TableError(
            f'{table.name}: the last {missing} must be headed "total", after the {missing}s that it adds up.'
        )


def check_sums(table: Table) -> None:
    """Refuse a total that its own line cannot add up to, naming the line, what it adds up to and what it says."""
    if table.has_total_column:
        for row, counts in zip(table.rows, table.counts, strict=True):
            _check_sum(table.name, "row", row, counts)
    if table.has_total_row:
        for column, line in zip(table.columns, zip(*table.counts, strict=True), strict=True):
            _check_sum(table.name, "column", column, line)


def _check_sum(name: str, what: str, label: str, line: Sequence[int | None]) -> None:
    *parts, total = line
    shown = sum(part for part in parts if part is not None)
    if total is None:
        return
    if None not in parts and shown != total:
        raise TableError(
            f'{name}, {what} "{label}": the counts add up to {shown}, but the total says {total}.'
        )
    if shown > total:
        raise TableError(
            f'{name}, {what} "{label}": the shown counts come to {shown}, over the total {total}.'
        )


def without_totals(table: Table) -> Table:
    """The same table with its total row and column left out."""
    rows = table.rows[:-1] if table.has_total_row else table.rows
    columns = table.columns[:-1] if table.has_total_column else table.columns
    counts = tuple(line[: len(columns)] for line in table.counts[: len(rows)])
    return Table(table.name, rows, columns, counts)


def cell_naming(tables: Sequence[Table]) -> Callable[[str, str], CellName]:
    """How a cell is called, so that cells of several tables with the same row and column are one.

    A row in one table and a column in another that carry one name are one group too, so a cell is called by
    its two names whatever their order; unless a table uses one name both ways, when the order tells.
    """
    if any((set(table.rows) & set(table.columns)) - {TOTAL} for table in tables):
        return lambda row, column: (row, column)
    return lambda row, column: (row, column) if row <= column else (column, row)
