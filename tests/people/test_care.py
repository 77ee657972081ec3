"""Care: whoever says what, in whatever order, nothing that somebody stated is lost unless the office decided so."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from booking.core.db import db, unit_of_work
from booking.people.care import NotSettled, Said, disagreements, profile_of, say, settle, statement_of
from booking.people.models import Contact, Guardianship, Pupil, User
from booking.registers.expected import registers_of
from tests.browser import Browser
from tests.builders import (
    AT,
    Family,
    a_care_profile,
    a_family,
    a_period,
    a_place,
    a_pupil,
    a_school,
    a_session,
    a_user,
    save,
)
from tests.conftest import empty_database

FOODS = ("milk", "eggs", "peanuts", "halal")


def tell(pupil: Pupil, user: User | None, *allergies: str, minutes: int = 0, **words: str) -> None:
    with unit_of_work():
        say(
            pupil.id,
            Said(allergies=allergies, **words),
            by_id=user.id if user else None,
            source="online",
            at=AT + timedelta(minutes=minutes),
            recorded_by_id=user.id if user else 1,
        )


def held(pupil: Pupil) -> list[str]:
    care = profile_of(pupil.id)
    return sorted(care.allergies) if care else []


def test_of_two_adults_the_stricter_stands_and_the_office_is_told(app: Flask) -> None:
    pupil, one, other = a_pupil(), a_user(), a_user()
    tell(pupil, one, "milk", "eggs")
    assert disagreements() == []
    tell(pupil, other, "milk", minutes=1)
    assert held(pupil) == ["eggs", "milk"]
    assert [(found.pupil.id, found.disputed) for found in disagreements()] == [(pupil.id, ("eggs",))]
    tell(pupil, one, "milk", minutes=2)
    assert (held(pupil), disagreements()) == (["milk"], [])


def test_what_the_school_held_before_is_not_lost_when_a_parent_speaks(app: Flask) -> None:
    pupil, one = a_pupil(), a_user()
    a_care_profile(pupil, allergies=["sesame"], medical="Inhaler in the office", updated_at=AT)
    assert statement_of(pupil.id, one.id).allergies == ("sesame",)
    tell(pupil, one, "Milk ", medical="Carries a pen", minutes=1)
    assert held(pupil) == ["milk", "sesame"]
    care = profile_of(pupil.id)
    assert care is not None
    assert care.medical == "Inhaler in the office\nCarries a pen"


def test_the_office_decides_with_a_reason_and_is_overruled_by_a_new_word(app: Flask) -> None:
    pupil, one, other = a_pupil(), a_user(), a_user()
    tell(pupil, one, "milk")
    tell(pupil, other, minutes=1)
    with pytest.raises(NotSettled), unit_of_work():
        settle(pupil.id, ["milk"], " ", by_id=one.id, at=AT)
    with pytest.raises(NotSettled), unit_of_work():
        settle(pupil.id, ["soya"], "A letter", by_id=one.id, at=AT)
    with unit_of_work():
        settle(
            pupil.id,
            ["milk"],
            "Letter of the clinic, 20 November",
            by_id=one.id,
            at=AT + timedelta(minutes=2),
        )
    assert held(pupil) == []
    tell(pupil, one, "milk", minutes=3)
    assert held(pupil) == ["milk"]


@given(
    words=st.lists(
        st.tuples(st.integers(0, 2), st.sets(st.sampled_from(FOODS)))
        | st.tuples(st.just(9), st.sets(st.sampled_from(FOODS))),
        min_size=1,
        max_size=8,
    )
)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nothing_that_stands_in_somebodys_last_word_is_missing(
    app: Flask, words: list[tuple[int, set[str]]]
) -> None:
    db.session.rollback()
    empty_database()
    pupil, adults = a_pupil(), [a_user(), a_user(), a_user()]
    last: dict[int, set[str]] = {}
    for minute, (speaker, items) in enumerate(words):
        if speaker == 9:
            gone = sorted(items & set(held(pupil)))
            if gone:
                with unit_of_work():
                    settle(
                        pupil.id, gone, "asked both", by_id=adults[0].id, at=AT + timedelta(minutes=minute)
                    )
                last = {one: said - set(gone) for one, said in last.items()}
        else:
            tell(pupil, adults[speaker], *sorted(items), minutes=minute)
            last[speaker] = set(items)
    assert set(held(pupil)) == set().union(*last.values())


def _two_parents() -> tuple[Family, User]:
    a_school()
    family = a_family()
    other = a_user("parent", name="Robin Thistledown")
    save(
        Guardianship(
            user_id=other.id, pupil_id=family.pupils[0].id, created_at=AT, parental_responsibility="no"
        )
    )
    return family, other


def test_a_guardian_edits_care_and_is_told_what_stays(app: Flask) -> None:
    family, other = _two_parents()
    pupil = family.pupils[0]
    tell(pupil, other, "eggs")
    browser = Browser(app).sign_in(family.user)
    browser.get("bookings.care", pupil_id=pupil.id)
    page = browser.post(
        "bookings.care",
        {
            "allergies": ["milk"],
            "other_allergies": "kiwi, mango",
            "diet": ["halal"],
            "medical": "Blue inhaler",
        },
        follow=True,
        pupil_id=pupil.id,
    )
    assert "Also held for your child: eggs" in page.text
    assert held(pupil) == ["eggs", "kiwi", "mango", "milk"]
    assert other.name not in page.text


def test_contacts_and_the_word_belong_to_the_adult_who_gave_them(app: Flask) -> None:
    family, other = _two_parents()
    pupil = family.pupils[0]
    mine, theirs = Browser(app).sign_in(family.user), Browser(app).sign_in(other)
    form = {
        "name": "Nana Oystercatcher",
        "relationship_name": "grandmother",
        "phone": "01632 960777",
        "may_collect": "y",
    }
    mine.get("bookings.add_contact", pupil_id=pupil.id)
    mine.post("bookings.add_contact", {**form, "phone": ""}, expect=422, pupil_id=pupil.id)
    mine.post("bookings.add_contact", form, pupil_id=pupil.id)
    mine.post("bookings.collection", {"word": "gannet"}, pupil_id=pupil.id)
    contact = db.session.scalars(select(Contact)).one()
    contact_id, given_by = contact.id, contact.given_by_id
    db.session.rollback()
    assert given_by == family.user.id
    assert "Oystercatcher" in mine.get("bookings.child", pupil_id=pupil.id).text
    seen = (
        theirs.get("bookings.child", pupil_id=pupil.id).html
        + theirs.get("bookings.collection", pupil_id=pupil.id).html
    )
    assert [
        word for word in ("Oystercatcher", "01632 960777", "gannet", family.user.name) if word in seen
    ] == []
    theirs.get("bookings.contact", pupil_id=pupil.id, contact_id=contact_id, expect=404)
    theirs.post("bookings.remove_contact", pupil_id=pupil.id, contact_id=contact_id, expect=404)
    mine.post("bookings.remove_contact", pupil_id=pupil.id, contact_id=contact_id)
    assert db.session.scalars(select(Contact)).all() == []


def test_the_register_shows_the_word_on_tap_and_that_nobody_confirmed(app: Flask) -> None:
    family, _ = _two_parents()
    a_period("term", name="Autumn", starts_on=date(2026, 9, 2), ends_on=date(2026, 12, 18))
    session = a_session()
    a_place(family, session)
    browser = Browser(app).sign_in(family.user)
    browser.post("bookings.collection", {"word": "gannet"}, pupil_id=family.pupils[0].id)
    (child,) = registers_of([session])[0].children
    assert child.is_stale
    assert "Not confirmed this term" in browser.get("bookings.children").text
    browser.get("bookings.book")
    browser.post("bookings.still_right")
    (child,) = registers_of([session])[0].children
    assert not child.is_stale
    assert "Not confirmed this term" not in browser.get("bookings.children").text
    office = Browser(app).sign_in(a_user("manager"))
    page = office.get("registers.session", session_id=session.id)
    assert "gannet" not in page.html
    assert "Care, password" in page.text
    where = {"session_id": session.id, "pupil_id": family.pupils[0].id}
    assert "gannet" not in office.get("registers.child", **where).html
    assert "Password gannet" in office.get("registers.password", **where).text


def test_a_confirmation_of_last_term_is_stale_again(app: Flask) -> None:
    family, _ = _two_parents()
    session = a_session()
    a_place(family, session)
    tell(family.pupils[0], family.user, "milk", minutes=-60 * 24 * 100)
    assert registers_of([session])[0].children[0].is_stale


def test_the_office_writes_down_what_was_told_and_settles(app: Flask) -> None:
    family, other = _two_parents()
    pupil = family.pupils[0]
    office = Browser(app).sign_in(a_user("manager"))
    office.get("office.told_care", pupil_id=pupil.id)
    for adult, allergies in ((family.user, ["milk"]), (other, [])):
        office.post(
            "office.told_care",
            {"told_by": str(adult.id), "source": "phone", "allergies": allergies},
            pupil_id=pupil.id,
        )
    assert pupil.full_name in office.get("office.care_disputes").text
    assert "tell different allergies" in office.get("office.home").text
    office.get("office.settle_care", pupil_id=pupil.id)
    office.post("office.settle_care", {"dropped": ["milk"], "reason": ""}, expect=422, pupil_id=pupil.id)
    office.post("office.settle_care", {"dropped": ["milk"], "reason": "Clinic’s letter"}, pupil_id=pupil.id)
    assert held(pupil) == []
    assert "Nobody disagrees" in office.get("office.care_disputes").text
