"""Do pupils of different groups meet in the clubs? Indices of a clubs × groups table, beside what chance gives.

D: Duncan and Duncan 1955, for many groups Sakoda 1981; exposure and isolation: Massey and Denton 1988; M and H:
Theil 1971, Mora and Ruiz-Castillo 2011. Random mixing keeps the club sizes and group totals (Patefield 1981).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from booking.core.errors import BookingError

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]

DRAWS = 10_000
SEED = 1
BATCH_OF_CELLS = 2_000_000


class NotATable(BookingError):
    """The counts make no table that mixing could be read from, or the draws asked for make no sense."""


def mixing(
    counts: Sequence[Sequence[int]], groups: Sequence[str], *, draws: int = DRAWS, seed: int = SEED
) -> dict[str, Any]:
    """All indices of clubs (rows) by groups (columns), with their values under random mixing; None is undefined.

    The same seed and draws give the same answer. Clubs with nobody in them count for nothing.
    """
    import numpy as np

    if draws < 1 or seed < 0:
        raise NotATable("draws must be 1 or more, and seed 0 or more.")
    if any(len(row) != len(groups) for row in counts):
        raise NotATable("Every club needs one count for each group.")
    table = np.array(counts, dtype=float).reshape(len(counts), len(groups))
    if table.size and table.min() < 0:
        raise NotATable("A count cannot be below 0.")
    table = table[table.sum(axis=1) > 0]
    chance = _simulate(table, draws, seed)
    of_all = {name: _number(_INDICES[name](table[None])[0]) for name in _INDICES}
    return {
        **of_all,
        "expected": {short: _mean(chance[name]) for short, name in _SHORT.items()},
        "H_chance": beside_chance(of_all["H"], chance["H"], _mean(chance["H"])),
        "pairs": [
            _pair(table, groups, of, to, chance)
            for of in range(len(groups))
            for to in range(len(groups))
            if of != to
        ],
        "draws": draws,
        "seed": seed,
    }


def dissimilarity(x: Array, y: Array) -> Array:
    """D of two groups over the last axis: half the sum of the differences of their shares; nan when one is empty."""
    import numpy as np

    with np.errstate(invalid="ignore", divide="ignore"):
        of_x = x / x.sum(axis=-1, keepdims=True)
        of_y = y / y.sum(axis=-1, keepdims=True)
    result: Array = np.abs(of_x - of_y).sum(axis=-1) / 2
    return result


def multigroup_dissimilarity(tables: Array) -> Array:
    """D of many groups (tables, clubs, groups): D itself for two; nan when only one has anyone."""
    import numpy as np

    sizes = tables.sum(axis=2, keepdims=True)
    totals = tables.sum(axis=(1, 2), keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = tables.sum(axis=1, keepdims=True) / totals
        moved = np.abs(tables - sizes * shares).sum(axis=(1, 2))
        interaction = (shares * (1 - shares)).sum(axis=(1, 2))
        result: Array = moved / (2 * totals[:, 0, 0] * interaction)
    return result


def information(tables: Array) -> Array:
    """M: what a pupil's club tells of the group, in nats; nan for a table with nobody."""
    import numpy as np

    total = tables.sum(axis=(1, 2), keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        p = tables / total
        expected = p.sum(axis=1, keepdims=True) * p.sum(axis=2, keepdims=True)
        terms = np.where(p > 0, p * np.log(np.where(p > 0, p, 1) / np.where(p > 0, expected, 1)), 0.0)
    result: Array = np.where(total[:, 0, 0] > 0, np.maximum(terms.sum(axis=(1, 2)), 0.0), np.nan)
    return result


def information_share(tables: Array) -> Array:
    """H: M over the groups' entropy, 0 to 1; nan with fewer than two groups that have anyone."""
    import numpy as np

    with np.errstate(invalid="ignore", divide="ignore"):
        p = tables.sum(axis=1) / tables.sum(axis=(1, 2))[:, None]
        entropy = -np.where(p > 0, p * np.log(np.where(p > 0, p, 1)), 0.0).sum(axis=1)
        result: Array = np.where(entropy > 0, information(tables) / entropy, np.nan)
    return result


_INDICES = {"M": information, "H": information_share, "multigroup_D": multigroup_dissimilarity}
_SHORT = {"D": "multigroup_D", "H": "H", "M": "M"}


def exposure(x: Array, y: Array, sizes: Array) -> Array:
    """xPy over the last axis: the mean share of y in the clubs of x; with y = x this is isolation."""
    import numpy as np

    with np.errstate(invalid="ignore", divide="ignore"):
        result: Array = (x * y / np.where(sizes > 0, sizes, 1)).sum(axis=-1) / x.sum(axis=-1)
    return result


def leave_one_out(x: Array, y: Array, sizes: Array) -> Array:
    """Of the other children in a pupil of x's club, the mean share from y; clubs of one child have no others."""
    import numpy as np

    others = np.where(sizes >= 2, sizes - 1, 1)
    met = np.where(sizes >= 2, x, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        result: Array = (met * y / others).sum(axis=-1) / met.sum(axis=-1)
    return result


def _pair(table: Array, groups: Sequence[str], of: int, to: int, chance: dict[Any, Array]) -> dict[str, Any]:
    """The indices of one group's pupils towards another's, and what random mixing would give."""
    x, y, sizes = table[:, of], table[:, to], table.sum(axis=1)
    total, clubs = sizes.sum(), len(sizes)
    company = sizes >= 2
    in_company = sizes[company].sum()
    apart = total - clubs
    observed_d = _number(dissimilarity(x, y)) if x.sum() and y.sum() else None
    left_out = _number(leave_one_out(x, y, sizes))
    left_out_random = _number(y[company].sum() / (in_company - 1)) if left_out is not None else None
    expected_d = _mean(chance["D", of, to])
    return {
        "of": groups[of],
        "to": groups[to],
        "D": observed_d,
        "expected_D": expected_d,
        "exposure": _number(exposure(x, y, sizes)),
        "exposure_random": _number(apart * y.sum() / (total * (total - 1)))
        if x.sum() and total > 1
        else None,
        "isolation": _number(exposure(x, x, sizes)),
        "isolation_random": _number((clubs + apart * (x.sum() - 1) / (total - 1)) / total)
        if x.sum() and total > 1
        else None,
        "leave_one_out": left_out,
        "leave_one_out_random": left_out_random,
        "D_chance": beside_chance(observed_d, chance["D", of, to], expected_d),
        "leave_one_out_chance": beside_chance(
            left_out, chance["left out", of, to], left_out_random, below=True
        ),
    }


def beside_chance(
    observed: float | None, simulated: Array, expected: float | None, *, below: bool = False
) -> dict[str, float | None]:
    """The 95 % band of chance, the share of draws at least as separate as the observed, and the excess.

    Excess as Carrington and Troske 1997: how far from chance towards the end of the scale, negative below chance.
    """
    import numpy as np

    finite = simulated[np.isfinite(simulated)]
    if observed is None or expected is None or not len(finite):
        return {"low": None, "high": None, "p": None, "excess": None}
    low, high = np.quantile(finite, [0.025, 0.975])
    slack = 1e-12
    extreme = np.sum(finite <= observed + slack) if below else np.sum(finite >= observed - slack)
    room = 1 - expected if observed >= expected else expected
    return {
        "low": float(low),
        "high": float(high),
        "p": float((1 + extreme) / (1 + len(finite))),
        "excess": float((observed - expected) / room) if room > 0 else None,
    }


def _simulate(table: Array, draws: int, seed: int) -> dict[Any, Array]:
    """Every index in `draws` tables with the same club sizes and group totals; empty when nobody is there."""
    import numpy as np

    groups = table.shape[1]
    pairs = [(of, to) for of in range(groups) for to in range(groups) if of != to]
    found: dict[Any, list[Array]] = {name: [] for name in _INDICES}
    found |= {(kind, *pair): [] for kind in ("D", "left out") for pair in pairs}
    for drawn in _random_tables(table, draws, seed):
        sizes = drawn.sum(axis=2)
        for name, index in _INDICES.items():
            found[name].append(index(drawn))
        for of, to in pairs:
            x, y = drawn[:, :, of], drawn[:, :, to]
            found["D", of, to].append(dissimilarity(x, y))
            found["left out", of, to].append(leave_one_out(x, y, sizes))
    return {key: np.concatenate(parts) if parts else np.array([]) for key, parts in found.items()}


def _random_tables(table: Array, draws: int, seed: int) -> Iterator[Array]:
    """Tables of the same margins in batches (tables, clubs, groups).

    A single club or group leaves one table only; there scipy 1.17 draws tables with wrong margins, so it is not asked.
    """
    import numpy as np
    from scipy.stats import random_table

    present = np.flatnonzero(table.sum(axis=0) > 0) if table.size else np.array([], dtype=int)
    if not len(present):
        return
    if len(table) == 1 or len(present) == 1:
        yield np.repeat(table[None], draws, axis=0)
        return
    rng = np.random.default_rng(seed)
    margins = random_table(table.sum(axis=1).astype(int), table[:, present].sum(axis=0).astype(int))
    batch = max(1, BATCH_OF_CELLS // table.size)
    for start in range(0, draws, batch):
        drawn = np.zeros((min(batch, draws - start), *table.shape))
        drawn[:, :, present] = margins.rvs(len(drawn), random_state=rng)
        yield drawn


def _mean(simulated: Array) -> float | None:
    import numpy as np

    finite = simulated[np.isfinite(simulated)]
    return float(finite.mean()) if len(finite) else None


def _number(value: Any) -> float | None:
    return float(value) if value == value and abs(value) != float("inf") else None
