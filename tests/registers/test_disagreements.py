"""Where two devices disagree a person decides, by a mark; both marks stay."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from booking.core import clock
from booking.core.db import db, unit_of_work
from booking.core.errors import NotFound
from booking.people.models import Pupil, User
from booking.provision.models import Session, StaffAssignment
from booking.registers.closing import close_day, open_day
from booking.registers.disagreements import DecidedAlready, decide, disagreements, open_disputes
from booking.registers.marks import states_in
from booking.registers.models import Mark
from tests.browser import Browser
from tests.builders import a_run, a_session, a_user, save
from tests.registers.devices import Device

pytestmark = pytest.mark.usefixtures("now")


@pytest.fixture
def office(app: Flask) -> User:
    return a_user("manager")


@pytest.fixture
def marks(
    app: Flask, session: Session, child: Pupil, office: User, now: time_machine.Coordinates
) -> tuple[str, str]:
    """One device says in; a minute later another says collected."""
    first, second = Device(app, office), Device(app, office)
    come = first.mark(session.id, child.id, "arrived")
    now.shift(timedelta(minutes=1))
    go = second.mark(session.id, child.id, "collected", detail="Nana")
    second.flush()
    first.flush()
    now.shift(timedelta(minutes=5))
    return come, go


def _decide(marks: tuple[str, str], choice: str, user: User) -> None:
    with unit_of_work():
        decide(clock.today(), *marks, choice, at=clock.now(), user=user)


@pytest.mark.parametrize(("choice", "state"), [("first", "in"), ("second", "out"), ("both", "out")])
def test_a_person_says_which_mark_stands_and_both_are_kept(
    session: Session, child: Pupil, office: User, marks: tuple[str, str], choice: str, state: str
) -> None:
    (found,) = disagreements(office, clock.today())
    assert (found.pupil.id, found.first.words, found.second.words) == (child.id, "In", "Collected: Nana")
    assert states_in([session.id])[session.id, child.id].is_disputed
    _decide(marks, choice, office)
    decided = states_in([session.id])[session.id, child.id]
    assert (decided.state, decided.is_disputed) == (state, False)
    assert open_disputes(clock.today()) == []
    assert open_day(clock.today()).lone_outs == []
    rows = db.session.scalars(select(Mark).order_by(Mark.id)).all()
    assert {row.uid for row in rows} > set(marks)
    assert (rows[-1].what, rows[-1].user_id) == ("settled" if choice == "both" else "undone", office.id)


def test_what_is_decided_is_not_decided_again(office: User, marks: tuple[str, str]) -> None:
    _decide(marks, "first", office)
    with pytest.raises(DecidedAlready):
        _decide(marks, "second", office)
    with pytest.raises(NotFound):
        _decide(marks, "neither", office)
    with pytest.raises(NotFound):
        _decide((marks[0], "unknown"), "first", office)


def test_nobody_decides_about_sessions_that_they_do_not_see(
    app: Flask, session: Session, office: User, marks: tuple[str, str]
) -> None:
    stranger, leader = a_user("staff"), a_user("staff")
    save(StaffAssignment(user_id=leader.id, run_id=session.run_id))
    assert disagreements(stranger, clock.today()) == []
    with pytest.raises(NotFound):
        _decide(marks, "first", stranger)
    _decide(marks, "first", leader)


def test_after_the_day_is_closed_nobody_decides_alone(
    session: Session, office: User, marks: tuple[str, str], now: time_machine.Coordinates
) -> None:
    now.shift(timedelta(days=1))
    with unit_of_work():
        close_day(session.date, at=clock.now(), user_id=None)
    with pytest.raises(DecidedAlready), unit_of_work():
        decide(session.date, *marks, "first", at=clock.now(), user=office)


def test_the_page_lists_both_sides_and_a_button_decides(
    app: Flask, session: Session, child: Pupil, office: User, marks: tuple[str, str]
) -> None:
    browser = Browser(app).sign_in(office)
    assert "two devices at the door" in browser.get("office.home").text
    page = browser.get("registers.day_disagreements")
    assert child.full_name in page.text
    assert "Collected: Nana" in page.text
    data = {"first": marks[0], "second": marks[1], "choice": "second"}
    done = browser.post("registers.decide_disagreement", data, follow=True, on=clock.today())
    assert "Kept what was marked second" in done.text
    assert "No two devices disagree" in done.text
    again = browser.post("registers.decide_disagreement", data, follow=True, on=clock.today())
    assert "decided already" in again.text


def test_a_disagreement_between_sessions_is_seen_by_who_sees_both(
    app: Flask, session: Session, child: Pupil, office: User, now: time_machine.Coordinates
) -> None:
    care = a_session(clock.today(), run=a_run())
    first, second = Device(app, office), Device(app, office)
    first.mark(session.id, child.id, "arrived")
    now.shift(timedelta(minutes=30))
    second.mark(care.id, child.id, "collected")
    for device in (first, second):
        device.flush()
    leader = a_user("staff")
    save(StaffAssignment(user_id=leader.id, run_id=session.run_id))
    assert disagreements(leader, clock.today()) == []
    (found,) = disagreements(office, clock.today())
    assert "another session" in found.words
