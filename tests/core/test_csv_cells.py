"""No text becomes a formula in an office program, numbers stay numbers, and there is one writer for the whole house."""

from __future__ import annotations

import csv
import io
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from booking.core.csv_cells import Cell, begins_formula, csv_bytes, safe_cell
from tests.house.test_code import ROOT

SIGNS = "=+-@＝＋－＠﹢﹣﹦﹫"
TRAPS = st.builds(str.__add__, st.sampled_from(SIGNS + "\t\r\n\0"), st.text())
HIDDEN = st.builds(
    "".join, st.lists(st.sampled_from(" \u00a0\u200b\ufeff\u202e\x01"), min_size=1, max_size=3)
)
NUMBERS = st.one_of(
    st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.decimals(allow_nan=False, places=2)
)


def _read(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


@settings(max_examples=300, derandomize=True)
@given(TRAPS | st.builds(lambda *parts: "".join(parts), HIDDEN, st.sampled_from(SIGNS), st.text()))
def test_a_text_that_begins_a_formula_gets_an_apostrophe_and_loses_nothing(text: str) -> None:
    assert safe_cell(text) == f"'{text}"
    assert _read(csv_bytes([[text, "beside"]])) == [[f"'{text}", "beside"]]


@settings(max_examples=300, derandomize=True)
@given(st.lists(st.lists(st.text(), min_size=2, max_size=4), max_size=4))
def test_whatever_was_typed_comes_back_and_no_cell_of_the_file_begins_a_formula(
    rows: list[list[str]],
) -> None:
    found = _read(csv_bytes(rows))
    assert [[cell.removeprefix("'") for cell in row] for row in found] == [
        [cell.removeprefix("'") for cell in row] for row in rows
    ]
    assert not any(begins_formula(cell) for row in found for cell in row)


@settings(max_examples=200, derandomize=True)
@given(NUMBERS)
def test_a_number_of_ours_stays_a_number_below_zero_too(number: int | float | Decimal) -> None:
    ((cell, _),) = _read(csv_bytes([[number, ""]]))
    assert not cell.startswith("'")
    assert type(number)(cell) == number


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (-5, "-5"),
        ("-5", "'-5"),
        ("+44 1632 960001", "'+44 1632 960001"),
        (" =1+1", "' =1+1"),
        ("＝1", "'＝1"),
        (date(2026, 11, 23), "2026-11-23"),
        (None, ""),
        ("", ""),
        ("O'Neill", "O'Neill"),
        ("5-a-side", "5-a-side"),
    ],
)
def test_the_type_decides(value: Cell, written: str) -> None:
    assert _read(csv_bytes([[value, "x"]])) == [[written, "x"]]


def test_there_is_one_writer_of_csv() -> None:
    writers = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "booking").rglob("*.py")
        if any(word in path.read_text(encoding="utf-8") for word in ("csv.writer", "csv.DictWriter"))
    }
    assert writers == {"booking/core/csv_cells.py"}, "write CSV with booking.core.csv_cells.csv_bytes"
