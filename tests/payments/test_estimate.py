"""What it may really cost: worked examples at the published caps, and no figure where no scheme may pay."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.payments.estimate import CareCost, Estimate, estimate, rates_on

DAY = date(2025, 11, 3)


def _cost(pence: int, *, pupil: int = 1, on: date = DAY, tfc: bool = True, uc: bool = True) -> CareCost:
    return CareCost(pupil, on, pence, tfc, uc)


def _estimated(costs: list[CareCost], **options: set[int]) -> Estimate:
    found = estimate(costs, **options)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("pence", "disabled", "added"),
    [
        (1000, set(), 200),
        (999, set(), 199),
        (249_999, set(), 49_999),
        (250_000, set(), 50_000),
        (250_001, set(), 50_000),
        (400_000, set(), 50_000),
        (400_000, {1}, 80_000),
        (500_001, {1}, 100_000),
    ],
)
def test_two_pounds_for_each_eight_up_to_the_cap_of_a_quarter(
    pence: int, disabled: set[int], added: int
) -> None:
    found = _estimated([_cost(pence)], disabled=disabled)
    assert (found.tfc_added_pence, found.with_tfc_pence) == (added, pence - added)


def test_the_cap_is_for_each_child_and_each_three_months() -> None:
    costs = [_cost(400_000), _cost(400_000, pupil=2), _cost(400_000, on=date(2026, 2, 2))]
    assert _estimated(costs).tfc_added_pence == 150_000
    assert _estimated([_cost(400_000), _cost(400_000, on=date(2026, 1, 30))]).tfc_added_pence == 50_000


@pytest.mark.parametrize(
    ("costs", "back"),
    [
        ([_cost(10_000)], 8_500),
        ([_cost(121_397)], 103_187),
        ([_cost(121_398)], 103_188),
        ([_cost(200_000)], 103_188),
        ([_cost(100_000), _cost(108_110, pupil=2)], 176_893),
        ([_cost(100_000), _cost(108_112, pupil=2)], 176_894),
        ([_cost(200_000), _cost(200_000, pupil=2), _cost(200_000, pupil=3)], 176_894),
        ([_cost(200_000), _cost(200_000, on=date(2025, 12, 1))], 206_376),
    ],
)
def test_universal_credit_pays_85_in_100_back_up_to_the_months_cap(costs: list[CareCost], back: int) -> None:
    assert _estimated(costs).universal_credit_pence == back


def test_only_places_that_a_scheme_may_pay_count_for_it() -> None:
    found = _estimated([_cost(1000, uc=False), _cost(1000, tfc=False), _cost(500, tfc=False, uc=False)])
    assert (found.total_pence, found.tfc_added_pence, found.universal_credit_pence) == (2500, 200, 850)
    assert estimate([_cost(500, tfc=False, uc=False)]) is None
    assert estimate([_cost(0)]) is None


def test_a_later_year_uses_the_last_rates_known_and_says_so() -> None:
    assert not _estimated([_cost(1000)]).is_old
    later = _estimated([_cost(1000, on=date(2027, 5, 3))])
    assert (later.year, later.is_old) == ("2025-26", True)
    assert rates_on(date(2020, 1, 1)) is None
    assert estimate([_cost(1000, on=date(2020, 1, 1))]) is None


@given(
    st.lists(
        st.builds(
            CareCost,
            pupil_id=st.integers(1, 3),
            on=st.integers(0, 200).map(lambda days: DAY + timedelta(days=days)),
            price_pence=st.integers(0, 300_000),
            takes_tfc=st.booleans(),
            takes_universal_credit=st.booleans(),
        ),
        max_size=8,
    )
)
def test_no_estimate_is_below_nothing_or_above_the_price(costs: list[CareCost]) -> None:
    found = estimate(costs)
    if found is not None:
        assert 0 <= found.with_tfc_pence <= found.total_pence
        assert 0 <= found.with_universal_credit_pence <= found.total_pence
