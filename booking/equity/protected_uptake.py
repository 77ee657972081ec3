"""The uptake report that may leave the school: a row is whole or withheld, and an attacker has failed on it.

Everything that comes from a withheld count is withheld with it; false discovery is corrected over the shown rows
alone, and the flag is told, never a p or q, which would give counts away. Percentages are whole numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import floor
from typing import Any

from booking.core.errors import BookingError
from booking.equity.discovery import CLEAR
from booking.equity.intervals import newcombe, smallest_clear_gap, wilson
from booking.equity.report_attack import rows_given_away
from booking.equity.uptake import (
    ALL,
    Characteristic,
    Counts,
    GroupKey,
    PupilRow,
    against_rest_p,
    characteristics,
    count_uptake,
    family_q,
    groups_of,
)
from booking.equity.withholding import PUBLIC_THRESHOLD, EarlierRelease, rows_to_withhold

LEAST_THRESHOLD = 5
WITHHELD = "c"


class ReportNotSafe(BookingError):
    """A count below the threshold could still be worked out, so the report is not issued; the rows are named."""


class ThresholdTooLow(BookingError):
    """A report is never released with a threshold below 5."""


@dataclass(frozen=True)
class ReleasedRow:
    """A group as it is released. All figures are None when it is withheld; percent and points are whole numbers.

    `difference` and `is_clear` are None too for a group that is not compared. `clear_from` is the gap in points
    that these numbers would show four times in five.
    """

    group: str
    withheld: bool
    on_roll: int | None = None
    took_part: int | None = None
    percent: int | None = None
    low: int | None = None
    high: int | None = None
    rest_percent: int | None = None
    difference: int | None = None
    difference_low: int | None = None
    difference_high: int | None = None
    is_clear: bool | None = None
    clear_from: int | None = None


@dataclass(frozen=True)
class ReleasedTable:
    """The groups of one characteristic, in an order that does not depend on the figures."""

    key: str
    label: str
    rows: tuple[ReleasedRow, ...]


@dataclass(frozen=True)
class UptakeReport:
    """What may be shown of one period: all pupils, and each characteristic's groups, protected at threshold k."""

    k: int
    everyone: ReleasedRow
    tables: tuple[ReleasedTable, ...]

    @property
    def is_confidential(self) -> bool:
        """A threshold below 10 is for a confidential paper only."""
        return self.k < PUBLIC_THRESHOLD

    @property
    def withheld_count(self) -> int:
        """How many rows are withheld, all pupils among them."""
        return sum(row.withheld for table in self.tables for row in table.rows) + self.everyone.withheld

    def shown_keys(self) -> frozenset[GroupKey]:
        """The rows that are printed, as (characteristic, group)."""
        keys = {(table.key, row.group) for table in self.tables for row in table.rows if not row.withheld}
        return frozenset(keys if self.everyone.withheld else keys | {ALL})


def uptake_report(
    rows: Sequence[PupilRow],
    sessions: Mapping[int, int],
    k: int = PUBLIC_THRESHOLD,
    keys: Sequence[str] | None = None,
    earlier: Sequence[EarlierRelease] = (),
) -> UptakeReport:
    """The protected report of one period, from the frozen roll and each pupil's sessions.

    Raises ThresholdTooLow below 5, NotARoll for rows that cannot be counted, and ReportNotSafe when the attacker
    gets through.
    """
    if k < LEAST_THRESHOLD:
        raise ThresholdTooLow(f"A report needs a threshold of {LEAST_THRESHOLD} or more, not {k}.")
    wanted = characteristics(keys)
    counts = count_uptake(rows, sessions, wanted, merged=True)
    given_away: list[GroupKey] = []
    for whole in (False, True):
        withheld = rows_to_withhold(counts, wanted, k, earlier, whole=whole)
        report = _assemble(counts, wanted, k, withheld)
        sensitive = frozenset(characteristic.key for characteristic in wanted if characteristic.sensitive)
        given_away = rows_given_away(counts, report.shown_keys(), k, sensitive, earlier)
        if not given_away:
            return report
    raise ReportNotSafe(
        f"The report is not issued: {len(given_away)} of its small counts could be worked out."
    )


