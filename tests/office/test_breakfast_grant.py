"""The grant's count: who came to the free slot, once a day, by the rates of that day."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import time_machine
from flask import Flask

from booking.core.clock import instant
from booking.core.db import unit_of_work
from booking.office.breakfast_grant import RateThere, add_rate, grant_days
from booking.registers.marks import add_mark, undo
from tests.browser import Browser
from tests.builders import AT, a_period, a_pupil, a_run, a_session, a_user, an_activity

MONDAY = date(2026, 11, 23)
DAY = timedelta(days=1)
SPAN = (date(2026, 9, 1), date(2026, 12, 31))


def _came(pupil_id: int, session_id: int, what: str = "arrived") -> int:
    with unit_of_work():
        return add_mark(session_id, pupil_id, what, at=AT, user_id=None).id


def test_each_child_counts_once_a_day_in_the_year_group_of_that_day(app: Flask) -> None:
    run = a_run(activity_id=an_activity(kind="breakfast", is_free_slot=True).id)
    other = a_run(activity_id=an_activity(kind="breakfast", is_free_slot=True).id)
    paid = a_run(activity_id=an_activity(kind="breakfast").id)
    monday, tuesday = a_session(MONDAY, run=run), a_session(MONDAY + DAY, run=run)
    third, fourth, nursery, guest, wrong = (
        a_pupil(),
        a_pupil(year_group="4", date_of_birth=date(2017, 10, 5)),
        a_pupil(year_group="N2", date_of_birth=date(2022, 10, 5)),
        a_pupil(status="visitor"),
        a_pupil(),
    )
    for pupil in (third, fourth, nursery, guest):
        _came(pupil.id, monday.id, "arrived" if pupil is third else "walk_in")
    _came(third.id, a_session(MONDAY, run=other).id, "walk_in")
    _came(wrong.id, a_session(MONDAY, run=paid).id)
    mark_id = _came(wrong.id, tuesday.id)
    with unit_of_work():
        undo(mark_id, session_id=tuesday.id, at=AT, user_id=None)
    first, second = grant_days(*SPAN, today=MONDAY + 7 * DAY)
    assert (first.on, dict(first.by_year), first.pence) == (MONDAY, {"3": 1, "4": 1}, 2700)
    assert (second.pupils, second.pence) == (0, 0)
    assert [day.on for day in grant_days(*SPAN, today=MONDAY)] == [MONDAY]
    (later,) = grant_days(MONDAY, MONDAY, today=date(2027, 9, 20))
    assert later.by_year == {"3": 1, "4": 1}, "of an earlier school year the birthday says the year group"


def test_a_rate_holds_from_its_day(app: Flask) -> None:
    run = a_run(activity_id=an_activity(is_free_slot=True).id)
    pupil = a_pupil()
    for day in (MONDAY, MONDAY + DAY):
        _came(pupil.id, a_session(day, run=run).id)
    with unit_of_work():
        add_rate(MONDAY + DAY, 3000, 150, at=AT, user_id=None)
    assert [day.pence for day in grant_days(*SPAN, today=MONDAY + 9 * DAY)] == [2600, 3150]
    with pytest.raises(RateThere), unit_of_work():
        add_rate(MONDAY + DAY, 1, 1, at=AT, user_id=None)


def test_the_page_and_the_file_are_cut_by_term(app: Flask, browser: Browser) -> None:
    run = a_run(activity_id=an_activity(is_free_slot=True).id)
    _came(a_pupil().id, a_session(MONDAY, run=run).id)
    browser.sign_in(a_user("manager"))
    assert "Enter the terms first" in browser.get("office.breakfast_grant").text
    a_period("term", name="Autumn", starts_on=date(2026, 9, 1), ends_on=date(2026, 12, 18))
    spring = a_period("term", name="Spring", starts_on=date(2027, 1, 4), ends_on=date(2027, 4, 1))
    with time_machine.travel(instant(MONDAY, AT.time()) + DAY):
        browser.sign_in(a_user("manager"))
        page = browser.get("office.breakfast_grant")
        assert "£26.00" in page.text
        assert "has not run in this term yet" in browser.get("office.breakfast_grant", term=spring.id).text
        rows = browser.client.get("/office/money/breakfast-grant.csv").data.decode("utf-8-sig").splitlines()
        assert rows[1] == "2026-11-23,0,0,0,1,0,0,0,1,25.00,1.00,26.00"
        assert rows[-1] == "total,0,0,0,1,0,0,0,1,,,26.00"
        form = {"from_on": "1/4/2027", "day_pence": "26.00", "pupil_pence": "1.10"}
        browser.post("office.grant_rate", {**form, "day_pence": "lots"}, expect=422)
        browser.post("office.grant_rate", form)
        assert "£1.10" in browser.get("office.breakfast_grant").text
