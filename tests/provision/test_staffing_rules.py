"""How many adults children need: added up exactly, never fewer for more children, and never looser than the law."""

from __future__ import annotations

import math
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.core.db import unit_of_work
from booking.provision.models import YEAR_GROUPS
from booking.provision.staffing_rules import PUBLISHED, Rule, RuleRefused, add_rule, all_rules, published
from tests.builders import AT

RULES = st.builds(
    Rule,
    st.fixed_dictionaries({year: st.integers(1, 40) for year in YEAR_GROUPS}),
    st.integers(1, 4),
)
CHILDREN = st.dictionaries(st.sampled_from([*YEAR_GROUPS, ""]), st.integers(0, 60), max_size=9)
YEARS = st.lists(st.sampled_from(YEAR_GROUPS), min_size=1, unique=True)


@given(RULES, CHILDREN, st.sampled_from(YEAR_GROUPS))
def test_one_child_more_never_needs_fewer_adults(rule: Rule, children: dict[str, int], year: str) -> None:
    more = {**children, year: children.get(year, 0) + 1}
    assert (
        rule.adults_for(children)
        <= rule.adults_for(more)
        <= max(rule.least_adults, rule.adults_for(children) + 1)
    )


@given(RULES, CHILDREN)
def test_the_parts_of_all_year_groups_are_within_the_adults_and_not_within_one_fewer(
    rule: Rule, children: dict[str, int]
) -> None:
    strictest = min(rule.per_adult.values())
    parts = sum(
        (Fraction(n, rule.per_adult.get(year, strictest)) for year, n in children.items()), Fraction(0)
    )
    adults = rule.adults_for(children)
    assert parts <= adults
    assert adults in {0, rule.least_adults, math.ceil(parts)}


@given(RULES, st.integers(0, 8), YEARS, st.data())
def test_any_mixture_of_as_many_children_as_are_allowed_is_within_the_rule(
    rule: Rule, adults: int, years: list[str], data: st.DataObject
) -> None:
    allowed = rule.children_for(adults, years)
    cuts = sorted(
        data.draw(st.lists(st.integers(0, allowed), min_size=len(years) - 1, max_size=len(years) - 1))
    )
    parts = [b - a for a, b in zip([0, *cuts], [*cuts, allowed], strict=True)]
    assert rule.adults_for(dict(zip(years, parts, strict=True))) <= adults


def test_nobody_needs_nobody_and_a_single_child_needs_two_adults_by_default() -> None:
    assert PUBLISHED.adults_for({}) == PUBLISHED.adults_for({"3": 0}) == 0
    assert PUBLISHED.adults_for({"3": 1}) == 2
    assert PUBLISHED.children_for(1, ["3"]) == 0


def test_every_year_group_has_a_published_figure_with_its_source() -> None:
    assert set(published()) == set(YEAR_GROUPS)
    assert all(one.source and one.per_adult <= one.most for one in published().values())


@pytest.mark.usefixtures("app")
def test_a_rule_is_published_from_a_day_on_and_never_looser_than_the_law() -> None:
    first = date(2026, 9, 1)
    with unit_of_work():
        add_rule(first, Rule({"R": 15}, 3, decided_by="Governors"), at=AT, user_id=None)
    rules = all_rules()
    assert rules.on(date(2026, 8, 31)) == PUBLISHED
    assert (rules.on(first).per_adult["R"], rules.on(first).per_adult["N1"]) == (15, 8)
    assert rules.on(first).least_adults == 3
    for day, rule, words in (
        (first, Rule({}, decided_by="Head"), "already"),
        (date(2026, 10, 1), Rule({"N1": 14}, decided_by="Head"), "at most 13"),
        (date(2026, 10, 1), Rule({}), "who decided"),
    ):
        with pytest.raises(RuleRefused, match=words), unit_of_work():
            add_rule(day, rule, at=AT, user_id=None)
    assert len(all_rules().newest_first) == 1
