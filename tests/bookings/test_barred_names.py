"""A barred name: known however it is written, answered like any other, never at the door, told to the office."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from booking.bookings.barred_names import is_barred, is_named
from booking.bookings.day_notes import (
    first_withheld,
    withheld_on,
)
from booking.people.models import Guardianship
from booking.people.restrictions import Restriction
from tests.bookings.saying import MORNING, TODAY, in_force, names_at_the_door, say, stand_at
from tests.browser import Browser
from tests.builders import AT, a_family, a_place, a_session, a_user, save


@pytest.mark.parametrize(
    ("typed", "is_meant"),
    [
        ("Jo Marsh", True),
        ("jo  MARSH", True),
        ("Marsh, Jo", True),
        ("Jó Marsh (friend)", True),
        ("J. Marsh", True),
        ("Jonathan Marsh", True),
        ("Marsh", True),
        ("Jo", True),
        ("Pat Marsh", False),
        ("Jo Field", False),
        ("Mia Okafor", False),
    ],
)
def test_a_name_may_mean_the_barred_adult(app: Flask, typed: str, is_meant: bool) -> None:
    assert is_barred(typed, in_force(a_family())) is is_meant


@pytest.mark.parametrize(
    "typed", ["Zoe ONeil", "O Neil, Zoe", "zoe o'neil", "ZOË O’NEIL", "Zoe O-Neil (aunt)"]
)
def test_an_apostrophe_is_no_way_past(app: Flask, typed: str) -> None:
    assert is_named(typed, in_force(a_family(), adult_name="Zoë O’Neil"))


def test_a_barred_adult_who_changed_their_name_is_known_by_both(app: Flask) -> None:
    family, adult = a_family(), a_user("parent", name="Sam Heron")
    restriction = in_force(family, adult, adult_name="Sam Field")
    assert is_named("Sam Field", restriction)
    assert is_named("Sam Heron", restriction)


def test_dad_means_the_barred_father(app: Flask) -> None:
    family, adult = a_family(), a_user("parent", name="Sam Field")
    save(
        Guardianship(
            user_id=adult.id, pupil_id=family.pupils[0].id, created_at=AT, relationship_name="father"
        )
    )
    restriction = in_force(family, adult)
    assert is_barred("her dad", restriction)
    assert not is_barred("her mum", restriction)


@given(
    before=st.lists(st.sampled_from(["aunt", "mrs", "the", "neighbour"]), max_size=2),
    shape=st.sampled_from([str.upper, str.lower, str.title]),
    gap=st.sampled_from([" ", "  ", "-", ", ", "\t"]),
    is_turned=st.booleans(),
)
def test_however_it_is_written_the_whole_name_is_known(
    before: list[str], shape: object, gap: str, is_turned: bool
) -> None:
    restriction = Restriction(adult_name="Zoë O’Neil-Marsh", adult_email="")
    parts = ["Zoe", "O’Neil", "Marsh"]
    typed = gap.join([*before, *(reversed(parts) if is_turned else parts)])
    assert is_named(shape(typed), restriction)  # type: ignore[operator]  # one of the three above


def test_a_barred_name_gets_the_same_answer_and_never_reaches_the_door(
    app: Flask, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_at(monkeypatch, MORNING)
    answers = []
    for name in ("Mia Okafor", "Jo Marsh"):
        family, session = a_family(), a_session(TODAY)
        a_place(family, session)
        in_force(family)
        browser.sign_in(family.user)
        page = browser.post(
            "bookings.somebody_else",
            {"who": "", "name": name, "tie": ""},
            pupil_id=family.pupils[0].id,
            follow=True,
        )
        plain = page.text.replace(name, "…")
        plain = re.sub(r"\b[0-9a-fA-F]{6,8}\b", "…", plain)
        answers.append(plain)
        assert name in page.text
        assert (name in names_at_the_door(session.id)) is (name == "Mia Okafor")
    assert answers[0] == answers[1]
    assert [note.words for note in withheld_on(TODAY)] == ["Jo Marsh"]
    assert first_withheld(TODAY) == (1, TODAY)
    assert first_withheld(TODAY - timedelta(days=3)) == (1, TODAY)
    assert first_withheld(TODAY + timedelta(days=1)) == (0, TODAY + timedelta(days=1))
    office = Browser(browser.app).sign_in(a_user("manager"))
    assert "who may be barred from the child" in office.get("office.home").text
    seen = office.get("office.in_school", on=TODAY).text
    assert "Somebody is named who may be barred" in seen
    assert "Jo Marsh" in seen


def test_a_restriction_made_afterwards_takes_the_name_off_the_register(app: Flask) -> None:
    family, session = a_family(), a_session(TODAY)
    a_place(family, session)
    say(family, "collected_by", words="Jo Marsh (friend)")
    assert "Jo Marsh" in names_at_the_door(session.id)
    in_force(family)
    assert "Jo Marsh" not in names_at_the_door(session.id)


def test_the_office_clears_a_likely_name_but_never_the_whole_one(
    app: Flask, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_at(monkeypatch, MORNING)
    family, session = a_family(), a_session(TODAY)
    a_place(family, session)
    in_force(family)
    likely = say(family, "collected_by", words="Jill Marsh")
    browser.sign_in(a_user("manager"))
    assert "This is another person" in browser.get("office.in_school", on=TODAY).text
    browser.post("office.clear_collector", note_id=likely.id)
    assert "Jill Marsh" in names_at_the_door(session.id)
    whole = say(family, "collected_by", words="Jo Marsh", at=MORNING + timedelta(minutes=1))
    assert "This is another person" not in browser.get("office.in_school", on=TODAY).text
    page = browser.post("office.clear_collector", note_id=whole.id, follow=True)
    assert "whole name of somebody who must not collect" in page.text
    assert "Jo Marsh" not in names_at_the_door(session.id)
