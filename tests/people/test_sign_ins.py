"""Sign-ins as rows: a new id each time, seen and ended by their owner, thrown out at the next request."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from booking.core.db import unit_of_work
from booking.office.people_who_sign_in import change_user
from booking.people.changes import change_password
from booking.people.models import User
from booking.people.sign_ins import device_words, find
from tests.browser import Browser
from tests.builders import AT, PASSWORD, a_school, a_user
from tests.people.signing_in import cookie_of, enter, last_secret, letters, session_of, sign_ins_of

PAGE = "people.your_sign_in"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture(autouse=True)
def clock_stands() -> Iterator[time_machine.Coordinates]:
    """Monday morning; a test moves the clock itself."""
    with time_machine.travel(AT, tick=False) as traveller:
        a_clock.append(traveller)
        yield traveller
        a_clock.pop()


a_clock: list[time_machine.Coordinates] = []


def later(**values: float) -> None:
    """Let time pass."""
    a_clock[-1].shift(timedelta(**values))


@pytest.fixture
def signed_in(app: Flask, browser: Browser) -> Browser:
    """A demo parent who came in by the page."""
    a_school()
    enter(browser, a_user("parent", password=PASSWORD, is_demo=True))
    return browser


def test_the_cookie_holds_a_random_id_and_the_database_its_digest_only(signed_in: Browser) -> None:
    held = session_of(signed_in)
    assert set(held) <= {"sign_in", "_permanent"}
    assert len(held["sign_in"]) == 22
    (row,) = sign_ins_of(_owner(signed_in))
    assert held["sign_in"] not in repr(vars(row))


def _owner(browser: Browser) -> User:
    row = find(session_of(browser)["sign_in"], at=AT)
    assert row is not None
    return row.user


def test_an_id_that_was_there_before_signing_in_is_worth_nothing(app: Flask, browser: Browser) -> None:
    user = a_user("parent", password=PASSWORD, is_demo=True)
    with browser.client.session_transaction() as session:
        session["sign_in"] = "chosen-by-a-stranger"
        session["csrf_token"] = "known-to-a-stranger"
    enter(browser, user)
    held = session_of(browser)
    assert held["sign_in"] != "chosen-by-a-stranger"
    assert held.get("csrf_token") != "known-to-a-stranger"
    browser.get(PAGE)


def test_each_sign_in_has_its_own_id_and_the_one_before_ends(app: Flask, browser: Browser) -> None:
    user = a_user("parent", password=PASSWORD, is_demo=True)
    enter(browser, user)
    first = session_of(browser)["sign_in"]
    enter(browser, user)
    other = Browser(app)
    with other.client.session_transaction() as session:
        session["sign_in"] = first
    assert other.get(PAGE, expect=302).location == "/login?next=/your-sign-in"
    assert [row.ended_why for row in sign_ins_of(user)] == ["signed_in_again", None]


def test_signing_out_ends_the_row_so_a_kept_cookie_is_worth_nothing(signed_in: Browser, app: Flask) -> None:
    kept = cookie_of(signed_in, "session").value
    signed_in.post("people.sign_out")
    thief = Browser(app)
    thief.client.set_cookie("session", kept)
    page = thief.get(PAGE, expect=302)
    assert page.location == "/login?next=/your-sign-in"
    assert "Please sign in again" in thief.get("people.sign_in").text


def test_a_person_sees_and_ends_their_sign_ins_and_nobody_elses(app: Flask) -> None:
    user, stranger = a_user("parent"), a_user("parent")
    phone, laptop, other = Browser(app).sign_in(user), Browser(app).sign_in(user), Browser(app)
    other.sign_in(stranger)
    ids = [row.id for row in sign_ins_of(user)]
    page = laptop.get("people.your_sign_in")
    assert page.text.count("a test") == 2
    other.post("people.end_sign_in", expect=404, sign_in_id=ids[0])
    laptop.post("people.end_sign_in", sign_in_id=ids[0])
    assert phone.get(PAGE, expect=302).location == "/login?next=/your-sign-in"
    laptop.get(PAGE)


def test_all_others_end_at_once(app: Flask) -> None:
    user = a_user("parent")
    browsers = [Browser(app).sign_in(user) for _ in range(3)]
    browsers[0].post("people.end_other_sign_ins")
    browsers[0].get(PAGE)
    for browser in browsers[1:]:
        browser.get(PAGE, expect=302)


def test_a_new_password_ends_every_other_sign_in(app: Flask) -> None:
    user = a_user("parent")
    here, there = Browser(app).sign_in(user), Browser(app).sign_in(user)
    with unit_of_work():
        change_password(user, "hash", at=AT, keep_sign_in=sign_ins_of(user)[0].id)
    here.get(PAGE)
    there.get(PAGE, expect=302)


def test_switching_somebody_off_ends_their_sign_ins_at_the_next_request(app: Flask) -> None:
    user, admin = a_user("parent"), a_user("admin")
    browser = Browser(app).sign_in(user)
    with unit_of_work():
        change_user(user.id, roles=["parent"], grants=[], is_active=False, at=AT, by=admin.id)
    browser.get(PAGE, expect=302)
    assert sign_ins_of(user)[0].ended_why == "switched_off"


@pytest.mark.parametrize(
    ("role", "lasts", "path"),
    [("parent", timedelta(days=1), PAGE), ("manager", timedelta(hours=12), "office.home")],
)
def test_a_sign_in_ends_by_itself(app: Flask, role: str, lasts: timedelta, path: str) -> None:
    browser = Browser(app).sign_in(a_user(role))
    a_clock[-1].shift(lasts - timedelta(minutes=1))
    browser.get(path)
    later(minutes=2)
    browser.get(path, expect=302)


def test_being_seen_is_noted_at_most_once_in_five_minutes(app: Flask) -> None:
    user = a_user("parent")
    browser = Browser(app).sign_in(user)
    later(minutes=4)
    browser.get(PAGE)
    assert sign_ins_of(user)[0].last_seen_at == AT
    later(minutes=2)
    browser.get(PAGE)
    assert sign_ins_of(user)[0].last_seen_at == AT + timedelta(minutes=6)


def test_a_parent_on_a_new_device_types_the_code_from_a_letter(app: Flask, browser: Browser) -> None:
    user = a_user("parent", password=PASSWORD)
    assert enter(browser, user, next="/bookings").location == "/login/code"
    browser.get(PAGE, expect=302)
    assert [letter.to_email for letter in letters("sign_in_code")] == [user.email]
    before = session_of(browser)["sign_in"]
    assert browser.post("people.second_step", {"code": last_secret("new_device")}).location == "/bookings"
    assert session_of(browser)["sign_in"] != before
    browser.get(PAGE)
    assert cookie_of(browser, "device") is None


def test_ones_own_device_asks_for_no_code_for_30_days_and_only_there(app: Flask, browser: Browser) -> None:
    user = a_user("parent", password=PASSWORD)
    enter(browser, user)
    browser.post("people.second_step", {"code": last_secret("new_device"), "own_device": "y"})
    later(days=20)
    browser.get(PAGE)
    browser.post("people.sign_out")
    assert enter(browser, user).location == "/book"
    assert enter(Browser(app), user).location == "/login/code"
    later(days=11)
    browser.get(PAGE, expect=302)
    assert enter(browser, user).location == "/login/code"


def test_a_device_is_trusted_for_its_person_alone_and_can_be_forgotten(app: Flask, browser: Browser) -> None:
    user, partner = a_user("parent", password=PASSWORD), a_user("parent", password=PASSWORD)
    for person in (user, partner):
        assert enter(browser, person).location == "/login/code"
        browser.post("people.second_step", {"code": last_secret("new_device"), "own_device": "y"})
        assert cookie_of(browser, "device").value.count(".") == (0 if person is user else 1)
        if person is user:
            browser.post("people.sign_out")
    page = browser.get("people.your_sign_in")
    forms = [form.get("action") for form in page.all(".//form") if "devices" in (form.get("action") or "")]
    assert len(forms) == 1
    browser.post("people.forget_device", device_id=int(forms[0].split("/")[3]))
    browser.post("people.sign_out")
    assert enter(browser, partner).location == "/login/code"
    browser.post("people.sign_out")
    assert enter(browser, user).location == "/book"


def test_a_browser_is_told_in_few_words() -> None:
    assert device_words(FIREFOX) == "Firefox on Windows"
    assert device_words("<script>alert(1)</script>") == "A browser on a device we do not know"
