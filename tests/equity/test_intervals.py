"""Rates and gaps against published and separately reckoned figures."""

from __future__ import annotations

from math import log

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.stats import binomtest

from booking.equity.intervals import NotAShare, fisher, gap, koopman, newcombe, smallest_clear_gap, wilson


@st.composite
def a_share(draw: st.DrawFn) -> tuple[int, int]:
    n = draw(st.integers(1, 400))
    return draw(st.integers(0, n)), n


@pytest.mark.parametrize(
    ("x", "n", "low", "high"),
    [
        (14, 52, 0.1677, 0.4025),
        (85, 158, 0.4603, 0.6139),
        (99, 210, 0.4050, 0.5388),
        (0, 20, 0.0, 0.1611),
    ],
)
def test_wilson_gives_the_worked_figures(x: int, n: int, low: float, high: float) -> None:
    assert wilson(x, n) == pytest.approx((low, high), abs=5e-5)


def test_wilson_ends_exactly_at_nobody_and_everybody() -> None:
    assert wilson(0, 7)[0] == 0.0  # type: ignore[index]
    assert wilson(7, 7)[1] == 1.0  # type: ignore[index]


@given(a_share())
def test_wilson_holds_the_rate_and_agrees_with_scipy(share: tuple[int, int]) -> None:
    x, n = share
    low, high = wilson(x, n)  # type: ignore[misc]
    assert 0 <= low <= x / n <= high <= 1
    assert (low, high) == pytest.approx(tuple(binomtest(x, n).proportion_ci(method="wilson")), abs=1e-9)


@pytest.mark.parametrize(
    ("counts", "difference", "low", "high"),
    [
        ((14, 52, 85, 158), -0.2687, -0.3955, -0.1145),
        ((56, 70, 48, 80), 0.2, 0.0524, 0.3339),
        ((0, 9, 30, 80), -0.375, -0.4845, -0.0602),
    ],
)
def test_newcombe_gives_the_worked_figures(
    counts: tuple[int, int, int, int], difference: float, low: float, high: float
) -> None:
    assert newcombe(*counts) == pytest.approx((low, high), abs=5e-5)
    assert gap(*counts)["difference"] == pytest.approx(difference, abs=5e-5)


@pytest.mark.parametrize(
    ("counts", "low", "high", "digits"),
    [
        ((14, 52, 85, 158), 0.3057, 0.7710, 5e-5),
        ((36, 40, 16, 80), 2.94, 7.15, 5e-3),
        ((0, 9, 30, 80), 0.0, 0.8166, 5e-5),
    ],
)
def test_koopman_gives_the_worked_figures(
    counts: tuple[int, int, int, int], low: float, high: float, digits: float
) -> None:
    assert koopman(*counts) == pytest.approx((low, high), abs=digits)


def _chi_squared(ratio: float, x1: int, n1: int, x2: int, n2: int) -> float:
    """Pearson's statistic at the likeliest pair of rates with this ratio, found by search rather than by formula."""

    def unlikely(p2: float) -> float:
        p1 = ratio * p2
        return -(x1 * log(p1) + (n1 - x1) * log(1 - p1) + x2 * log(p2) + (n2 - x2) * log(1 - p2))

    ceiling = min(1.0, 1 / ratio)
    found = minimize_scalar(
        unlikely, bounds=(ceiling * 1e-9, ceiling * (1 - 1e-9)), method="bounded", options={"xatol": 1e-12}
    )
    p1, p2 = ratio * found.x, found.x
    return (x1 - n1 * p1) ** 2 / (n1 * p1 * (1 - p1)) + (x2 - n2 * p2) ** 2 / (n2 * p2 * (1 - p2))


@pytest.mark.parametrize(
    "counts", [(14, 52, 85, 158), (36, 40, 16, 80), (3, 7, 2, 9), (1, 30, 20, 40), (5, 6, 8, 9)]
)
def test_at_each_end_of_koopman_the_score_is_just_rejected(counts: tuple[int, int, int, int]) -> None:
    for end in koopman(*counts):
        assert end is not None
        assert _chi_squared(end, *counts) == pytest.approx(3.841459, abs=2e-4)


def test_a_ratio_to_nobody_has_no_upper_end() -> None:
    found = gap(3, 5, 0, 7)
    assert found["ratio"] is None
    assert found["ratio_high"] is None
    assert found["ratio_low"] == pytest.approx(1.4143, abs=5e-5)
    assert koopman(0, 5, 0, 7) == (0.0, None)


def test_everybody_against_everybody_has_both_ends() -> None:
    low, high = koopman(5, 5, 7, 7)
    assert low is not None
    assert high is not None
    assert low < 1 < high


@given(a_share(), a_share())
@settings(max_examples=60, deadline=None)
def test_every_interval_holds_its_own_figure(first: tuple[int, int], second: tuple[int, int]) -> None:
    found = gap(*first, *second)
    assert -1 <= found["difference_low"] <= found["difference"] <= found["difference_high"] <= 1  # type: ignore[operator]
    if found["ratio"] is not None and found["ratio_high"] is not None:
        assert found["ratio_low"] - 1e-9 <= found["ratio"] <= found["ratio_high"] + 1e-9  # type: ignore[operator]


@given(a_share(), a_share())
@settings(max_examples=40, deadline=None)
def test_changing_the_groups_round_turns_the_gap_round(
    first: tuple[int, int], second: tuple[int, int]
) -> None:
    one, other = gap(*first, *second), gap(*second, *first)
    assert one["difference_low"] == pytest.approx(-other["difference_high"])  # type: ignore[operator]
    assert one["fisher_p"] == pytest.approx(other["fisher_p"])
    if one["ratio_low"] and other["ratio_high"]:
        assert one["ratio_low"] == pytest.approx(1 / other["ratio_high"], rel=1e-6)


def test_fisher_gives_the_worked_figure() -> None:
    assert fisher(14, 52, 85, 158) == pytest.approx(0.000772, abs=5e-7)


def test_an_empty_group_leaves_only_the_other_rate() -> None:
    found = gap(0, 0, 3, 6)
    assert found["rate2"] == 0.5
    assert [name for name, value in found.items() if value is not None] == [
        "rate2",
        "rate2_low",
        "rate2_high",
    ]


@pytest.mark.parametrize("counts", [(3, 2, 1, 5), (1, 5, 3, 2), (-1, 5, 1, 5), (1, 5, 0, -2)])
def test_counts_that_are_no_share_are_refused_by_name(counts: tuple[int, int, int, int]) -> None:
    with pytest.raises(NotAShare, match=r"[xn][12] is -?\d"):
        gap(*counts)


def test_the_smallest_gap_that_would_show_is_about_22_points_in_the_worked_school() -> None:
    assert smallest_clear_gap(52, 158, 99 / 210) == pytest.approx(0.224, abs=2e-3)
    assert smallest_clear_gap(0, 10, 0.5) is None
