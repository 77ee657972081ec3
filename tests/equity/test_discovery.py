"""The worked family of nine groups, the paper's fifteen p-values, and what holds of every family."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from booking.equity.discovery import NotAProbability, benjamini_hochberg
from booking.equity.intervals import fisher

FAMILY = {
    "Pupil premium": (14, 52, 0.000772, 0.006944),
    "EAL": (33, 71, 1, 1),
    "SEN support": (9, 34, 0.008852, 0.039835),
    "EHCP": (1, 6, 0.216642, 0.487445),
    "Black": (11, 24, 1, 1),
    "Mixed": (8, 17, 1, 1),
    "Other": (2, 9, 0.176741, 0.487445),
    "White": (58, 122, 1, 1),
    "Asian": (20, 38, 0.477493, 0.859487),
}
OF_1995 = [
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0,
]  # fmt: skip


def test_the_worked_family_gives_its_p_and_q() -> None:
    p_values = [fisher(x, n, 99 - x, 210 - n) or 0.0 for x, n, _, _ in FAMILY.values()]
    assert p_values == pytest.approx([p for _, _, p, _ in FAMILY.values()], abs=5e-7)
    assert benjamini_hochberg(p_values) == pytest.approx([q for *_, q in FAMILY.values()], abs=5e-7)


def test_four_of_the_fifteen_of_1995_are_rejected() -> None:
    assert sum(q <= 0.05 for q in benjamini_hochberg(OF_1995)) == 4


def test_no_test_gives_no_q() -> None:
    assert benjamini_hochberg([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_q_keeps_the_order_of_p_never_falls_below_it_and_agrees_with_scipy(p_values: list[float]) -> None:
    q_values = benjamini_hochberg(p_values)
    assert all(p <= q <= 1 for p, q in zip(p_values, q_values, strict=True))
    ordered = [q for _, q in sorted(zip(p_values, q_values, strict=True))]
    assert ordered == sorted(ordered)
    assert q_values == pytest.approx(list(false_discovery_control(p_values, method="bh")), abs=1e-12)


@pytest.mark.parametrize("wrong", [-0.1, 1.01, float("nan")])
def test_what_is_no_probability_is_refused_by_its_place(wrong: float) -> None:
    with pytest.raises(NotAProbability, match="number 2"):
        benjamini_hochberg([0.5, wrong])
