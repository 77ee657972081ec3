"""The six clubs of the worked example, the false alarm of small clubs, and the edges."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from booking.equity.mixing import NotATable, _random_tables, leave_one_out, mixing

SIX_CLUBS = [[9, 3], [2, 10], [1, 7], [6, 6], [0, 8], [4, 4]]
SMALL_CLUBS = [[2, 4], [1, 5], [3, 4], [0, 6], [2, 3], [1, 5]]


@pytest.fixture(scope="module")
def worked() -> dict[str, Any]:
    return mixing(SIX_CLUBS, ["EAL", "not"], draws=20_000, seed=7)


def test_the_worked_example_gives_its_observed_values(worked: dict[str, Any]) -> None:
    pair = worked["pairs"][0]
    assert (pair["of"], pair["to"]) == ("EAL", "not")
    assert pair["D"] == pytest.approx(0.521531, abs=5e-7)
    assert worked["multigroup_D"] == pytest.approx(pair["D"])
    assert worked["H"] == pytest.approx(0.263701, abs=5e-7)
    assert pair["exposure"] == pytest.approx(0.445076, abs=5e-7)
    assert pair["leave_one_out"] == pytest.approx(0.492326, abs=5e-7)


def test_the_worked_example_gives_its_values_under_chance(worked: dict[str, Any]) -> None:
    pair = worked["pairs"][0]
    assert pair["exposure_random"] == pytest.approx(0.579661, abs=5e-7)
    assert pair["leave_one_out_random"] == pytest.approx(0.644068, abs=5e-7)
    assert pair["expected_D"] == pytest.approx(0.2396, abs=0.004)
    assert worked["expected"]["D"] == pytest.approx(pair["expected_D"])
    assert worked["expected"]["H"] == pytest.approx(0.0689, abs=0.002)
    chance = pair["D_chance"]
    assert (chance["low"], chance["high"]) == pytest.approx((0.0957, 0.4115), abs=0.02)
    assert chance["p"] == pytest.approx(0.0011, abs=0.0008)
    assert chance["excess"] == pytest.approx(0.371, abs=0.005)
    assert worked["H_chance"]["excess"] == pytest.approx(0.209, abs=0.004)
    apart = pair["leave_one_out_chance"]
    assert (apart["low"], apart["high"]) == pytest.approx((0.5561, 0.6942), abs=0.01)
    assert apart["excess"] == pytest.approx(-0.236, abs=0.0005)
    assert apart["p"] < 0.004


def test_two_groups_share_out_exposure_and_isolation(worked: dict[str, Any]) -> None:
    there, back = worked["pairs"]
    assert there["exposure"] + there["isolation"] == pytest.approx(1)
    assert there["exposure_random"] + there["isolation_random"] == pytest.approx(1)
    assert 22 * there["exposure"] == pytest.approx(38 * back["exposure"])


def test_small_clubs_look_apart_and_are_not() -> None:
    pair = mixing(SMALL_CLUBS, ["EAL", "not"], draws=20_000, seed=3)["pairs"][0]
    assert pair["D"] == pytest.approx(0.370, abs=5e-4)
    assert pair["expected_D"] == pytest.approx(0.365, abs=0.003)
    assert pair["D_chance"]["p"] == pytest.approx(0.51, abs=0.02)


def test_the_same_seed_gives_the_same_answer_and_another_seed_another() -> None:
    one = mixing(SIX_CLUBS, ["EAL", "not"], draws=200, seed=5)
    assert one == mixing(SIX_CLUBS, ["EAL", "not"], draws=200, seed=5)
    assert one["expected"] != mixing(SIX_CLUBS, ["EAL", "not"], draws=200, seed=6)["expected"]


def test_clubs_of_one_kind_only_are_wholly_apart() -> None:
    found = mixing([[10, 0], [0, 10]], ["a", "b"], draws=50)
    pair = found["pairs"][0]
    assert (pair["D"], pair["exposure"], pair["isolation"], pair["leave_one_out"]) == (1, 0, 1, 0)
    assert found["H"] == pytest.approx(1)
    assert found["M"] == pytest.approx(np.log(2))


def test_a_single_club_cannot_separate() -> None:
    found = mixing([[3, 4]], ["a", "b"], draws=20)
    assert found["multigroup_D"] == pytest.approx(0)
    assert found["expected"] == pytest.approx({"D": 0, "H": 0, "M": 0})
    pair = found["pairs"][0]
    assert pair["leave_one_out"] == pytest.approx(4 / 6) == pair["leave_one_out_random"]
    assert pair["leave_one_out_chance"]["p"] == 1


def test_one_group_alone_has_no_index_but_m() -> None:
    found = mixing([[3], [4]], ["a"], draws=20)
    assert (found["M"], found["H"], found["multigroup_D"], found["pairs"]) == (0, None, None, [])
    assert found["expected"] == {"D": None, "H": None, "M": 0}


@pytest.mark.parametrize("counts", [[], [[0, 0]], [[0, 0], [0, 0]]])
def test_nobody_at_all_leaves_everything_undefined(counts: list[list[int]]) -> None:
    found = mixing(counts, ["a", "b"], draws=20)
    assert (found["M"], found["H"], found["multigroup_D"]) == (None, None, None)
    assert all(pair[name] is None for pair in found["pairs"] for name in ("D", "exposure", "leave_one_out"))


def test_a_group_with_nobody_is_undefined_towards_the_others() -> None:
    pairs = mixing([[3, 2, 0], [1, 4, 0]], ["a", "b", "none"], draws=50)["pairs"]
    by_names = {(pair["of"], pair["to"]): pair for pair in pairs}
    assert by_names["none", "a"]["exposure"] is None
    assert by_names["a", "none"]["exposure"] == 0
    assert by_names["a", "none"]["D"] is None
    assert by_names["a", "b"]["D"] is not None


def test_a_child_alone_in_a_club_has_no_company_to_count() -> None:
    pair = mixing([[1, 0], [2, 2]], ["a", "b"], draws=50)["pairs"][0]
    assert pair["leave_one_out"] == pytest.approx(2 / 3)
    assert pair["leave_one_out_random"] == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    "counts", [[[7, 3, 5], [2, 9, 4], [6, 6, 6]], [[4], [5]], [[4, 5]], [[1, 2], [3, 4]]]
)
def test_random_tables_keep_club_sizes_and_group_totals(counts: list[list[int]]) -> None:
    table = np.array(counts, dtype=float)
    drawn = np.concatenate(list(_random_tables(table, 40, 1)))
    assert drawn.shape == (40, *table.shape)
    assert drawn.min() >= 0
    assert (drawn.sum(axis=1) == table.sum(axis=0)).all()
    assert (drawn.sum(axis=2) == table.sum(axis=1)).all()


def test_chance_for_leave_one_out_is_exact_whatever_the_club_sizes() -> None:
    table = np.array([[5.0, 4.0, 1.0], [2.0, 7.0, 3.0], [2.0, 1.0, 2.0]])
    drawn = np.concatenate(list(_random_tables(table, 40_000, 2)))
    simulated = leave_one_out(drawn[:, :, 0], drawn[:, :, 1], drawn.sum(axis=2)).mean()
    pair = mixing(table.astype(int).tolist(), ["a", "b", "c"], draws=10)["pairs"][0]
    assert pair["leave_one_out_random"] == pytest.approx(12 / 26)
    assert simulated == pytest.approx(12 / 26, abs=0.002)


@given(st.lists(st.lists(st.integers(0, 15), min_size=3, max_size=3), min_size=1, max_size=6))
@settings(max_examples=40, deadline=None)
def test_indices_stay_in_their_bounds(counts: list[list[int]]) -> None:
    found = mixing(counts, ["a", "b", "c"], draws=5)
    assert found["M"] is None or found["M"] >= 0
    for value in (found["H"], found["multigroup_D"]):
        assert value is None or -1e-9 <= value <= 1 + 1e-9
    for pair in found["pairs"]:
        for name in ("D", "exposure", "isolation", "leave_one_out", "expected_D"):
            assert pair[name] is None or -1e-9 <= pair[name] <= 1 + 1e-9


@pytest.mark.parametrize(("counts", "draws"), [([[1, 2, 3]], 10), ([[1, -2]], 10), ([[1, 2]], 0)])
def test_what_is_no_table_or_no_draw_is_refused(counts: list[list[int]], draws: int) -> None:
    with pytest.raises(NotATable):
        mixing(counts, ["a", "b"], draws=draws)
