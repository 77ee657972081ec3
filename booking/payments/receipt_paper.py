"""A receipt as paper: each seller's page says by itself all that DWP and HMRC ask for. Nothing here asks the database."""

from __future__ import annotations

from datetime import date, time
from typing import Any

from booking.core import clock, pdf
from booking.core.money import format_pence
from booking.core.words import counted, plain_day, plain_short_day
from booking.payments.receipts import ChildPart, PaidLine, Receipt, SellerPaper, seller_facts

WAY_WORDS = {"Card": "by card", "At the school office": "school office"}


def print_receipt(receipt: Receipt, *, title: str, span: str, on: date) -> bytes:
    """The PDF; on one day the same receipt gives the same bytes."""
    data = {
        "title": title,
        "span": span,
        "payer": receipt.payer,
        "printed": plain_day(on),
        "papers": [_paper(paper) for paper in receipt.papers],
    }
    return pdf.render("receipt.typ", data, at=clock.instant(on, time(0, 0)))


def _paper(paper: SellerPaper) -> dict[str, Any]:
    seller = paper.seller
    return {
        "seller": seller.name,
        "facts": seller_facts(seller),
        "children": [_child(child) for child in paper.children],
        "total": format_pence(paper.total_pence),
    }


def _child(part: ChildPart) -> dict[str, Any]:
    days = {line.care_on for line in part.lines}
    return {
        "name": part.child,
        "days": counted(len(days), "day"),
        "rows": [_row(line) for line in part.lines],
        "total": format_pence(part.total_pence),
    }


def _row(line: PaidLine) -> list[str]:
    return [
        plain_short_day(line.care_on),
        f"{line.care}: {line.activity}",
        format_pence(line.cost_pence),
        format_pence(line.paid_pence),
        f"{_short_day(line.paid_on)}, {WAY_WORDS.get(line.way, line.way)}",
        "Yes" if line.is_whole else "No",
    ]


def _short_day(value: date) -> str:
    return f"{value.day} {value:%b} {value.year}"
