"""The one way in which this house writes CSV: what somebody typed never becomes a formula in an office program.

A cell is told by its type. A number that we hand over as a number is written as one, minus and all; a text is data
that somebody may have typed, so one that an office program could take for a formula gets an apostrophe before it.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal

Cell = str | int | float | Decimal | date | None
FORMULA = frozenset("=+-@")
BREAKS = frozenset("\t\r\n\0")
_UNSEEN = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})


def csv_bytes(rows: Iterable[Iterable[Cell]]) -> bytes:
    """The rows as CSV with a byte-order mark, so that an office program reads every letter as it is."""
    text = io.StringIO()
    csv.writer(text).writerows([safe_cell(cell) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def csv_stream(rows: Iterable[Iterable[Cell]], *, at_once: int = 500) -> Iterator[bytes]:
    """The same, piece by piece: so many rows at a time."""
    text = io.StringIO()
    writer = csv.writer(text)
    text.write("\ufeff")
    for number, row in enumerate(rows, start=1):
        writer.writerow([safe_cell(cell) for cell in row])
        if number % at_once == 0:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()


def safe_cell(value: Cell) -> str | int | float | Decimal:
    """What may stand in a cell: a number as it is, a day in ISO form, nothing as an empty text, and text made safe."""
    if value is None:
        return ""
    if isinstance(value, int | float | Decimal):
        return value
    text = value.isoformat() if isinstance(value, date) else value
    return f"'{text}" if begins_formula(text) else text


def begins_formula(text: str) -> bool:
    """Whether an office program could take a text for a formula, or split it, by how it begins.

    Blanks and letters that nobody sees are looked through, and full-width and small forms count as what they mean.
    """
    if text[:1] in BREAKS and text:
        return True
    first = next((letter for letter in text if unicodedata.category(letter) not in _UNSEEN), "")
    return bool(FORMULA & set(unicodedata.normalize("NFKC", first)[:1]))
