"""Pence are written and read in one way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.core.money import NotAnAmount, format_pence, parse_pence


@given(st.integers(0, 99_999_999))
def test_what_is_written_can_be_read(pence: int) -> None:
    assert parse_pence(format_pence(pence)) == pence


def test_below_zero_has_a_true_minus_sign() -> None:
    assert format_pence(-450) == "−£4.50"


@pytest.mark.parametrize("text", ["", "4.5", "4,50p", "-1", "1e3", "£", "four", "4.505"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(NotAnAmount):
        parse_pence(text)
