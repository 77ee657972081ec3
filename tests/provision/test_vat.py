"""VAT by activity and day: what was decided holds from its day, nothing is overwritten, and the parts add up."""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from booking.core.db import db, unit_of_work
from booking.provision.models import Seller, VatTreatment
from booking.provision.vat import NOBODY_DECIDED, DecidedAlready, Treatment, all_treatments, decide_vat
from tests.browser import Browser
from tests.builders import AT, a_seller, a_user, an_activity


def decide(activity_id: int, from_on: date, treatment: Treatment) -> None:
    with unit_of_work():
        decide_vat(
            activity_id,
            from_on,
            treatment,
            decided_by="Finance officer",
            evidence="Advice of the council",
            at=AT,
            user_id=None,
        )


@given(st.integers(-1_000_000, 1_000_000), st.integers(0, 10_000))
def test_vat_and_the_rest_are_the_whole_and_a_refund_takes_back_the_same(gross: int, points: int) -> None:
    treatment = Treatment("standard" if points else "exempt", points)
    vat = treatment.vat_in(gross)
    assert treatment.vat_in(-gross) == -vat
    assert abs(2 * (10_000 + points) * vat - 2 * gross * points) <= 10_000 + points
    assert 0 <= vat * (1 if gross >= 0 else -1) <= abs(gross)


def test_a_treatment_holds_from_its_day_until_the_next(app: Flask) -> None:
    activity = an_activity()
    decide(activity.id, date(2026, 9, 1), Treatment("non_business", 0))
    decide(activity.id, date(2027, 1, 1), Treatment("standard", 2000))
    found = all_treatments()
    assert found.of(activity.id, date(2026, 8, 31)) == NOBODY_DECIDED
    assert found.of(activity.id, date(2026, 12, 31)).code == "non_business"
    assert found.of(activity.id, date(2027, 1, 1)).words == "Standard-rated, 20 %"
    assert Treatment("standard", 1750).words == "Standard-rated, 17.5 %"
    with pytest.raises(DecidedAlready):
        decide(activity.id, date(2027, 1, 1), Treatment("exempt", 0))


def test_the_office_writes_a_decision_down(browser: Browser) -> None:
    activity = an_activity()
    browser.sign_in(a_user("manager"))
    form = {
        "from_on": "1/9/2026",
        "treatment": "standard",
        "rate": "17.5",
        "decided_by": "Jo",
        "evidence": "Letter",
    }
    for wrong in (
        {"rate": ""},
        {"treatment": "exempt"},
        {"rate": "101"},
        {"decided_by": ""},
        {"from_on": "soon"},
    ):
        browser.post("office.vat", {**form, **wrong}, activity_id=activity.id, expect=422)
    browser.post("office.vat", form, activity_id=activity.id)
    assert "Standard-rated, 17.5 %" in browser.get("office.vat", activity_id=activity.id).text
    assert db.session.scalars(select(VatTreatment.rate_basis_points)).one() == 1750


def test_a_registration_number_and_its_kind_come_together(browser: Browser) -> None:
    seller = a_seller()
    browser.sign_in(a_user("manager"))
    form = {
        "name": "Brook Lane",
        "registration_kind": "urn",
        "registration": "999001",
        "fee_basis_points": "12.5",
    }
    for wrong in ({"registration": ""}, {"registration_kind": "none"}):
        browser.post("office.seller", {**form, **wrong}, seller_id=seller.id, expect=422)
    browser.post("office.seller", form, seller_id=seller.id)
    db.session.rollback()
    saved = db.session.get_one(Seller, seller.id)
    assert (saved.registration_kind, saved.registration, saved.fee_basis_points) == ("urn", "999001", 1250)
    assert "School’s URN 999001" in browser.get("office.sellers").text
    assert browser.get("office.seller", seller_id=seller.id).field("fee_basis_points") == "12.5"
