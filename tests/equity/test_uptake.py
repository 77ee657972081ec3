"""The protected report, its sentences, and the working view beside it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from booking.equity.protected_uptake import (
    ReportNotSafe,
    ThresholdTooLow,
    UptakeReport,
    frozen_counts,
    report_as_json,
    report_from_json,
    uptake_report,
)
from booking.equity.report_attack import rows_given_away
from booking.equity.sentences import headline, how_to_read, sentences, withheld_sentences
from booking.equity.uptake import ALL, CHARACTERISTICS, GroupKey, NotARoll, PupilRow, working_view
from booking.equity.uptake_plot import uptake_plot
from booking.equity.withholding import EarlierRelease
from tests.equity.invented import a_school

SENSITIVE = frozenset(characteristic.key for characteristic in CHARACTERISTICS if characteristic.sensitive)
WHEN = "in the autumn term"


def a_roll(key: str, groups: dict[str, tuple[int, int]]) -> tuple[list[PupilRow], dict[int, int]]:
    """A roll with one characteristic: each group with how many took part, of how many."""
    rows: list[PupilRow] = []
    sessions: dict[int, int] = {}
    for group, (x, n) in groups.items():
        for number in range(n):
            if number < x:
                sessions[len(rows)] = 3
            rows.append(PupilRow(len(rows), "3", {key: group}))
    return rows, sessions


ETHNICITY = {"White": (58, 122), "Asian": (20, 38), "Black": (11, 24), "Mixed": (8, 17), "Other": (2, 9)}


def shown(report: UptakeReport, key: str) -> list[str]:
    table = next(table for table in report.tables if table.key == key)
    return [row.group for row in table.rows if not row.withheld]


def test_the_ethnicity_table_hides_mixed_beside_other() -> None:
    report = uptake_report(*a_roll("ethnicity", ETHNICITY), 5, ["ethnicity"])
    assert shown(report, "ethnicity") == ["Asian", "Black", "White"]
    counts = frozen_counts(*a_roll("ethnicity", ETHNICITY), ["ethnicity"])
    assert rows_given_away(counts, report.shown_keys() | {("ethnicity", "Mixed")}, 5, SENSITIVE) == [
        ("ethnicity", "Other")
    ]


def test_a_group_of_two_halves_is_shown_or_withheld_whole() -> None:
    rows, sessions = a_roll("pupil_premium", {"Pupil premium": (14, 52), "Not pupil premium": (85, 158)})
    report = uptake_report(rows, sessions, 10, ["pupil_premium"])
    premium, others = report.tables[0].rows
    assert (premium.took_part, premium.on_roll, premium.percent, premium.rest_percent) == (14, 52, 27, 54)
    assert (premium.low, premium.high) == (17, 40)
    assert (premium.difference, premium.difference_low, premium.difference_high) == (-27, -40, -11)
    assert premium.is_clear
    assert premium.clear_from == 22
    assert others.difference is None
    few = a_roll("pupil_premium", {"Pupil premium": (9, 52), "Not pupil premium": (85, 158)})
    hidden = uptake_report(*few, 10, ["pupil_premium"])
    assert shown(hidden, "pupil_premium") == []
    assert hidden.everyone.took_part == 94


def test_nearly_everybody_is_protected_as_nearly_nobody_is() -> None:
    report = uptake_report(*a_roll("eal", {"EAL": (50, 52), "Not EAL": (85, 158)}), 10, ["eal"])
    assert shown(report, "eal") == []


@pytest.mark.parametrize(
    ("x", "k", "is_shown"), [(0, 10, False), (0, 5, True), (30, 10, False), (30, 5, True)]
)
def test_nobody_and_everybody_of_a_sensitive_group_stay_out_of_the_public_edition(
    x: int, k: int, is_shown: bool
) -> None:
    roll = a_roll("pupil_premium", {"Pupil premium": (x, 30), "Not pupil premium": (85, 158)})
    assert bool(shown(uptake_report(*roll, k, ["pupil_premium"]), "pupil_premium")) == is_shown


def test_a_small_group_is_withheld_even_where_nobody_or_everybody_took_part() -> None:
    roll = a_roll("ethnicity", {"White": (60, 120), "Asian": (30, 60), "Other": (7, 7)})
    assert "Other" not in shown(uptake_report(*roll, 5, ["ethnicity"]), "ethnicity")


def test_small_groups_of_one_kind_are_released_together_and_worked_on_apart() -> None:
    roll = a_roll(
        "sen", {"SEN support": (9, 34), "EHC plan": (1, 6), "No SEN": (87, 168), "Not known": (2, 2)}
    )
    report = uptake_report(*roll, 10, ["sen"])
    assert [row.group for row in report.tables[0].rows] == ["SEN support or EHC plan", "No SEN, or not known"]
    assert [row.group for row in working_view(*roll, ["sen"])] == [
        "EHC plan",
        "SEN support",
        "No SEN",
        "Not known",
    ]


def test_the_working_view_gives_the_worked_family() -> None:
    roll = a_roll("ethnicity", ETHNICITY)
    rows = {row.group: row for row in working_view(*roll, ["ethnicity"])}
    assert rows["Other"].p == pytest.approx(0.176741, abs=5e-7)
    assert rows["Asian"].p == pytest.approx(0.477493, abs=5e-7)
    assert rows["Other"].q == pytest.approx(min(0.176741 * 5, 1), abs=5e-6)
    assert rows["White"].sessions_per_pupil == pytest.approx(3 * 58 / 122)
    assert rows["White"].rest_rate == pytest.approx(41 / 88)


def test_the_two_halves_of_a_school_are_one_test() -> None:
    roll = a_roll("sex", {"Girls": (60, 100), "Boys": (44, 100)})
    girls, boys = sorted(working_view(*roll, ["sex"]), key=lambda row: row.group, reverse=True)
    assert girls.p == boys.p == girls.q == boys.q


def assert_holds(report: UptakeReport, rows: list[PupilRow], sessions: dict[int, int]) -> None:
    """The attacker fails, and without the further rows he does not (unless none was needed)."""
    counts = frozen_counts(rows, sessions)
    assert rows_given_away(counts, report.shown_keys(), report.k, SENSITIVE) == []


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("k", [5, 10])
def test_nothing_small_can_be_worked_out_of_a_school(seed: int, k: int) -> None:
    rows, sessions = a_school(seed, rate=[0.47, 0.85, 0.25, 0.95][seed])
    report = uptake_report(rows, sessions, k)
    assert_holds(report, rows, sessions)
    for table in report.tables:
        for row in table.rows:
            if not row.withheld:
                assert row.took_part is not None
                assert row.on_roll is not None
                assert row.on_roll >= k
                assert row.took_part == 0 or row.took_part >= k
                assert row.took_part == row.on_roll or row.on_roll - row.took_part >= k


def test_without_the_further_rows_the_attacker_gets_through() -> None:
    rows, sessions = a_school(0)
    counts = frozen_counts(rows, sessions)
    careless: set[GroupKey] = {
        key
        for key, count in counts.items()
        if count.on_roll >= 10 and 10 <= count.took_part <= count.on_roll - 10
    }
    assert rows_given_away(counts, careless, 10, SENSITIVE)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(50))
def test_nothing_small_can_be_worked_out_of_fifty_schools(seed: int) -> None:
    rows, sessions = a_school(seed, pupils=60 + 5 * seed, rate=0.2 + 0.015 * seed)
    for k in (5, 10):
        assert_holds(uptake_report(rows, sessions, k), rows, sessions)


@given(st.lists(st.integers(0, 30).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), max_size=5))
@settings(max_examples=30, deadline=None)
def test_nothing_small_can_be_worked_out_of_any_one_table(groups: list[tuple[int, int]]) -> None:
    rows, sessions = a_roll("ethnicity", {f"Group {number}": group for number, group in enumerate(groups)})
    report = uptake_report(rows, sessions, 5, ["ethnicity"])
    counts = frozen_counts(rows, sessions, ["ethnicity"])
    assert rows_given_away(counts, report.shown_keys(), 5, SENSITIVE) == []


def test_every_figure_of_a_withheld_row_is_withheld_everywhere() -> None:
    rows, sessions = a_school(0)
    report = uptake_report(rows, sessions, 10)
    kept = report_as_json(report)
    withheld = [row for table in kept["tables"] for row in table["rows"] if row["withheld"]]
    assert withheld
    for row in withheld:
        assert {value for name, value in row.items() if name not in {"group", "withheld"}} == {"c"}
    said = " ".join([headline(report, WHEN), *sentences(report, WHEN), uptake_plot(report, WHEN)])
    for row in withheld:
        assert f"{row['group']} took part" not in said
    assert report_from_json(json.loads(json.dumps(kept))) == report


def test_the_same_roll_gives_the_same_report() -> None:
    rows, sessions = a_school(2)
    first = report_as_json(uptake_report(rows, sessions, 10))
    assert report_as_json(uptake_report(list(reversed(rows)), sessions, 10)) == first


def an_earlier(
    rows: list[PupilRow], sessions: dict[int, int], k: int, key: str, same_period: bool
) -> EarlierRelease:
    return EarlierRelease(
        frozen_counts(rows, sessions, [key]),
        uptake_report(rows, sessions, k, [key]).shown_keys(),
        same_period,
    )


def test_a_year_to_date_does_not_give_away_who_joined_since() -> None:
    key = "pupil_premium"
    rows, sessions = a_roll(key, {"Pupil premium": (11, 52), "Not pupil premium": (60, 158)})
    earlier = an_earlier(rows, sessions, 10, key, same_period=False)
    later = dict(sessions)
    for pupil in (11, 12, *range(120, 145)):
        later[pupil] = 1
    alone = uptake_report(rows, later, 10, [key])
    assert shown(alone, key) == ["Pupil premium", "Not pupil premium"]
    counts = frozen_counts(rows, later, [key])
    assert rows_given_away(counts, alone.shown_keys(), 10, SENSITIVE, [earlier]) == [(key, "Pupil premium")]
    after = uptake_report(rows, later, 10, [key], [earlier])
    assert shown(after, key) == []


def test_two_editions_of_one_period_are_weighed_together() -> None:
    rows, sessions = a_roll(
        "ethnicity", {"White": (58, 122), "Asian": (20, 38), "Black": (11, 24), "Mixed": (8, 17)}
    )
    confidential = an_earlier(rows, sessions, 5, "ethnicity", same_period=True)
    assert ("ethnicity", "Mixed") in confidential.shown
    public = uptake_report(rows, sessions, 10, ["ethnicity"], [confidential])
    assert "Mixed" not in shown(public, "ethnicity")
    assert len(shown(public, "ethnicity")) < 3


def test_a_correction_after_release_does_not_give_the_corrected_child_away() -> None:
    key = "pupil_premium"
    rows, sessions = a_roll(key, {"Pupil premium": (20, 52), "Not pupil premium": (60, 158)})
    earlier = an_earlier(rows, sessions, 10, key, same_period=True)
    assert shown(uptake_report(rows, sessions, 10, [key], [earlier]), key) == [
        "Pupil premium",
        "Not pupil premium",
    ]
    corrected = {pupil: count for pupil, count in sessions.items() if pupil != 0}
    assert "Pupil premium" not in shown(uptake_report(rows, corrected, 10, [key], [earlier]), key)


def test_a_report_that_the_attacker_breaks_is_not_issued(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("booking.equity.protected_uptake.rows_to_withhold", lambda *_, **__: frozenset())
    with pytest.raises(ReportNotSafe, match="not issued"):
        uptake_report(*a_roll("ethnicity", ETHNICITY), 5, ["ethnicity"])


@pytest.mark.parametrize("k", [4, 1, 0])
def test_no_report_is_made_below_five(k: int) -> None:
    with pytest.raises(ThresholdTooLow):
        uptake_report([], {}, k)


def test_an_empty_roll_and_a_tiny_one_give_nothing_away() -> None:
    assert headline(uptake_report([], {}, 10), WHEN) == "Nobody was on the roll in the autumn term."
    tiny = uptake_report(*a_roll("sex", {"Girls": (2, 3), "Boys": (1, 4)}), 10)
    assert tiny.shown_keys() == frozenset()
    assert "held back" in headline(tiny, WHEN)
    assert ALL not in tiny.shown_keys()


def test_rows_that_cannot_be_counted_are_refused() -> None:
    rows = [PupilRow(1, "3", {}), PupilRow(1, "3", {})]
    with pytest.raises(NotARoll, match="twice"):
        uptake_report(rows, {}, 10)
    with pytest.raises(NotARoll, match="fewer"):
        uptake_report(rows[:1], {1: -1}, 10)


def test_a_clear_gap_is_told_with_its_range_and_an_unclear_one_without_a_verdict() -> None:
    premium = a_roll("pupil_premium", {"Pupil premium": (14, 52), "Not pupil premium": (85, 158)})
    report = uptake_report(*premium, 10, ["pupil_premium"])
    assert headline(report, WHEN) == (
        "99 of 210 pupils (47%) took part in the autumn term; fewer among pupils with the pupil premium than among "
        "other pupils, by more than luck explains."
    )
    assert sentences(report, WHEN) == [
        "About 1 in 4 pupils with the pupil premium took part in the autumn term (14 of 52, 27%). Among all other "
        "pupils it was 54%. That is 27 points lower, more than luck would explain: the true gap is likely to be "
        "between 11 and 40 points."
    ]
    language = a_roll("eal", {"EAL": (33, 71), "Not EAL": (66, 139)})
    said = sentences(uptake_report(*language, 10, ["eal"]), WHEN)
    assert said == [
        "46% of pupils with English as an additional language took part in the autumn term, and 47% of all other "
        "pupils: no clear difference. With this many pupils, only a gap of about 20 points or more would be sure to show."
    ]


def test_what_is_withheld_is_said_without_saying_which_is_small() -> None:
    report = uptake_report(*a_roll("ethnicity", ETHNICITY), 5, ["ethnicity"])
    assert withheld_sentences(report)[0].startswith("The figures of 2 groups are withheld")
    assert any("confidential" in line for line in how_to_read(report))
    assert not any("confidential" in line for line in how_to_read(uptake_report(*a_school(0), 10)))
