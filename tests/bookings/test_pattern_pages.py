"""The pages of patterns, months, waiting together and the published rules, as a parent and as the office."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
import time_machine
from flask import Flask

from booking.bookings.leaving import leave_token
from booking.bookings.models import BasketLine, Place, RequestFact, WaitingEntry
from booking.bookings.policy import current_policy
from booking.bookings.waiting_list import join_list
from booking.core.audit import AuditEntry
from booking.core.db import db, unit_of_work
from booking.provision.models import Session
from tests.browser import Browser
from tests.builders import (
    AT,
    Family,
    a_family,
    a_period,
    a_place,
    a_run,
    a_school,
    a_session,
    a_user,
    an_activity,
)

MONDAY = date(2026, 11, 30)


@pytest.fixture(autouse=True)
def monday_morning() -> Iterator[None]:
    with time_machine.travel(AT, tick=False):
        yield


@pytest.fixture
def family(app: Flask, browser: Browser) -> Family:
    a_school()
    a_period()
    a_period("term", ends_on=date(2026, 12, 18))
    found = a_family(children=2)
    browser.sign_in(found.user)
    return found


def a_term(weeks: int = 3, **run_values: object) -> list[Session]:
    run = a_run(activity_id=an_activity(name="Chess club").id, **run_values)
    return [a_session(MONDAY + timedelta(days=7 * week), run=run) for week in range(weeks)]


def weekly(family: Family, *sessions: Session, **more: object) -> dict[str, object]:
    picks = [f"{family.pupils[0].id}:{session.id}" for session in sessions]
    form = {"pick": picks, "shown": picks, "go": "hold", "week": MONDAY.isoformat()}
    return {**form, "kind": "weekly", "end": "term", "days_on": "4", "days_off": "4", **more}


def places() -> list[str]:
    found = [place.state for place in db.session.query(Place).order_by(Place.id)]
    db.session.rollback()
    return found


def test_a_week_comes_again_for_both_children_in_two_pages(browser: Browser, family: Family) -> None:
    sessions = a_term()
    page = browser.post(
        "bookings.choose", weekly(family, sessions[0], same_for=str(family.pupils[1].id)), expect=200
    )
    assert "6 sessions can be had, until Friday 18 December 2026: £27.00 in all" in page.text
    assert places() == []
    rows = [e.get("value") for e in page.all(".//input") if e.get("name") == "picks"]
    assert (
        browser.post("bookings.keep_pattern", {"picks": rows, "mode": "all"}, expect=303).location
        == "/basket"
    )
    assert places() == ["held"] * 6
    assert "6 places kept for you" in browser.get("bookings.basket").text


def test_a_row_that_is_unticked_is_not_taken(browser: Browser, family: Family) -> None:
    sessions = a_term()
    page = browser.post(
        "bookings.choose", weekly(family, sessions[0], same_for=str(family.pupils[1].id)), expect=200
    )
    rows = [e.get("value") for e in page.all(".//input") if e.get("name") == "picks"]
    browser.post("bookings.keep_pattern", {"picks": rows[:1], "mode": "all"}, expect=303)
    assert places() == ["held"] * 3


def test_each_date_that_cannot_be_had_says_why_and_may_wait(browser: Browser, family: Family) -> None:
    sessions = a_term()
    with unit_of_work() as session:
        session.get_one(Session, sessions[1].id).capacity = 0
    page = browser.post("bookings.choose", weekly(family, sessions[0]), expect=200)
    assert "Mon 7 Dec is full" in page.text
    rows = [e.get("value") for e in page.all(".//input") if e.get("name") == "picks"]
    page = browser.post(
        "bookings.keep_pattern",
        {"picks": rows, "mode": "what_fits", "wait": "each"},
        expect=303,
        follow=False,
    )
    assert places() == ["held", "held"]
    entry = db.session.query(WaitingEntry).one()
    assert (entry.session_id, entry.state) == (sessions[1].id, "waiting")
    assert "1 date on the waiting list" in browser.get("bookings.basket").text


def test_what_can_no_longer_be_had_is_told_and_the_rest_kept_in_the_basket(
    browser: Browser, family: Family
) -> None:
    sessions = a_term()
    rows = [f"{family.pupils[0].id}:{session.id}" for session in sessions]
    with unit_of_work() as session:
        session.get_one(Session, sessions[1].id).capacity = 0
    page = browser.post("bookings.keep_pattern", {"picks": rows, "mode": "all"}, expect=409)
    assert "Child 1: Chess club on Mon 7 Dec is full" in page.text
    assert places() == []
    assert db.session.query(BasketLine).count() == 3


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"end": "day", "until": ""}, "Choose a day on which this ends"),
        ({"end": "day", "until": "2026-11-02"}, "Choose a day on which this ends"),
        ({"kind": "nonsense"}, "Not a valid choice"),
        ({"kind": "shift", "days_on": "99"}, "between 1 and 28"),
    ],
)
def test_a_pattern_that_makes_no_sense_says_so_and_keeps_the_ticks(
    browser: Browser, family: Family, changed: dict[str, str], words: str
) -> None:
    sessions = a_term()
    page = browser.post("bookings.choose", weekly(family, sessions[0], **changed), expect=422)
    assert words in page.text
    assert db.session.query(BasketLine).count() == 1


def test_another_familys_child_gets_nothing_by_a_tampered_pattern(browser: Browser, family: Family) -> None:
    sessions, other = a_term(), a_family()
    rows = [f"{other.pupils[0].id}:{session.id}" for session in sessions]
    browser.post("bookings.keep_pattern", {"picks": rows, "mode": "all"}, expect=400)
    assert places() == []


def test_dates_are_picked_in_a_month(browser: Browser, family: Family) -> None:
    sessions = a_term()
    page = browser.get("bookings.month", month="2026-12")
    assert "Chess club" in page.text
    assert "7 December" in page.text or "7 Dec" in page.text
    picks = [f"{family.pupils[0].id}:{session.id}" for session in sessions[1:]]
    browser.post("bookings.choose", {"pick": picks, "shown": picks, "go": "hold"}, expect=303)
    assert places() == ["held", "held"]


def test_a_family_puts_its_entries_together_and_leaves_by_the_letter(
    app: Flask, browser: Browser, family: Family
) -> None:
    session = a_session(MONDAY, capacity=1)
    a_place(a_family(), session)
    ids = []
    for pupil in family.pupils:
        with unit_of_work():
            entry = join_list(pupil.id, session.id, account_id=family.account.id, at=AT, user_id=None)
            ids.append(entry.id)
    page = browser.get("bookings.mine")
    assert "Number 1 on the list" in page.text
    assert "Number 2 on the list" in page.text
    browser.post("bookings.waiting_together", {"entry": [str(one) for one in ids]}, expect=303)
    assert "Waits for 2 places at once: all or none" in browser.get("bookings.mine").text
    token = leave_token(ids[0], app.config["SECRET_KEY"])
    stranger = Browser(app)
    assert "Child" not in stranger.get("bookings.leave_by_link", token=token).text
    stranger.post("bookings.leave_by_link", token=token, expect=200)
    assert db.session.get_one(WaitingEntry, ids[0]).state == "left"
    assert db.session.get_one(WaitingEntry, ids[1]).state == "waiting"
    stranger.get("bookings.leave_by_link", token="x" + token, expect=404)


def test_the_office_books_for_a_family_at_the_hatch_and_it_counts_as_asked(
    browser: Browser, family: Family
) -> None:
    sessions = a_term(1)
    account = family.account.id
    picks = [f"{family.pupils[0].id}:{sessions[0].id}"]
    browser.sign_in(a_user("manager"))
    page = browser.get("office.desk_book", account_id=account, week=MONDAY.isoformat(), channel="hatch")
    assert "who asked at the hatch" in page.text
    form = {"pick": picks, "shown": picks, "go": "hold", "week": MONDAY.isoformat(), "kind": "once"}
    browser.post("office.desk_choose", form, account_id=account, channel="hatch", expect=303)
    basket = browser.get("office.desk_basket", account_id=account, channel="hatch")
    seen = basket.field("seen_pence")
    browser.post("office.desk_pay", {"seen_pence": seen}, account_id=account, channel="hatch", expect=303)
    assert places() == ["booked"]
    facts = db.session.query(RequestFact).order_by(RequestFact.id).all()
    assert [(fact.what, fact.channel) for fact in facts][:2] == [("asked", "hatch"), ("held", "hatch")]


def test_a_parent_does_not_get_to_the_offices_desk(browser: Browser, family: Family) -> None:
    browser.get("office.desk_book", account_id=family.account.id, expect=403)


def test_the_office_sets_the_rules_and_families_read_them(browser: Browser, family: Family) -> None:
    browser.sign_in(a_user("manager"))
    form = {
        "waiting_order": "siblings_first",
        "offer_hours": "6",
        "quiet_from": "20:00",
        "quiet_until": "8am",
        "list_ends_hours": "12",
        "most_skips": "2",
        "arrears_limit_pence": "25.50",
        "support_days": "4",
        "absences_by": "14:15",
        "away_frees_at": "",
        "day_offer_minutes": "45",
    }
    browser.post("office.booking_rules", form)
    policy = current_policy()
    assert (policy.offer_hours, policy.arrears_limit_pence, policy.waiting_order) == (
        6,
        2550,
        "siblings_first",
    )
    assert db.session.query(AuditEntry).filter_by(action="rules_changed").count() == 1
    text = Browser(browser.app).get("bookings.rules").text
    assert "brother or sister in the same session are asked first" in text
    assert "£25.50" in text
    page = browser.post("office.booking_rules", {**form, "offer_hours": "0"}, expect=422)
    assert "1" in page.text
