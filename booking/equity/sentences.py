"""What an uptake report says in plain words, made by rule from what it shows, and from nothing else.

No ranking, no colour, no cause. "No clear difference" is never told as "no difference".
"""

from __future__ import annotations

from booking.equity.protected_uptake import ReleasedRow, UptakeReport
from booking.equity.uptake import Characteristic, characteristics

NEAR = 2.5
PARTS = (
    (5, "1 in 20"),
    (10, "1 in 10"),
    (20, "1 in 5"),
    (25, "1 in 4"),
    (100 / 3, "1 in 3"),
    (50, "half of"),
    (200 / 3, "2 in 3"),
    (75, "3 in 4"),
    (80, "4 in 5"),
    (90, "9 in 10"),
)


def headline(report: UptakeReport, when: str) -> str:
    """The finding in one sentence; `when` is said like "in the autumn term"."""
    everyone = report.everyone
    if everyone.withheld:
        return f"The figures of who took part {when} are held back, so that no child can be picked out."
    if not everyone.on_roll:
        return f"Nobody was on the roll {when}."
    start = f"{everyone.took_part} of {everyone.on_roll} pupils ({everyone.percent}%) took part {when}"
    clear = [
        characteristic.in_words(row.group)
        for characteristic, row in _compared(report)
        if row.is_clear and row.difference is not None and row.difference < 0
    ]
    if not clear:
        return f"{start}."
    return f"{start}; fewer among {_listed(clear)} than among other pupils, by more than luck explains."


def sentences(report: UptakeReport, when: str) -> list[str]:
    """A sentence for each compared group that is shown, and one for what is withheld; clear gaps come as they stand."""
    said = [_sentence(characteristic, row, when) for characteristic, row in _compared(report)]
    return [*said, *withheld_sentences(report)]


def withheld_sentences(report: UptakeReport) -> list[str]:
    """What is not shown and why, without a word on which of it is small."""
    count = report.withheld_count
    if not count:
        return []
    rows = "one group" if count == 1 else f"{count} groups"
    return [
        f"The figures of {rows} are withheld so that no child can be picked out, either from them or by taking "
        "other figures away. The head teacher has seen them."
    ]


def how_to_read(report: UptakeReport) -> list[str]:
    """How the figures are to be taken; says the edition's threshold."""
    lines = [
        "A pupil took part who came to at least one session. Each group is held against all other pupils of the school.",
        "The range beside a figure says how far it could have moved by the luck of one period.",
        "A gap is called clear when chance would seldom make one so large, counting all the groups on this page.",
        f"Counts below {report.k}, and any that would give one away, are withheld (c).",
    ]
    if report.is_confidential:
        lines.append("This edition is confidential: do not copy it or put it on the website.")
    return lines


def _compared(report: UptakeReport) -> list[tuple[Characteristic, ReleasedRow]]:
    known = {
        characteristic.key: characteristic
        for characteristic in characteristics([table.key for table in report.tables])
    }
    return [
        (known[table.key], row) for table in report.tables for row in table.rows if row.difference is not None
    ]


def _sentence(characteristic: Characteristic, row: ReleasedRow, when: str) -> str:
    who = characteristic.in_words(row.group)
    if row.is_clear and row.difference:
        way = "lower" if row.difference < 0 else "higher"
        low, high = row.difference_low or 0, row.difference_high or 0
        near, far = sorted((abs(low), abs(high))) if low * high > 0 else (0, max(-low, high))
        return (
            f"{_share(row.percent or 0)} {who} took part {when} ({row.took_part} of {row.on_roll}, {row.percent}%). "
            f"Among all other pupils it was {row.rest_percent}%. That is {_points(abs(row.difference))} {way}, more than "
            f"luck would explain: the true gap is likely to be between {near} and {_points(far)}."
        )
    return (
        f"{row.percent}% of {who} took part {when}, and {row.rest_percent}% of all other pupils: no clear difference. "
        f"With this many pupils, only a gap of about {_points(row.clear_from or 0)} or more would be sure to show."
    )


def _share(percent: int) -> str:
    """The share as people say it, where a simple one is near enough."""
    nearest = min(PARTS, key=lambda part: abs(part[0] - percent))
    if abs(nearest[0] - percent) > NEAR:
        return f"{percent} in every 100"
    return f"About {nearest[1]}"


def _points(points: int) -> str:
    return "1 point" if points == 1 else f"{points} points"


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]
