"""The check letter of unique pupil numbers, held against worked examples and against what a typist does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.people.upn import CHECK_LETTERS, is_temporary_upn, tidy_upn, upn_check_letter, upn_problem

SOUND = ("R201100018042", "B801200005001", "P207000016049", "M80120000500A")
UNSOUND = ("A801200005001", "H201100018042", "Q207000016049")
twelve = st.tuples(
    st.text("0123456789", min_size=11, max_size=11), st.sampled_from("0123456789" + CHECK_LETTERS)
).map("".join)


@pytest.mark.parametrize("upn", SOUND)
def test_worked_examples_are_sound(upn: str) -> None:
    assert upn_problem(upn) is None
    assert upn_check_letter(upn[1:]) == upn[0]


@pytest.mark.parametrize("upn", UNSOUND)
def test_a_wrong_check_letter_is_named_with_the_right_one(upn: str) -> None:
    assert f"it would be {upn_check_letter(upn[1:])}" in (upn_problem(upn) or "")


@pytest.mark.parametrize(
    ("upn", "word"),
    [
        ("", "has 0"),
        ("R20110001804", "has 12"),
        ("R2011000180422", "has 14"),
        ("I201100018042", "begins with"),
        ("r201100018042", "begins with"),
        ("R2011O0018042", "12 figures"),
        ("R20110001804S", "12 figures"),
        ("R20110001804٢", "12 figures"),
    ],
)
def test_a_misshapen_upn_is_told_what_is_wrong(upn: str, word: str) -> None:
    assert word in (upn_problem(upn) or "")


@given(twelve)
def test_every_number_has_one_check_letter_that_fits(upn12: str) -> None:
    fitting = [letter for letter in CHECK_LETTERS if upn_problem(letter + upn12) is None]
    assert fitting == [upn_check_letter(upn12)]


@given(twelve, st.integers(0, 10), st.integers(1, 9))
def test_one_mistyped_figure_is_always_found(upn12: str, place: int, shift: int) -> None:
    wrong = str((int(upn12[place]) + shift) % 10)
    assert upn_problem(upn_check_letter(upn12) + upn12[:place] + wrong + upn12[place + 1 :]) is not None


@given(twelve, st.integers(0, 9))
def test_two_neighbours_swapped_are_always_found(upn12: str, place: int) -> None:
    swapped = upn12[:place] + upn12[place + 1] + upn12[place] + upn12[place + 2 :]
    problem = upn_problem(upn_check_letter(upn12) + swapped)
    assert (problem is None) == (swapped == upn12)


@pytest.mark.parametrize("text", ["", "20110001804", "2011000180422", "20110001804I", "2011 0001 8042"])
def test_a_check_letter_is_refused_for_what_is_no_number(text: str) -> None:
    with pytest.raises(ValueError):
        upn_check_letter(text)


def test_what_an_export_adds_is_taken_away() -> None:
    assert tidy_upn(" r2011 0001 8042\t") == "R201100018042"


def test_a_temporary_number_is_known_by_its_last_letter() -> None:
    assert is_temporary_upn("M80120000500A")
    assert not is_temporary_upn("R201100018042")
    assert not is_temporary_upn("")