def frozen_counts(
    rows: Sequence[PupilRow], sessions: Mapping[int, int], keys: Sequence[str] | None = None
) -> Counts:
    """The counts behind a report, to be kept for the attacker of the next one; they are never shown."""
    return count_uptake(rows, sessions, characteristics(keys), merged=True)


def _assemble(
    counts: Counts, wanted: Sequence[Characteristic], k: int, withheld: frozenset[GroupKey]
) -> UptakeReport:
    compared = {}
    for characteristic in wanted:
        for group in groups_of(counts, characteristic):
            key = (characteristic.key, group)
            if not (group in characteristic.reference or key in withheld or ALL in withheld):
                compared[key] = against_rest_p(counts[key], counts[ALL])
    q_values = family_q(counts, compared)
    tables = []
    for characteristic in wanted:
        keys = [(characteristic.key, group) for group in groups_of(counts, characteristic)]
        shown = tuple(_row(key, counts, withheld, q_values) for key in keys)
        tables.append(ReleasedTable(characteristic.key, characteristic.label, shown))
    return UptakeReport(k, _row(ALL, counts, withheld, {}), tuple(tables))


def _row(
    key: GroupKey, counts: Counts, withheld: frozenset[GroupKey], q_values: Mapping[GroupKey, float]
) -> ReleasedRow:
    if key in withheld:
        return ReleasedRow(key[1], withheld=True)
    x, n = counts[key].took_part, counts[key].on_roll
    interval = wilson(x, n)
    row = ReleasedRow(
        key[1],
        withheld=False,
        on_roll=n,
        took_part=x,
        percent=_whole(x / n) if n else None,
        low=_whole(interval[0]) if interval else None,
        high=_whole(interval[1]) if interval else None,
    )
    if key not in q_values:
        return row
    everyone = counts[ALL]
    rest_x, rest_n = everyone.took_part - x, everyone.on_roll - n
    between = newcombe(x, n, rest_x, rest_n)
    clear_from = smallest_clear_gap(n, rest_n, everyone.took_part / everyone.on_roll)
    return ReleasedRow(
        **(
            asdict(row)
            | {
                "rest_percent": _whole(rest_x / rest_n),
                "difference": _whole(x / n - rest_x / rest_n),
                "difference_low": _whole(between[0]) if between else None,
                "difference_high": _whole(between[1]) if between else None,
                "is_clear": q_values[key] <= CLEAR,
                "clear_from": _whole(clear_from) if clear_from is not None else None,
            }
        )
    )


def _whole(share: float) -> int:
    """A share in whole percent, halves away from nought."""
    return floor(share * 100 + 0.5) if share >= 0 else -floor(-share * 100 + 0.5)


def report_as_json(report: UptakeReport) -> dict[str, Any]:
    """The report as plain values for a file: a withheld figure is "c", one that has no value is null."""
    return {
        "k": report.k,
        "everyone": _row_as_json(report.everyone),
        "tables": [
            {"key": table.key, "label": table.label, "rows": [_row_as_json(row) for row in table.rows]}
            for table in report.tables
        ],
    }


def report_from_json(kept: Mapping[str, Any]) -> UptakeReport:
    """The report that `report_as_json` wrote down."""
    return UptakeReport(
        kept["k"],
        _row_from_json(kept["everyone"]),
        tuple(
            ReleasedTable(table["key"], table["label"], tuple(_row_from_json(row) for row in table["rows"]))
            for table in kept["tables"]
        ),
    )


def _row_as_json(row: ReleasedRow) -> dict[str, Any]:
    values = asdict(row)
    if row.withheld:
        return {name: value if name in {"group", "withheld"} else WITHHELD for name, value in values.items()}
    return values


def _row_from_json(kept: Mapping[str, Any]) -> ReleasedRow:
    if kept["withheld"]:
        return ReleasedRow(kept["group"], withheld=True)
    return ReleasedRow(**kept)
