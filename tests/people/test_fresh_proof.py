"""Fresh proof: what a sign-in alone does not open, and how to show once more that it is you."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from booking.core.db import db
from booking.people.code_apps import code_at
from booking.people.sign_in_models import CodeApp
from tests.browser import Browser
from tests.builders import AT, PASSWORD, a_user
from tests.people.signing_in import a_code_app, session_of
from tests.people.soft_authenticator import SoftAuthenticator
from tests.people.test_passkeys import add, ask

PROOF = "/prove?next=/your-sign-in/password"


@pytest.fixture(autouse=True)
def monday() -> Iterator[time_machine.Coordinates]:
    with time_machine.travel(AT, tick=False) as traveller:
        yield traveller


@pytest.fixture
def stale(app: Flask, monday: time_machine.Coordinates) -> Browser:
    """A parent whose last proof is 16 minutes old."""
    user = a_user("parent", password=PASSWORD)
    browser = Browser(app).sign_in(user)
    monday.shift(timedelta(minutes=16))
    return browser


@pytest.mark.parametrize(
    "endpoint", ["people.your_password", "people.your_email", "people.recovery_codes", "people.code_app"]
)
def test_ones_keys_open_after_a_fresh_proof_alone(stale: Browser, endpoint: str) -> None:
    assert str(stale.get(endpoint, expect=302).location).startswith("/prove?next=/your-sign-in/")


@pytest.mark.parametrize(
    "endpoint", ["people.begin_code_app", "people.remove_code_app", "people.new_passkey_options"]
)
def test_no_key_is_made_or_taken_away_by_a_stale_sign_in(stale: Browser, endpoint: str) -> None:
    assert str(stale.post(endpoint).location).startswith("/prove")
    assert db.session.query(CodeApp).count() == 0


def test_the_password_proves_under_a_new_id_and_leads_back(
    stale: Browser, monday: time_machine.Coordinates
) -> None:
    before = session_of(stale)["sign_in"]
    page = stale.get("people.prove", next="/your-sign-in/password")
    assert "Show that it is you" in page.text
    assert "not right" in stale.post("people.prove", {"password": "wrong"}, expect=422).text
    done = stale.post("people.prove", {"password": PASSWORD}, next="/your-sign-in/password")
    assert done.location == "/your-sign-in/password"
    assert session_of(stale)["sign_in"] != before
    stale.get("people.your_password")
    monday.shift(timedelta(minutes=16))
    stale.get("people.your_password", expect=302)


def test_five_wrong_proofs_are_enough(stale: Browser) -> None:
    for _ in range(5):
        stale.post("people.prove", {"password": "wrong"}, expect=422)
    stale.post("people.prove", {"password": PASSWORD}, expect=429)


def test_a_code_proves_once(app: Flask, monday: time_machine.Coordinates) -> None:
    user = a_user("manager", password=PASSWORD)
    secret = a_code_app(user, AT - timedelta(days=1))
    browser = Browser(app).sign_in(user)
    assert browser.post("people.prove", {"code": code_at(secret, AT)}).location == "/office/"
    browser.post("people.prove", {"code": code_at(secret, AT)}, expect=422)


def test_ones_own_passkey_proves_and_nobody_elses(app: Flask) -> None:
    mine, theirs = SoftAuthenticator(), SoftAuthenticator()
    browser = Browser(app).sign_in(a_user("parent"))
    add(browser, mine)
    add(Browser(app).sign_in(a_user("parent")), theirs)
    asked = ask(browser, "people.proof_options")
    assert len(asked["allowCredentials"]) == 1
    browser.post("people.prove", {"answer": theirs.get(asked)}, expect=422)
    asked = ask(browser, "people.proof_options")
    assert browser.post("people.prove", {"answer": mine.get(asked)}).location == "/book"


def test_nobody_is_led_to_another_site_after_proving(stale: Browser) -> None:
    done = stale.post("people.prove", {"password": PASSWORD}, next="//evil.example")
    assert done.location == "/book"


def test_the_weighty_pages_all_ask_for_it(app: Flask) -> None:
    asking = {name for name, view in app.view_functions.items() if hasattr(view, "needs_fresh_proof")}
    assert asking >= {
        "people.your_password",
        "people.your_email",
        "people.new_passkey_options",
        "people.add_passkey",
        "people.rename_passkey",
        "people.remove_passkey",
        "people.begin_code_app",
        "people.code_app",
        "people.remove_code_app",
        "people.recovery_codes",
        "people.your_pin",
        "office.tablets",
        "office.end_tablet",
        "office.forget_keys",
        "office.restrict",
        "office.restriction",
        "office.confirm_restricting",
        "privacy.my_data_file",
        "privacy.data_of",
    }
