"""Tables as they may be published: chosen by the suppressor, tried by the attacker, refused when it gets through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from booking.equity.attack import Interval, attack_tables
from booking.equity.protection import CannotProtect
from booking.equity.table_protection import Protected, protect_tables
from booking.equity.tables import CellName, Table, cell_naming

WITHHELD = "c"


def published_cells(tables: Sequence[Table], k: int) -> list[dict[str, Any]]:
    """Every cell of the tables as printed by `protect`, with the attacker's interval of it.

    Raises CannotProtect when some small count would still show, and TableError for tables that disagree.
    """
    for whole in (False, True):
        protected = protect_tables(tables, k, whole=whole)
        published = [with_withheld(table, tables, protected.withheld) for table in tables]
        found = attack_tables(published)
        if not broken(tables, protected, found, k):
            call = cell_naming(tables)
            return [
                {**cell, "primary": call(cell["row"], cell["column"]) in protected.primary}
                for cell in cells(published, found)
            ]
    raise CannotProtect("Some small counts could still be worked out; nothing can be published.")


def with_withheld(table: Table, tables: Sequence[Table], withheld: frozenset[CellName]) -> Table:
    """The table as a reader sees it."""
    call = cell_naming(tables)
    counts = tuple(
        tuple(
            None if call(row, column) in withheld else count
            for column, count in zip(table.columns, line, strict=True)
        )
        for row, line in zip(table.rows, table.counts, strict=True)
    )
    return Table(table.name, table.rows, table.columns, counts)


def broken(
    tables: Sequence[Table], protected: Protected, found: Mapping[CellName, Interval], k: int
) -> list[CellName]:
    """The protected cells that the attacker narrows too far: never as low as 1 (0 for a count of 1), or never k."""
    call = cell_naming(tables)
    wrong = []
    for table in tables:
        for row, line in zip(table.rows, table.counts, strict=True):
            for column, count in zip(table.columns, line, strict=True):
                name = call(row, column)
                low, high = found[name]
                if (
                    name in protected.primary
                    and count is not None
                    and (low > min(1, count - 1) or (high is not None and high < k))
                ):
                    wrong.append(name)
    return wrong


def cells(tables: Sequence[Table], found: Mapping[CellName, Interval]) -> list[dict[str, Any]]:
    """Every cell of published tables, in reading order, with its interval; `c` stands for a withheld count."""
    call = cell_naming(tables)
    return [
        {
            "table": table.name,
            "row": row,
            "column": column,
            "value": WITHHELD if count is None else count,
            "low": found[call(row, column)][0],
            "high": found[call(row, column)][1],
        }
        for table in tables
        for row, line in zip(table.rows, table.counts, strict=True)
        for column, count in zip(table.columns, line, strict=True)
    ]
