"""What every column holds, in the eyes of the law: whose it is, what for, on which basis, and for how long.

The lists stand in `data/`: `columns.csv` classes each column, `tables.csv` says how a table's rows belong to a person,
`retention.csv` how long they are kept. A test fails for a column that is in none of them, and the access request, the
record of processing and retention are all made from these lists.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

DATA = Path(__file__).parent / "data"
CLASSES = {
    "own": "About the person who asks",
    "child": "About the child",
    "third_party": "About another person",
    "internal": "Numbers and states of the system",
    "secret": "Never shown to anybody",
}
TIES = ("user", "child", "account", "staff", "none")


@dataclass(frozen=True)
class TableClass:
    """How the rows of a table belong to somebody, and why they are held.

    `giver_column` names the adult (or account) whose words a row of a child is: another adult's row is not shown.
    """

    table: str
    tie: str
    tie_column: str
    giver_column: str
    purpose: str
    basis: str
    retention: str
    special: str


@dataclass(frozen=True)
class Retention:
    """How long something is kept: so many days from when, in words."""

    retention: str
    days: str
    from_when: str
    words: str


def _rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def column_classes() -> Mapping[tuple[str, str], str]:
    """The class of each (table, column)."""
    return MappingProxyType({(row["table"], row["column"]): row["class"] for row in _rows("columns.csv")})


@cache
def table_classes() -> Mapping[str, TableClass]:
    """What is known of each table."""
    return MappingProxyType({row["table"]: TableClass(**row) for row in _rows("tables.csv")})


@cache
def retention_rules() -> Mapping[str, Retention]:
    """Every rule of keeping, by name."""
    return MappingProxyType({row["retention"]: Retention(**row) for row in _rows("retention.csv")})


def record_of_processing() -> list[dict[str, str]]:
    """The record of processing: a row for each table that holds something about a person."""
    classes = column_classes()
    found = []
    for name, table in sorted(table_classes().items()):
        columns = [
            column
            for (of, column), kind in classes.items()
            if of == name and kind in {"own", "child", "third_party"}
        ]
        if columns:
            found.append(
                {
                    "what": name.replace("_", " "),
                    "columns": ", ".join(columns),
                    "purpose": table.purpose,
                    "lawful basis": table.basis,
                    "special category": table.special or "no",
                    "kept": retention_rules()[table.retention].words,
                }
            )
    return found
