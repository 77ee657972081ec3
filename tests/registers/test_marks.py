"""A child is in exactly one place; marks are added, never changed; each follows from those before."""

from datetime import date, time, timedelta

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from booking.core.db import db, unit_of_work
from booking.core.errors import NotFound
from booking.provision.models import StaffAssignment
from booking.registers.expected import registers_of, sessions_for
from booking.registers.marks import ALLOWED, MarkRefused, add_mark, states_in, undo
from booking.registers.models import Mark
from booking.registers.printing import NothingToPrint, UnknownKind, print_registers
from tests.builders import (
    AT,
    a_care_profile,
    a_family,
    a_place,
    a_pupil,
    a_run,
    a_session,
    a_user,
    an_activity,
    save,
)


def _mark(session_id: int, pupil_id: int, what: str, minutes: int = 0) -> int:
    with unit_of_work():
        return add_mark(session_id, pupil_id, what, at=AT + timedelta(minutes=minutes), user_id=None).id


def test_in_then_collected(app: Flask) -> None:
    session, pupil = a_session(), a_pupil()
    _mark(session.id, pupil.id, "arrived")
    _mark(session.id, pupil.id, "collected", 60)
    state = states_in([session.id])[session.id, pupil.id]
    assert (state.state, state.how) == ("out", "Collected")
    assert state.out_at == AT + timedelta(minutes=60)


def test_nobody_goes_out_who_did_not_come_in(app: Flask) -> None:
    session, pupil = a_session(), a_pupil()
    with pytest.raises(MarkRefused):
        _mark(session.id, pupil.id, "collected")
    assert db.session.query(Mark).count() == 0


def test_a_child_who_comes_into_care_leaves_the_club_by_the_same_act(app: Flask) -> None:
    club, care, pupil = a_session(), a_session(starts_at=time(16, 30), ends_at=time(18, 0)), a_pupil()
    _mark(club.id, pupil.id, "arrived")
    _mark(care.id, pupil.id, "arrived", 60)
    states = states_in([club.id, care.id])
    assert states[club.id, pupil.id].how == "To another activity"
    assert states[care.id, pupil.id].state == "in"


def test_a_mark_is_undone_by_another_mark(app: Flask) -> None:
    session, pupil = a_session(), a_pupil()
    first = _mark(session.id, pupil.id, "absent")
    with unit_of_work():
        undo(first, session_id=session.id, at=AT, user_id=None)
    assert states_in([session.id]) == {}
    assert db.session.query(Mark).count() == 2


def test_only_the_last_mark_can_be_undone_and_only_from_its_own_register(app: Flask) -> None:
    session, other, pupil = a_session(), a_session(date(2026, 11, 26)), a_pupil()
    first = _mark(session.id, pupil.id, "arrived")
    _mark(session.id, pupil.id, "collected", 5)
    with pytest.raises(MarkRefused), unit_of_work():
        undo(first, session_id=session.id, at=AT, user_id=None)
    with pytest.raises(NotFound), unit_of_work():
        undo(first, session_id=other.id, at=AT, user_id=None)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.sampled_from(sorted({w for s in ALLOWED.values() for w in s}))),
        max_size=12,
    )
)
def test_no_sequence_of_marks_puts_a_child_in_two_places(app: Flask, marks: list[tuple[int, str]]) -> None:
    sessions = [a_session(starts_at=time(15 + n, 30), ends_at=time(16 + n, 30)).id for n in range(3)]
    pupil = a_pupil().id
    for minute, (which, what) in enumerate(marks):
        try:
            _mark(sessions[which], pupil, what, minute)
        except MarkRefused:
            continue
        inside = [key for key, state in states_in(sessions).items() if state.state == "in"]
        db.session.rollback()
        assert len(inside) <= 1


def test_a_register_lists_booked_held_and_walked_in_children_by_surname(app: Flask) -> None:
    family, session = a_family(children=2, surname="Żak"), a_session()
    a_care_profile(family.pupils[0], allergies=["sesame"])
    a_place(family, session)
    a_place(family, session, pupil=family.pupils[1], state="held")
    gone = a_family(surname="Cancelled")
    a_place(gone, session, state="cancelled")
    early = a_pupil(surname="Abbott")
    _mark(session.id, early.id, "walk_in")
    (register,) = registers_of([session])
    assert [(c.pupil.surname, c.status) for c in register.children] == [
        ("Abbott", "walk_in"),
        ("Żak", "booked"),
        ("Żak", "held"),
    ]
    assert register.children[1].alerts == ("sesame",)
    assert register.children[1].may_collect == (f"{family.user.name} (parent)",)


def test_staff_see_their_own_runs_and_a_provider_its_own(app: Flask) -> None:
    mine, theirs = a_run(), a_run()
    session, other = a_session(run=mine), a_session(run=theirs)
    leader, office = a_user("staff"), a_user("manager")
    provider = a_user("staff", seller_id=an_activity().seller_id)
    save(StaffAssignment(user_id=leader.id, run_id=mine.id))
    assert [s.id for s in sessions_for(leader, session.date)] == [session.id]
    assert {s.id for s in sessions_for(office, session.date)} == {session.id, other.id}
    assert sessions_for(provider, session.date) == []


def test_the_days_registers_print_and_an_empty_day_says_so(app: Flask) -> None:
    family, session = a_family(), a_session()
    a_place(family, session)
    content = print_registers(session.date, at=AT)
    assert content.startswith(b"%PDF")
    assert print_registers(session.date, at=AT) == content
    with pytest.raises(NothingToPrint, match="25/12/2026"):
        print_registers(date(2026, 12, 25), at=AT)
    with pytest.raises(UnknownKind):
        print_registers(session.date, kinds=("poster",), at=AT)
