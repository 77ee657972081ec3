"""What follows from the lists of the accident form: head bumps, the hint about RIDDOR, and how long it is kept."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.people.models import Pupil
from booking.registers.incident_words import (
    AFTERWARDS,
    INJURIES,
    PARTS,
    head_bump_advice,
    is_head_bump,
    riddor_hint,
)
from booking.registers.incidents import keep_until

parts = st.sets(st.sampled_from(sorted(PARTS)))
injuries = st.sets(st.sampled_from(sorted(INJURIES)))


@given(parts, injuries)
def test_every_hurt_of_the_head_has_its_letter_and_a_knee_has_none(where: set[str], how: set[str]) -> None:
    is_bump = is_head_bump(where, how)
    assert is_bump or "head" not in where
    assert not is_bump or where & {"head", "face", "eye", "ear", "nose", "mouth"}
    assert not is_head_bump(where & {"knee", "toe", "hand"}, how)
    assert is_head_bump({"nose"} | where, {"bump"} | how)


def test_the_hint_follows_from_hospital_and_from_dangers_alone() -> None:
    assert {one for one in AFTERWARDS if riddor_hint("accident", one, "")} == {"hospital", "ambulance"}
    assert riddor_hint("near_miss", "hospital", "") == ""
    assert "10 days" in riddor_hint("near_miss", "stayed", "collapse")


def test_the_advice_says_when_to_ring_999() -> None:
    kinds = [kind for kind, _ in head_bump_advice()]
    assert {"999", "hospital", "home"} == set(kinds)
    assert kinds.count("999") >= 5


@pytest.mark.parametrize(
    ("born", "ends"), [(date(2018, 10, 5), date(2043, 10, 5)), (date(2020, 2, 29), date(2045, 3, 1))]
)
def test_a_report_is_kept_to_the_25th_birthday(born: date, ends: date) -> None:
    assert keep_until(Pupil(date_of_birth=born)) == ends
