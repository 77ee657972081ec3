"""Consents: dated, gated by parental responsibility where it takes that, withdrawn by a date and never deleted."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from booking.bookings.baskets import bookable_ids
from booking.core.db import db, unit_of_work
from booking.people.consents import (
    CannotConsent,
    consent_kinds,
    give_consent,
    living_consents,
    may_consent,
    withdraw_consent,
)
from booking.people.models import Consent, Guardianship
from tests.browser import Browser
from tests.builders import AT, Family, a_family, a_school, a_user, save


def tie_of(family: Family) -> Guardianship:
    return db.session.scalars(select(Guardianship).where(Guardianship.user_id == family.user.id)).one()


@pytest.mark.parametrize("responsibility", ["no", "not_known"])
def test_without_known_responsibility_consent_waits_and_booking_does_not(
    app: Flask, responsibility: str
) -> None:
    family = a_family()
    with unit_of_work():
        tie_of(family).parental_responsibility = responsibility
    with pytest.raises(CannotConsent, match="parental responsibility"), unit_of_work():
        give_consent(tie_of(family), "photos", {}, at=AT)
    with unit_of_work():
        give_consent(tie_of(family), "face_paint", {}, at=AT)
    assert bookable_ids(family.account.id, AT.date()) == {family.pupils[0].id}


def test_a_consent_is_withdrawn_by_a_date_and_kept(app: Flask) -> None:
    family = a_family()
    with unit_of_work():
        give_consent(tie_of(family), "photos", {}, at=AT)
    with unit_of_work():
        assert withdraw_consent(tie_of(family), "photos", at=AT + timedelta(days=1))
        assert not withdraw_consent(tie_of(family), "photos", at=AT + timedelta(days=2))
    (kept,) = db.session.scalars(select(Consent)).all()
    assert (kept.given_at, kept.withdrawn_at) == (AT, AT + timedelta(days=1))
    assert living_consents(family.pupils[0].id) == {}


def test_going_home_alone_needs_an_hour_and_new_terms_are_a_new_consent(app: Flask) -> None:
    family = a_family()
    for latest in ("", "half past four", "25:00"):
        with pytest.raises(CannotConsent, match="latest hour"), unit_of_work():
            give_consent(tie_of(family), "goes_home_alone", {"latest": latest}, at=AT)
    for hour in ("16:30", "16:30", "17:00"):
        with unit_of_work():
            give_consent(tie_of(family), "goes_home_alone", {"latest": hour}, at=AT)
    rows = db.session.scalars(select(Consent).order_by(Consent.id)).all()
    assert [(one.details["latest"], one.withdrawn_at is None) for one in rows] == [
        ("16:30", False),
        ("17:00", True),
    ]


def test_the_list_is_data_and_each_kind_says_what_it_takes() -> None:
    kinds = consent_kinds()
    assert kinds["goes_home_alone"].needs_responsibility
    assert not kinds["sun_cream"].needs_responsibility


def test_a_guardian_ticks_and_unticks_on_screen(app: Flask) -> None:
    a_school()
    family = a_family()
    pupil = family.pupils[0]
    browser = Browser(app).sign_in(family.user)
    browser.get("bookings.consents", pupil_id=pupil.id)
    page = browser.post("bookings.consents", {"consents": ["goes_home_alone"]}, expect=422, pupil_id=pupil.id)
    assert "latest hour" in page.text
    browser.post(
        "bookings.consents",
        {"consents": ["goes_home_alone", "photos"], "latest": "16:30", "days": ["0", "4"]},
        pupil_id=pupil.id,
    )
    assert set(living_consents(pupil.id)) == {"goes_home_alone", "photos"}
    seen = browser.get("bookings.child", pupil_id=pupil.id).text
    assert "not later than 16:30, on Monday and Friday" in seen
    browser.post("bookings.consents", {"consents": ["photos"], "latest": "16:30"}, pupil_id=pupil.id)
    assert set(living_consents(pupil.id)) == {"photos"}


def test_going_home_alone_takes_a_day_and_is_asked_for_again_in_the_next_school_year(app: Flask) -> None:
    a_school()
    family = a_family()
    pupil = family.pupils[0]
    browser = Browser(app).sign_in(family.user)
    answer = {"consents": ["goes_home_alone"], "latest": "16:30"}
    page = browser.post("bookings.consents", answer, expect=422, pupil_id=pupil.id)
    assert "Tick the days" in page.text
    browser.post("bookings.consents", {**answer, "days": ["0"]}, pupil_id=pupil.id)
    with unit_of_work():
        living_consents(pupil.id)["goes_home_alone"].given_at = AT - timedelta(days=200)
    assert "please say it again" in browser.get("bookings.child", pupil_id=pupil.id).text
    page = browser.get("bookings.consents", pupil_id=pupil.id)
    assert "has to be agreed to again" in page.text
    ticked = [box.get("value") for box in page.all(".//input[@name='consents']") if "checked" in box.attrib]
    assert ticked == []
    browser.post("bookings.consents", {**answer, "days": ["0"]}, pupil_id=pupil.id)
    assert db.session.query(Consent).count() == 2
    assert "on Monday" in browser.get("bookings.child", pupil_id=pupil.id).text


def test_a_guardian_without_responsibility_sees_why_and_may_still_withdraw(app: Flask) -> None:
    a_school()
    family = a_family()
    with unit_of_work():
        give_consent(tie_of(family), "photos", {}, at=AT)
    other = a_user("parent")
    save(Guardianship(user_id=other.id, pupil_id=family.pupils[0].id, created_at=AT))
    browser = Browser(app).sign_in(other)
    page = browser.get("bookings.consents", pupil_id=family.pupils[0].id)
    assert "Please ask the school office" in page.text
    assert family.user.name not in page.text
    browser.post("bookings.consents", {"consents": []}, pupil_id=family.pupils[0].id)
    assert living_consents(family.pupils[0].id) == {}
    assert not may_consent(
        db.session.scalars(select(Guardianship).where(Guardianship.user_id == other.id)).one(),
        consent_kinds()["photos"],
    )
