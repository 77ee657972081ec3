"""Invented tables and schools for the tests of the equity room."""

from __future__ import annotations

import random
from collections.abc import Sequence

from booking.equity.tables import Table, cell_naming
from booking.equity.uptake import PupilRow

CLUBS = [[22, 6, 3, 8], [15, 9, 7, 4], [18, 2, 6, 10], [31, 12, 9, 5]]


def a_table(
    counts: Sequence[Sequence[int]],
    name: str = "clubs.csv",
    rows: Sequence[str] | None = None,
    columns: Sequence[str] | None = None,
) -> Table:
    """A table with its totals added up."""
    lines = [[*line, sum(line)] for line in counts]
    lines.append([sum(column) for column in zip(*lines, strict=True)])
    rows = rows or [f"row {number}" for number in range(len(counts))]
    columns = columns or [f"column {number}" for number in range(len(counts[0]))]
    return Table(name, (*rows, "total"), (*columns, "total"), tuple(tuple(line) for line in lines))


def hiding(
    tables: Sequence[Table], withheld: Sequence[tuple[str, str]] | frozenset[tuple[str, str]]
) -> list[Table]:
    """The tables with these cells withheld wherever they are."""
    call = cell_naming(tables)
    return [
        Table(
            table.name,
            table.rows,
            table.columns,
            tuple(
                tuple(
                    None if call(row, column) in withheld else count
                    for column, count in zip(table.columns, line, strict=True)
                )
                for row, line in zip(table.rows, table.counts, strict=True)
            ),
        )
        for table in tables
    ]


def a_school(
    seed: int, pupils: int = 210, rate: float = 0.47, gap: float = 0.2
) -> tuple[list[PupilRow], dict[int, int]]:
    """A roll with realistic shares, and the sessions of those who took part; pupil premium takes part less by `gap`."""
    chance = random.Random(seed)
    rows, sessions = [], {}
    for number in range(pupils):
        year = chance.choice(["N1", "R", "1", "2", "3", "4", "5", "6"])
        has_premium = chance.random() < 0.25
        sen = chance.choices(["SEN support", "EHC plan", "No SEN"], [14 + 6 * has_premium, 4, 82])[0]
        groups = {
            "pupil_premium": "Pupil premium" if has_premium else "Not pupil premium",
            "eal": chance.choices(["EAL", "Not EAL", "Not known"], [20, 78, 2])[0],
            "sen": sen,
            "ethnicity": chance.choices(
                ["White", "Asian", "Black", "Mixed", "Other", "Unknown"], [58, 18, 11, 8, 4, 1]
            )[0],
            "sex": chance.choice(["Girls", "Boys"]),
            "phase": "Nursery"
            if year == "N1"
            else "Reception to Year 2"
            if year in "R12"
            else "Years 3 to 6",
        }
        rows.append(PupilRow(number, year, groups))
        if chance.random() < rate - gap * has_premium:
            sessions[number] = chance.randint(1, 30)
    return rows, sessions
