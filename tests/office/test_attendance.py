"""A day is closed once, no-shows are facts, a correction takes two people, and the hours of attendance add up."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import time, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from booking.bookings.day_note_models import DayNote
from booking.bookings.models import RequestFact
from booking.core import clock
from booking.core.db import db, unit_of_work
from booking.core.errors import NotFound
from booking.core.jobs import Job, add_job
from booking.office.erasure import erase_pupil
from booking.people.invitations import tie
from booking.people.models import Pupil, User
from booking.provision.models import Session
from booking.registers.closing import CannotClose, close_day, open_day, overdue_days
from booking.registers.mark_corrections import Asked, CannotCorrect, ask_correction, decide_correction
from booking.registers.marks import MarkRefused, NewMark, add_mark, add_marks, states_in, undo
from booking.registers.models import ClosedDay, Mark, MarkCorrection
from booking.worker import close_registers, closings
from tests.browser import Browser
from tests.builders import AT, a_family, a_place, a_session, a_user, save
from tests.registers.devices import Device

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


def _close(user: User | None) -> ClosedDay:
    with unit_of_work():
        return close_day(DAY, at=clock.now(), user_id=user.id if user else None)


def _facts() -> list[tuple[int, str]]:
    rows = db.session.execute(
        select(RequestFact.pupil_id, RequestFact.channel).where(RequestFact.what == "no_show")
    ).all()
    db.session.rollback()
    return [(row.pupil_id, row.channel) for row in rows]


def test_who_never_came_and_of_whom_nobody_told_is_a_fact(
    session: Session, children: list[Pupil], office: User
) -> None:
    came, ill, lost = children
    _mark(session, came, "arrived", 15, 31)
    _mark(session, came, "collected", 16, 30, "Nana")
    save(DayNote(pupil_id=ill.id, day=DAY, kind="away", told_at=AT, told_by_id=office.id, source="office"))
    closed = _close(office)
    assert (closed.no_shows, closed.open_questions) == (1, 0)
    assert _facts() == [(lost.id, "register")]
    with pytest.raises(CannotClose, match="closed already"):
        _close(office)
    assert len(_facts()) == 1


def test_a_day_with_a_question_is_closed_by_nobody_but_the_rule(
    session: Session, children: list[Pupil], office: User
) -> None:
    _mark(session, children[0], "arrived", 15, 31)
    assert open_day(DAY).still_in == [(session.id, children[0].id)]
    with pytest.raises(CannotClose, match="still to be looked at"):
        _close(office)
    assert _close(None).open_questions == 1


def test_a_day_is_not_closed_before_its_last_session_ends(
    session: Session, now: time_machine.Coordinates, office: User
) -> None:
    now.move_to(clock.instant(DAY, time(15, 45)))
    with pytest.raises(CannotClose, match="16:30"):
        _close(office)
    with pytest.raises(CannotClose, match="Nothing runs"), unit_of_work():
        close_day(DAY - timedelta(days=1), at=clock.now(), user_id=office.id)


def test_the_worker_closes_at_noon_of_the_day_after_what_nobody_closed(
    session: Session, children: list[Pupil], now: time_machine.Coordinates
) -> None:
    for hour, days in ((11, []), (12, [DAY])):
        now.move_to(clock.instant(DAY + timedelta(days=1), time(hour)))
        assert overdue_days(clock.now()) == days
        closings.next = None
        close_registers(clock.now())
    assert sorted(_facts()) == sorted((pupil.id, "worker") for pupil in children)
    assert overdue_days(clock.now()) == []


def test_the_past_of_a_demo_is_written_before_its_days_are_closed(
    session: Session, children: list[Pupil], now: time_machine.Coordinates
) -> None:
    now.move_to(clock.instant(DAY + timedelta(days=1), time(12)))
    with unit_of_work():
        job_id = add_job("demo_history", {}, at=clock.now()).id
    closings.next = None
    close_registers(clock.now())
    assert overdue_days(clock.now()) == [DAY]
    with unit_of_work():
        db.session.get_one(Job, job_id).finished_at = clock.now()
    close_registers(clock.now())
    assert overdue_days(clock.now()) == []


def test_after_closing_nobody_marks_alone_but_what_a_device_brings_is_kept(
    app: Flask, session: Session, children: list[Pupil], office: User, now: time_machine.Coordinates
) -> None:
    device = Device(app, office)
    device.mark(session.id, children[0].id, "arrived")
    _mark(session, children[1], "absent", 15, 40)
    mark_id = db.session.scalars(select(Mark.id)).one()
    _close(office)
    at = clock.now()
    with pytest.raises(MarkRefused, match="are closed"), unit_of_work():
        add_mark(session.id, children[2].id, "arrived", at=at, user_id=office.id)
    with pytest.raises(MarkRefused, match="are closed"), unit_of_work():
        undo(mark_id, session_id=session.id, at=at, user_id=office.id)
    now.shift(timedelta(minutes=1))
    device.flush()
    assert states_in([session.id])[session.id, children[0].id].state == "in"
    page = Browser(app).sign_in(office).get("attendance.register_day", on=DAY)
    assert "heard after the day was closed" in page.text


def _ask(session: Session, pupil: Pupil, what: str, wall: time, user: User, **more: object) -> int:
    values: dict[str, object] = {"detail": None, "undoes_uid": None, "reason": "The leader rang us", **more}
    asked = Asked(session.id, pupil.id, what, clock.instant(DAY, wall), **values)  # type: ignore[arg-type]
    with unit_of_work():
        return ask_correction(asked, at=clock.now(), user_id=user.id).id


def _answer(correction_id: int, by: User, *, is_yes: bool = True) -> None:
    with unit_of_work():
        decide_correction(correction_id, is_yes=is_yes, at=clock.now(), by=by)


def test_a_correction_takes_two_people_and_stands_beside_what_was(
    session: Session, children: list[Pupil], office: User, second: User
) -> None:
    _mark(session, children[0], "arrived", 15, 31)
    wrong = _mark(session, children[0], "collected", 16, 30, "Nana")
    _close(office)
    asked = _ask(session, children[0], "collected", time(16, 50), office, undoes_uid=wrong, detail="Grandad")
    assert states_in([session.id])[session.id, children[0].id].detail == "Nana"
    for nobody in (office, a_user("manager")):
        with pytest.raises(CannotCorrect):
            _answer(asked, nobody)
    _answer(asked, second)
    state = states_in([session.id])[session.id, children[0].id]
    assert (state.detail, state.out_at) == ("Grandad", clock.instant(DAY, time(16, 50)))
    last = db.session.scalars(select(Mark).order_by(Mark.id.desc())).first()
    assert last is not None
    assert (last.source, last.user_id, last.sent_by_id) == ("office", office.id, second.id)
    with pytest.raises(CannotCorrect, match="decided already"):
        _answer(asked, second)


def test_not_even_one_who_may_approve_confirms_what_they_asked(
    session: Session, children: list[Pupil], second: User
) -> None:
    _close(second)
    asked = _ask(session, children[0], "arrived", time(15, 31), second)
    with pytest.raises(CannotCorrect, match="never the one who asked"):
        _answer(asked, second)


def test_nobody_decides_about_their_own_child(session: Session, office: User) -> None:
    family, second = a_family(), a_user("parent", "manager", approves=True)
    with unit_of_work():
        tie(second, family.pupils[0], relationship_name="parent", responsibility="yes", at=AT)
    a_place(family, session)
    _close(office)
    asked = _ask(session, family.pupils[0], "arrived", time(15, 31), office)
    with pytest.raises(CannotCorrect, match="their own child"):
        _answer(asked, second)


def test_a_refused_correction_marks_nothing(
    session: Session, children: list[Pupil], office: User, second: User
) -> None:
    _close(office)
    _answer(_ask(session, children[0], "arrived", time(15, 31), office), second, is_yes=False)
    assert db.session.scalars(select(Mark)).all() == []


def test_what_cannot_be_corrected_is_said(session: Session, children: list[Pupil], office: User) -> None:
    child = children[0]
    with pytest.raises(CannotCorrect, match="not closed"):
        _ask(session, child, "arrived", time(15, 31), office)
    other = _mark(session, children[1], "absent", 15, 31)
    _close(office)
    with pytest.raises(CannotCorrect, match="Write why"):
        _ask(session, child, "arrived", time(15, 31), office, reason=" ")
    with pytest.raises(CannotCorrect, match="still to come"):
        _ask(session, child, "arrived", time(23, 0), office)
    for wrong in (other, "unknown"):
        with pytest.raises(NotFound):
            _ask(session, child, "undone", time(15, 31), office, undoes_uid=wrong)
    with pytest.raises(NotFound):
        _ask(session, child, "undone", time(15, 31), office)
    assert db.session.scalars(select(MarkCorrection)).all() == []


def test_an_erased_child_leaves_marks_without_words(
    session: Session, children: list[Pupil], office: User
) -> None:
    _mark(session, children[0], "absent", 15, 31, "Chickenpox")
    _close(office)
    _ask(session, children[0], "arrived", time(15, 31), office, detail="Nana", reason="His nana said so")
    with unit_of_work():
        erase_pupil(children[0].id)
    assert db.session.scalars(select(Mark)).one().detail is None
    asked = db.session.scalars(select(MarkCorrection)).one()
    assert (asked.detail, asked.reason) == (None, "")


def test_the_office_sees_hours_closes_the_day_and_corrects_it(
    app: Flask, session: Session, children: list[Pupil], office: User, second: User
) -> None:
    _mark(session, children[0], "arrived", 15, 31)
    browser, other = Browser(app).sign_in(office), Browser(app).sign_in(second)
    page = browser.get("attendance.register_day", on=DAY)
    assert "nobody marked them out" in page.text
    assert not [e for e in page.all(".//form") if (e.get("action") or "").endswith("/close")]
    _mark(session, children[0], "collected", 16, 30, "Nana")
    assert "0 h 59" in browser.get("attendance.hours", on=DAY).text
    closed = browser.post("attendance.close_register_day", follow=True, on=DAY)
    assert "2 booked and did not come" in closed.text
    form = {"session_id": str(session.id), "what": "arrived", "at": "15:35", "undoes": "", "reason": ""}
    where = {"on": DAY, "pupil_id": children[1].id}
    assert "Write why" in browser.post("attendance.register_child", form, expect=422, **where).text
    form["reason"] = "The leader found the paper"
    browser.post("attendance.register_child", form | {"at": ""}, expect=422, **where)
    asked = browser.post("attendance.register_child", form, follow=True, **where)
    assert "Another person who may approve must say yes" in asked.text
    assert "waits for a second yes" in other.get("office.home").text
    assert "The leader found the paper" in other.get("attendance.mark_corrections").text
    answer = {"correction_id": db.session.scalars(select(MarkCorrection.id)).one()}
    db.session.rollback()
    refused = browser.post("attendance.decide_mark_correction", {"answer": "yes"}, follow=True, **answer)
    assert "never the one who asked" in refused.text
    done = other.post("attendance.decide_mark_correction", {"answer": "yes"}, follow=True, **answer)
    assert "The register is corrected" in done.text
    shown = browser.get("attendance.register_child", **where).text
    assert office.name in shown
    assert second.name in shown
