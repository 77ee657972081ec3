"""An issued report as files: JSON, CSV and a one-page PDF, all with the same protected figures and the same bytes."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import select

from booking.core import pdf
from booking.core.clock import to_school
from booking.core.csv_cells import Cell, csv_bytes
from booking.core.db import db
from booking.core.words import full_day
from booking.equity.protected_uptake import WITHHELD, ReleasedRow, UptakeReport, report_as_json
from booking.equity.releases import Issued
from booking.equity.sentences import headline, how_to_read, sentences, withheld_sentences
from booking.equity.uptake_plot import uptake_plot
from booking.people.models import School

HEAD = (
    "Group",
    "Took part",
    "On the roll",
    "Share",
    "Between",
    "Other pupils",
    "Gap in points",
    "More than luck",
)
PAPER_HEAD = ("Group", "Took part", "Share", "Between", "Others", "Gap", "Clear")


def when(issued: Issued) -> str:
    """The period in the middle of a sentence."""
    return f"in {issued.period_name}"


def as_json(issued: Issued) -> bytes:
    """The report as JSON; a withheld figure is "c", one without a value is null."""
    found: dict[str, Any] = {
        "period": issued.period_name,
        "from": issued.starts_on.isoformat(),
        "to": issued.ends_on.isoformat(),
        "released": to_school(issued.released_at).date().isoformat(),
        "headline": headline(issued.report, when(issued)),
        **report_as_json(issued.report),
    }
    return (json.dumps(found, ensure_ascii=False, indent=2) + "\n").encode()


def as_csv(issued: Issued) -> bytes:
    """The report as CSV; counts and gaps are numbers there, and no text is a formula."""
    report = issued.report
    rows: list[list[Cell]] = [["Breakdown", *HEAD], ["", *_csv_row(report.everyone)]]
    rows += [[table.label, *_csv_row(row)] for table in report.tables for row in table.rows]
    return csv_bytes(rows)


def _csv_row(row: ReleasedRow) -> list[Cell]:
    """The texts of a row, with numbers in place of the counts and of the gap, so that programs can reckon with them."""
    cells: list[Cell] = [*table_row(row)]
    if not row.withheld:
        for place, number in ((1, row.took_part), (2, row.on_roll), (6, row.difference)):
            cells[place] = number
    return cells


def table_row(row: ReleasedRow) -> list[str]:
    """A released row as the texts of `HEAD`; every figure of a withheld one is the same letter."""
    if row.withheld:
        return [row.group, *[WITHHELD] * (len(HEAD) - 1)]
    return [
        row.group,
        _number(row.took_part),
        _number(row.on_roll),
        _percent(row.percent),
        "" if row.low is None else f"{row.low}% to {row.high}%",
        _percent(row.rest_percent),
        "" if row.difference is None else f"{row.difference:+d}".replace("-", "\N{MINUS SIGN}"),
        "" if row.is_clear is None else ("yes" if row.is_clear else "not clear"),
    ]


def paper_row(row: ReleasedRow) -> list[str]:
    """The same row as the narrower texts of `PAPER_HEAD`."""
    group, took_part, on_roll, share, between, others, gap, clear = table_row(row)
    came = WITHHELD if row.withheld else f"{took_part} of {on_roll}"
    return [group, came, share, between, others, gap, clear]


def as_pdf(issued: Issued) -> bytes:
    """The governors' page; its time is the release's own, so the same report is the same bytes."""
    report, said = issued.report, when(issued)
    school = db.session.scalars(select(School)).first()
    data = {
        "title": f"Who takes part: {issued.period_name}",
        "school": school.name if school else "Our school",
        "period": f"{full_day(issued.starts_on)} to {full_day(issued.ends_on)}",
        "headline": headline(report, said),
        "chart": {"svg": uptake_plot(report, said, wide=True), "alt": headline(report, said)},
        "table": {
            "caption": "Pupils who came to at least one session, by group",
            "head": list(PAPER_HEAD),
            "rows": [
                paper_row(report.everyone),
                *(paper_row(row) for table in report.tables for row in table.rows),
            ],
        },
        "notes": [
            f"“{WITHHELD}” means withheld to protect individuals, directly or because it could be worked out."
        ],
        "how_to_read": how_to_read(report),
        "withheld": withheld_sentences(report),
        "printed": f"{full_day(to_school(issued.released_at).date())}; figures as at {full_day(issued.ends_on)}",
        "edition": "Confidential" if report.is_confidential else "Public",
        "sections": [{"title": "In words", "paragraphs": _clear_ones(report, said)}],
    }
    return pdf.render("equity.typ", data, at=issued.released_at)


def _clear_ones(report: UptakeReport, said: str) -> list[str]:
    """The sentences of groups whose gap is clear; the page on screen has all of them."""
    return [one for one in sentences(report, said) if "more than luck" in one] or [
        "No gap is clear in this period."
    ]


def _number(value: int | None) -> str:
    return "" if value is None else str(value)


def _percent(value: int | None) -> str:
    return "" if value is None else f"{value}%"
