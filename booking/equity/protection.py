"""Which counts of published tables to withhold, so that no small one can be worked out: exact, by integer programming.

For each protected count and each direction there must be another set of counts, equal in all that is shown and
true to every sum, in which the count differs by the distance asked for (Fischetti and Salazar-González 2001, in
its compact form). Among all choices that allow this, the one with the least weight is taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from booking.core.errors import BookingError

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]

SMALLEST_THRESHOLD = 2
SIDES_A_ROUND = 8


class NotAThreshold(BookingError):
    """A threshold below 2 protects nobody."""


class CannotProtect(BookingError):
    """No choice of withheld counts protects every small one; nothing may be published."""


@dataclass(frozen=True)
class Need:
    """How far below and above its true value a count must be able to lie for a reader who knows the `fixed` cells."""

    cell: int
    down: int
    up: int
    fixed: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Problem:
    """Counts, their sums to zero as (cell, sign), and the units that are withheld whole.

    `units[i]` is what cell i is printed with; None for a cell that is never printed. `reach` is how many times the
    distance asked for another cell may have to move: 1 for one two-way table, more where tables are linked.
    """

    values: Sequence[int]
    units: Sequence[int | None]
    weights: Sequence[float]
    sums: Sequence[Sequence[tuple[int, int]]]
    needs: Sequence[Need]
    forced: frozenset[int] = frozenset()
    reach: int = 1


@dataclass(frozen=True)
class Side:
    """One direction of one need: the cell must be able to move by `distance`, `sign` -1 for down."""

    need: Need
    sign: int
    distance: int


def check_threshold(k: int) -> None:
    """Refuse a threshold that protects nobody."""
    if k < SMALLEST_THRESHOLD:
        raise NotAThreshold(f"k is {k}: the threshold must be {SMALLEST_THRESHOLD} or more.")


def need_of(cell: int, value: int, k: int, fixed: frozenset[int] = frozenset()) -> Need:
    """The rule for a small count: it must be possible that it is 1 or less, and that it is k or more."""
    return Need(cell, max(value - 1, 1), k - value, fixed)


def sides_of(need: Need) -> list[Side]:
    """The directions that a need asks for; a distance of 0 asks for nothing."""
    return [Side(need, sign, distance) for sign, distance in ((1, need.up), (-1, need.down)) if distance > 0]


def choose(problem: Problem, *, whole: bool = False) -> frozenset[int]:
    """The units of least weight to withhold; sides that already hold are left out until they do not.

    A choice that is best for some sides and good for all is best for all, so nothing is lost by adding them late.
    """
    sides = [side for need in problem.needs for side in sides_of(need)]
    balance = balance_of(problem)
    taken: list[Side] = []
    chosen = problem.forced
    while True:
        open_sides = (side for side in sides if side not in taken)
        failing = list(
            islice(
                (side for side in open_sides if not can_move(problem, balance, chosen, side, whole)),
                SIDES_A_ROUND,
            )
        )
        if not failing:
            return chosen
        taken += failing
        chosen = _least_weight(problem, taken, whole)


def balance_of(problem: Problem) -> Any:
    """The sums as a sparse matrix, one line each."""
    from scipy.sparse import csr_array

    terms = [(line, cell, sign) for line, parts in enumerate(problem.sums) for cell, sign in parts]
    lines, cells, signs = zip(*terms, strict=True) if terms else ((), (), ())
    shape = (len(problem.sums), len(problem.values))
    return csr_array(([float(sign) for sign in signs], (lines, cells)), shape=shape)


def can_move(problem: Problem, balance: Any, chosen: frozenset[int], side: Side, whole: bool) -> bool:
    """Whether the side holds when just the chosen units are withheld."""
    import numpy as np
    from scipy.optimize import Bounds, LinearConstraint, milp

    count = len(problem.values)
    low, high = np.zeros(count), np.zeros(count)
    for cell, (value, unit) in enumerate(zip(problem.values, problem.units, strict=True)):
        if (unit is None or unit in chosen) and cell not in side.need.fixed:
            low[cell], high[cell] = -value, np.inf
    place = side.need.cell
    if low[place] == high[place]:
        return False
    if side.sign > 0:
        low[place] = side.distance
    else:
        high[place] = -side.distance
    if low[place] > high[place]:
        return False
    answer = milp(
        np.zeros(count),
        constraints=[LinearConstraint(balance, 0, 0)],
        bounds=Bounds(low, high),
        integrality=np.full(count, int(whole)),
    )
    return bool(answer.success)


@dataclass
class _Program:
    """A mixed integer program put together line by line: columns with bounds, rows as sparse terms."""

    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)
    whole: list[int] = field(default_factory=list)
    cost: list[float] = field(default_factory=list)
    terms: list[tuple[int, int, float]] = field(default_factory=list)
    row_low: list[float] = field(default_factory=list)
    row_high: list[float] = field(default_factory=list)

    def column(self, low: float, high: float, whole: bool, cost: float = 0.0) -> int:
        """A new unknown; its number."""
        self.low.append(low)
        self.high.append(high)
        self.whole.append(int(whole))
        self.cost.append(cost)
        return len(self.low) - 1

    def row(self, terms: Sequence[tuple[int, float]], low: float, high: float) -> None:
        """A new condition on the weighted sum of some unknowns."""
        self.terms += [(len(self.row_low), column, weight) for column, weight in terms]
        self.row_low.append(low)
        self.row_high.append(high)

    def solve(self) -> Array | None:
        """The best values, or None when there are none."""
        import numpy as np
        from scipy.optimize import Bounds, LinearConstraint, milp
        from scipy.sparse import csr_array

        rows, columns, weights = zip(*self.terms, strict=True) if self.terms else ((), (), ())
        matrix = csr_array((weights, (rows, columns)), shape=(len(self.row_low), len(self.low)))
        answer = milp(
            np.array(self.cost),
            constraints=[LinearConstraint(matrix, self.row_low, self.row_high)],
            bounds=Bounds(self.low, self.high),
            integrality=np.array(self.whole),
            options={"mip_rel_gap": 0.0},
        )
        solution: Array | None = answer.x if answer.success else None
        return solution


def _least_weight(problem: Problem, sides: Sequence[Side], whole: bool) -> frozenset[int]:
    program = _Program()
    for unit, weight in enumerate(problem.weights):
        program.column(1 if unit in problem.forced else 0, 1, True, weight)
    for line in problem.sums:
        _add_company(program, problem, line)
    for side in sides:
        _add_side(program, problem, side, whole)
    answer = program.solve()
    if answer is None:
        raise CannotProtect("The small counts cannot be protected by withholding; nothing can be published.")
    return frozenset(unit for unit in range(len(problem.weights)) if answer[unit] > 0.5)


def _add_company(program: _Program, problem: Problem, line: Sequence[tuple[int, int]]) -> None:
    """A protected count cannot be the only one withheld in its sum: true in every answer, and it speeds the search."""
    cells = [cell for cell, _ in line]
    units = {problem.units[cell] for cell in cells}
    if None in units or len(units) < len(cells):
        return
    for cell in cells:
        if problem.units[cell] in problem.forced:
            program.row([(problem.units[other] or 0, 1.0) for other in cells if other != cell], 1, len(cells))


def _add_side(program: _Program, problem: Problem, side: Side, whole: bool) -> None:
    """Another set of counts in which the side's cell has moved, and no shown or fixed cell has."""
    most = side.distance * problem.reach
    place = []
    for cell, (value, unit) in enumerate(zip(problem.values, problem.units, strict=True)):
        down, up = min(value, most), most
        if cell == side.need.cell:
            low, high = (side.distance, up) if side.sign > 0 else (-value, -side.distance)
            place.append(program.column(low, high, whole))
            continue
        if cell in side.need.fixed:
            down = up = 0
        elif unit is not None:
            place.append(program.column(-down, up, whole))
            program.row([(place[-1], 1.0), (unit, -up)], -float("inf"), 0)
            program.row([(place[-1], 1.0), (unit, down)], 0, float("inf"))
            continue
        place.append(program.column(-down, up, whole))
    for line in problem.sums:
        program.row([(place[cell], sign) for cell, sign in line], 0, 0)
