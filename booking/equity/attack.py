"""What a reader can work out about withheld counts: the narrowest interval of each, from everything that is shown.

Knows nothing of how the counts were chosen. Unknown counts are whole and 0 or more; every sum holds. Intervals are
exact, by integer programming; a high end that nothing bounds is None.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from booking.core.errors import BookingError
from booking.equity.tables import CellName, Table, TableError, cell_naming

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]

Interval = tuple[int, int | None]
NO_RAY = 1e-6


class Impossible(BookingError):
    """What is shown contradicts itself: no whole counts fit it."""


@dataclass(frozen=True)
class Sum:
    """The parts add up to the whole."""

    whole: Hashable
    parts: tuple[Hashable, ...]


def intervals(
    known: Mapping[Any, int],
    sums: Iterable[Sum],
    targets: Iterable[Any],
    at_least: Mapping[Any, int] | None = None,
) -> dict[Any, Interval]:
    """The interval of each target, given the known counts, the sums, and what else a reader knows some counts exceed.

    Raises Impossible when nothing fits.
    """
    sums, wanted = list(sums), list(dict.fromkeys(targets))
    unknown = list(
        dict.fromkeys(
            [target for target in wanted if target not in known]
            + [cell for line in sums for cell in (*line.parts, line.whole) if cell not in known]
        )
    )
    found: dict[Any, Interval] = {cell: (known[cell], known[cell]) for cell in wanted if cell in known}
    for cells, lines in _pieces(unknown, sums, known):
        system = _System(cells, lines, known, at_least or {})
        system.check()
        found |= {cell: system.interval(cell) for cell in cells if cell in wanted}
    return {cell: found[cell] for cell in wanted}


def _pieces(
    unknown: Sequence[Any], sums: Sequence[Sum], known: Mapping[Any, int]
) -> list[tuple[list[Any], list[Sum]]]:
    """The unknowns in groups that share no sum; sums that hold no unknown are checked here."""
    leader = {cell: cell for cell in unknown}

    def find(cell: Any) -> Any:
        while leader[cell] != cell:
            leader[cell] = leader[leader[cell]]
            cell = leader[cell]
        return cell

    open_sums = []
    for line in sums:
        cells = [cell for cell in (*line.parts, line.whole) if cell not in known]
        if not cells and sum(known[part] for part in line.parts) != known[line.whole]:
            raise Impossible(f"The counts shown for {line.whole} do not add up.")
        for cell in cells[1:]:
            leader[find(cell)] = find(cells[0])
        if cells:
            open_sums.append((cells[0], line))
    pieces: dict[Any, tuple[list[Any], list[Sum]]] = {}
    for cell in unknown:
        pieces.setdefault(find(cell), ([], []))[0].append(cell)
    for cell, line in open_sums:
        pieces[find(cell)][1].append(line)
    return list(pieces.values())


class _System:
    """Some unknown counts and the sums between them."""

    def __init__(
        self,
        cells: Sequence[Any],
        lines: Sequence[Sum],
        known: Mapping[Any, int],
        at_least: Mapping[Any, int],
    ) -> None:
        import numpy as np

        self.place = {cell: index for index, cell in enumerate(cells)}
        self.matrix = np.zeros((len(lines), len(cells)))
        self.right = np.zeros(len(lines))
        self.low = np.array([float(at_least.get(cell, 0)) for cell in cells])
        for number, line in enumerate(lines):
            for cell, sign in [*((part, 1) for part in line.parts), (line.whole, -1)]:
                if cell in known:
                    self.right[number] -= sign * known[cell]
                else:
                    self.matrix[number, self.place[cell]] += sign

    def _best(self, aim: Array, low: Array, high: float, right: Array, whole: int) -> float | None:
        import numpy as np
        from scipy.optimize import Bounds, LinearConstraint, milp

        answer = milp(
            aim,
            constraints=[LinearConstraint(self.matrix, right, right)] if len(right) else [],
            bounds=Bounds(low, np.full(len(low), high)),
            integrality=np.full(len(low), whole),
            options={"mip_rel_gap": 0.0},
        )
        return float(answer.fun) if answer.success else None

    def check(self) -> None:
        """Refuse what no whole counts fit."""
        import numpy as np

        if self._best(np.zeros(len(self.low)), self.low, np.inf, self.right, 1) is None:
            raise Impossible("These counts cannot all be true: no whole numbers fit what is withheld.")

    def interval(self, cell: Any) -> Interval:
        """The lowest and highest count that fits; None above when it can be as large as one likes."""
        import numpy as np

        aim = np.zeros(len(self.low))
        aim[self.place[cell]] = 1
        lowest = self._best(aim, self.low, np.inf, self.right, 1)
        away = self._best(-aim, np.zeros(len(self.low)), 1.0, np.zeros(len(self.right)), 0)
        if lowest is None or away is None:
            raise Impossible("These counts cannot all be true: no whole numbers fit what is withheld.")
        if away < -NO_RAY:
            return round(lowest), None
        highest = self._best(-aim, self.low, np.inf, self.right, 1)
        if highest is None:
            raise Impossible("These counts cannot all be true: no whole numbers fit what is withheld.")
        return round(lowest), round(-highest)


def attack_tables(tables: Sequence[Table]) -> dict[CellName, Interval]:
    """The interval of every cell of published tables, read together; a shown count is its own interval.

    Cells of the same row and column in several tables are one; sums are known where a total is headed so.
    """
    call = cell_naming(tables)
    known: dict[CellName, int] = {}
    where: dict[CellName, str] = {}
    every: dict[CellName, None] = {}
    for table in tables:
        for row, counts in zip(table.rows, table.counts, strict=True):
            for column, count in zip(table.columns, counts, strict=True):
                name, here = call(row, column), f'{table.name}, row "{row}", column "{column}"'
                every[name] = None
                if count is None:
                    continue
                if known.setdefault(name, count) != count:
                    raise TableError(f"{here} says {count}, but {where[name]} says {known[name]}.")
                where.setdefault(name, here)
    return intervals(known, [line for table in tables for line in _table_sums(table, tables)], every)


def _table_sums(table: Table, tables: Sequence[Table]) -> list[Sum]:
    call = cell_naming(tables)
    sums = []
    if table.has_total_column:
        sums += [
            Sum(call(row, table.columns[-1]), tuple(call(row, column) for column in table.columns[:-1]))
            for row in table.rows
        ]
    if table.has_total_row:
        sums += [
            Sum(call(table.rows[-1], column), tuple(call(row, column) for row in table.rows[:-1]))
            for column in table.columns
        ]
    return sums
