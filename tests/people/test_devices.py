"""The register tablet: PINs that work on it alone, its idle lock, and day passes until 18:30."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from booking.core import clock
from booking.core.db import db
from booking.people.day_passes import fresh_pin
from booking.people.models import User
from booking.people.tablet_models import DayPass, RegisterDevice, StaffPin
from booking.people.tablets import EasyPin, refuse_easy_pin
from booking.provision.models import Session, StaffAssignment
from booking.registers.models import Mark
from tests.browser import Browser, Page, forget
from tests.builders import AT, a_family, a_place, a_school, a_session, a_user, save
from tests.people.signing_in import cookie_of, sign_ins_of

PIN = "805317"


@pytest.fixture(autouse=True)
def monday() -> Iterator[time_machine.Coordinates]:
    with time_machine.travel(AT, tick=False) as traveller:
        yield traveller


@pytest.fixture
def tablet(app: Flask) -> Browser:
    """A browser that a manager made the tablet at the hall door."""
    a_school()
    browser = Browser(app).sign_in(a_user("manager"))
    assert browser.post("office.tablets", {"name": "hall door"}).location == "/tablet"
    return browser


@pytest.fixture
def session(app: Flask) -> Session:
    return a_session(clock.today())


def leader(session: Session, tablet: Browser, *roles: str) -> User:
    """A member of staff who leads the session, and set a PIN on the tablet."""
    user = a_user(*(roles or ("staff",)))
    save(StaffAssignment(user_id=user.id, run_id=session.run_id))
    tablet.sign_in(user)
    tablet.post("people.your_pin", {"pin": PIN})
    tablet.post("people.sign_out")
    return user


def enter(tablet: Browser, user: User, pin: str = PIN, *, expect: int = 302) -> Page:
    """Choose a name and type a PIN."""
    page = tablet.get("people.tablet")
    key = next(
        e.get("value") for e in page.all(".//input[@type='radio']") if user.name in _label(page, e.get("id"))
    )
    return tablet.post("people.tablet", {"who": key, "pin": pin}, expect=expect)


def _label(page: Page, of: str | None) -> str:
    return "".join("".join(e.itertext()) for e in page.all(".//label") if e.get("for") == of)


def test_a_tablet_is_made_by_the_office_which_is_then_signed_out(tablet: Browser) -> None:
    token = cookie_of(tablet, "tablet").value
    assert len(token) == 43
    device = db.session.scalars(select(RegisterDevice)).one()
    assert token not in repr(vars(device))
    tablet.get("office.home", expect=302)
    assert tablet.get("people.sign_in", expect=302).location == "/tablet"
    tablet.get("people.sign_in", full=1)


def test_a_name_and_a_pin_open_the_registers_and_each_mark_is_in_that_name(
    tablet: Browser, session: Session
) -> None:
    user = leader(session, tablet)
    family = a_family()
    a_place(family, session)
    assert enter(tablet, user).location == "/registers/"
    tablet.get("registers.session", session_id=session.id)
    data = {"pupil_id": family.pupils[0].id, "what": "arrived"}
    tablet.post("registers.mark", data, expect=303, session_id=session.id)
    assert db.session.scalars(select(Mark.user_id)).all() == [user.id]
    assert sign_ins_of(user)[-1].device == "hall door"


def test_a_pin_opens_nothing_else_whatever_its_owner_may_do(tablet: Browser, session: Session) -> None:
    enter(tablet, leader(session, tablet, "manager"))
    tablet.get("registers.today")
    for endpoint in ("office.home", "people.your_sign_in", "people.prove", "equity.report"):
        tablet.get(endpoint, expect=403)


def test_there_is_no_door_for_pins_on_any_other_device(app: Flask, tablet: Browser, session: Session) -> None:
    user = leader(session, tablet)
    elsewhere = Browser(app)
    elsewhere.get("people.tablet", expect=302)
    key = f"pin-{db.session.scalars(select(StaffPin.id)).one()}"
    assert elsewhere.post("people.tablet", {"who": key, "pin": PIN}).location == "/login"
    elsewhere.get("registers.today", expect=302)
    elsewhere.sign_in(user).get("people.your_pin", expect=302)
    other = Browser(app).sign_in(a_user("manager"))
    other.post("office.tablets", {"name": "library"})
    assert user.name not in other.get("people.tablet").text


def test_five_wrong_pins_need_the_password_and_a_new_pin(tablet: Browser, session: Session) -> None:
    user = leader(session, tablet)
    for _ in range(5):
        assert "not right" in enter(tablet, user, "111222", expect=422).text
    enter(tablet, user, expect=422)
    tablet.sign_in(user)
    tablet.post("people.your_pin", {"pin": "907143"})
    tablet.post("people.sign_out")
    assert enter(tablet, user, "907143").location == "/registers/"


def test_a_right_pin_gives_five_tries_again(tablet: Browser, session: Session) -> None:
    user = leader(session, tablet)
    for _ in range(2):
        for _ in range(4):
            enter(tablet, user, "111222", expect=422)
        enter(tablet, user)
        tablet.post("people.sign_out")
    assert db.session.scalars(select(StaffPin.tries)).one() == 0


def test_the_tablet_locks_after_fifteen_minutes_without_a_touch(
    tablet: Browser, session: Session, monday: time_machine.Coordinates
) -> None:
    enter(tablet, leader(session, tablet))
    for _ in range(4):
        monday.shift(timedelta(minutes=14))
        tablet.get("registers.today")
    monday.shift(timedelta(minutes=15))
    assert tablet.get("registers.today", expect=302).location == "/login?next=/registers/"
    assert tablet.get("people.sign_in", expect=302).location == "/tablet"


def test_what_a_page_asks_by_itself_keeps_no_tablet_open(
    tablet: Browser, session: Session, monday: time_machine.Coordinates
) -> None:
    enter(tablet, leader(session, tablet))
    for _ in range(14):
        monday.shift(timedelta(minutes=1))
        forget()
        assert tablet.client.get("/registers/", headers={"X-Untouched": "1"}).status_code == 200
    monday.shift(timedelta(minutes=1))
    tablet.get("registers.today", expect=302)


def test_an_ended_tablet_opens_nothing_at_once(app: Flask, tablet: Browser, session: Session) -> None:
    enter(tablet, leader(session, tablet))
    office = Browser(app).sign_in(a_user("manager"))
    office.post("office.end_tablet", device_id=db.session.scalars(select(RegisterDevice.id)).one())
    tablet.get("registers.today", expect=302)
    tablet.get("people.tablet", expect=302)
    office.post("office.end_tablet", expect=404, device_id=1)


@pytest.mark.parametrize(
    "pin", ["123456", "987654", "000000", "121212", "123123", "12345", "1234567", "abcdef", "١٢٣٩٥٦"]
)
def test_an_easy_pin_is_refused(pin: str) -> None:
    with pytest.raises(EasyPin):
        refuse_easy_pin(pin)


def test_a_fresh_pin_is_never_an_easy_one() -> None:
    for _ in range(50):
        refuse_easy_pin(fresh_pin())


@pytest.fixture
def office(app: Flask) -> Browser:
    return Browser(app).sign_in(a_user("manager"))


def a_pass(office: Browser, *sessions: Session, expect: int = 200, **more: Any) -> Page:
    data = {
        "name": "Kit Agency",
        "agency": "Cover Ltd",
        "identity_seen": "passport",
        "vetting_seen": "letter of today",
        "session_ids": [session.id for session in sessions],
        **more,
    }
    return office.post("office.day_passes", data, expect=expect)


def _pin(page: Page) -> str:
    return next("".join(e.itertext()) for e in page.all(".//p[@class='reference']")).removeprefix("PIN ")


def test_a_day_pass_opens_its_named_sessions_until_half_past_six_in_its_holders_name(
    tablet: Browser, office: Browser, session: Session, monday: time_machine.Coordinates
) -> None:
    other = a_session(clock.today())
    pin = _pin(a_pass(office, session))
    made = db.session.scalars(select(DayPass)).one()
    assert (made.identity_seen, made.vetting_seen) == ("passport", "letter of today")
    assert pin not in office.get("office.day_passes").html
    user = made.user
    enter(tablet, user, pin)
    tablet.get("registers.session", session_id=session.id)
    tablet.get("registers.session", expect=404, session_id=other.id)
    family = a_family()
    a_place(family, session)
    data = {"pupil_id": family.pupils[0].id, "what": "arrived"}
    tablet.post("registers.mark", data, expect=303, session_id=session.id)
    assert db.session.scalars(select(Mark.user_id)).all() == [user.id]
    tablet.post("people.sign_out")
    monday.move_to(AT.replace(hour=18, minute=25))
    enter(tablet, user, pin)
    monday.shift(timedelta(minutes=5))
    tablet.get("registers.today", expect=302)
    assert user.name not in tablet.get("people.tablet").text


def test_a_day_pass_needs_what_was_seen_and_a_session_of_today(office: Browser, session: Session) -> None:
    tomorrow = a_session(clock.today() + timedelta(days=1))
    assert "at least one session" in a_pass(office, expect=422).text
    a_pass(office, session, expect=422, identity_seen="")
    a_pass(office, session, expect=422, vetting_seen=" ")
    a_pass(office, tomorrow, expect=422)
    assert db.session.scalars(select(DayPass)).all() == []


def test_no_day_pass_after_half_past_six(
    office: Browser, session: Session, monday: time_machine.Coordinates
) -> None:
    monday.move_to(AT.replace(hour=18, minute=30))
    assert "later than that" in a_pass(office, session, expect=422).text


def test_a_day_pass_is_ended_early_and_has_five_tries(
    tablet: Browser, office: Browser, session: Session
) -> None:
    pin = _pin(a_pass(office, session))
    made = db.session.scalars(select(DayPass)).one()
    enter(tablet, made.user, pin)
    office.post("office.end_day_pass", pass_id=made.id)
    tablet.get("registers.today", expect=302)
    assert made.user.name not in tablet.get("people.tablet").text
    second = _pin(a_pass(office, session, name="Ray Agency"))
    user = db.session.scalars(select(User).where(User.name == "Ray Agency")).one()
    for _ in range(5):
        enter(tablet, user, "111222", expect=422)
    enter(tablet, user, second, expect=422)


def test_lost_keys_are_taken_away_by_somebody_else_with_pins_and_sign_ins(
    tablet: Browser, office: Browser, session: Session
) -> None:
    user = leader(session, tablet)
    enter(tablet, user)
    office.post("office.forget_keys", user_id=user.id)
    tablet.get("registers.today", expect=302)
    assert db.session.scalars(select(StaffPin)).all() == []
