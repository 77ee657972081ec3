"""Reads a voucher firm's remittance (CSV): the families that one payment of the firm is for, and the firm's own total.

All of it or nothing: a line that does not fit, or lines that do not sum to the total, and the file is refused, because
the lines are the split of one payment.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from booking.core.money import format_pence
from booking.payments.bank_lines import LineTaker, ReadFile, Unreadable, fits, read_day, read_pence
from booking.payments.statement_csv import plain, statement_text
from booking.people.import_problems import ColumnsUnknown, ImportProblem, ImportRefused
from booking.people.import_table import SEPARATORS, first_lines, records

HEADINGS_WITHIN = 25
COLUMNS = {
    "parent": ("parent", "parent name", "parents name", "parent s name", "employee", "employee name", "account holder",
               "carer", "customer"),
    "child": ("child", "child name", "childs name", "child s name", "children", "child full name"),
    "reference": ("reference", "ref", "voucher reference", "voucher number", "voucher no", "account reference",
                  "payment reference", "parent reference", "customer reference"),
    "amount": ("amount", "value", "voucher value", "amount paid", "payment amount", "voucher amount", "amount gbp"),
    "date": ("date", "payment date", "paid on", "date paid", "voucher date"),
}  # fmt: skip
KNOWN = {name: field for field, names in COLUMNS.items() for name in names}
_TOTAL = re.compile(r"\b(grand )?total\b", re.IGNORECASE)
_PAID = re.compile(r"\b(payment date|date of payment|paid on|date paid|remittance date)\b", re.IGNORECASE)


def read_remittance(content: bytes, file: str, *, today: date, paid_on: date | None = None) -> ReadFile:
    """The lines of a remittance, each of the day on which the firm pays; raises `ImportRefused` for any doubt.

    `paid_on` is that day where the file itself does not say it.
    """
    text = statement_text(content, file)
    separator, headings_at, columns = _layout(text, file)
    taker, told = LineTaker(file, today), _Told(paid_on)
    rows: list[tuple[int, list[str]]] = []
    for index, (number, cells) in enumerate(records(text, file, separator)):
        if index == headings_at or not any(cell.strip() for cell in cells):
            continue
        if told.is_about_all(cells, columns):
            continue
        if index > headings_at:
            rows.append((number, cells))
    for number, cells in rows:
        _take(taker, number, cells, columns, told)
    _check(taker, told)
    if taker.problems:
        raise ImportRefused(sorted(taker.problems, key=lambda one: one.line))
    return ReadFile("remittance", "", "", tuple(taker.lines), ())


class _Told:
    """What a file says of the payment as a whole, above or below its lines."""

    def __init__(self, paid_on: date | None) -> None:
        self.paid_on = paid_on
        self.total_pence: int | None = None

    def is_about_all(self, cells: Sequence[str], columns: Mapping[str, int]) -> bool:
        """Whether a record is the total or the day of payment; takes what it says."""
        names = " ".join(cell for at, cell in enumerate(cells) if at != columns["amount"])
        if _TOTAL.search(names):
            amounts = [pence for cell in cells for pence in _amounts(cell)]
            if amounts:
                self.total_pence = amounts[-1]
                return True
        if _PAID.search(names):
            days = [day for cell in cells for day in _days(cell)]
            if days:
                self.paid_on = days[-1]
                return True
        return False


def _layout(text: str, file: str) -> tuple[str, int, dict[str, int]]:
    best: tuple[str, int, dict[str, int]] | None = None
    for separator in SEPARATORS:
        for number, cells in enumerate(first_lines(text, separator, HEADINGS_WITHIN)):
            found = {
                field: at
                for at, cell in reversed(list(enumerate(cells)))
                if (field := KNOWN.get(plain(cell)))
            }
            is_enough = "amount" in found and ({"child", "parent", "reference"} & set(found))
            if is_enough and (best is None or len(found) > len(best[2])):
                best = separator, number, found
    if best is None:
        reason = "No headings that we know, such as Parent, Child, Reference and Amount."
        raise ColumnsUnknown([ImportProblem(file, 1, "", "", reason)])
    return best


def _take(
    taker: LineTaker, number: int, cells: Sequence[str], columns: Mapping[str, int], told: _Told
) -> None:
    if len(cells) <= max(columns.values()):
        taker.wrong(number, "Half a line: cells are missing. Ask the firm for the file again.")
        return
    said = {field: cells[at].strip() for field, at in columns.items()}
    try:
        pence = read_pence(said["amount"])
    except Unreadable as error:
        taker.wrong(number, str(error), column="Amount", value=said["amount"])
        return
    if pence <= 0:
        taker.wrong(number, "An amount must be more than nothing.", column="Amount", value=said["amount"])
        return
    day = said.get("date") or (told.paid_on.isoformat() if told.paid_on else "")
    if not day:
        if not taker.problems:
            taker.wrong(number, "The file does not say when the firm pays. Write the day beside it.")
        return
    words = " ".join(said[field] for field in ("parent", "child") if said.get(field))
    taker.take(number, day, pence, words, reference=said.get("reference", ""))


def _check(taker: LineTaker, told: _Told) -> None:
    if told.paid_on is not None:
        try:
            fits(told.paid_on, taker.today)
        except Unreadable as error:
            taker.wrong(0, str(error), column="Date", value=told.paid_on.isoformat())
    if not taker.lines and not taker.problems:
        taker.wrong(0, "There is no line with an amount in this file.")
    found_pence = sum(line.amount_pence for line in taker.lines)
    if told.total_pence is not None and told.total_pence != found_pence and not taker.problems:
        taker.wrong(
            0,
            f"The lines sum to {format_pence(found_pence)}, the firm’s total says {format_pence(told.total_pence)}."
            " Ask the firm which is right.",
        )


def _amounts(cell: str) -> Iterable[int]:
    last = (
        cell.rpartition(":")[2]
        if ":" in cell
        else re.sub(r"[A-Za-z ]*total[A-Za-z ]*", "", cell, flags=re.IGNORECASE)
    )
    try:
        yield read_pence(last)
    except Unreadable:
        return


def _days(cell: str) -> Iterable[date]:
    try:
        yield read_day(re.sub(r"^[A-Za-z ]+:?\s*(?=\d)", "", cell))
    except Unreadable:
        return
