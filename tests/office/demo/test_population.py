"""The invented school is sound in every record, has the shares it promises, and is the same everywhere."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import date
from functools import cache
from itertools import pairwise
from statistics import mean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from booking.office.demo.families import born_from
from booking.office.demo.population import UpnSeries, make_population
from booking.office.demo.records import DemoPupil, Population
from booking.people.code_lists import (
    DIETS,
    MAJOR_GROUPS,
    ethnicity_codes,
    is_eal,
    language_names,
    major_group,
)
from booking.people.group_facts import PURPOSE_OF
from booking.people.upn import upn_problem
from booking.provision.year_plan import plan_year

TODAY = date(2026, 11, 23)
YEARS = ("N1", "N2", "R", "1", "2", "3", "4", "5", "6")
KINDS = {
    "sex", "ethnicity", "language", "sen", "fsm", "fsm6", "pupil_premium", "looked_after", "service_child",
    "young_carer",
}  # fmt: skip
any_school = st.builds(
    make_population,
    st.integers(0, 320),
    st.integers(0, 10**6),
    st.dates(date(2024, 1, 1), date(2030, 12, 31)),
)


@cache
def demo(size: int = 210, seed: int = 1) -> Population:
    return make_population(size, seed, TODAY)


def share(school: Population, test: Callable[[DemoPupil], bool]) -> float:
    return mean(test(pupil) for pupil in school.pupils)


def has(kind: str, value: str = "yes") -> Callable[[DemoPupil], bool]:
    return lambda pupil: pupil.fact(kind, TODAY) == value


@settings(max_examples=40, deadline=None)
@given(any_school)
def test_every_pupil_is_one_that_the_tables_take(school: Population) -> None:
    everyone = [*school.pupils, *school.others]
    assert [pupil.key for pupil in everyone] == list(range(len(everyone)))
    upns = [pupil.upn for pupil in everyone if pupil.upn]
    assert len(set(upns)) == len(upns)
    assert all(upn_problem(upn) is None and upn[1:4] == "999" for upn in upns)
    for pupil in everyone:
        assert pupil.key in school.families[pupil.family].pupils
        assert pupil.sex in {"F", "M"}
        assert pupil.year_group in YEARS
        assert 0 < len(pupil.forename) <= 80
        assert 0 < len(pupil.surname) <= 80
        assert "/" not in pupil.surname
    for pupil in school.pupils:
        assert pupil.status == "on_roll"
        assert pupil.upn
        assert pupil.class_name
        assert pupil.joined_on
        assert pupil.date_of_birth < pupil.joined_on <= school.today


@settings(max_examples=40, deadline=None)
@given(any_school)
def test_every_fact_holds_from_a_day_in_the_past_and_ends_after_it_began(school: Population) -> None:
    for pupil in [*school.pupils, *school.others]:
        assert {fact.kind for fact in pupil.facts} <= KINDS
        for fact in pupil.facts:
            assert fact.kind in PURPOSE_OF
            assert pupil.joined_on is not None
            assert pupil.joined_on <= fact.starts_on <= school.today
            assert fact.ends_on is None or fact.starts_on <= fact.ends_on
            assert len(fact.value) <= 20
        for kind in KINDS:
            held = [f for f in pupil.facts if f.kind == kind and not (f.ends_on and f.ends_on < school.today)]
            assert len(held) <= 1


@settings(max_examples=30, deadline=None)
@given(any_school)
def test_every_child_has_grown_ups_and_every_grown_up_a_family(school: Population) -> None:
    assert [adult.key for adult in school.adults] == list(range(len(school.adults)))
    assert [account.key for account in school.accounts] == list(range(len(school.accounts)))
    emails = [adult.email for adult in school.adults if adult.email]
    assert len(set(emails)) == len(emails)
    for email in emails:
        assert re.fullmatch(r"[a-z0-9]+\.[a-z0-9]+@demo\.example", email)
    phones = [record.phone for record in [*school.adults, *school.contacts]]
    assert all(re.fullmatch(r"07700 900\d{3}|01632 960\d{3}", phone) for phone in phones)
    tied = Counter(tie.pupil for tie in school.ties)
    rung = Counter(contact.pupil for contact in school.contacts)
    for pupil in [*school.pupils, *school.others]:
        assert tied[pupil.key] >= 1
        assert rung[pupil.key] >= 2
    for tie in school.ties:
        assert school.adults[tie.adult].family == school.pupil(tie.pupil).family
        assert tie.parental_responsibility in {"yes", "no", "not_known"}
    for account in school.accounts:
        assert all(school.adults[key].account == account.key for key in account.adults)


@settings(max_examples=30, deadline=None)
@given(any_school)
def test_children_are_as_old_as_their_year_and_brothers_and_sisters_apart(school: Population) -> None:
    first_year = plan_year(school.today).year.starts_on.year
    down = 0
    for pupil in school.pupils:
        year = YEARS.index(pupil.year_group) - 2
        first, last = born_from(year, first_year), born_from(year - 1, first_year)
        down += not first <= pupil.date_of_birth < last
        assert date(first.year, 4, 1) <= pupil.date_of_birth < last
        if pupil.year_group == "N1":
            assert (school.today - pupil.date_of_birth).days >= 3 * 365
    assert down <= 2 + 0.02 * len(school.pupils)
    for family in school.families:
        born = sorted(school.pupil(key).date_of_birth for key in family.pupils)
        gaps = [(later - earlier).days for earlier, later in pairwise(born)]
        assert all(gap == 0 or gap >= 290 for gap in gaps)


@pytest.mark.parametrize("seed", range(12))
def test_a_school_of_210_has_the_shares_it_promises(seed: int) -> None:
    school = demo(210, seed)
    assert len(school.pupils) == 210
    assert 0.22 <= share(school, has("pupil_premium")) <= 0.285
    assert 0.16 <= share(school, lambda p: is_eal(p.fact("language", TODAY) or "") is True) <= 0.24
    assert 0.13 <= share(school, has("sen", "K")) <= 0.15
    assert 0.033 <= share(school, has("sen", "E")) <= 0.045
    assert {major_group(p.fact("ethnicity", TODAY) or "") for p in school.pupils} >= set(MAJOR_GROUPS) - {
        "Unknown"
    }
    assert share(school, has("fsm", "targeted")) > share(school, has("fsm", "expanded")) > 0.05
    for rare in ("looked_after", "service_child", "young_carer"):
        assert 1 <= sum(has(rare)(pupil) for pupil in school.pupils) <= 9
    years = Counter(pupil.year_group for pupil in school.pupils)
    assert years["N1"] + years["N2"] == 26
    assert all(26 <= years[year] <= 27 for year in YEARS[2:])
    assert all(count <= 30 for count in Counter(p.class_name for p in school.pupils).values())
    apart = mean(family.form == "separated" for family in school.families)
    assert 0.17 <= apart <= 0.23
    assert any(not account.adults for account in school.accounts)
    assert any(
        len({school.pupil(k).date_of_birth for k in f.pupils}) < len(f.pupils) for f in school.families
    )


def test_separated_parents_have_an_account_and_an_address_each() -> None:
    school = demo()
    for family in school.families:
        adults = [school.adults[key] for key in family.adults]
        if family.form == "separated":
            assert len({adult.account for adult in adults}) == len(adults) == 2
            assert all(adult.signs_in for adult in adults)
        else:
            assert len(family.accounts) == 1


def test_some_families_hold_two_surnames_and_some_share_adults_between_siblings() -> None:
    school = demo()
    siblings = [family for family in school.families if len(family.pupils) > 1]
    assert any(len({school.pupil(key).surname for key in family.pupils}) > 1 for family in siblings)
    shared = Counter(tie.adult for tie in school.ties)
    assert max(shared.values()) > 1


def test_what_hangs_together_in_schools_hangs_together_here() -> None:
    school = demo(3000)

    def rate(test: Callable[[DemoPupil], bool], among: Callable[[DemoPupil], bool]) -> float:
        return mean(test(pupil) for pupil in school.pupils if among(pupil))

    premium, helped = has("pupil_premium"), lambda pupil: pupil.fact("sen", TODAY) != "N"
    older = [p for p in school.pupils if p.year_group not in {"N1", "N2"}]
    assert not any(premium(p) and p not in older and not has("looked_after")(p) for p in school.pupils)
    assert rate(helped, premium) > 1.4 * rate(helped, lambda p: not premium(p))
    assert rate(helped, lambda p: p.sex == "M") > 1.3 * rate(helped, lambda p: p.sex == "F")
    assert rate(premium, lambda p: school.families[p.family].form == "lone") > 1.5 * rate(
        premium, lambda p: school.families[p.family].form == "together"
    )
    assert all(premium(pupil) for pupil in school.pupils if has("looked_after")(pupil) or has("fsm6")(pupil))
    assert not any(has("fsm6")(pupil) for pupil in school.pupils if has("fsm", "expanded")(pupil))


def test_codes_and_diets_are_those_of_the_lists() -> None:
    for pupil in demo(2000).pupils:
        assert pupil.fact("ethnicity", TODAY) in ethnicity_codes()
        assert pupil.fact("language", TODAY) in language_names()
        assert set(pupil.care.diet) <= set(DIETS)


def test_care_is_met_about_as_often_as_in_schools() -> None:
    school = demo(2000)
    assert 0.06 <= share(school, lambda p: bool(p.care.allergies)) <= 0.09
    assert 0.12 <= share(school, lambda p: bool(p.care.medical)) <= 0.22
    assert all(pupil.care.support for pupil in school.pupils if has("sen", "E")(pupil))
    assert not any(pupil.care.support for pupil in school.pupils if has("sen", "N")(pupil))


def test_only_the_oldest_may_walk_home_and_by_a_parent_of_theirs() -> None:
    school = demo()
    walkers = [pupil for pupil in school.pupils if pupil.consents]
    assert 8 <= len(walkers) <= 35
    for pupil in walkers:
        assert pupil.year_group in {"5", "6"}
        assert all(consent.kind == "goes_home_alone" for consent in pupil.consents)
        ties = {tie.adult for tie in school.ties if tie.pupil == pupil.key}
        assert {consent.adult for consent in pupil.consents} <= ties


def test_a_few_names_stand_in_the_scripts_that_families_write() -> None:
    school = demo(3000)
    names = " ".join(pupil.preferred_name or "" for pupil in school.pupils)
    names += " ".join(adult.name_in_script or "" for adult in school.adults)
    for first, last in (
        ("\u0600", "\u06ff"),
        ("\u0b80", "\u0bff"),
        ("\u4e00", "\u9fff"),
        ("\u0980", "\u09ff"),
    ):
        assert any(first <= sign <= last for sign in names)
    assert any(sign in names for sign in "ہیکگ")
    assert share(school, lambda p: not (p.preferred_name or "").isascii()) < 0.08


def test_leavers_and_expected_children_stand_beside_the_roll() -> None:
    states = Counter(pupil.status for pupil in demo().others)
    assert set(states) == {"left", "expected"}
    for pupil in demo().others:
        if pupil.status == "expected":
            assert (pupil.upn, pupil.class_name, pupil.joined_on, pupil.facts) == (None, None, None, ())
        else:
            assert pupil.left_on is not None
            assert pupil.joined_on is not None
            assert pupil.joined_on <= pupil.left_on <= TODAY


def test_a_school_with_more_joiners_than_numbers_goes_on_as_the_next() -> None:
    series = UpnSeries()
    given = [series.next(2001, 2024) for _ in range(2500)]
    assert len(set(given)) == len(given)
    assert all(upn_problem(upn) is None for upn in given)


def digest(school: Population) -> str:
    return hashlib.sha256(repr(school).encode()).hexdigest()


def test_the_same_seed_makes_the_same_school_in_another_process_with_other_hashes() -> None:
    code = (
        "import hashlib; from datetime import date; from booking.office.demo.population import make_population as m;"
        "print(hashlib.sha256(repr(m(210, 1, date(2026, 11, 23))).encode()).hexdigest())"
    )
    for hashes in ("0", "4711"):
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": hashes},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.strip() == digest(demo())


def test_another_seed_or_day_makes_another_school() -> None:
    assert digest(demo(210, 1)) != digest(demo(210, 2))
    assert digest(demo(210, 1)) != digest(make_population(210, 1, date(2026, 11, 24)))


def test_five_thousand_pupils_are_made_while_one_waits() -> None:
    started = time.perf_counter()
    school = demo(5000, 7)
    spent = time.perf_counter() - started
    assert len(school.pupils) == 5000
    assert spent < 30, "far beyond the second that it takes"
