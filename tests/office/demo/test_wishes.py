"""What the demo's families want can be had, and is as uneven as in life."""

from __future__ import annotations

from datetime import date
from functools import cache
from itertools import pairwise

from booking.office.demo.offer import PROVIDERS, ROOMS, RUNS, SCHOOL
from booking.office.demo.population import make_population
from booking.office.demo.records import DemoPupil, Population
from booking.office.demo.wishes import wishes_of
from booking.provision.models import KINDS, YEAR_GROUPS

TODAY = date(2026, 11, 23)
BY_NAME = {run.name: run for run in RUNS}


@cache
def demo(size: int = 210) -> Population:
    return make_population(size, 1, TODAY)


def test_the_offer_is_one_that_the_tables_take() -> None:
    assert len(BY_NAME) == len(RUNS)
    assert sum(run.kind == "club" for run in RUNS) >= 8
    for run in RUNS:
        assert run.kind in KINDS
        assert run.room in ROOMS
        assert run.seller in {SCHOOL, *PROVIDERS}
        assert run.starts_at < run.ends_at
        assert set(run.years) <= set(YEAR_GROUPS)


def test_nobody_wants_two_things_at_once_or_what_is_not_for_them() -> None:
    for pupil in demo().pupils:
        wishes = wishes_of(pupil, 1)
        for name, day in wishes:
            assert day in BY_NAME[name].weekdays
            assert pupil.year_group in BY_NAME[name].years
        for day in range(5):
            spans = sorted((BY_NAME[n].starts_at, BY_NAME[n].ends_at) for n, on in wishes if on == day)
            assert all(a[1] <= b[0] for a, b in pairwise(spans)), (pupil, day)


def test_the_same_seed_wants_the_same() -> None:
    assert [wishes_of(p, 3) for p in demo().pupils] == [wishes_of(p, 3) for p in demo().pupils]


def test_children_with_the_premium_go_to_clubs_less() -> None:
    def share(pupils: list[DemoPupil]) -> float:
        return sum(any(BY_NAME[n].kind == "club" for n, _ in wishes_of(p, 1)) for p in pupils) / len(pupils)

    pupils = [p for p in demo(3000).pupils if p.year_group in BY_NAME["Choir"].years]
    premium = [p for p in pupils if any(f.kind == "pupil_premium" for f in p.facts)]
    others = [p for p in pupils if p not in premium]
    assert share(premium) < share(others) - 0.08
