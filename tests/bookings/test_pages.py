"""The parents' pages: what is shown, what a tampered form changes (nothing), and what is kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, time, timedelta

import pytest
import time_machine
from flask import Flask

from booking.bookings.models import BasketLine, Place, WaitingEntry
from booking.bookings.offers import make_offers
from booking.core.db import db, unit_of_work
from booking.ledger.balances import credit_pence
from tests.browser import Browser
from tests.builders import (
    AT,
    Family,
    a_family,
    a_period,
    a_place,
    a_pupil,
    a_run,
    a_session,
    a_user,
    an_activity,
)

WEDNESDAY = date(2026, 11, 25)


@pytest.fixture(autouse=True)
def monday_morning() -> Iterator[None]:
    """The day on which these tests play."""
    with time_machine.travel(AT, tick=True):
        yield


@pytest.fixture
def family(app: Flask, browser: Browser) -> Family:
    """A family with two children, signed in."""
    found = a_family(children=2)
    browser.sign_in(found.user)
    return found


def _pick(family: Family, *sessions: object) -> list[str]:
    return [f"{family.pupils[0].id}:{session.id}" for session in sessions]  # type: ignore[attr-defined]


def _places() -> list[str]:
    found = [place.state for place in db.session.query(Place).order_by(Place.id)]
    db.session.rollback()
    return found


def test_the_public_page_says_what_runs_for_whom_and_for_how_much(app: Flask, browser: Browser) -> None:
    a_period()
    run = a_run(activity_id=an_activity(name="Chess club").id, year_groups=["3", "4", "5", "6"])
    a_session(WEDNESDAY, run=run, capacity=10)
    text = browser.get("bookings.offer").text
    for words in ("Chess club", "Every day", "15:30 to 16:30", "Years 3 to 6", "£4.50", "Places left"):
        assert words in text


def test_the_week_shows_each_state_in_words(app: Flask, browser: Browser, family: Family) -> None:
    a_session(WEDNESDAY, run=a_run(activity_id=an_activity(name="Open club").id))
    a_session(WEDNESDAY, run=a_run(activity_id=an_activity(name="Old club").id, year_groups=["6"]))
    a_session(WEDNESDAY, run=a_run(activity_id=an_activity(name="Full club").id), capacity=0)
    a_place(family, a_session(date(2026, 11, 26), run=a_run(activity_id=an_activity(name="Mine").id)))
    text = browser.get("bookings.book").text
    for words in ("Places left", "Year 6 only", "Full: join the waiting list", "You have this"):
        assert words in text


def test_ticking_and_keeping_leads_to_the_basket_with_its_time(
    app: Flask, browser: Browser, family: Family
) -> None:
    session = a_session(WEDNESDAY)
    picks = _pick(family, session)
    answer = browser.post("bookings.choose", {"pick": picks, "shown": picks, "go": "hold"}, expect=303)
    assert answer.location == "/basket"
    page = browser.get("bookings.basket")
    assert "Kept for you" in page.text
    assert page.all(".//*[@data-held-until]")


def test_saving_keeps_the_choice_without_taking_a_place(app: Flask, browser: Browser, family: Family) -> None:
    session = a_session(WEDNESDAY)
    picks = _pick(family, session)
    browser.post("bookings.choose", {"pick": picks, "shown": picks, "go": "2026-11-30"}, expect=303)
    assert _places() == []
    assert db.session.query(BasketLine).count() == 1


@pytest.mark.parametrize("pick", ["x", "1", "-1:-1", "1:1:1", "999999:999999", "1;drop:2"])
def test_a_tampered_tick_takes_nothing_and_keeps_the_rest(
    app: Flask, browser: Browser, family: Family, pick: str
) -> None:
    session = a_session(WEDNESDAY)
    picks = _pick(family, session)
    browser.post("bookings.choose", {"pick": picks, "shown": picks}, expect=303)
    status = 400 if pick == "999999:999999" else 303
    browser.post("bookings.choose", {"pick": [pick], "shown": [pick], "go": "hold"}, expect=status)
    assert db.session.query(BasketLine).count() == 1


def test_another_familys_child_is_refused_with_words(app: Flask, browser: Browser, family: Family) -> None:
    picks = [f"{a_pupil().id}:{a_session(WEDNESDAY).id}"]
    page = browser.post("bookings.choose", {"pick": picks, "shown": picks, "go": "hold"}, expect=400)
    assert "You cannot book for that child" in page.text
    assert _places() == []


def test_a_price_in_the_form_changes_nothing(app: Flask, browser: Browser, family: Family) -> None:
    picks = _pick(family, a_session(WEDNESDAY))
    data = {"pick": picks, "shown": picks, "go": "hold", "price_pence": "1", "price": "0.01"}
    browser.post("bookings.choose", data, expect=303)
    assert db.session.query(Place).one().price_pence == 450


def test_a_full_session_is_named_and_the_rest_can_be_kept(
    app: Flask, browser: Browser, family: Family
) -> None:
    picks = _pick(family, a_session(WEDNESDAY), a_session(date(2026, 11, 26), capacity=0))
    page = browser.post("bookings.choose", {"pick": picks, "shown": picks, "go": "hold"}, expect=409)
    assert "is full" in page.text
    assert _places() == []
    browser.post("bookings.change_basket", {"act": "what_fits"}, expect=409)
    assert _places() == ["held"]


def test_cancelling_shows_the_money_first_and_gives_it_back_once(
    app: Flask, browser: Browser, family: Family
) -> None:
    session = a_session(WEDNESDAY)
    place = a_place(family, session, credit_until=AT + timedelta(hours=5))
    place_id = place.id
    assert "You get £4.50 back" in browser.get("bookings.cancel", place_id=place_id).text
    browser.post("bookings.cancel", expect=303, place_id=place_id)
    assert credit_pence(family.account.id) == 450
    assert "cancelled already" in browser.post("bookings.cancel", expect=400, place_id=place_id).text
    assert credit_pence(family.account.id) == 450


def test_after_the_cut_off_nothing_comes_back_and_the_page_says_so(
    app: Flask, browser: Browser, family: Family
) -> None:
    place = a_place(family, a_session(WEDNESDAY), credit_until=AT - timedelta(hours=1))
    assert "You get nothing back" in browser.get("bookings.cancel", place_id=place.id).text
    browser.post("bookings.cancel", expect=303, place_id=place.id)
    assert credit_pence(family.account.id) == 0


def test_a_freed_place_goes_to_who_waits_longest_and_others_see_full(
    app: Flask, browser: Browser, family: Family
) -> None:
    session = a_session(WEDNESDAY, capacity=1)
    has_it = a_family()
    place_id = a_place(has_it, session).id
    data = {"pupil_id": family.pupils[0].id, "session_id": session.id}
    browser.post("bookings.wait", data, expect=303)
    Browser(app).sign_in(has_it.user).post("bookings.cancel", expect=303, place_id=place_id)
    rival = a_family()
    picks = [f"{rival.pupils[0].id}:{session.id}"]
    Browser(app).sign_in(rival.user).post(
        "bookings.choose", {"pick": picks, "shown": picks, "go": "hold"}, expect=409
    )
    with unit_of_work():
        assert make_offers(AT + timedelta(seconds=1)) == 1
    entry = db.session.query(WaitingEntry).one()
    assert entry.state == "offered"
    assert "A place is free" in browser.get("bookings.mine").text
    browser.post("bookings.answer_offer", {"answer": "accept"}, expect=303, entry_id=entry.id)
    assert credit_pence(family.account.id) == -450


def test_an_offer_that_nobody_takes_goes_to_the_next(app: Flask, family: Family, browser: Browser) -> None:
    session = a_session(date(2026, 12, 2), capacity=1)
    place_id = a_place(a_family(), session).id
    second = a_family()
    for one in (family, second):
        data = {"pupil_id": one.pupils[0].id, "session_id": session.id}
        Browser(app).sign_in(one.user).post("bookings.wait", data, expect=303)
    with unit_of_work() as rows:
        rows.get_one(Place, place_id).state = "cancelled"
    for when in (AT, AT + timedelta(hours=13)):
        with unit_of_work():
            assert make_offers(when) == 1
    assert [entry.state for entry in db.session.query(WaitingEntry).order_by(WaitingEntry.id)] == [
        "lapsed",
        "offered",
    ]


def test_staff_have_no_basket(app: Flask, browser: Browser) -> None:
    browser.sign_in(a_user("staff"))
    assert browser.get("bookings.basket", expect=403).status == 403


def test_a_late_session_overlaps_in_the_grid(app: Flask, browser: Browser, family: Family) -> None:
    a_place(family, a_session(WEDNESDAY, run=a_run(activity_id=an_activity(name="Chess").id)))
    a_session(WEDNESDAY, starts_at=time(16, 0), ends_at=time(18, 0))
    assert "Overlaps Chess" in browser.get("bookings.book").text
