"""Passwords: which are refused, changing and forgetting them, and that no answer tells who is known here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import event

from booking.core.db import db, unit_of_work
from booking.core.settings import Settings
from booking.messages.sending import send_due
from booking.office.background import composers
from booking.people.limits import TooManyTries, account_digest, note_try, refuse_too_many
from booking.people.models import User
from booking.people.one_time import SecretOver, find_link, send_link
from booking.people.passwords import LONGEST_PASSWORD, WeakPassword, check_new_password
from booking.people.sign_in import fits
from tests.browser import Browser
from tests.builders import AT, PASSWORD, a_school, a_user
from tests.people.signing_in import a_code_app, enter, last_secret, letters

NEW = "seven green umbrellas dance"


@pytest.fixture(autouse=True)
def monday() -> Iterator[time_machine.Coordinates]:
    with time_machine.travel(AT, tick=False) as traveller:
        yield traveller


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("eleven char", "at least 12"),
        ("x" * (LONGEST_PASSWORD + 1), "at most 128"),
        ("password1234", "Thieves"),
        ("1qaz2wsx3edc", "Thieves"),
        ("QWERTYUIOP12", "Thieves"),
        ("manchesterunited", "Thieves"),
        ("Liverpool2026!", "Thieves"),
        ("aaaaaaaaaaaaaaaaaaaa", "Thieves"),
        ("BrookLaneSchool1", "Thieves"),
        ("zoe.ahmed@x.example", "Thieves"),
        ("eighttillsix2026", "Thieves"),
    ],
)
def test_a_password_that_is_easily_guessed_is_refused_with_the_reason(password: str, words: str) -> None:
    with pytest.raises(WeakPassword, match=words):
        check_new_password(password, about=("Zoe Ahmed", "zoe.ahmed@x.example", "Brook Lane Primary School"))


@pytest.mark.parametrize(
    "password",
    [
        PASSWORD,
        NEW,
        "correct purple horse",
        "ünïcödé wörter sind gut",
        "  blanks  count too ",
        "🐈🐕🐎🐖🐄🐑🐐🐓🐇🐢🐍🦔",
    ],
)
def test_words_of_ones_own_are_taken_without_rules_about_kinds_of_letters(password: str) -> None:
    check_new_password(password, about=("Zoe Ahmed",))


def test_a_password_is_kept_as_typed_and_may_be_long(app: Flask) -> None:
    long = "a calm river and " * 7
    check_new_password(long)
    assert (
        'autocomplete="new-password"'
        in Browser(app).sign_in(a_user("parent")).get("people.your_password").html
    )


def test_changing_needs_the_old_one_and_a_good_new_one(app: Flask) -> None:
    user = a_user("parent", password=PASSWORD)
    here, there = Browser(app).sign_in(user), Browser(app).sign_in(user)

    def change(old: str, new: str, expect: int) -> str:
        page = here.post("people.your_password", {"old": old, "password": new}, expect=expect)
        return str(page.location) if expect == 302 else page.text

    assert "That is not right" in change("wrong", NEW, 422)
    assert "Thieves" in change(PASSWORD, "password1234", 422)
    assert change(PASSWORD, NEW, 302) == "/your-sign-in"
    here.get("people.your_sign_in")
    there.get("people.your_sign_in", expect=302)
    assert [letter.context["what"] for letter in letters("sign_in_changed")] == ["password"]
    assert fits(NEW, db.session.get_one(User, user.id).password or "")


def test_changing_counts_wrong_tries(app: Flask) -> None:
    browser = Browser(app).sign_in(a_user("parent", password=PASSWORD))
    for _ in range(5):
        browser.post("people.your_password", {"old": "wrong", "password": NEW}, expect=422)
    browser.post("people.your_password", {"old": PASSWORD, "password": NEW}, expect=429)


def _deliver(settings: Settings) -> None:
    send_due(AT, settings, composers(settings))


def _sent(settings: Settings, email: str) -> list[str]:
    found = [path.read_text() for path in sorted((settings.instance / "outbox").glob("*.eml"))]
    return [text for text in found if f"To: {email}" in text]


def test_a_forgotten_password_is_replaced_by_a_link_that_works_once(app: Flask, settings: Settings) -> None:
    a_school()
    user, browser = a_user("parent", password=PASSWORD), Browser(app)
    signed_in = Browser(app).sign_in(user)
    browser.post("people.forgotten", {"email": f" {user.email.upper()} "})
    _deliver(settings)
    (text,) = _sent(settings, user.email)
    found = re.search(r"/reset/([\w-]{22})", text.replace("=\n", ""))
    assert found is not None
    token = found[1]
    assert (
        "Thieves" in browser.post("people.reset", {"password": "password1234"}, expect=422, token=token).text
    )
    assert browser.post("people.reset", {"password": NEW}, token=token).location == "/login"
    signed_in.get("people.your_sign_in", expect=302)
    browser.get("people.reset", expect=400, token=token)
    assert enter(browser, user, NEW).location == "/login/code"


def test_a_reset_does_not_skip_the_second_factor(app: Flask) -> None:
    user, browser = a_user("manager", password=PASSWORD), Browser(app)
    a_code_app(user, AT)
    browser.post("people.forgotten", {"email": user.email})
    browser.post("people.reset", {"password": NEW}, token=last_secret("reset"))
    browser.get("office.home", expect=302)
    assert enter(browser, user, NEW).location == "/login/code"


def _work_of(app: Flask, email: str) -> tuple[list[str], str]:
    """The statements that asking for a link runs, and what the page says."""
    statements: list[str] = []

    def note(_c: Any, _u: Any, statement: str, *_rest: Any) -> None:
        statements.append(statement)

    browser = Browser(app)
    token = browser.csrf_token()
    event.listen(db.engine, "before_cursor_execute", note)
    try:
        answer = browser.client.post("/forgotten", data={"csrf_token": token, "email": email})
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    return statements, f"{answer.status_code} {answer.headers['Location']} " + browser.get(
        "people.sign_in"
    ).text


def test_known_and_unknown_addresses_get_the_same_work_and_the_same_words(
    app: Flask, settings: Settings
) -> None:
    user = a_user("parent", password=PASSWORD)
    known, unknown = _work_of(app, user.email), _work_of(app, "nobody@elsewhere.example")
    assert known == unknown
    assert not any("user_account" in statement for statement in known[0])
    _deliver(settings)
    assert len(_sent(settings, user.email)) == 1
    assert _sent(settings, "nobody@elsewhere.example") == []


def test_a_closed_account_gets_no_letter(app: Flask, settings: Settings) -> None:
    user = a_user("parent", password=PASSWORD, active=False)
    Browser(app).post("people.forgotten", {"email": user.email})
    _deliver(settings)
    assert _sent(settings, user.email) == []


def test_a_link_lasts_an_hour_serves_its_own_purpose_and_is_not_sent_without_end(app: Flask) -> None:
    with unit_of_work():
        for _ in range(7):
            send_link("reset", "zoe@x.example", user_id=None, at=AT)
    assert len(letters("reset")) == 5
    token = last_secret("reset")
    find_link(token, "reset", at=AT + timedelta(minutes=59))
    for purpose, at in (("email", AT), ("reset", AT + timedelta(minutes=60))):
        with pytest.raises(SecretOver):
            find_link(token, purpose, at=at)


def test_a_new_address_counts_once_its_link_is_opened_and_the_old_one_is_told(app: Flask) -> None:
    user = a_user("parent", password=PASSWORD)
    before, browser = user.email, Browser(app).sign_in(user)
    browser.post("people.your_email", {"email": "new@x.example"})
    assert db.session.get_one(User, user.id).email == before
    token = last_secret("email")
    other = Browser(app)
    assert "new@x.example" in other.get("people.confirm_email", token=token).text
    other.get("people.reset", expect=400, token=token)
    other.post("people.confirm_email", token=token)
    assert db.session.get_one(User, user.id).email == "new@x.example"
    other.get("people.confirm_email", expect=400, token=token)
    assert [letter.to_email for letter in letters("sign_in_changed")] == [before]


def test_an_address_of_somebody_else_is_not_taken(app: Flask) -> None:
    user, other = a_user("parent"), a_user("parent")
    browser = Browser(app).sign_in(user)
    browser.post("people.your_email", {"email": other.email})
    browser.post("people.confirm_email", expect=400, token=last_secret("email"))
    assert db.session.get_one(User, user.id).email != other.email


def test_300_parents_who_all_mistype_get_in_from_one_address(app: Flask) -> None:
    with unit_of_work():
        for n in range(300):
            for _ in range(3):
                note_try(account_digest(f"{n}@x.example"), address="10.0.0.1", at=AT, succeeded=False)
    refuse_too_many(account_digest("301@x.example"), address="10.0.0.1", at=AT)


def test_one_address_that_tries_everybody_is_stopped_and_no_other(app: Flask) -> None:
    with unit_of_work():
        for n in range(1000):
            note_try(account_digest(f"{n}@x.example"), address="10.0.0.1", at=AT, succeeded=False)
    with pytest.raises(TooManyTries):
        refuse_too_many(account_digest("new@x.example"), address="10.0.0.1", at=AT)
    refuse_too_many(account_digest("new@x.example"), address="10.0.0.2", at=AT)
    refuse_too_many(account_digest("new@x.example"), address="10.0.0.1", at=AT + timedelta(hours=2))
