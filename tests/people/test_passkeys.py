"""Passkeys: made, named, listed, removed, signed in with; and every way in which an answer is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from booking.core.db import db, unit_of_work
from booking.people.sign_in_models import Passkey, PasskeyChallenge
from tests.browser import Browser, forget
from tests.builders import AT, PASSWORD, a_user
from tests.people.signing_in import enter, letters, session_of, sign_ins_of
from tests.people.soft_authenticator import SoftAuthenticator

REFUSED = "That passkey did not work here."


@pytest.fixture(autouse=True)
def monday() -> Iterator[time_machine.Coordinates]:
    with time_machine.travel(AT, tick=False) as traveller:
        yield traveller


@pytest.fixture
def key() -> SoftAuthenticator:
    return SoftAuthenticator()


def ask(browser: Browser, endpoint: str) -> dict[str, Any]:
    """The options that the script fetches, with the token in a header."""
    token = browser.csrf_token()
    forget()
    answer = browser.client.post(browser._url(endpoint, {}), headers={"X-CSRFToken": token})
    assert answer.status_code == 200, answer.get_data(as_text=True)
    options: dict[str, Any] = json.loads(answer.get_data(as_text=True))
    return options


def add(browser: Browser, key: SoftAuthenticator, name: str = "my phone", **options: Any) -> None:
    asked = ask(browser, "people.new_passkey_options")
    browser.post("people.add_passkey", {"answer": key.create(asked, **options), "name": name})


def sign_in(browser: Browser, key: SoftAuthenticator, **options: Any) -> str | None:
    asked = ask(browser, "people.passkey_options")
    return browser.post("people.passkey_sign_in", {"answer": key.get(asked, **options)}).location


def passkeys() -> list[Passkey]:
    found = list(db.session.scalars(select(Passkey).order_by(Passkey.id)))
    db.session.rollback()
    return found


def test_a_passkey_is_made_named_used_renamed_and_removed(app: Flask, key: SoftAuthenticator) -> None:
    user = a_user("parent", password=PASSWORD)
    browser = Browser(app).sign_in(user)
    asked = ask(browser, "people.new_passkey_options")
    assert asked["rp"]["id"] == "localhost"
    assert asked["authenticatorSelection"]["residentKey"] == "required"
    assert asked["authenticatorSelection"]["userVerification"] == "required"
    assert "authenticatorAttachment" not in asked["authenticatorSelection"]
    browser.post("people.add_passkey", {"answer": key.create(asked), "name": "my phone"})
    assert "my phone" in browser.get("people.your_sign_in").text
    other = Browser(app)
    assert sign_in(other, key) == "/book"
    other.get("people.your_sign_in")
    (made,) = passkeys()
    assert (made.sign_count, made.last_used_at) == (1, AT)
    assert sign_ins_of(user)[-1].is_strong
    browser.post("people.rename_passkey", {"name": "old phone"}, passkey_id=made.id)
    assert "old phone" in browser.get("people.your_sign_in").text
    browser.post("people.remove_passkey", passkey_id=made.id)
    assert passkeys() == []
    assert sign_in(Browser(app), key) == "/login"
    told = [letter.context["what"] for letter in letters("sign_in_changed")]
    assert told == ["passkey_added", "passkey_removed"]


def test_nobody_touches_anothers_passkey(app: Flask, key: SoftAuthenticator) -> None:
    add(Browser(app).sign_in(a_user("parent")), key)
    (made,) = passkeys()
    stranger = Browser(app).sign_in(a_user("parent"))
    stranger.post("people.remove_passkey", expect=404, passkey_id=made.id)
    stranger.post("people.rename_passkey", {"name": "mine"}, expect=404, passkey_id=made.id)
    assert passkeys()[0].name == "my phone"


@pytest.fixture
def owner(app: Flask, key: SoftAuthenticator) -> Browser:
    """Somebody with a passkey, not signed in."""
    add(Browser(app).sign_in(a_user("parent", password=PASSWORD)), key)
    return Browser(app)


def test_a_passkey_that_was_not_unlocked_is_refused(owner: Browser, key: SoftAuthenticator) -> None:
    key.verifies = False
    assert sign_in(owner, key) == "/login"
    assert REFUSED in owner.get("people.sign_in").text


def test_a_passkey_without_verification_is_not_kept(app: Flask) -> None:
    add(Browser(app).sign_in(a_user("parent")), SoftAuthenticator(verifies=False))
    assert passkeys() == []


@pytest.mark.parametrize("origin", ["http://evil.example", "http://localhost:8001", "https://localhost:8000"])
def test_an_answer_from_another_site_is_refused(owner: Browser, key: SoftAuthenticator, origin: str) -> None:
    assert sign_in(owner, key, origin=origin) == "/login"
    add(owner, key, origin=origin) if session_of(owner).get("sign_in") else None
    assert len(passkeys()) == 1


def test_an_answer_counts_once(owner: Browser, key: SoftAuthenticator) -> None:
    answer = key.get(ask(owner, "people.passkey_options"))
    assert owner.post("people.passkey_sign_in", {"answer": answer}).location == "/book"
    owner.post("people.sign_out")
    assert owner.post("people.passkey_sign_in", {"answer": answer}).location == "/login"
    ask(owner, "people.passkey_options")
    assert owner.post("people.passkey_sign_in", {"answer": answer}).location == "/login"


def test_a_wrong_answer_uses_the_challenge_up_too(owner: Browser, key: SoftAuthenticator) -> None:
    asked = ask(owner, "people.passkey_options")
    assert owner.post("people.passkey_sign_in", {"answer": "{}"}).location == "/login"
    assert owner.post("people.passkey_sign_in", {"answer": key.get(asked)}).location == "/login"
    assert db.session.scalars(select(PasskeyChallenge)).all() == []


def test_a_challenge_ends_after_five_minutes(
    owner: Browser, key: SoftAuthenticator, monday: time_machine.Coordinates
) -> None:
    asked = ask(owner, "people.passkey_options")
    monday.shift(timedelta(minutes=5))
    assert owner.post("people.passkey_sign_in", {"answer": key.get(asked)}).location == "/login"


def test_a_challenge_belongs_to_its_browser_and_its_purpose(
    app: Flask, owner: Browser, key: SoftAuthenticator
) -> None:
    asked = ask(owner, "people.passkey_options")
    assert Browser(app).post("people.passkey_sign_in", {"answer": key.get(asked)}).location == "/login"
    user = db.session.get_one(Passkey, passkeys()[0].id).user
    signed_in = Browser(app).sign_in(user)
    proof = ask(signed_in, "people.proof_options")
    assert signed_in.post("people.passkey_sign_in", {"answer": key.get(proof)}).location == "/login"


def test_a_copy_is_known_by_its_counter(owner: Browser, key: SoftAuthenticator) -> None:
    assert sign_in(owner, key) == "/book"
    owner.post("people.sign_out")
    key.credentials[-1].count = 0
    assert sign_in(owner, key) == "/login"


def test_a_synced_passkey_that_never_counts_works_again_and_again(app: Flask) -> None:
    key = SoftAuthenticator(counts=False)
    add(Browser(app).sign_in(a_user("parent")), key)
    for _ in range(2):
        assert sign_in(Browser(app), key) == "/book"


def test_a_false_signature_or_owner_is_refused(owner: Browser, key: SoftAuthenticator) -> None:
    good = json.loads(key.get(ask(owner, "people.passkey_options")))
    good["response"]["signature"] = good["response"]["signature"][:-4] + "AAAA"
    assert owner.post("people.passkey_sign_in", {"answer": json.dumps(good)}).location == "/login"
    assert sign_in(owner, key, handle="AAAA") == "/login"


def test_an_unknown_passkey_gets_the_same_words(owner: Browser, key: SoftAuthenticator) -> None:
    key.create({"challenge": "AAAA", "user": {"id": "AAAA"}, "rp": {"id": "localhost"}})
    assert sign_in(owner, key) == "/login"
    assert REFUSED in owner.get("people.sign_in").text


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "null",
        "[]",
        "{",
        '{"id": 3, "response": []}',
        '{"id": "x", "response": {}}',
        "x" * 30_000,
        "é\x00",
    ],
)
def test_garbage_is_refused_politely(owner: Browser, answer: str) -> None:
    ask(owner, "people.passkey_options")
    assert owner.post("people.passkey_sign_in", {"answer": answer}).location == "/login"


def test_the_options_tell_nothing_of_who_is_known(owner: Browser) -> None:
    asked = ask(owner, "people.passkey_options")
    assert asked["allowCredentials"] == []
    assert asked["userVerification"] == "required"
    assert len(asked["challenge"]) >= 43


def test_a_person_who_was_switched_off_does_not_get_in_by_passkey(
    owner: Browser, key: SoftAuthenticator
) -> None:
    with unit_of_work() as session:
        session.scalars(select(Passkey)).one().user.active = False
    assert sign_in(owner, key) == "/login"


def test_the_same_passkey_is_not_kept_twice(app: Flask, key: SoftAuthenticator) -> None:
    browser = Browser(app).sign_in(a_user("parent"))
    asked = ask(browser, "people.new_passkey_options")
    answer = key.create(asked)
    browser.post("people.add_passkey", {"answer": answer, "name": ""})
    browser.post("people.add_passkey", {"answer": answer, "name": ""})
    asked = ask(browser, "people.new_passkey_options")
    assert len(asked["excludeCredentials"]) == 1
    assert asked["user"]["id"] == key.credentials[0].handle
    assert [one.name for one in passkeys()] == ["Passkey"]


def test_the_password_form_is_the_only_one_until_the_script_runs(browser: Browser) -> None:
    page = browser.get("people.sign_in")
    assert [form.get("action") for form in page.all(".//form")] == [None]
    (box,) = page.all(".//*[@data-passkey='get']")
    assert box.get("hidden") is not None
    assert page.html.index("data-passkey") < page.html.index('type="password"')


def test_a_passkey_is_two_factors_so_staff_get_in_without_a_code(app: Flask, key: SoftAuthenticator) -> None:
    user = a_user("manager", password=PASSWORD)
    add(Browser(app).sign_in(user), key)
    assert sign_in(Browser(app), key) == "/office/"
    assert enter(Browser(app), user).location == "/login/code"
