"""Texts are asked for by the reader, on a UK mobile, with the day, and ended by one press."""

from __future__ import annotations

import json

import pytest
import time_machine
from flask import Flask

from booking.core.db import db, unit_of_work
from booking.core.words import telephone
from booking.office.access_request import what_is_held
from booking.people.models import User
from booking.people.texts import NotAMobile, read_mobile, stop_texts, texts_number, want_texts
from tests.browser import Browser
from tests.builders import AT, a_family, a_user


@pytest.mark.parametrize(
    "typed",
    [
        "07700 900941",
        "07700-900-941",
        "+44 7700 900941",
        "+44 (0)7700 900 941",
        "0044 7700 900941",
        "447700900941",
        "07700\u00a0900\u2011941",
        "０７７００９００９４１",
    ],
)
def test_a_mobile_is_kept_in_one_form_however_it_is_typed(typed: str) -> None:
    assert read_mobile(typed) == "+447700900941"
    assert telephone("+447700900941") == "07700 900941"


@pytest.mark.parametrize(
    "typed",
    [
        "", "01632 960001", "07000 900941", "07600 900941", "0770090094", "077009009411", "+33 6 12 34 56 78", "mobile",
        "07700 900941 x",
    ],
)  # fmt: skip
def test_what_is_no_uk_mobile_is_refused(typed: str) -> None:
    with pytest.raises(NotAMobile):
        read_mobile(typed)


def test_the_isle_of_man_has_mobiles_among_the_pagers() -> None:
    assert read_mobile("07624 400123") == "+447624400123"


def _user(user: User) -> User:
    db.session.expire_all()
    return db.session.get_one(User, user.id)


def test_only_who_asked_and_still_signs_in_is_texted(app: Flask) -> None:
    user = a_user(phone="07700 900941")
    assert texts_number(user) is None
    with unit_of_work():
        want_texts(user.id, "07700 900941", at=AT)
    assert texts_number(_user(user)) == "+447700900941"
    with unit_of_work():
        _user(user).active = False
    assert texts_number(_user(user)) is None
    assert texts_number(None) is None


def test_a_parent_asks_changes_the_number_and_stops(app: Flask) -> None:
    user = a_family().user
    with time_machine.travel(AT, tick=False):
        browser = Browser(app).sign_in(user)
        assert "Get texts" in browser.get("payments.account").text
        wrong = browser.post("people.your_texts", {"number": "01632 960001"}, expect=422)
        assert "Enter a UK mobile number" in wrong.text
        assert wrong.field("number") == "01632 960001"
        browser.post("people.your_texts", {"number": "+44 7700 900941"})
        assert (_user(user).phone, _user(user).texts_since) == ("+447700900941", AT)
        assert "07700 900941" in browser.get("payments.account").text
        assert "Monday 23 November" in browser.get("people.your_texts").text
        held = json.dumps(what_is_held(_user(user), at=AT)["held"]["user_account"])
        assert "+447700900941" in held
        assert '"texts_since": "2026-11-23 09:00"' in held
    with time_machine.travel(AT.replace(hour=10), tick=False):
        browser = Browser(app).sign_in(user)
        browser.post("people.your_texts", {"number": "07700 900942"})
        assert (_user(user).phone, _user(user).texts_since) == ("+447700900942", AT)
        browser.post("people.stop_your_texts")
        assert (_user(user).phone, _user(user).texts_since) == (None, None)


def test_stopping_twice_does_no_harm(app: Flask) -> None:
    user = a_user(phone="01632 960001")
    with unit_of_work():
        stop_texts(user.id, at=AT)
    assert _user(user).phone == "01632 960001"


def test_where_no_texts_are_sent_nobody_can_ask_for_them(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    class NoTexts:
        sends_texts = False

        def __getattr__(self, name: str) -> object:
            return getattr(settings, name)

    settings = app.extensions["booking_settings"]
    monkeypatch.setitem(app.extensions, "booking_settings", NoTexts())
    browser = Browser(app).sign_in(a_family().user)
    assert "Get texts" not in browser.get("payments.account").text
    browser.get("people.your_texts", expect=404)
