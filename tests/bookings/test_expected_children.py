"""A child who is to come can be booked for days from their first on, in the year group that they start in."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from flask import Flask

from booking.bookings.baskets import bookable_pupils, choose_week
from booking.bookings.places import take_holds
from booking.bookings.situations import load_situation
from booking.core.db import db, unit_of_work
from tests.builders import a_family, a_period, a_session

pytestmark = pytest.mark.usefixtures("app")
JUNE = datetime(2026, 6, 15, 9, tzinfo=UTC)
COMING = {"status": "expected", "joined_on": date(2026, 9, 1), "year_group": "R", "class_name": None}


def reason(on: date, *, at: datetime = JUNE, years: tuple[str, ...] = ("R",)) -> str | None:
    family = a_family(**COMING)
    session = a_session(on, year_groups=list(years), opens_at=JUNE, closes_days_before=0)
    pupil_id, session_id = family.pupils[0].id, session.id
    refusal = load_situation([pupil_id], [session_id], at).why_not(pupil_id, session_id, family.account.id)
    db.session.rollback()
    return refusal.words if refusal else None


@pytest.fixture(autouse=True)
def the_year(app: Flask) -> None:
    a_period(name="Year", starts_on=date(2026, 6, 1), ends_on=date(2027, 7, 20))


def test_september_is_booked_in_june_in_the_year_group_of_september() -> None:
    assert reason(date(2026, 9, 7)) is None
    assert "is for Year 1 only" in (reason(date(2026, 9, 7), years=("1",)) or "")
    assert reason(date(2027, 9, 6), years=("1",)) is None


def test_a_day_before_the_first_is_refused_with_the_day() -> None:
    words = reason(date(2026, 6, 22), years=("N2", "R")) or ""
    assert "your child starts on Tue 1 Sep" in words


def test_once_they_have_come_the_year_group_is_that_of_today() -> None:
    assert reason(date(2026, 11, 25), at=datetime(2026, 11, 23, 9, tzinfo=UTC)) is None


def test_a_place_is_held_for_an_expected_child() -> None:
    family = a_family(**COMING)
    session = a_session(date(2026, 9, 7), year_groups=["R"], opens_at=JUNE)
    pupil_id, session_id, account_id = family.pupils[0].id, session.id, family.account.id
    assert [pupil.id for pupil in bookable_pupils(account_id, JUNE.date())] == [pupil_id]
    with unit_of_work():
        basket_id = choose_week(account_id, {(pupil_id, session_id)}, set(), at=JUNE, user_id=None).id
    with unit_of_work():
        assert len(take_holds(basket_id, "what_fits", at=JUNE, user_id=None).held) == 1
