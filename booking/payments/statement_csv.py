"""Reads a bank's statement in CSV: by its headings, whichever bank wrote it, from whatever line they stand on.

Money is one signed column, or one column for what came in and one for what went out. A heading that we do not know can
be named in a `mapping`. A line that does not fit is named, and the others are read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from booking.payments.bank_lines import LineTaker, ReadFile, Unreadable, read_day, read_pence
from booking.people.import_problems import ColumnsUnknown, ImportProblem, ImportRefused
from booking.people.import_table import OTHER_KINDS, SEPARATORS, first_lines, records, table_text

HEADINGS_WITHIN = 25
COLUMNS: dict[str, tuple[str, ...]] = {
    "date": (
        "date", "transaction date", "posting date", "posted date", "date posted", "booking date", "entry date",
        "completed date", "processed date", "value date",
    ),
    "text": (
        "description", "transaction description", "details", "transaction details", "memo", "narrative",
        "merchant description", "counter party", "counterparty", "name", "payee", "payer", "particulars",
    ),
    "reference": (
        "reference", "payment reference", "customer reference", "payer reference", "ref", "notes and tags", "notes",
    ),
    "amount": (
        "amount", "value", "amount gbp", "transaction amount", "debit credit", "credit debit", "net amount",
    ),
    "paid_in": (
        "paid in", "money in", "credit amount", "credit", "credits", "in", "receipts", "deposits", "paid in gbp",
        "credit gbp", "money in gbp",
    ),
    "paid_out": (
        "paid out", "money out", "debit amount", "debit", "debits", "out", "payments", "withdrawals", "paid out gbp",
        "debit gbp", "money out gbp",
    ),
    "balance": ("balance", "balance gbp", "running balance", "account balance", "closing balance"),
    "sign": ("debit credit indicator", "credit debit indicator", "cr dr", "dr cr"),
    "currency": ("currency",),
    "account": ("account number", "account"),
}  # fmt: skip
"""The headings that mean a column, those that we would rather take first; `text` and `reference` may be several."""
MANY = ("text", "reference")
CHOSEN = ("date", "text", "reference", "amount", "paid_in", "paid_out", "balance")
"""What a person may say which column is which of."""
BANKS = (
    ("Lloyds", {"transaction date", "transaction description", "debit amount", "credit amount"}),
    ("Barclays", {"number", "date", "account", "amount", "subcategory", "memo"}),
    ("NatWest", {"date", "type", "description", "value", "balance", "account name", "account number"}),
    ("Santander", {"date", "type", "merchant description", "debit credit", "balance"}),
    ("Nationwide", {"date", "transaction type", "description", "paid out", "paid in", "balance"}),
    ("HSBC", {"date", "type", "description", "paid out", "paid in", "balance"}),
    ("The Co-operative Bank", {"date", "description", "type", "money in", "money out", "balance"}),
    ("Starling", {"date", "counter party", "reference", "type", "amount gbp", "balance gbp"}),
    ("Monzo", {"transaction id", "date", "time", "name", "amount", "notes and tags"}),
    ("Metro Bank", {"date", "details", "transaction type", "in", "out", "balance"}),
)
NOT_A_TABLE = "This is no list of lines. Where your bank lets you export, choose CSV, OFX or CAMT.053."


@dataclass(frozen=True)
class Layout:
    """Where what stands: separator, record of the headings (-1: there are none), and columns by what they hold."""

    separator: str
    headings_at: int
    headings: tuple[str, ...]
    columns: Mapping[str, tuple[int, ...]]

    @property
    def bank(self) -> str:
        """The bank whose headings these are, or nothing."""
        found = {plain(heading) for heading in self.headings}
        return next((name for name, known in BANKS if known <= found), "")


def plain(heading: str) -> str:
    """A heading in small letters, with single blanks for all other signs."""
    return " ".join(re.sub(r"[^a-z0-9]+", " ", heading.lower()).split())


KNOWN = {name: (field, rank) for field, names in COLUMNS.items() for rank, name in enumerate(names)}


def knows(heading: str) -> bool:
    """Whether we know what a column under this heading holds."""
    return plain(heading) in KNOWN


def field_of(heading: str) -> str | None:
    """What a column under this heading holds."""
    return KNOWN.get(plain(heading), (None, 0))[0]


def statement_text(content: bytes, file: str) -> str:
    """The file as text; raises `ImportRefused` for what is no table at all."""
    if any(content.startswith(mark) for mark, _ in OTHER_KINDS):
        raise ImportRefused([ImportProblem(file, 0, "", "", NOT_A_TABLE)])
    return table_text(content, file)


def read_csv(content: bytes, file: str, *, today: date, mapping: Mapping[str, str] | None = None) -> ReadFile:
    """The lines of a CSV statement; raises `ColumnsUnknown` where a person has to say which column is which."""
    text = statement_text(content, file)
    layout = _layout(text, file, mapping or {})
    taker = LineTaker(file, today)
    account, width = "", len(layout.headings)
    last, was_exact, is_exact = 0, True, True
    try:
        for index, (number, cells) in enumerate(records(text, file, layout.separator)):
            if index <= layout.headings_at or not any(cell.strip() for cell in cells):
                continue
            last, was_exact, is_exact = number, was_exact and is_exact, _ends_in_pence(cells, width)
            if _misfits(taker, number, cells, width):
                continue
            account = account or _cell(cells, layout, "account").strip(" '")
            _take(taker, number, cells, layout)
    except ImportRefused as refused:
        taker.problems += refused.problems
    if was_exact and not is_exact and not text.endswith(("\n", "\r")):
        _drop_cut(taker, last)
    return taker.done("csv", layout.bank, account)


def _misfits(taker: LineTaker, number: int, cells: Sequence[str], width: int) -> bool:
    if any(cell.strip() for cell in cells[width:]):
        taker.wrong(number, f"This line has more than the {width} cells of the headings.")
        return True
    if len(cells) < width:
        taker.wrong(
            number, f"Half a line: {len(cells)} of {width} cells. Take the file again from your bank."
        )
        return True
    return False


def _take(taker: LineTaker, number: int, cells: Sequence[str], layout: Layout) -> None:
    currency = _cell(cells, layout, "currency").strip()
    if currency and currency.upper() != "GBP":
        taker.wrong(number, "This line is not in pounds.", column="Currency", value=currency)
        return
    try:
        pence = _pence(cells, layout)
    except Unreadable as error:
        column, value = next(
            ((layout.headings[at], cells[at]) for at in _money_columns(layout) if _is_unreadable(cells[at])),
            ("", ""),
        )
        taker.wrong(number, str(error), column=column, value=value)
        return
    taker.take(
        number,
        _cell(cells, layout, "date"),
        pence,
        " ".join(cells[at].strip() for at in layout.columns.get("text", ())),
        reference=" ".join(cells[at].strip() for at in layout.columns.get("reference", ())),
        balance=_cell(cells, layout, "balance"),
    )


def _pence(cells: Sequence[str], layout: Layout) -> int:
    """What came in (above zero) or went out; raises `Unreadable`."""
    if "amount" in layout.columns:
        pence = read_pence(_cell(cells, layout, "amount"))
        is_debit = _cell(cells, layout, "sign").strip().upper().startswith("D")
        return -abs(pence) if is_debit else pence
    came = _cell(cells, layout, "paid_in")
    went = _cell(cells, layout, "paid_out")
    in_pence, out_pence = (read_pence(came) if came.strip() else 0), (read_pence(went) if went.strip() else 0)
    if in_pence and out_pence:
        raise Unreadable("Money came in and went out on one line.")
    if not came.strip() and not went.strip():
        raise Unreadable("There is no amount on this line.")
    return in_pence or -abs(out_pence)


def _money_columns(layout: Layout) -> list[int]:
    return [at for field in ("amount", "paid_in", "paid_out") for at in layout.columns.get(field, ())]


def _is_unreadable(text: str) -> bool:
    try:
        read_pence(text)
    except Unreadable:
        return bool(text.strip())
    return False


def _ends_in_pence(cells: Sequence[str], width: int) -> bool:
    """Whether the last cell is an amount with its pence; where all were and the last of the file is not, it was cut."""
    return bool(re.search(r"\.\d\d\D*$", cells[width - 1] if len(cells) >= width else ""))


def _drop_cut(taker: LineTaker, number: int) -> None:
    if len(taker.lines) > 1 and taker.lines[-1].number == number:
        taker.lines.pop()
        taker.wrong(number, "The file ends in the middle of this line. Take it again from your bank.")


def _cell(cells: Sequence[str], layout: Layout, field: str) -> str:
    columns = layout.columns.get(field, ())
    return cells[columns[0]] if columns else ""


def _layout(text: str, file: str, mapping: Mapping[str, str]) -> Layout:
    """The record with the most headings that we know (or that were named), in the best of the separators."""
    best: Layout | None = None
    chosen = {heading: field for field, heading in mapping.items()}
    for separator in SEPARATORS:
        for number, cells in enumerate(first_lines(text, separator, HEADINGS_WITHIN)):
            found = _columns(cells, chosen)
            is_enough = "date" in found and ("amount" in found or "paid_in" in found)
            if is_enough and (best is None or len(found) > len(best.columns)):
                best = Layout(separator, number, _without_end(cells), found)
    if best is None:
        best = _without_headings(text)
    if best is None:
        reason = "We do not know these headings. Say which column is which."
        raise ColumnsUnknown([ImportProblem(file, 1, "", "", reason)])
    return best


def _columns(cells: Sequence[str], chosen: Mapping[str, str]) -> dict[str, tuple[int, ...]]:
    """Which columns hold what; of two that could be one thing the better name counts."""
    found: dict[str, list[tuple[int, int]]] = {}
    for at, cell in enumerate(cells):
        if chosen:
            field, rank = chosen.get(cell.strip()), 0
        else:
            field, rank = KNOWN.get(plain(cell), (None, 0))
        if field:
            found.setdefault(field, []).append((rank, at))
    return {
        field: tuple(at for _, at in sorted(where, key=lambda one: one[1]))
        if field in MANY
        else (min(where)[1],)
        for field, where in found.items()
    }


def _without_end(cells: Sequence[str]) -> tuple[str, ...]:
    headings = tuple(cell.strip() for cell in cells)
    while headings and not headings[-1]:
        headings = headings[:-1]
    return headings


def _without_headings(text: str) -> Layout | None:
    """A file without headings, as HSBC writes it: a day, a text and a signed amount."""
    first = next(iter(first_lines(text, ",", 1)), [])
    if len(first) != 3:
        return None
    try:
        read_day(first[0]), read_pence(first[2])
    except Unreadable:
        return None
    return Layout(",", -1, ("Date", "Description", "Amount"), {"date": (0,), "text": (1,), "amount": (2,)})
