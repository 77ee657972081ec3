"""A child passes from club to care: both ends are confirmed, and no order of acts puts it in two places."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from booking.core.db import db, unit_of_work
from booking.core.errors import BookingError, NotFound
from booking.registers.call_models import Handover
from booking.registers.custody import stand_of
from booking.registers.custody_day import custody_of
from booking.registers.custody_invariants import custody_problems
from booking.registers.handovers import HandoverRefused, passes_of, receive, send
from booking.registers.marks import MarkRefused, add_mark, states_in, undo
from tests.builders import a_user
from tests.registers.afternoons import DAY, Afternoon, an_afternoon, at, mark
from tests.tampering import tamper


def _states(when: datetime) -> list[str]:
    found = [one.state for one in passes_of(custody_of(DAY, when))]
    db.session.rollback()
    return found


def _send(afternoon: Afternoon, ids: list[int], when: datetime, user_id: int | None = None) -> None:
    from_id = afternoon.chess.id
    with unit_of_work():
        send(from_id, ids, at=when, user_id=user_id)


def _receive(afternoon: Afternoon, ids: list[int], when: datetime, user_id: int | None = None) -> None:
    to_id = afternoon.care.id
    with unit_of_work():
        receive(to_id, ids, at=when, user_id=user_id)


def test_both_ends_are_confirmed_by_name(app: Flask) -> None:
    afternoon, club, care = an_afternoon(), a_user("staff", name="Ms Kaya"), a_user("staff", name="Mr Lowe")
    club_id, care_id = club.id, care.id
    assert _states(at(15, 45)) == []
    mark(afternoon.chess, afternoon.ids[0], "arrived", at(15, 30))
    assert _states(at(16)) == ["waits"]
    _send(afternoon, afternoon.ids, at(16, 30), club_id)
    assert _states(at(16, 31)) == ["on_the_way"]
    assert custody_of(DAY, at(16, 31)).stands[afternoon.ids[0]].kind == "on_the_way"
    _receive(afternoon, afternoon.ids, at(16, 34), care_id)
    (one,) = passes_of(custody_of(DAY, at(16, 40)))
    assert one.sent is not None
    assert one.received is not None
    assert (one.state, one.sent.by, one.received.by) == ("whole", "Ms Kaya", "Mr Lowe")
    states = states_in([afternoon.chess.id, afternoon.care.id])
    assert states[afternoon.chess.id, afternoon.ids[0]].detail == "After-school care"
    assert states[afternoon.care.id, afternoon.ids[0]].state == "in"


def test_who_is_taken_in_without_being_sent_waits_for_the_other_end(app: Flask) -> None:
    afternoon = an_afternoon()
    mark(afternoon.chess, afternoon.ids[0], "arrived", at(15, 30))
    _receive(afternoon, afternoon.ids, at(16, 31))
    assert _states(at(16, 32)) == ["unconfirmed"]
    _send(afternoon, afternoon.ids, at(16, 35))
    assert _states(at(16, 36)) == ["whole"]
    assert states_in([afternoon.chess.id])[afternoon.chess.id, afternoon.ids[0]].out_at == at(16, 31)


def test_marks_at_the_door_are_ends_too(app: Flask) -> None:
    afternoon = an_afternoon()
    mark(afternoon.chess, afternoon.ids[0], "arrived", at(15, 30))
    mark(afternoon.chess, afternoon.ids[0], "to_activity", at(16, 30))
    assert _states(at(16, 31)) == ["on_the_way"]
    mark(afternoon.care, afternoon.ids[0], "arrived", at(16, 33))
    assert _states(at(16, 34)) == ["whole"]


def test_a_sending_that_is_undone_counts_no_more(app: Flask) -> None:
    afternoon = an_afternoon()
    mark(afternoon.chess, afternoon.ids[0], "arrived", at(15, 30))
    _send(afternoon, afternoon.ids, at(16, 30))
    session_id = afternoon.chess.id
    last = states_in([session_id])[session_id, afternoon.ids[0]].last_mark_id
    assert last is not None
    with unit_of_work():
        undo(last, session_id=session_id, at=at(16, 31), user_id=None)
    assert _states(at(16, 32)) == ["waits"]


def test_only_children_who_are_on_that_way_are_passed_on_and_each_once(app: Flask) -> None:
    afternoon = an_afternoon(2)
    first, second = afternoon.ids
    mark(afternoon.chess, first, "arrived", at(15, 30))
    with pytest.raises(HandoverRefused, match="Child 1 Okafor 01"):
        _send(afternoon, [first, second], at(16, 30))
    with pytest.raises(HandoverRefused, match="Tick"):
        _send(afternoon, [], at(16, 30))
    with pytest.raises(NotFound), unit_of_work():
        send(10**6, [first], at=at(16, 30), user_id=None)
    _send(afternoon, [first], at(16, 30))
    _receive(afternoon, [first], at(16, 31))
    _receive(afternoon, [first], at(16, 32))
    assert db.session.query(Handover).filter_by(end_of="received").count() == 1


def test_who_was_collected_is_on_no_way(app: Flask) -> None:
    afternoon = an_afternoon()
    mark(afternoon.chess, afternoon.ids[0], "arrived", at(15, 30))
    mark(afternoon.chess, afternoon.ids[0], "collected", at(16, 20))
    assert _states(at(16, 31)) == []


ACTS = (
    "arrived",
    "walk_in",
    "absent",
    "collected",
    "left_alone",
    "to_bus",
    "to_activity",
    "undo",
    "send",
    "receive",
)


def _act(what: str, session_id: int, pupil_id: int, when: datetime) -> None:
    with unit_of_work():
        if what == "send":
            send(session_id, [pupil_id], at=when, user_id=None)
        elif what == "receive":
            receive(session_id, [pupil_id], at=when, user_id=None)
        elif what == "undo":
            state = states_in([session_id]).get((session_id, pupil_id))
            if state is not None and state.last_mark_id is not None:
                undo(state.last_mark_id, session_id=session_id, at=when, user_id=None)
        else:
            add_mark(session_id, pupil_id, what, at=when, user_id=None)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(0, 2), st.sampled_from(ACTS), st.integers(0, 12)), min_size=3, max_size=10)
)
def test_no_sequence_of_acts_puts_a_child_in_two_places(app: Flask, acts: list[tuple[int, str, int]]) -> None:
    afternoon = _shared(app)
    sessions = [afternoon.chess.id, afternoon.art.id, afternoon.care.id]
    pupil_id, now = afternoon.ids[0], at(15, 25)
    tamper("DELETE FROM handover", "DELETE FROM request_fact", "DELETE FROM mark")
    for which, what, minutes in acts:
        now += timedelta(minutes=minutes)
        try:
            _act(what, sessions[which], pupil_id, now)
        except (MarkRefused, BookingError):
            db.session.rollback()
        custody = custody_of(DAY, now)
        inside = [key for key, state in custody.facts[pupil_id].states.items() if state.state == "in"]
        assert len(inside) <= 1
        stand = custody.stands[pupil_id]
        assert stand == stand_of(custody.facts[pupil_id], custody.sessions, now, custody.rules)
        assert not inside or stand.session_id == inside[0]
        db.session.rollback()
    assert list(custody_problems()) == []
    db.session.rollback()


def _shared(app: Flask) -> Afternoon:
    """One afternoon for all examples of the property: making it costs more than an example."""
    if "afternoon" not in app.extensions:
        app.extensions["afternoon"] = an_afternoon()
    found: Afternoon = app.extensions["afternoon"]
    return found


def test_the_check_finds_a_handover_back_in_time(app: Flask) -> None:
    afternoon = an_afternoon()
    mark(afternoon.chess, afternoon.ids[0], "arrived", at(15, 30))
    _send(afternoon, afternoon.ids, at(16, 30))
    _receive(afternoon, afternoon.ids, at(16, 34))
    assert list(custody_problems()) == []
    db.session.rollback()
    tamper("UPDATE handover SET from_id = to_id, to_id = from_id WHERE end_of = 'sent'")
    (problem,) = custody_problems()
    assert "back in time" in problem
