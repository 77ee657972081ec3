"""A name said at the door is held against the name of a barred adult, and in doubt it is that adult."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.people.same_person import may_be

WORDS = st.text("abcdefghijklmnopqrstuvwxyz", min_size=2, max_size=8)


@pytest.mark.parametrize(
    "said",
    ["Jo Marsh", "jo  MARSH", "Mr Jo Marsh", "Joseph Marsh", "Marsh", "Jo", "J. Marsh", "Jó Marsh (father)"],
)
def test_what_may_be_the_barred_adult_is(said: str) -> None:
    assert may_be(said, "Jo Marsh")


@pytest.mark.parametrize("said", ["Anna Marsh", "Jo Baker", "", "Mr", "Sam Ahmed"])
def test_somebody_else_is_not(said: str) -> None:
    assert not may_be(said, "Jo Marsh")


@pytest.mark.parametrize(
    ("said", "name"), [("محمد علي", "محمد علي"), ("Żaneta Nowak", "Zaneta Nowak"), ("O’Brien", "Pat O'Brien")]
)
def test_other_scripts_and_accents_are_read(said: str, name: str) -> None:
    assert may_be(said, name)


@given(st.lists(WORDS, min_size=1, max_size=3), st.lists(WORDS, min_size=1, max_size=3))
def test_it_is_the_same_both_ways_round_and_true_of_oneself(one: list[str], other: list[str]) -> None:
    said, name = " ".join(one), " ".join(other)
    assert may_be(said, name) == may_be(name, said)
    assert may_be(said, said.upper())
