"""Reasons that need more than the session: consent, debt beyond the limit, and the walk between two places."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest
from flask import Flask

from booking.bookings.models import BasketLine
from booking.bookings.policy import Policy, change_policy
from booking.bookings.situations import load_situation
from booking.core import clock
from booking.core.db import db, unit_of_work
from booking.ledger.arrears import add_note
from booking.ledger.posting import BookedPlace, post_booking
from booking.people.models import Consent
from booking.provision.models import Session
from tests.browser import Browser
from tests.builders import (
    AT,
    Family,
    a_basket,
    a_family,
    a_place,
    a_room,
    a_run,
    a_session,
    an_activity,
    save,
)

WEDNESDAY = date(2026, 11, 25)


def reason(family: Family, session: Session) -> str | None:
    """Why the family's first child cannot have it, in words."""
    pupil, account = family.pupils[0].id, family.account.id
    situation = load_situation([pupil], [session.id], AT, account_id=account)
    refusal = situation.why_not(pupil, session.id, account)
    db.session.rollback()
    return refusal.words if refusal else None


def limit(pence: int | None) -> None:
    with unit_of_work():
        change_policy(Policy(arrears_limit_pence=pence), at=AT, user_id=None)


def test_a_club_that_needs_a_consent_says_which_and_where_to_give_it(app: Flask) -> None:
    family, session = a_family(), a_session(WEDNESDAY, needs_consent="local_walks")
    said = reason(family, session)
    assert said is not None
    assert "May walk to the park" in said
    assert "under Children" in said
    consent = Consent(pupil_id=family.pupils[0].id, kind="local_walks", details={}, given_at=AT)
    save(consent)
    assert reason(family, session) is None
    with unit_of_work() as open_session:
        open_session.get_one(Consent, consent.id).withdrawn_at = AT
    assert "May walk to the park" in str(reason(family, session))


def owe(family: Family, pence: int) -> None:
    """A debt as booking leaves it."""
    place = a_place(family, a_session(date(2026, 11, 24)), price_pence=pence)
    activity = an_activity()
    with unit_of_work():
        booked = BookedPlace(place.id, family.account.id, activity.id, activity.seller_id, pence)
        post_booking([booked], basket_id=a_basket(family.account).id, at=AT, user_id=None)


def test_debt_beyond_the_schools_limit_refuses_what_costs_and_nothing_else(app: Flask) -> None:
    family, paid, free = a_family(), a_session(WEDNESDAY), a_session(date(2026, 11, 26), price_pence=0)
    owe(family, 2001)
    assert reason(family, paid) is None
    limit(2000)
    said = str(reason(family, paid))
    assert "£20.01 is owed" in said
    assert "limit of £20.00" in said
    assert reason(family, free) is None
    assert reason(a_family(), paid) is None
    limit(2001)
    assert reason(family, paid) is None


@pytest.mark.parametrize(("ends", "fits"), [(time(15, 50), True), (time(15, 51), False)])
def test_the_walk_between_two_places_counts(app: Flask, ends: time, fits: bool) -> None:
    family = a_family()
    here, there = a_room(minutes_away=0), a_room(minutes_away=10)
    a_place(family, a_session(WEDNESDAY, room_id=here.id, starts_at=time(15, 0), ends_at=ends))
    later = a_session(WEDNESDAY, room_id=there.id, starts_at=time(16, 0), ends_at=time(17, 0))
    said = reason(family, later)
    assert (said is None) == fits
    if not fits:
        assert "10 minutes are needed" in str(said)


def test_the_same_room_needs_no_walk(app: Flask) -> None:
    family, pool = a_family(), a_room(minutes_away=15)
    a_place(family, a_session(WEDNESDAY, room_id=pool.id, starts_at=time(15, 0), ends_at=time(16, 0)))
    assert (
        reason(family, a_session(WEDNESDAY, room_id=pool.id, starts_at=time(16, 0), ends_at=time(17, 0)))
        is None
    )


def test_the_basket_asks_whether_care_is_still_right_and_holds_nothing_up(
    app: Flask, browser: Browser
) -> None:
    family, session = a_family(), a_session(clock.today() + timedelta(days=21))
    save(
        BasketLine(
            basket_id=a_basket(family.account, state="open").id,
            pupil_id=family.pupils[0].id,
            session_id=session.id,
        )
    )
    browser.sign_in(family.user)
    assert "still right?" in browser.get("bookings.basket").text
    browser.post("bookings.change_basket", {"act": "all"}, expect=303)
    assert "kept for you" in browser.get("bookings.basket").text
    browser.post("bookings.still_right", expect=302)
    assert "still right?" not in browser.get("bookings.basket").text


def test_the_limit_strands_nobody_today_and_the_office_lets_a_family_through(app: Flask) -> None:
    """A child who is on site can have care tonight; with a reason the office opens what comes later too."""
    run = a_run(starts_at=time(16, 30), ends_at=time(18, 0), closes_days_before=0, closes_at=time(16, 0))
    tonight, later = a_session(AT.date(), run=run), a_session(WEDNESDAY, run=run)
    family = a_family()
    owe(family, 2001)
    limit(2000)
    assert reason(family, tonight) is None
    assert "£20.01 is owed" in str(reason(family, later))
    with unit_of_work():
        add_note(family.account.id, "let_through", "A new job", WEDNESDAY, at=AT, user_id=None)
    assert reason(family, later) is None
    assert "owed" not in str(reason(family, tonight))
