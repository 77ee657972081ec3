"""The door: right and wrong passwords, limits that stop guessing and nobody else, and where one is led to."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta

import pytest
from flask import Flask

from booking.core.db import unit_of_work
from booking.core.errors import SettingsError
from booking.core.settings import Settings
from booking.office.starting import refuse_unsafe_start
from booking.people import sign_in
from booking.people.invitations import invite
from booking.people.limits import TooManyTries
from booking.people.models import Contact, Guardianship
from booking.people.sign_in import WrongSignIn, check_sign_in
from booking.people.sign_in_ways import safe_target
from tests.browser import Browser
from tests.builders import PASSWORD, a_pupil, a_user, save


def _try(email: str, password: str, at: datetime, address: str = "10.0.0.1") -> int:
    return check_sign_in(email, password, address=address, at=at).id


def test_the_right_password_gets_in_whatever_the_case_of_the_address(app: Flask, at: datetime) -> None:
    user = a_user("parent", password=PASSWORD, email="zoe@families.example")
    assert _try(" ZOE@families.example ", PASSWORD, at) == user.id


@pytest.mark.parametrize(
    ("email", "password"), [("zoe@families.example", "wrong"), ("nobody@x.example", PASSWORD)]
)
def test_a_wrong_password_and_an_unknown_address_get_the_same_words(
    app: Flask, browser: Browser, email: str, password: str
) -> None:
    a_user("parent", password=PASSWORD, email="zoe@families.example")
    page = browser.post("people.sign_in", {"email": email, "password": password}, expect=422)
    assert "do not match" in page.text
    assert page.field("email") == email


def test_an_unknown_address_costs_as_much_as_a_wrong_password(
    app: Flask, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_user("parent", password=PASSWORD, email="zoe@families.example")
    a_user("parent", email="nopassword@families.example")
    checks: list[str] = []
    real = sign_in.verify_password
    monkeypatch.setattr(sign_in, "verify_password", lambda *given: checks.append(given[1]) or real(*given))
    for email in ("zoe@families.example", "nobody@families.example", "nopassword@families.example"):
        checks.clear()
        with pytest.raises(WrongSignIn):
            _try(email, "wrong", at)
        assert [kept[:30] for kept in checks] == ["$argon2id$v=19$m=19456,t=2,p=1"]


def test_guessing_is_stopped_after_five_tries_but_not_from_elsewhere(app: Flask, at: datetime) -> None:
    user = a_user("parent", password=PASSWORD)
    for _ in range(5):
        with pytest.raises(WrongSignIn):
            _try(user.email, "guess", at)
    with pytest.raises(TooManyTries):
        _try(user.email, PASSWORD, at)
    assert _try(user.email, PASSWORD, at, address="10.0.0.2") == user.id
    assert _try(user.email, PASSWORD, at + timedelta(minutes=2)) == user.id


def test_twenty_wrong_tries_in_an_hour_are_enough(app: Flask, at: datetime) -> None:
    user = a_user("parent", password=PASSWORD)
    for n in range(20):
        with pytest.raises(WrongSignIn):
            _try(user.email, "guess", at + timedelta(minutes=2 * n))
    with pytest.raises(TooManyTries):
        _try(user.email, PASSWORD, at + timedelta(minutes=41))


def test_an_account_that_was_closed_stays_out(app: Flask, at: datetime) -> None:
    user = a_user("parent", password=PASSWORD, active=False)
    with pytest.raises(WrongSignIn):
        _try(user.email, PASSWORD, at)


def test_demo_accounts_are_refused_in_production(app: Flask, at: datetime, settings: Settings) -> None:
    user = a_user("parent", password=PASSWORD, is_demo=True)
    with pytest.raises(WrongSignIn):
        check_sign_in(user.email, PASSWORD, address="10.0.0.1", at=at, takes_demo=False)
    refuse_unsafe_start(settings)
    with pytest.raises(SettingsError, match="demo accounts"):
        refuse_unsafe_start(dataclasses.replace(settings, env="production"))


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil.example", "evil", ""])
def test_nobody_is_led_to_another_site(target: str) -> None:
    assert safe_target(target) is None


def test_one_is_led_to_where_one_wanted_to_go(app: Flask, browser: Browser) -> None:
    user = a_user("parent", password=PASSWORD, is_demo=True)
    data = {"email": user.email, "password": PASSWORD, "next": "/bookings"}
    assert browser.post("people.sign_in", data).location == "/bookings"


def test_a_contact_joins_with_the_childs_birthday_and_siblings_are_gathered(
    app: Flask, browser: Browser
) -> None:
    pupils = [a_pupil(forename="Ada"), a_pupil(forename="Ben")]
    contacts = [
        Contact(pupil_id=pupil.id, name="Sam", email="sam@families.example", parental_responsibility="yes")
        for pupil in pupils
    ]
    save(*contacts)
    with unit_of_work():
        token = invite(
            "sam@families.example",
            "parent",
            at=datetime.now().astimezone(),
            by_user_id=None,
            contact=contacts[0],
        )
    answers = {"name": "Sam", "date_of_birth": "6/10/2018", "password": PASSWORD}
    assert "4 times more" in browser.post("people.join", answers, expect=422, token=token).text
    assert (
        browser.post("people.join", {**answers, "date_of_birth": "5/10/2018"}, token=token).location
        == "/book"
    )
    ties = Guardianship.__table__
    with unit_of_work() as session:
        assert len(session.execute(ties.select()).all()) == 2
    other = Browser(app)
    other.get("people.join", expect=400, token=token)


def test_a_short_password_is_refused_with_the_length(app: Flask, browser: Browser) -> None:
    with unit_of_work():
        token = invite("chair@school.example", "governor", at=datetime.now().astimezone(), by_user_id=None)
    page = browser.post("people.join", {"name": "Chair", "password": "short"}, expect=422, token=token)
    assert "at least 12" in page.text
