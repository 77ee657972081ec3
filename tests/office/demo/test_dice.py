"""Chance that can be told in advance: the same on every machine, and never far from its shares."""

from __future__ import annotations

from collections import Counter
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from booking.office.demo.dice import Dice

seeds = st.integers(0, 10**6)


def test_the_dice_fall_as_they_always_did() -> None:
    dice = Dice("pinned", 1)
    assert [dice.between(1, 6) for _ in range(8)] == [6, 3, 3, 1, 2, 4, 2, 1]
    assert dice.shuffled(range(6)) == [3, 2, 1, 5, 4, 0]
    assert dice.bell() == -1.6615772165257354


@given(seeds, st.lists(st.floats(0, 1), max_size=60))
def test_what_is_spread_never_strays_by_more_than_one(seed: int, shares: list[float]) -> None:
    answers = Dice("spread", seed).spread(shares)
    for count in range(len(shares) + 1):
        assert abs(sum(answers[:count]) - sum(shares[:count])) < 1 + 1e-9


@given(seeds, st.lists(st.floats(0.01, 10), min_size=1, max_size=6), st.integers(0, 200))
def test_a_deck_is_dealt_whole_and_in_proportion(seed: int, weights: list[float], count: int) -> None:
    dealt = Dice("dealt", seed).dealt([(str(n), weight) for n, weight in enumerate(weights)], count)
    assert len(dealt) == count
    found = Counter(dealt)
    for n, weight in enumerate(weights):
        assert abs(found[str(n)] - count * weight / sum(weights)) <= 1 + 1e-6


@given(seeds, st.lists(st.integers()))
def test_shuffling_loses_nothing(seed: int, things: list[int]) -> None:
    assert sorted(Dice("shuffle", seed).shuffled(things)) == sorted(things)


@given(seeds, st.dates(date(2000, 1, 1), date(2030, 1, 1)), st.integers(-5, 400))
def test_a_day_lies_between_its_edges(seed: int, first: date, length: int) -> None:
    last = date.fromordinal(first.toordinal() + length)
    day = Dice("day", seed).day_between(first, last)
    assert first <= day <= max(first, last)


def test_streams_of_different_names_differ() -> None:
    assert [Dice("a", 1).random() for _ in range(3)] != [Dice("b", 1).random() for _ in range(3)]
