"""Linked tables with totals as one problem of withholding: which cells are one, which are small, what adds up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from booking.equity.protection import Problem, check_threshold, choose, need_of
from booking.equity.tables import TOTAL, CellName, Table, TableError, cell_naming, require_totals

TOTAL_WEIGHT = 10_000
REACH_OF_LINKED = 10


@dataclass(frozen=True)
class Protected:
    """What to withhold of tables: every cell by name, and those that are protected in their own right."""

    withheld: frozenset[CellName]
    primary: frozenset[CellName]


def protect_tables(tables: Sequence[Table], k: int, *, whole: bool = False) -> Protected:
    """The cells of one or several linked tables to withhold for threshold k; totals only where nothing else helps.

    `whole` asks that the other possible counts be whole numbers too, which linked tables may need.
    """
    check_threshold(k)
    names, problem = table_problem(tables, k)
    chosen = choose(problem, whole=whole)
    return Protected(
        frozenset(names[unit] for unit in chosen), frozenset(names[need.cell] for need in problem.needs)
    )


def table_problem(tables: Sequence[Table], k: int) -> tuple[list[CellName], Problem]:
    """The cells' names and the problem of withholding in tables that all have their totals."""
    values = _linked_values(tables)
    names = list(values)
    place = {name: index for index, name in enumerate(names)}
    inner = sum(value + 1 for name, value in values.items() if TOTAL not in name)
    heavy = max(TOTAL_WEIGHT, inner)
    small = [place[name] for name, value in values.items() if 1 <= value < k]
    call = cell_naming(tables)
    sums = {
        tuple(
            sorted((place[call(row, column)], -1 if moving == TOTAL else 1) for row, column, moving in line)
        )
        for table in tables
        for line in _lines(table)
    }
    problem = Problem(
        values=list(values.values()),
        units=list(range(len(names))),
        weights=[value + 1 + (heavy if TOTAL in name else 0) for name, value in values.items()],
        sums=sorted(sums),
        needs=[need_of(cell, values[names[cell]], k) for cell in small],
        forced=frozenset(small),
        reach=1 if len(tables) == 1 else REACH_OF_LINKED,
    )
    return names, problem


def _linked_values(tables: Sequence[Table]) -> dict[CellName, int]:
    """The count of every cell; refuses tables that disagree about a cell which they share."""
    call = cell_naming(tables)
    values: dict[CellName, int] = {}
    where: dict[CellName, str] = {}
    for table in tables:
        require_totals(table)
        for row, counts in zip(table.rows, table.counts, strict=True):
            for column, count in zip(table.columns, counts, strict=True):
                name = call(row, column)
                here = f'{table.name}, row "{row}", column "{column}"'
                if count is None:
                    raise TableError(f"{here}: the count is withheld; protecting needs every count.")
                if values.setdefault(name, count) != count:
                    raise TableError(f"{here} says {count}, but {where[name]} says {values[name]}.")
                where.setdefault(name, here)
    return values


def _lines(table: Table) -> list[list[tuple[str, str, str]]]:
    """Each row and column as (row, column, the name that moves along it)."""
    rows = [[(row, column, column) for column in table.columns] for row in table.rows]
    columns = [[(row, column, row) for row in table.rows] for column in table.columns]
    return rows + columns
