"""The second factor: who must have one, each code once, codes on paper, and no way round."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from werkzeug.test import TestResponse

from booking.core.db import db, unit_of_work
from booking.people.code_apps import code_at
from booking.people.invitations import invite
from booking.people.models import User
from booking.people.sign_in_models import CodeApp, RecoveryCode
from booking.people.sign_in_sweep import forget_old_sign_ins
from booking.people.sign_ins import start
from tests.browser import Browser, Page, forget
from tests.builders import AT, PASSWORD, a_school, a_user
from tests.people.signing_in import a_code_app, enter, last_secret, letters, session_of, sign_ins_of

STAFF = ("staff", "manager", "governor", "admin")
HOMES = {"staff": "/registers/", "manager": "/office/", "governor": "/equity/", "admin": "/office/users"}


@pytest.fixture(autouse=True)
def monday() -> Iterator[time_machine.Coordinates]:
    with time_machine.travel(AT, tick=False) as traveller:
        yield traveller


def code(browser: Browser, text: str, *, expect: int = 302) -> Page:
    return browser.post("people.second_step", {"code": text}, expect=expect)


def fetch(browser: Browser, path: str) -> TestResponse:
    """A page by its path."""
    forget()
    return browser.client.get(path)


def new_secret() -> str:
    """The secret that is being set up."""
    row = db.session.query(CodeApp).one()
    secret = row.next_secret
    db.session.rollback()
    return secret


def test_the_codes_are_those_of_the_standard() -> None:
    secret = base64.b32encode(b"12345678901234567890").decode()
    for seconds, expected in ((59, "287082"), (1111111109, "081804"), (20000000000, "353130")):
        assert code_at(secret, datetime.fromtimestamp(seconds, UTC)) == expected


@pytest.mark.parametrize("role", STAFF)
def test_whoever_works_here_sets_up_a_second_factor_before_anything_opens(app: Flask, role: str) -> None:
    browser = Browser(app)
    with unit_of_work():
        token = invite(f"{role}@school.example", role, at=AT, by_user_id=None, name="Sam")
    assert browser.post("people.join", {"name": "Sam", "password": PASSWORD}, token=token).location == (
        "/login/set-up"
    )
    for address in ("/office/", "/registers/", "/equity/", "/office/users", "/your-sign-in", "/book"):
        assert str(fetch(browser, address).headers["Location"]).startswith("/login")
    assert browser.get("people.sign_in", expect=302).location == "/login/set-up"
    assert "One more key" in browser.get("people.set_up").text
    assert browser.post("people.begin_code_app").location == "/your-sign-in/code-app"
    assert 'class="qr"' in browser.get("people.code_app").html
    assert "not right" in browser.post("people.code_app", {"code": "000000"}, expect=422).text
    before = session_of(browser)["sign_in"]
    done = browser.post("people.code_app", {"code": code_at(new_secret(), AT)})
    assert done.location == "/your-sign-in/recovery-codes"
    assert session_of(browser)["sign_in"] != before
    assert fetch(browser, HOMES[role]).status_code == 200


def test_a_password_alone_sets_nothing_up_without_a_letter(app: Flask, browser: Browser) -> None:
    user = a_user("manager", password=PASSWORD)
    assert enter(browser, user).location == "/login/code"
    browser.post("people.begin_code_app")
    assert db.session.query(CodeApp).count() == 0
    db.session.rollback()
    assert code(browser, last_secret("new_device")).location == "/login/set-up"
    browser.get("office.home", expect=302)


def test_demo_accounts_sign_in_with_the_password_alone(app: Flask) -> None:
    for role in (*STAFF, "parent"):
        user = a_user(role, password=PASSWORD, is_demo=True)
        assert enter(Browser(app), user).location == {**HOMES, "parent": "/book"}[role]


def test_a_parent_who_becomes_staff_needs_two_factors_at_the_next_request(
    app: Flask, browser: Browser
) -> None:
    user = a_user("parent", "staff")
    with unit_of_work():
        _, token = start(user, how="letter", stage="whole", device="a test", at=AT)
    with browser.client.session_transaction() as session:
        session["sign_in"] = token
    assert browser.get("registers.today", expect=302).location == "/login?next=/registers/"
    browser.get("people.sign_in")


@pytest.fixture
def manager(app: Flask) -> User:
    a_school()
    return a_user("manager", password=PASSWORD)


def test_a_code_is_asked_for_and_works_once(
    app: Flask, manager: User, monday: time_machine.Coordinates
) -> None:
    secret = a_code_app(manager, AT - timedelta(days=1))
    browser, thief = Browser(app), Browser(app)
    assert enter(browser, manager).location == "/login/code"
    enter(thief, manager)
    now = code_at(secret, AT)
    assert code(browser, now[:3] + " " + now[3:]).location == "/office/"
    assert "used before" in code(thief, now, expect=422).text
    assert "used before" in code(thief, code_at(secret, AT - timedelta(seconds=30)), expect=422).text
    monday.shift(timedelta(seconds=30))
    assert code(thief, code_at(secret, AT + timedelta(seconds=30))).location == "/office/"


@pytest.mark.parametrize(("seconds", "is_taken"), [(-61, False), (-30, True), (30, True), (61, False)])
def test_a_telephone_may_be_half_a_minute_wrong(
    app: Flask, manager: User, seconds: int, is_taken: bool
) -> None:
    secret, browser = a_code_app(manager, AT - timedelta(days=1)), Browser(app)
    enter(browser, manager)
    code(browser, code_at(secret, AT + timedelta(seconds=seconds)), expect=302 if is_taken else 422)


def test_five_wrong_codes_a_minute_are_enough_and_fifty_an_hour_from_everywhere(
    app: Flask, manager: User, monday: time_machine.Coordinates
) -> None:
    secret, browser = a_code_app(manager, AT - timedelta(days=1)), Browser(app)
    enter(browser, manager)
    for _ in range(5):
        code(browser, "000000", expect=422)
    code(browser, code_at(secret, AT), expect=429)
    monday.shift(timedelta(seconds=61))
    for n in range(45):
        browser.client.environ_base["REMOTE_ADDR"] = f"10.1.{n // 4}.1"
        code(browser, "000000", expect=422)
    browser.client.environ_base["REMOTE_ADDR"] = "10.9.9.9"
    code(browser, code_at(secret, AT + timedelta(seconds=61)), expect=429)


def test_the_secret_stands_sealed(app: Flask, manager: User) -> None:
    secret = a_code_app(manager, AT)
    with unit_of_work() as session:
        (sealed,) = session.execute(CodeApp.__table__.select().with_only_columns(CodeApp.sealed)).one()
    assert secret.encode() not in sealed


def _codes(browser: Browser) -> list[str]:
    page = browser.post("people.recovery_codes", expect=200)
    return [(element.text or "") for element in page.all(".//ol//code")]


def test_ten_recovery_codes_are_shown_once_hashed_and_each_works_once(app: Flask, manager: User) -> None:
    a_code_app(manager, AT)
    codes = _codes(Browser(app).sign_in(manager))
    assert len(set(codes)) == 10
    kept = db.session.query(RecoveryCode).all()
    assert all(row.code_hash.startswith("$argon2id$") for row in kept)
    db.session.rollback()
    browser = Browser(app)
    enter(browser, manager)
    assert code(browser, codes[0].lower().replace("-", " ")).location == "/office/"
    assert sign_ins_of(manager)[-1].how == "recovery"
    assert "9 unused codes" in browser.get("people.your_sign_in").text
    assert codes[1] not in browser.get("people.recovery_codes").html
    other = Browser(app)
    enter(other, manager)
    assert "used before" in code(other, codes[0], expect=422).text
    assert "recovery_used" in [letter.context["what"] for letter in letters("sign_in_changed")]


def test_new_recovery_codes_end_the_old_and_belong_to_one_person(app: Flask, manager: User) -> None:
    a_code_app(manager, AT)
    mine = Browser(app).sign_in(manager)
    old, new = _codes(mine), _codes(mine)
    stranger = a_user("manager", password=PASSWORD)
    for person, text in ((manager, old[0]), (stranger, new[0])):
        browser = Browser(app)
        if person is stranger:
            browser.sign_in(stranger)
            _codes(browser)
            browser.post("people.sign_out")
        enter(browser, person)
        code(browser, text, expect=422)


def test_the_last_factor_stays(app: Flask, manager: User) -> None:
    a_code_app(manager, AT)
    browser = Browser(app).sign_in(manager)
    browser.post("people.remove_code_app")
    assert "only second proof" in browser.get("people.your_sign_in").text
    assert db.session.query(CodeApp).count() == 1


def test_a_parent_may_have_a_code_app_and_leave_it(app: Flask) -> None:
    user = a_user("parent", password=PASSWORD)
    secret, browser = a_code_app(user, AT - timedelta(days=1)), Browser(app)
    assert enter(browser, user).location == "/login/code"
    assert letters("sign_in_code") == []
    assert code(browser, code_at(secret, AT)).location == "/book"
    browser.post("people.remove_code_app")
    assert db.session.query(CodeApp).count() == 0


def test_a_letter_code_works_once_for_ten_minutes_and_for_its_own_sign_in(
    app: Flask, monday: time_machine.Coordinates
) -> None:
    user, other = a_user("parent", password=PASSWORD), a_user("parent", password=PASSWORD)
    browser, thief = Browser(app), Browser(app)
    enter(browser, user)
    mine = last_secret("new_device")
    enter(thief, other)
    code(thief, mine, expect=422) if mine != last_secret("new_device") else None
    assert code(browser, mine).location == "/book"
    browser.post("people.sign_out")
    enter(browser, user)
    code(browser, mine, expect=422) if mine != last_secret("new_device") else None
    monday.shift(timedelta(minutes=10))
    code(browser, last_secret("new_device"), expect=422)
    browser.post("people.send_code_again")
    assert code(browser, last_secret("new_device")).location == "/book"


def test_a_letter_code_ends_after_five_wrong_tries_and_when_a_fresh_one_is_sent(app: Flask) -> None:
    user, browser = a_user("parent", password=PASSWORD), Browser(app)
    enter(browser, user)
    first = last_secret("new_device")
    browser.post("people.send_code_again")
    second = last_secret("new_device")
    if first != second:
        code(browser, first, expect=422)
    for n in range(5):
        browser.client.environ_base["REMOTE_ADDR"] = f"10.1.{n}.1"
        code(browser, "999999" if second != "999999" else "888888", expect=422)
    browser.client.environ_base["REMOTE_ADDR"] = "10.2.0.1"
    code(browser, second, expect=422)


def test_at_most_five_letters_an_hour(app: Flask) -> None:
    user, browser = a_user("parent", password=PASSWORD), Browser(app)
    enter(browser, user)
    for _ in range(6):
        browser.post("people.send_code_again")
    assert len(letters("sign_in_code")) == 5


def test_the_code_stands_nowhere_in_clear(app: Flask) -> None:
    user, browser = a_user("parent", password=PASSWORD), Browser(app)
    enter(browser, user)
    assert set(letters("sign_in_code")[0].context) == {"secret_id"}


def test_lost_keys_are_taken_away_by_another_and_set_up_afresh_after_a_letter(
    app: Flask, manager: User
) -> None:
    a_code_app(manager, AT)
    mine = Browser(app).sign_in(manager)
    mine.post("office.forget_keys", user_id=manager.id)
    assert "cannot change your own" in mine.get("office.user", user_id=manager.id).text
    assert db.session.query(CodeApp).count() == 1
    Browser(app).sign_in(a_user("admin")).post("office.forget_keys", user_id=manager.id)
    mine.get("office.home", expect=302)
    browser = Browser(app)
    assert enter(browser, manager).location == "/login/code"
    assert code(browser, last_secret("new_device")).location == "/login/set-up"
    assert [letter.context["what"] for letter in letters("sign_in_changed")] == ["factors_forgotten"]


def test_what_is_over_is_forgotten_and_what_lives_stays(app: Flask) -> None:
    user, browser = a_user("parent", password=PASSWORD), Browser(app)
    enter(browser, user)
    Browser(app).sign_in(user)
    with unit_of_work():
        assert not any(forget_old_sign_ins(AT + timedelta(hours=1)).values())
    with unit_of_work():
        found = forget_old_sign_ins(AT + timedelta(days=92))
    assert found == {
        "passkey_challenge": 0,
        "one_time_secret": 1,
        "sign_in_attempt": 1,
        "trusted_device": 0,
        "sign_in": 2,
    }
