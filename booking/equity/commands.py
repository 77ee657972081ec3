"""`booking equity ...`: the statistics alone, on files or numbers given, printed as JSON; what is undefined is null."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from booking.equity.attack import attack_tables
from booking.equity.discovery import benjamini_hochberg
from booking.equity.intervals import gap
from booking.equity.mixing import DRAWS, SEED, mixing
from booking.equity.publication import cells, published_cells
from booking.equity.tables import TableError, read_table, read_tables, without_totals

FILE = click.Path(path_type=Path)

equity: click.Group = click.Group("equity", help="Uptake, gaps, mixing, and what may be published of them.")


def _say(answer: dict[str, Any]) -> None:
    click.echo(json.dumps(answer, ensure_ascii=False, allow_nan=False, indent=2))


def _json_flag(command: Callable[..., None]) -> Callable[..., None]:
    return click.option("--json", is_flag=True, expose_value=False, help="Print JSON (always so).")(command)


@equity.command("mixing")
@click.option(
    "--table", "path", type=FILE, required=True, help="CSV: clubs down, groups across, pupils counted."
)
@click.option("--draws", type=int, default=DRAWS, show_default=True, help="Random tables to compare with.")
@click.option(
    "--seed", type=int, default=SEED, show_default=True, help="The same seed gives the same answer."
)
@_json_flag
def mixing_command(path: Path, draws: int, seed: int) -> None:
    """Do groups meet in the clubs? Indices beside what filling the same places at random would give."""
    table = without_totals(read_table(path))
    if len(table.columns) < 2:
        raise TableError(f"{table.name}: mixing needs two groups or more, one column each.")
    counts = [[count or 0 for count in line] for line in table.counts]
    _say(mixing(counts, table.columns, draws=draws, seed=seed))


@equity.command("gap")
@click.option("--x1", type=int, required=True, help="How many of the group took part.")
@click.option("--n1", type=int, required=True, help="How many are in the group.")
@click.option("--x2", type=int, required=True, help="How many of the others took part.")
@click.option("--n2", type=int, required=True, help="How many others there are.")
@_json_flag
def gap_command(x1: int, n1: int, x2: int, n2: int) -> None:
    """Two shares, their difference and ratio with 95 % intervals, and Fisher's exact p."""
    _say(gap(x1, n1, x2, n2))


@equity.command("fdr")
@click.option(
    "--p", "p_values", type=float, multiple=True, required=True, help="A p-value; give one for each test."
)
@_json_flag
def fdr_command(p_values: tuple[float, ...]) -> None:
    """Benjamini and Hochberg's q for each p, in the same order."""
    _say({"q": benjamini_hochberg(p_values)})


@equity.command("protect")
@click.option(
    "--table", "paths", type=FILE, multiple=True, required=True, help="CSV with totals; several are linked."
)
@click.option("--k", type=int, default=10, show_default=True, help="Counts from 1 to k-1 are protected.")
@_json_flag
def protect_command(paths: tuple[Path, ...], k: int) -> None:
    """Withhold what must be withheld so that no small count can be worked out, and try to work it out."""
    _say({"k": k, "cells": published_cells(read_tables(paths), k)})


@equity.command("attack")
@click.option(
    "--table", "paths", type=FILE, multiple=True, required=True, help='CSV with "c" for what is withheld.'
)
@_json_flag
def attack_command(paths: tuple[Path, ...]) -> None:
    """What a reader can work out: the lowest and highest that each withheld count can be."""
    tables = read_tables(paths, may_withhold=True)
    _say({"cells": cells(tables, attack_tables(tables))})
