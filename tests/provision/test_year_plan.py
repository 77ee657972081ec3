"""The planned school year, for every day over many years and against years that councils published."""

from __future__ import annotations

from datetime import date, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.provision.areas import AREAS
from booking.provision.calendar import bank_holidays
from booking.provision.year_plan import (
    easter_sunday,
    history_of,
    last_finished_half_term,
    nearest_school_day,
    plan_year,
    school_year,
)

EVERY_DAY = [date(2025, 1, 1) + timedelta(days=n) for n in range(3 * 365 + 1)]
YEARS = range(2015, 2041)
any_day = st.dates(date(2016, 1, 1), date(2040, 12, 31))


@pytest.mark.parametrize("first_year", YEARS)
def test_a_year_has_190_days_with_pupils_and_five_inset_days(first_year: int) -> None:
    plan = school_year(first_year)
    assert len(plan.school_days()) == 190
    assert len(set(plan.inset)) == 5
    assert not set(plan.inset) & set(plan.school_days())


@pytest.mark.parametrize("first_year", YEARS)
def test_a_year_lies_where_councils_put_it(first_year: int) -> None:
    plan = school_year(first_year)
    assert date(first_year, 9, 1) <= plan.year.starts_on <= date(first_year, 9, 4)
    assert date(first_year + 1, 7, 15) <= plan.year.ends_on <= date(first_year + 1, 7, 29)
    weeks = [(half.ends_on - half.starts_on).days / 7 for half in plan.half_terms]
    assert all(3 < length < 9 for length in weeks), weeks


@pytest.mark.parametrize("first_year", YEARS)
def test_half_terms_follow_each_other_with_a_break_between(first_year: int) -> None:
    plan = school_year(first_year)
    for before, after in pairwise(plan.half_terms):
        assert before.starts_on < before.ends_on < after.starts_on
        assert (after.starts_on - before.ends_on).days >= 9
    for half in plan.half_terms:
        for edge in (half.starts_on, half.ends_on):
            assert edge.weekday() < 5
            assert edge not in bank_holidays(edge.year)
    assert [(t.starts_on, t.ends_on) for t in plan.terms] == [
        (plan.half_terms[n].starts_on, plan.half_terms[n + 1].ends_on) for n in (0, 2, 4)
    ]
    assert (plan.year.starts_on, plan.year.ends_on) == (plan.terms[0].starts_on, plan.terms[2].ends_on)


@pytest.mark.parametrize("first_year", YEARS)
def test_pupils_stay_at_home_on_bank_holidays_and_easter(first_year: int) -> None:
    plan = school_year(first_year)
    days = set(plan.school_days())
    easter = easter_sunday(first_year + 1)
    assert not days & {day for year in (first_year, first_year + 1) for day in bank_holidays(year)}
    assert not days & {easter + timedelta(days=n) for n in range(-2, 2)}
    assert all(day.weekday() < 5 for day in days)
    assert dict(plan.holidays)[
        date(first_year, 12, 25) if date(first_year, 12, 25).weekday() < 5 else easter + timedelta(days=1)
    ]


@pytest.mark.parametrize("first_year", YEARS)
def test_each_term_ends_early_on_its_last_day_with_pupils(first_year: int) -> None:
    plan = school_year(first_year)
    assert [day for day, _ in plan.early_finishes] == [term.ends_on for term in plan.terms]
    assert {hour for _, hour in plan.early_finishes} == {time(13, 30)}
    assert {day for day, _ in plan.early_finishes} <= set(plan.school_days())


@pytest.mark.parametrize("year", YEARS)
def test_easter_is_where_the_bank_holidays_say(year: int) -> None:
    holidays = {name: day for day, name in bank_holidays(year).items()}
    assert easter_sunday(year) == holidays["Easter Monday"] - timedelta(days=1)


def test_the_year_2026_to_2027_is_one_that_a_school_would_know() -> None:
    plan = school_year(2026)
    assert [(half.starts_on, half.ends_on) for half in plan.half_terms] == [
        (date(2026, 9, 1), date(2026, 10, 23)),
        (date(2026, 11, 2), date(2026, 12, 18)),
        (date(2027, 1, 4), date(2027, 2, 12)),
        (date(2027, 2, 22), date(2027, 3, 25)),
        (date(2027, 4, 12), date(2027, 5, 28)),
        (date(2027, 6, 7), date(2027, 7, 21)),
    ]
    assert date(2027, 5, 3) in dict(plan.holidays)
    assert plan.half_terms[1].name == "Autumn 2 2026/27"


def test_every_day_of_three_years_has_a_finished_half_term_and_history_behind_it() -> None:
    for today in EVERY_DAY:
        plan = plan_year(today)
        assert today <= plan.year.ends_on
        finished = last_finished_half_term(today, plan)
        assert finished.ends_on < today
        assert (today - finished.ends_on).days < 105
        history = history_of(today, plan)
        assert len(history) == 3
        assert history[0].starts_on < history[1].starts_on < history[2].starts_on <= today
        assert finished in history


@given(any_day)
def test_the_years_of_a_plan_never_overlap(today: date) -> None:
    halves = plan_year(today).all_half_terms()
    assert all(before.ends_on < after.starts_on for before, after in pairwise(halves))
    assert len({half.name for half in halves}) == len(halves)


@given(any_day)
def test_a_half_term_to_come_is_always_there_to_book(today: date) -> None:
    assert any(half.starts_on > today for half in plan_year(today).all_half_terms())


@given(any_day)
def test_a_school_day_is_its_own_nearest_and_any_other_day_moves_to_one(today: date) -> None:
    plan = plan_year(today)
    day = nearest_school_day(today, plan)
    days = set(plan.school_days())
    assert day in days
    assert (day == today) == (today in days)
    assert plan_year(day).year == plan.year


def test_a_weekend_moves_to_the_day_beside_it() -> None:
    assert nearest_school_day(date(2026, 11, 21), plan_year(date(2026, 11, 21))) == date(2026, 11, 20)
    assert nearest_school_day(date(2026, 11, 22), plan_year(date(2026, 11, 22))) == date(2026, 11, 23)


def test_the_summer_holiday_looks_to_september() -> None:
    today = date(2027, 8, 1)
    plan = plan_year(today)
    assert plan.year.name == "School year 2027/28"
    assert plan.previous is not None
    assert last_finished_half_term(today, plan).name == "Summer 2 2026/27"
    assert nearest_school_day(today, plan).month == 9


def test_there_are_five_areas_of_enrichment() -> None:
    assert len(AREAS) == 5
    assert all(len(key) <= 20 for key in AREAS)
