"""Which rows of an uptake report to withhold: a row's counts stand or fall together.

Readers are taken to know how many of each group are on the roll (census figures are public), and everything that
was released before. Numbers that earlier releases gave away by themselves cannot be taken back and are left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from booking.equity.protection import Need, Problem, balance_of, can_move, choose, sides_of
from booking.equity.uptake import ALL, Characteristic, Counts, GroupCount, GroupKey

PUBLIC_THRESHOLD = 10
TOTAL_WEIGHT = 1_000_000
REACH = 3


@dataclass(frozen=True)
class EarlierRelease:
    """What an earlier report showed, of this period or of one that holds it or lies in it, and its frozen counts.

    `shown` has the rows that were printed; `counts` has all rows, `ALL` among them. Of one period, equal counts are
    one count; else the difference is the number of children who joined in between, and is protected like a count.
    """

    counts: Mapping[GroupKey, GroupCount]
    shown: frozenset[GroupKey]
    same_period: bool


@dataclass
class _Draft:
    """A problem put together cell by cell."""

    k: int
    values: list[int] = field(default_factory=list)
    units: list[int | None] = field(default_factory=list)
    sums: list[list[tuple[int, int]]] = field(default_factory=list)
    needs: list[Need] = field(default_factory=list)

    def cell(self, value: int, unit: int | None) -> int:
        """A new cell; its number."""
        self.values.append(value)
        self.units.append(unit)
        return len(self.values) - 1

    def row(self, count: GroupCount, unit: int | None) -> tuple[int, int, int]:
        """The cells of a row: took part, stayed away, on roll."""
        x, u, n = (self.cell(v, unit) for v in (count.took_part, count.stayed_away, count.on_roll))
        self.sums.append([(x, 1), (u, 1), (n, -1)])
        return x, u, n

    def add_up(self, rows: Mapping[GroupKey, tuple[int, int, int]]) -> None:
        """The rows of each characteristic add up to all pupils, in each of the three columns."""
        for key in sorted({key for key, _ in rows} - {ALL[0]}):
            parts = [cells for name, cells in rows.items() if name[0] == key]
            self.sums += [[*((cells[i], 1) for cells in parts), (rows[ALL][i], -1)] for i in range(3)]


def rows_to_withhold(
    counts: Counts,
    wanted: Sequence[Characteristic],
    k: int,
    earlier: Sequence[EarlierRelease] = (),
    *,
    whole: bool = False,
) -> frozenset[GroupKey]:
    """The rows to withhold, `ALL` among them if need be, of least weight for threshold k."""
    keys = list(counts)
    draft = _Draft(k)
    rows = {key: draft.row(counts[key], unit) for unit, key in enumerate(keys)}
    draft.add_up(rows)
    public = frozenset(cells[2] for cells in rows.values())
    shown_before: set[int] = set()
    joined: list[tuple[int, int]] = []
    for release in earlier:
        shown, between = _add_earlier(draft, release, rows, counts)
        shown_before |= shown
        joined += between
    forced: set[int] = set()
    sensitive = {characteristic.key for characteristic in wanted if characteristic.sensitive}
    for unit, key in enumerate(keys):
        if _add_needs(draft, counts[key], rows[key], public, is_sensitive=key[0] in sensitive):
            forced.add(unit)
    known = public | shown_before
    joined_needs = [_small(cell, draft.values[cell], k, ceiling, known) for cell, ceiling in joined]
    problem = Problem(
        values=draft.values,
        units=draft.units,
        weights=[counts[key].on_roll + 1 + (TOTAL_WEIGHT if key == ALL else 0) for key in keys],
        sums=draft.sums,
        needs=draft.needs,
        forced=frozenset(forced),
        reach=REACH,
    )
    if earlier:
        problem = _against_earlier(problem, joined_needs, known, whole)
    return frozenset(keys[unit] for unit in choose(problem, whole=whole))


def _small(cell: int, value: int, k: int, ceiling: int, fixed: frozenset[int]) -> Need:
    """It must be possible that a small count is 1 or less, and that it is k, or all that there can be (`ceiling`)."""
    return Need(cell, max(value - 1, 1), min(k, ceiling) - value, fixed)


def _add_needs(
    draft: _Draft,
    count: GroupCount,
    cells: tuple[int, int, int],
    public: frozenset[int],
    *,
    is_sensitive: bool,
) -> bool:
    """The needs of one row; true when it has any, and so is withheld whatever else is.

    "Nobody" and "everybody" say something of each child, so a sensitive group's are kept back in a public edition,
    and in a confidential one when the group is small.
    """
    k, n = draft.k, count.on_roll
    before = len(draft.needs)
    for cell in cells[:2]:
        value = draft.values[cell]
        if 1 <= value < k:
            draft.needs.append(_small(cell, value, k, n, public))
        elif value == 0 and (0 < n < k or (is_sensitive and (k >= PUBLIC_THRESHOLD or n < PUBLIC_THRESHOLD))):
            draft.needs.append(Need(cell, 0, min(k, n), public))
    if 0 < n < k:
        draft.needs.append(_small(cells[2], n, k, k, frozenset()))
    return len(draft.needs) > before


def _add_earlier(
    draft: _Draft,
    release: EarlierRelease,
    rows: Mapping[GroupKey, tuple[int, int, int]],
    counts: Counts,
) -> tuple[set[int], list[tuple[int, int]]]:
    """Add an earlier release's rows and ties; the cells it showed, and the small differences with their ceilings."""
    then = {key: draft.row(count, None) for key, count in release.counts.items()}
    draft.add_up(then)
    shown = {cell for key in release.shown for cell in then[key]} | {cells[2] for cells in then.values()}
    small: list[tuple[int, int]] = []
    in_all = abs(counts[ALL].took_part - release.counts[ALL].took_part)
    for key in sorted(then.keys() & rows.keys()):
        now, before = counts[key].took_part, release.counts[key].took_part
        line = [(rows[key][0], 1), (then[key][0], -1)]
        if now != before or not release.same_period:
            joined = draft.cell(abs(now - before), None)
            line.append((joined, -1 if now >= before else 1))
            if 1 <= abs(now - before) < draft.k and key != ALL:
                small.append((joined, max(abs(now - before), min(counts[key].on_roll, in_all))))
        draft.sums.append(line)
    return shown, small


def _against_earlier(problem: Problem, joined: Sequence[Need], known: frozenset[int], whole: bool) -> Problem:
    """Ask each need of a reader who knows the earlier releases too, but for what these gave away by themselves.

    A need that holds for that reader holds for one who knows less; the others stay as they were.
    """
    everything = frozenset(range(len(problem.weights)))
    balance = balance_of(problem)

    def can_hold(need: Need) -> bool:
        return all(can_move(problem, balance, everything, side, whole) for side in sides_of(need))

    needs = []
    for need in problem.needs:
        harder = replace(need, fixed=need.fixed | known)
        needs.append(harder if need.fixed and can_hold(harder) else need)
    return replace(problem, needs=[*needs, *(need for need in joined if can_hold(need))])
