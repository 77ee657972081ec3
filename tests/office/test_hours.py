"""Hours of attendance as EYFS asks for them: every stay of each child, on a page and as a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date, time

import pytest
import time_machine
from flask import Flask

from booking.core import clock
from booking.core.db import unit_of_work
from booking.people.models import Pupil, User
from booking.provision.models import Session
from booking.registers.hours import by_child, hours_between, hours_words
from booking.registers.marks import NewMark, add_marks
from tests.browser import Browser
from tests.builders import AT, a_family, a_place, a_pupil, a_run, a_session, a_user

DAY = AT.date()


@pytest.fixture(autouse=True)
def now() -> Iterator[time_machine.Coordinates]:
    with time_machine.travel(AT.replace(hour=19), tick=False) as traveller:
        yield traveller


@pytest.fixture
def session(app: Flask) -> Session:
    return a_session(DAY)


@pytest.fixture
def children(session: Session) -> list[Pupil]:
    family = a_family(children=3)
    for pupil in family.pupils:
        a_place(family, session, pupil=pupil)
    return family.pupils


@pytest.fixture
def office(app: Flask) -> User:
    return a_user("manager")


@pytest.fixture
def second(app: Flask) -> User:
    return a_user("manager", approves=True)


def _mark(
    session: Session, pupil: Pupil, what: str, hour: int, minute: int, detail: str | None = None
) -> str:
    at = clock.instant(session.date, time(hour, minute))
    with unit_of_work():
        mark = NewMark(session.id, pupil.id, what, at, detail)
        return add_marks([mark], recorded_at=clock.now(), user_id=None)[0].uid


def test_hours_are_those_between_in_and_out_of_every_stay(
    session: Session, children: list[Pupil], office: User
) -> None:
    care = a_session(DAY, run=a_run(), starts_at=time(16, 30), ends_at=time(18))
    child, other = children[:2]
    _mark(session, child, "arrived", 15, 31)
    _mark(care, child, "arrived", 16, 32)
    _mark(care, child, "collected", 17, 46)
    _mark(session, other, "arrived", 15, 40)
    found = {one.pupil.id: one for one in by_child(hours_between(DAY, DAY, at=clock.now()))}
    own, open_end = found[child.id], found[other.id]
    assert [(stay.session.id, stay.minutes) for stay in own.stays] == [(session.id, 61), (care.id, 74)]
    assert hours_words(own.minutes) == "2 h 15"
    assert [(stay.minutes, stay.is_assumed) for stay in open_end.stays] == [(50, True)]


def test_hours_of_many_days_are_a_file_that_is_noted(
    app: Flask, session: Session, children: list[Pupil], office: User
) -> None:
    _mark(session, children[0], "arrived", 15, 31)
    _mark(session, children[0], "collected", 16, 30)
    browser = Browser(app).sign_in(office)
    url = f"/office/attendance.csv?first={date(2026, 11, 1)}&last={DAY}"
    content = browser.client.get(url).get_data().decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(content))
    assert (row["in"], row["out"], row["minutes"], row["out_marked"]) == ("15:31", "16:30", "59", "yes")
    assert row["surname"] == children[0].surname


def test_a_name_leads_to_the_marks_of_a_child(app: Flask, session: Session, office: User) -> None:
    pupil = a_pupil(forename="Quill", surname="Marsh")
    browser = Browser(app).sign_in(office)
    page = browser.client.get(f"/office/registers/{DAY}?q=quill").get_data(as_text=True)
    assert f"/office/registers/{DAY}/children/{pupil.id}" in page
    browser.get("attendance.register_child", on=DAY, pupil_id=pupil.id)
    browser.get("attendance.register_child", expect=404, on=DAY, pupil_id=99_999)
