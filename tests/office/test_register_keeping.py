"""A register is kept as long as the school keeps its attendance, and then it goes; a legal hold keeps a child's."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from flask import Flask
from sqlalchemy import func, select

from booking.core import clock
from booking.core.db import db, unit_of_work
from booking.office.checks import all_problems
from booking.office.retention import apply_rules, hold
from booking.registers.call_models import CallLog
from booking.registers.calls import log_call
from booking.registers.marks import NewMark, add_marks
from booking.registers.models import Mark
from tests.builders import a_family, a_place, a_session, a_user

DAY = date(2026, 11, 25)
SIX_YEARS = timedelta(days=2190)


def _collected(session_id: int, pupil_id: int, on: date) -> datetime:
    came, went = clock.instant(on, time(15, 31)), clock.instant(on, time(16, 30))
    with unit_of_work():
        marks = [
            NewMark(session_id, pupil_id, "arrived", came),
            NewMark(session_id, pupil_id, "collected", went),
        ]
        add_marks(marks, recorded_at=went, user_id=None)
        log_call(pupil_id, session_id, "Nana", "Comes at once", at=went, user_id=None)
    return went


def _left() -> tuple[int, int]:
    db.session.rollback()
    counts = [db.session.scalar(select(func.count()).select_from(model)) for model in (Mark, CallLog)]
    return counts[0] or 0, counts[1] or 0


def _apply(at: datetime) -> None:
    with unit_of_work():
        apply_rules(at=at, user_id=None)


def test_after_six_years_it_goes_and_not_a_day_before(app: Flask) -> None:
    one, two = a_session(DAY), a_session(DAY + timedelta(days=7))
    pupils = [a_place(a_family(), session).pupil_id for session in (one, two)]
    ids = (one.id, two.id)
    went = _collected(ids[0], pupils[0], DAY)
    _collected(ids[1], pupils[1], DAY + timedelta(days=7))
    _apply(went + SIX_YEARS - timedelta(days=1))
    assert _left() == (4, 2)
    _apply(went + SIX_YEARS + timedelta(seconds=1))
    assert _left() == (2, 1)
    assert [one for one in all_problems() if "register" in one] == []


def test_a_legal_hold_keeps_a_childs(app: Flask) -> None:
    session = a_session(DAY)
    pupil_id, by = a_place(a_family(), session).pupil_id, a_user("manager")
    went, by_id = _collected(session.id, pupil_id, DAY), by.id
    with unit_of_work():
        hold(pupil_id, "A claim", date(2040, 1, 1), at=went, user_id=by_id)
    _apply(went + SIX_YEARS + timedelta(days=1))
    assert _left() == (2, 1)
