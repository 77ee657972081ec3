"""What the demo's families want can be had, hangs together, and is as uneven as in life."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, timedelta
from functools import cache
from itertools import combinations
from statistics import mean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from booking.office.demo.demand import Wish, wishes_for, year_group_in
from booking.office.demo.fates import fate_of, is_in_school, walk_ins_on
from booking.office.demo.offer import PROVIDERS, ROOMS, RUNS, SCHOOL
from booking.office.demo.population import make_population
from booking.office.demo.records import Population
from booking.provision.areas import AREAS
from booking.provision.models import KINDS, YEAR_GROUPS
from booking.provision.year_plan import history_of, plan_year

TODAY = date(2026, 11, 23)
BY_NAME = {run.name: run for run in RUNS}


@cache
def demo(size: int = 210, seed: int = 1) -> Population:
    return make_population(size, seed, TODAY)


@cache
def wanted(size: int = 210, seed: int = 1, back: int = 0) -> tuple[Wish, ...]:
    plan = plan_year(TODAY)
    return wishes_for(demo(size, seed), plan, history_of(TODAY, plan)[-1 - back])


def test_the_offer_is_one_that_the_tables_take() -> None:
    assert len({run.name for run in RUNS}) == len(RUNS)
    for run in RUNS:
        assert run.kind in KINDS
        assert run.area is None or run.area in AREAS
        assert run.room in ROOMS
        assert run.places <= ROOMS[run.room]
        assert run.seller in {SCHOOL, *PROVIDERS}
        assert set(run.years) <= set(YEAR_GROUPS)
        assert run.starts_at < run.ends_at
        assert run.pence >= 0
    clubs = [run for run in RUNS if run.kind == "club"]
    assert len(clubs) >= 8
    assert {run.area for run in RUNS if run.area} == set(AREAS)
    assert set(PROVIDERS) <= {run.seller for run in RUNS}
    assert {"breakfast", "club", "extended_care", "family", "community"} <= {run.kind for run in RUNS}
    assert [run.pence for run in RUNS if run.is_free_slot] == [0]


@settings(max_examples=20, deadline=None)
@given(st.integers(10, 260), st.integers(0, 10**6), st.dates(date(2025, 1, 1), date(2029, 12, 31)))
def test_every_wish_can_be_had_by_that_child_on_that_day(size: int, seed: int, today: date) -> None:
    school, plan = make_population(size, seed, today), plan_year(today)
    booked_by: defaultdict[int, set[int | None]] = defaultdict(set)
    for tie in school.ties:
        booked_by[tie.pupil].add(school.adults[tie.adult].account)
    for half_term in history_of(today, plan):
        wishes = wishes_for(school, plan, half_term)
        assert len(set(wishes)) == len(wishes)
        days: defaultdict[tuple[int, int], list[Wish]] = defaultdict(list)
        for wish in wishes:
            pupil, run = school.pupil(wish.pupil), BY_NAME[wish.activity]
            assert year_group_in(pupil, half_term, plan) in run.years
            assert wish.weekday in run.weekdays
            assert wish.account in booked_by[wish.pupil]
            assert pupil.joined_on is not None
            assert pupil.joined_on <= half_term.starts_on
            days[wish.pupil, wish.weekday].append(wish)
        for same_day in days.values():
            for one, other in combinations((BY_NAME[wish.activity] for wish in same_day), 2):
                assert one.ends_at <= other.starts_at or other.ends_at <= one.starts_at


def test_a_year_group_is_that_of_the_half_term() -> None:
    school, plan = demo(), plan_year(TODAY)
    assert plan.previous is not None
    summer, autumn = plan.previous.half_terms[5], plan.half_terms[0]
    child = next(pupil for pupil in school.pupils if pupil.year_group == "3")
    assert (year_group_in(child, summer, plan), year_group_in(child, autumn, plan)) == ("2", "3")


def test_separated_parents_each_book_their_own_days() -> None:
    school = demo(600)
    for wish in wanted(600):
        family = school.families[school.pupil(wish.pupil).family]
        account = school.accounts[wish.account]
        tied = {school.adults[t.adult].account for t in school.ties if t.pupil == wish.pupil}
        if family.form == "separated" and tied >= set(family.accounts):
            assert wish.weekday in account.weekdays
    apart = [f for f in school.families if f.form == "separated"]
    bookers = {wish.account for wish in wanted(600)}
    assert any(set(family.accounts) <= bookers for family in apart)


def uptake(kinds: set[str], among: dict[str, object]) -> dict[str, float]:
    school = demo(3000)
    takers = {wish.pupil for wish in wanted(3000) if BY_NAME[wish.activity].kind in kinds}
    found = {}
    for value in set(among.values()):
        group = [p.key for p in school.pupils if p.year_group[0] != "N" and among[str(p.key)] == value]
        found[str(value)] = mean(key in takers for key in group)
    return found


def test_clubs_draw_fewer_poorer_children_and_fewer_who_need_help() -> None:
    school = demo(3000)
    premium = {str(p.key): p.fact("pupil_premium", TODAY) for p in school.pupils}
    sen = {str(p.key): p.fact("sen", TODAY) for p in school.pupils}
    by_premium, by_sen = uptake({"club"}, dict(premium)), uptake({"club"}, dict(sen))
    assert by_premium["yes"] < 0.75 * by_premium["None"]
    assert by_sen["E"] < by_sen["K"] < 0.85 * by_sen["N"]
    assert uptake({"extended_care"}, dict(premium))["yes"] < uptake({"extended_care"}, dict(premium))["None"]


def test_the_free_breakfast_draws_more_of_the_poorer() -> None:
    school = demo(3000)
    eats = {wish.pupil for wish in wanted(3000) if BY_NAME[wish.activity].is_free_slot}
    rates = [
        mean(p.key in eats for p in school.pupils if (p.fact("pupil_premium", TODAY) == "yes") == poor)
        for poor in (True, False)
    ]
    assert rates[0] > 1.15 * rates[1]


@pytest.mark.parametrize("seed", range(6))
def test_a_usual_school_fills_some_clubs_and_leaves_room_in_others(seed: int) -> None:
    counts = Counter((wish.activity, wish.weekday) for wish in wanted(210, seed))
    asked = {key: count / BY_NAME[key[0]].places for key, count in counts.items()}
    assert max(asked.values()) > 0.9
    assert min(asked.values()) < 0.6
    clubs = {wish.pupil for wish in wanted(210, seed) if BY_NAME[wish.activity].kind == "club"}
    assert 0.35 <= len(clubs) / 210 <= 0.65


def test_most_wishes_last_from_one_half_term_to_the_next_and_some_do_not() -> None:
    before, after = set(wanted(600, 1, 1)), set(wanted(600, 1, 0))
    assert 0.6 < len(before & after) / len(before) < 0.99


def test_better_off_families_ask_sooner() -> None:
    school = demo(3000)
    turns = {wish.pupil: place for place, wish in enumerate(wanted(3000))}
    poor = [t for key, t in turns.items() if school.pupil(key).fact("pupil_premium", TODAY) == "yes"]
    others = [t for key, t in turns.items() if school.pupil(key).fact("pupil_premium", TODAY) != "yes"]
    assert mean(poor) > 1.2 * mean(others)


def test_what_happens_to_a_place_happens_in_school_proportions() -> None:
    school = demo()
    days = [TODAY + timedelta(days=n) for n in range(20)]
    care, chess, free = BY_NAME["Care until six"], BY_NAME["Chess club"], BY_NAME["Free breakfast"]
    for run in (care, chess, free):
        fates = [fate_of(school, pupil, run, day) for pupil in school.pupils for day in days]
        assert fates == [fate_of(school, pupil, run, day) for pupil in school.pupils for day in days]
        cancelled = mean(fate.cancels_before is not None for fate in fates)
        assert cancelled == 0 if run.is_free_slot else 0.02 < cancelled < 0.05
        assert 0.75 < mean(fate.comes for fate in fates) < 0.95
        assert any(fate.minutes_late for fate in fates) == (run.kind == "extended_care")
        for fate in fates:
            assert not (fate.comes and (fate.cancels_before is not None or fate.reason))
            assert fate.cancels_before is None or 2 <= fate.cancels_before <= 9


def test_a_child_who_is_ill_comes_to_nothing_that_day() -> None:
    school = demo()
    for pupil in school.pupils:
        if not is_in_school(school, pupil, TODAY):
            assert not any(fate_of(school, pupil, run, TODAY).comes for run in RUNS)


def test_walk_ins_were_not_expected_and_are_old_enough() -> None:
    school = demo()
    expected = {pupil.key for pupil in school.pupils[:100]}
    came = [key for n in range(20) for key in walk_ins_on(school, TODAY + timedelta(days=n), expected)]
    assert came
    assert not expected & set(came)
    assert all(school.pupil(key).year_group[0] != "N" for key in came)
