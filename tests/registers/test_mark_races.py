"""Devices, staff and the office at one moment: each mark once, one way out, one closing, one yes; with controls."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from booking.bookings.models import RequestFact
from booking.core.db import db, unit_of_work
from booking.people.models import User
from booking.registers import arrivals, mark_corrections, marks, sync
from booking.registers.closing import CannotClose, close_day
from booking.registers.mark_corrections import Asked, CannotCorrect, ask_correction, decide_correction
from booking.registers.marks import MarkRefused, add_mark
from booking.registers.models import ClosedDay, Mark, MarkCorrection
from booking.registers.sync import keep_marks
from tests.bookings.rushes import at_once, take_out_the_locks
from tests.builders import AT, a_family, a_place, a_pupil, a_session, a_user

DAY, LATER = AT.date(), AT + timedelta(hours=10)
RACERS, ROUNDS = 6, 6


def _count(model: type[Any], *where: Any) -> int:
    found = db.session.scalar(select(func.count()).select_from(model).where(*where)) or 0
    db.session.rollback()
    return found


def _message(session_id: int, pupil_id: int) -> dict[str, Any]:
    mark = {"session_id": session_id, "pupil_id": pupil_id, "at": AT.isoformat(), "sequence": 1}
    uids = [str(uuid.uuid4()) for _ in range(3)]
    return {
        "device": str(uuid.uuid4()),
        "sent_at": AT.isoformat(),
        "marks": [{**mark, "uid": uid, "what": "arrived"} for uid in uids],
    }


def _send_at_once(app: Flask) -> list[Any]:
    session_id, pupil_id, user_id = a_session(DAY).id, a_pupil().id, a_user("manager").id
    message = _message(session_id, pupil_id)

    def send() -> list[str]:
        user = db.session.get_one(User, user_id)
        return keep_marks(message, user=user, device_id=None, received_at=AT).kept

    return at_once(app, [send] * RACERS)


def test_a_message_that_arrives_many_times_at_one_moment_is_kept_once(app: Flask) -> None:
    results = _send_at_once(app)
    assert [len(kept) for kept in results] == [3] * RACERS, results
    assert _count(Mark) == 3
    assert _count(RequestFact, RequestFact.what == "attended") == 1


def test_the_control_counts_who_came_several_times(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the lock each believes that nobody counted the child yet; the marks themselves have their key."""
    take_out_the_locks(monkeypatch, RACERS, [(arrivals, "_noted")], locks=[sync])
    results = _send_at_once(app)
    assert [len(kept) for kept in results] == [3] * RACERS, results
    assert _count(Mark) == 3
    assert _count(RequestFact, RequestFact.what == "attended") > 1


def _somebody_in() -> tuple[int, int]:
    session_id, pupil_id = a_session(DAY).id, a_pupil().id
    with unit_of_work():
        add_mark(session_id, pupil_id, "arrived", at=AT, user_id=None)
    return session_id, pupil_id


def _go_at_once(app: Flask, session_id: int, pupil_id: int) -> list[Any]:
    ways = ("collected", "left_alone", "to_bus", "collected")
    return at_once(
        app,
        [lambda way=way: add_mark(session_id, pupil_id, way, at=LATER, user_id=None).what for way in ways],
    )


def test_of_several_who_let_a_child_go_on_pages_at_one_moment_one_does(app: Flask) -> None:
    for number in range(1, ROUNDS + 1):
        results = _go_at_once(app, *_somebody_in())
        assert sum(isinstance(one, MarkRefused) for one in results) == 3, results
        assert _count(Mark) == 2 * number


def test_the_control_lets_a_child_go_several_ways(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    session_id, pupil_id = _somebody_in()
    take_out_the_locks(monkeypatch, 4, [(marks, "events_on")])
    assert sum(isinstance(one, MarkRefused) for one in _go_at_once(app, session_id, pupil_id)) < 3
    assert _count(Mark) > 2


def test_of_several_who_close_a_day_at_one_moment_one_does(app: Flask) -> None:
    family, session, user_id = a_family(children=2), a_session(DAY), a_user("manager").id
    for pupil in family.pupils:
        a_place(family, session, pupil=pupil)
    results = at_once(app, [lambda: close_day(DAY, at=LATER, user_id=user_id).no_shows] * RACERS)
    assert sorted(one for one in results if not isinstance(one, CannotClose)) == [2], results
    assert (_count(ClosedDay), _count(RequestFact, RequestFact.what == "no_show")) == (1, 2)


def _say_yes_at_once(app: Flask) -> list[Any]:
    session, pupil = a_session(DAY), a_pupil()
    session_id, pupil_id, office = session.id, pupil.id, a_user("manager").id
    seconds = [a_user("manager", approves=True).id for _ in range(RACERS)]
    with unit_of_work():
        close_day(DAY, at=LATER, user_id=None)
    with unit_of_work():
        asked = Asked(session_id, pupil_id, "arrived", AT, None, None, "The leader rang us")
        correction_id = ask_correction(asked, at=LATER, user_id=office).id

    def say_yes(second: int) -> str:
        by = db.session.get_one(User, second)
        return decide_correction(correction_id, is_yes=second % 2 == 0, at=LATER, by=by).state

    return at_once(app, [lambda second=second: say_yes(second) for second in seconds])


def test_of_several_second_people_at_one_moment_one_decides(app: Flask) -> None:
    results = _say_yes_at_once(app)
    decided = [one for one in results if isinstance(one, str)]
    assert len(decided) == 1, results
    assert sum(isinstance(one, CannotCorrect) for one in results) == RACERS - 1
    assert _count(MarkCorrection, MarkCorrection.state == decided[0]) == 1
    assert _count(Mark) == (1 if decided == ["made"] else 0)


def test_the_control_lets_several_decide(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the lock yes and no both come through; only the mark's own key keeps it from being made twice."""
    take_out_the_locks(monkeypatch, RACERS, [(mark_corrections, "_refuse_if_not_second")])
    results = _say_yes_at_once(app)
    assert sum(isinstance(one, CannotCorrect) for one in results) < RACERS - 1, results
