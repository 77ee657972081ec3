"""The attacker let loose on an uptake report: may a reader narrow any small count of it too far?

The reader is given more than the page prints: how many of each group are on the roll, what was released before,
and that nobody's count is below 0. The suppressor's own reckoning is not used here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from booking.equity.attack import Interval, Sum, intervals
from booking.equity.uptake import ALL, Counts, GroupCount, GroupKey
from booking.equity.withholding import EarlierRelease

Cell = tuple[str, str, str, str]
NOW = "now"
PUBLIC = 10


def rows_given_away(
    counts: Counts,
    shown: Collection[GroupKey],
    k: int,
    sensitive: frozenset[str],
    earlier: Sequence[EarlierRelease] = (),
) -> list[GroupKey]:
    """The rows of which a small count can be narrowed too far by a reader of this report, or of this and earlier ones.

    `sensitive` names the characteristics of which "nobody" and "everybody" are small too.
    """
    small = _small_counts(counts, k, sensitive)
    sums = _sums(counts, NOW)
    on_roll = {_cell(NOW, key, "on_roll"): count.on_roll for key, count in counts.items()}
    printed = _printed(counts, shown, NOW)
    lost = _too_narrow(intervals(printed | on_roll, sums, small), small, counts, k)
    sizes = [_cell(NOW, key, "on_roll") for key, count in counts.items() if 0 < count.on_roll < k]
    lost |= _too_narrow(intervals(printed, sums, sizes), sizes, counts, k)
    if earlier:
        lost |= _lost_with_earlier(counts, printed | on_roll, small, k, earlier)
    return sorted({(cell[1], cell[2]) for cell in lost})


def _cell(when: str, key: GroupKey, measure: str) -> Cell:
    return (when, *key, measure)


def _sums(counts: Mapping[GroupKey, GroupCount], when: str) -> list[Sum]:
    """On the roll is took part and stayed away; all pupils are the groups of each characteristic."""
    sums = [
        Sum(_cell(when, key, "on_roll"), (_cell(when, key, "took_part"), _cell(when, key, "stayed_away")))
        for key in counts
    ]
    for characteristic in sorted({key for key, _ in counts} - {ALL[0]}):
        for measure in ("took_part", "stayed_away", "on_roll"):
            parts = tuple(_cell(when, key, measure) for key in counts if key[0] == characteristic)
            sums.append(Sum(_cell(when, ALL, measure), parts))
    return sums


def _printed(
    counts: Mapping[GroupKey, GroupCount], shown: Collection[GroupKey], when: str
) -> dict[Cell, int]:
    return {
        _cell(when, key, measure): getattr(counts[key], measure)
        for key in shown
        for measure in ("took_part", "stayed_away", "on_roll")
    }


def _small_counts(counts: Counts, k: int, sensitive: frozenset[str]) -> list[Cell]:
    found = []
    for key, count in counts.items():
        nobody_tells = count.on_roll < k or (key[0] in sensitive and (k >= PUBLIC or count.on_roll < PUBLIC))
        for measure in ("took_part", "stayed_away"):
            value = getattr(count, measure)
            if 1 <= value < k or (value == 0 and count.on_roll > 0 and nobody_tells):
                found.append(_cell(NOW, key, measure))
    return found


def _too_narrow(found: Mapping[Cell, Interval], cells: Collection[Cell], counts: Counts, k: int) -> set[Cell]:
    """Those that a reader knows to be over 1 (over 0 for a count of 1), or below the threshold.

    Where fewer than k are on the roll the reader knows that much already: then it must be possible that all of them did.
    """
    lost = set()
    for cell in cells:
        count = counts[cell[1], cell[2]]
        value = getattr(count, cell[3])
        low, high = found[cell]
        enough = k if cell[3] == "on_roll" else min(k, count.on_roll)
        if low > max(0, min(1, value - 1)) or _below(high, enough):
            lost.add(cell)
    return lost


def _lost_with_earlier(
    counts: Counts,
    known: Mapping[Cell, int],
    small: Sequence[Cell],
    k: int,
    earlier: Sequence[EarlierRelease],
) -> set[Cell]:
    """What this report and the earlier ones lose together, without what the earlier ones had lost alone."""
    sums = _sums(counts, NOW)
    before: dict[Cell, int] = {}
    differences: dict[Cell, tuple[int, int]] = {}
    for number, release in enumerate(earlier):
        when = f"earlier {number}"
        in_all = abs(counts[ALL].took_part - release.counts[ALL].took_part)
        sums += _sums(release.counts, when)
        before |= _printed(release.counts, release.shown, when)
        before |= {_cell(when, key, "on_roll"): count.on_roll for key, count in release.counts.items()}
        for key in sorted(counts.keys() & release.counts.keys()):
            sums.append(_tie(counts, release, key, when))
            apart = abs(counts[key].took_part - release.counts[key].took_part)
            if 1 <= apart < k and key != ALL:
                differences[_cell(when, key, "joined")] = (
                    apart,
                    min(k, max(apart, min(counts[key].on_roll, in_all))),
                )
    wanted = [*small, *differences]
    public = {cell: value for cell, value in known.items() if cell[3] == "on_roll"}

    def lost(given: Mapping[Cell, int], cells: Collection[Cell]) -> set[Cell]:
        found = intervals(given, sums, cells)
        narrow = {
            cell
            for cell, (value, enough) in differences.items()
            if cell in found and (found[cell][0] > min(1, value - 1) or _below(found[cell][1], enough))
        }
        return narrow | _too_narrow(found, [cell for cell in small if cell in found], counts, k)

    together = lost({**known, **before}, wanted)
    return together - lost(public | before, sorted(together)) if together else together


def _below(high: int | None, enough: int) -> bool:
    return high is not None and high < enough


def _tie(counts: Counts, release: EarlierRelease, key: GroupKey, when: str) -> Sum:
    """Those who took part in the longer period are those of the shorter and those who joined in between."""
    now, then = _cell(NOW, key, "took_part"), _cell(when, key, "took_part")
    difference = counts[key].took_part - release.counts[key].took_part
    if difference == 0 and release.same_period:
        return Sum(now, (then,))
    joined = _cell(when, key, "joined")
    return Sum(now, (then, joined)) if difference >= 0 else Sum(then, (now, joined))
