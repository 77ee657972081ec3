"""A paper sheet is typed in afterwards: all children at once, kept once, as marks "from paper"."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import time, timedelta

import pytest
import time_machine
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from booking.core import clock
from booking.core.db import db, unit_of_work
from booking.people.models import Pupil
from booking.provision.models import Session, StaffAssignment
from booking.registers.closing import close_day
from booking.registers.marks import add_mark, states_in
from booking.registers.models import Mark
from booking.registers.paper_forms import NoTime, read_time
from tests.browser import Browser, Page
from tests.builders import AT, a_family, a_place, a_pupil, a_session, a_user, save

EVENING = AT.replace(hour=17)


@pytest.fixture(autouse=True)
def now() -> Iterator[time_machine.Coordinates]:
    with time_machine.travel(EVENING, tick=False) as traveller:
        yield traveller


@pytest.fixture
def session(app: Flask) -> Session:
    return a_session(clock.today())


@pytest.fixture
def children(session: Session) -> list[Pupil]:
    family = a_family(children=3)
    for pupil in family.pupils:
        a_place(family, session, pupil=pupil)
    return family.pupils


@pytest.fixture
def browser(app: Flask, session: Session) -> Browser:
    leader = a_user("staff")
    save(StaffAssignment(user_id=leader.id, run_id=session.run_id))
    return Browser(app).sign_in(leader)


def _sheet(browser: Browser, session: Session) -> str:
    return browser.get("registers.paper", session_id=session.id).field("sheet")


def _type(browser: Browser, session: Session, data: dict[str, str], expect: int = 303) -> Page:
    return browser.post("registers.paper", data, expect=expect, session_id=session.id)


def test_times_for_all_children_are_kept_at_once_and_once(
    browser: Browser, session: Session, children: list[Pupil]
) -> None:
    first, second, third = (pupil.id for pupil in children)
    guest = a_pupil(forename="Quill", surname="Marsh")
    data = {
        "sheet": _sheet(browser, session),
        f"in-{first}": "1531",
        f"out-{first}": "4.45",
        f"how-{first}": "collected",
        f"detail-{first}": "Nana",
        f"in-{second}": "15:35",
        f"absent-{third}": "1",
        f"detail-{third}": "Dentist",
        "name-extra": "quill",
        "in-extra": "15.40",
    }
    for _ in range(2):
        _type(browser, session, data)
    states = states_in([session.id])
    own = states[session.id, first]
    assert (own.state, own.how, own.detail) == ("out", "Collected", "Nana")
    assert own.out_at == clock.instant(session.date, time(16, 45))
    assert states[session.id, second].state == "in"
    assert (states[session.id, third].state, states[session.id, third].detail) == ("absent", "Dentist")
    assert states[session.id, guest.id].is_walk_in
    rows = db.session.scalars(select(Mark)).all()
    assert len(rows) == 5
    assert {row.source for row in rows} == {"paper"}
    assert {row.recorded_at for row in rows} == {EVENING}


def test_what_a_tablet_has_marked_stays_and_is_told(
    browser: Browser, session: Session, children: list[Pupil]
) -> None:
    first = children[0].id
    with unit_of_work():
        add_mark(session.id, first, "arrived", at=clock.instant(session.date, time(15, 31)), user_id=None)
    assert "In at 15:31 already" in browser.get("registers.paper", session_id=session.id).text
    _type(
        browser, session, {"sheet": _sheet(browser, session), f"in-{first}": "1540", f"out-{first}": "1630"}
    )
    state = states_in([session.id])[session.id, first]
    assert (state.in_at, state.state) == (clock.instant(session.date, time(15, 31)), "out")


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({}, "Nothing was typed"),
        ({"in": "quarter to"}, "is no time"),
        ({"in": "1640", "out": "1531"}, "cannot go out before coming in"),
        ({"in": "1531", "absent": "1"}, "cannot be absent and have a time"),
        ({"in": "1755"}, "still to come"),
        ({"in": "1531", "how": "flew"}, "Choose how"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_kept(
    browser: Browser, session: Session, children: list[Pupil], typed: dict[str, str], words: str
) -> None:
    first, second = children[0].id, children[1].id
    data = {f"{name}-{first}": value for name, value in typed.items()}
    if typed:
        data[f"in-{second}"] = "1530"
    page = _type(browser, session, data, expect=422)
    assert words in page.text
    assert db.session.scalars(select(Mark)).all() == []
    kept = {e.get("name"): e.get("value") for e in page.all(".//input")}
    assert all(kept[f"{name}-{first}"] == value for name, value in typed.items() if name in {"in", "out"})


def test_somebody_else_is_one_child_of_the_roll(
    browser: Browser, session: Session, children: list[Pupil]
) -> None:
    a_pupil(forename="Quill", surname="Marsh")
    a_pupil(forename="Quill", surname="Marlow")
    for name, words in (("quill", "2 children have that name"), ("nobody", "no child of that name")):
        page = _type(browser, session, {"name-extra": name, "in-extra": "1531"}, expect=422)
        assert words in page.text


def test_after_the_day_is_closed_paper_is_a_correction(
    app: Flask, session: Session, children: list[Pupil], now: time_machine.Coordinates
) -> None:
    now.shift(timedelta(hours=20))
    with unit_of_work():
        close_day(session.date, at=clock.now(), user_id=None)
    page = _type(
        Browser(app).sign_in(a_user("manager")), session, {f"in-{children[0].id}": "1531"}, expect=422
    )
    assert "registers of this day are closed" in page.text


@given(st.times())
def test_a_time_from_seven_on_is_read_as_it_is_written(at: time) -> None:
    for words in (f"{at:%H:%M}", f"{at:%H%M}", f" {at:%H}.{at:%M} "):
        found = read_time(words)
        assert found is not None
        assert (found.hour % 12, found.minute) == (at.hour % 12, at.minute)
        assert found.hour == at.hour or 0 < at.hour < 7


@pytest.mark.parametrize("words", ["24:00", "15:60", "3", "x", "15:3", "٣٣:٣٣"])
def test_what_is_no_time_is_refused(words: str) -> None:
    with pytest.raises(NoTime):
        read_time(words)
