"""Histories without overlaps: whatever a file tells, one thing is so on a day, and nothing is lost between."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from booking.people.ctf_spans import DAY, facts_of, settle, steps
from booking.people.import_rows import FactSpan

START = date(2024, 9, 1)


def day(number: int) -> date:
    return START + timedelta(days=number)


def meals(value: str, first: int | None, last: int | None = None) -> FactSpan:
    return FactSpan("fsm", value, None if first is None else day(first), None if last is None else day(last))


@pytest.mark.parametrize(
    ("told", "settled"),
    [
        ([meals("yes", 0, 9), meals("yes", 5)], [meals("yes", 0)]),
        ([meals("yes", 0, 9), meals("yes", 10, 12)], [meals("yes", 0, 12)]),
        ([meals("targeted", 0), meals("expanded", 5, 7)],
         [meals("targeted", 0, 4), meals("expanded", 5, 7), meals("targeted", 8)]),
        ([meals("targeted", 0), meals("yes", 0)], [meals("targeted", 0)]),
        ([meals("targeted", 5, 9), meals("other", 0, 6)], [meals("other", 0, 4), meals("targeted", 5, 9)]),
        ([meals("yes", None, 3), meals("other", 3)], [meals("yes", None, 2), meals("other", 3)]),
        ([FactSpan("fsm", "yes", START, date(9999, 12, 31))], [meals("yes", 0)]),
        ([], []),
    ],
)  # fmt: skip
def test_overlaps_are_cut(told: list[FactSpan], settled: list[FactSpan]) -> None:
    assert list(settle(told)) == settled


@given(
    told=st.lists(
        st.tuples(
            st.sampled_from(["yes", "targeted", "expanded"]),
            st.none() | st.integers(0, 30),
            st.none() | st.integers(0, 30),
        ).filter(lambda one: one[2] is None or one[1] is None or one[1] <= one[2]),
        max_size=6,
    )
)
@settings(max_examples=300, deadline=None, derandomize=True)
def test_each_day_is_told_once_and_by_someone(told: list[tuple[str, int | None, int | None]]) -> None:
    spans = [meals(*one) for one in told]
    settled = settle(spans)
    for number in range(-1, 33):
        on = day(number)
        then = [span for span in settled if _holds(span, on)]
        possible = {span.value for span in spans if _holds(span, on)}
        assert len(then) == (1 if possible else 0)
        assert {span.value for span in then} <= possible
    assert settle(settled) == settled
    for before, after in pairwise(settled):
        assert before.ends_on is not None
        assert before.ends_on + DAY < (after.starts_on or START) or before.value != after.value


def _holds(span: FactSpan, on: date) -> bool:
    return (span.starts_on or date.min) <= on and (span.ends_on is None or on <= span.ends_on)


def test_of_two_provisions_on_one_day_the_stronger_stands() -> None:
    assert steps("sen", [(day(3), "N"), (day(0), "E"), (day(0), "K")]) == (
        FactSpan("sen", "E", day(0), day(2)),
        FactSpan("sen", "N", day(3)),
    )


def test_a_history_that_has_not_begun_says_nothing() -> None:
    spans = steps("sen", [(day(3), "K")])
    assert facts_of(spans, day(2)) == {}
    assert facts_of(spans, day(3)) == {"sen": "K"}
    assert facts_of([meals("yes", 0, 3)], day(4)) == {"fsm": ""}
