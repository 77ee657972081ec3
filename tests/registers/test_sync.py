"""Devices send marks and fetch the day: each mark once, times by the server's clock, the least that the door needs."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from booking.bookings.models import RequestFact
from booking.core import clock
from booking.core.db import db, unit_of_work
from booking.people.models import Pupil
from booking.provision.models import Session, StaffAssignment
from booking.registers.marks import states_in
from booking.registers.models import Mark
from tests.browser import Browser, forget
from tests.builders import AT, a_pupil, a_run, a_session, a_user
from tests.registers.devices import Device, killed_before_commit

TEN_MINUTES = timedelta(minutes=10)

pytestmark = pytest.mark.usefixtures("now")


def _rows() -> list[Mark]:
    rows = list(db.session.scalars(select(Mark).order_by(Mark.id)))
    db.session.rollback()
    return rows


def test_what_a_device_sends_is_kept_once_and_sending_again_answers_the_same(
    device: Device, session: Session, child: Pupil
) -> None:
    come = device.mark(session.id, child.id, "arrived")
    first, again = device.send().get_json(), device.send().get_json()
    assert first == again
    assert (first["kept"], first["refused"], first["alarms"]) == ([come], [], [])
    (row,) = _rows()
    assert (row.uid, row.source, row.browser, row.sequence) == (come, "tablet", device.uuid, 1)
    assert row.device_at == row.at == row.recorded_at == AT
    facts = db.session.scalars(select(RequestFact.what)).all()
    assert facts == ["attended"]


def test_a_mark_that_does_not_follow_is_kept_all_the_same(
    device: Device, session: Session, child: Pupil
) -> None:
    device.mark(session.id, child.id, "collected", detail="Nana")
    device.flush()
    device.mark(session.id, child.id, "collected", detail="Nana")
    device.flush()
    state = states_in([session.id])[session.id, child.id]
    assert (len(_rows()), state.state, state.in_at, state.detail) == (2, "out", None, "Nana")


@pytest.mark.parametrize("skew", [-TEN_MINUTES, timedelta(), TEN_MINUTES])
def test_a_clock_that_is_wrong_is_put_right_by_what_it_says_at_sending(
    app: Flask, session: Session, child: Pupil, now: time_machine.Coordinates, skew: timedelta
) -> None:
    device = Device(app, a_user("manager"), skew)
    device.mark(session.id, child.id, "arrived")
    now.shift(timedelta(minutes=25))
    device.flush()
    (row,) = _rows()
    assert (row.at, row.device_at, row.recorded_at) == (AT, AT + skew, AT + timedelta(minutes=25))


def test_no_mark_happens_after_the_server_has_it_or_on_another_day(
    device: Device, session: Session, child: Pupil
) -> None:
    device.mark(session.id, child.id, "arrived")
    device.queue[0]["at"] = (AT + timedelta(hours=5)).isoformat()
    device.mark(session.id, child.id, "collected")
    device.queue[1]["at"] = (AT - timedelta(days=40)).isoformat()
    device.flush()
    assert [row.at for row in _rows()] == [AT, AT.replace(hour=0)]
    assert states_in([session.id])[session.id, child.id].state == "out"


def test_nonsense_and_what_one_may_not_see_is_refused_and_the_rest_is_kept(
    app: Flask, device: Device, session: Session, child: Pupil
) -> None:
    theirs, tomorrow = (
        a_session(clock.today(), run=a_run()),
        a_session(clock.today() + timedelta(days=1), run=session.run),
    )
    sound = device.mark(session.id, child.id, "arrived")
    wrong = {
        device.mark(theirs.id, child.id, "arrived"): "not yours",
        device.mark(session.id, 99_999, "arrived"): "not yours",
        device.mark(tomorrow.id, child.id, "arrived"): "has not begun",
        device.mark(session.id, child.id, "flew"): "no sense",
        device.mark(session.id, child.id, "undone"): "no sense",
        device.mark(session.id, child.id, "settled", undoes=sound): "no sense",
        device.mark(session.id, child.id, "arrived", undoes=sound): "no sense",
        device.mark(session.id, a_pupil().id, "undone", undoes=sound): "another child",
    }
    for broken in (
        {"at": "noon"},
        {"at": "2026-11-23T09:00:00"},
        {"session_id": "1"},
        {"pupil_id": True},
        {"detail": 7},
    ):
        wrong[device.mark(session.id, child.id, "arrived")] = "no sense"
        device.queue[-1].update(broken)
    device.queue.append({"uid": "7"})
    said = device.send([*device.queue, "noise", {"uid": None}]).get_json()
    assert said["kept"] == [sound]
    whys = {one["uid"]: one["why"] for one in said["refused"]}
    assert set(whys) == {*wrong, "7"}
    assert all(words in whys[uid] for uid, words in wrong.items())
    assert [row.uid for row in _rows()] == [sound]


@pytest.mark.parametrize(
    "body",
    [
        [],
        {},
        {"device": "7", "sent_at": AT.isoformat(), "marks": []},
        {"device": str(uuid.uuid4()), "marks": []},
    ],
)
def test_a_message_that_is_no_message_keeps_nothing(device: Device, body: Any) -> None:
    answer = device.browser.client.post("/registers/marks", json=body, headers={"X-CSRFToken": device.token})
    assert answer.status_code == 400
    assert "Nothing was kept" in answer.get_json()["detail"]


def test_nobody_and_another_site_are_told_so_in_json(app: Flask, device: Device, session: Session) -> None:
    forget()
    stranger = app.test_client()
    assert stranger.get("/registers/door/2026-11-23.json").status_code == 401
    parent = Browser(app).sign_in(a_user("parent"))
    assert parent.client.get("/registers/door/2026-11-23.json").status_code == 403
    device.token = "made up"
    answer = device.send()
    assert (answer.status_code, answer.mimetype) == (400, "application/problem+json")


def test_an_undo_that_comes_before_its_mark_takes_it_back(
    app: Flask, device: Device, session: Session, child: Pupil
) -> None:
    come = device.mark(session.id, child.id, "arrived")
    other = Device(app, a_user("manager"))
    other.mark(session.id, child.id, "undone", undoes=come)
    other.flush()
    device.flush()
    assert states_in([session.id]) == {}
    assert len(_rows()) == 2


def test_an_undo_from_an_attacker_touches_no_other_child(
    device: Device, session: Session, child: Pupil
) -> None:
    come = str(uuid.uuid4())
    device.mark(session.id, a_pupil().id, "undone", undoes=come)
    device.flush()
    device.mark(session.id, child.id, "arrived")
    device.queue[0]["uid"] = come
    device.flush()
    assert states_in([session.id])[session.id, child.id].state == "in"


def test_a_server_that_dies_keeps_nothing_and_the_device_sends_again(
    device: Device, session: Session, child: Pupil
) -> None:
    device.mark(session.id, child.id, "arrived")
    with killed_before_commit():
        assert device.send().status_code == 500
    assert _rows() == []
    device.flush()
    assert len(_rows()) == 1


def test_a_mark_that_another_made_on_this_device_is_in_their_name(
    device: Device, session: Session, child: Pupil
) -> None:
    maker, parent = a_user("staff"), a_user("parent")
    for by in (maker.id, parent.id, 99_999):
        device.mark(session.id, child.id, "arrived")
        device.queue[-1]["by"] = by
    device.flush()
    sender = db.session.scalars(select(StaffAssignment.user_id)).one()
    assert [(row.user_id, row.sent_by_id) for row in _rows()] == [
        (maker.id, sender),
        (sender, None),
        (sender, None),
    ]


def test_the_database_refuses_to_change_a_mark(device: Device, session: Session, child: Pupil) -> None:
    device.mark(session.id, child.id, "arrived")
    device.flush()
    with pytest.raises(DatabaseError, match="a mark is never changed"), unit_of_work():
        db.session.execute(text("UPDATE mark SET what = 'absent'"))


def test_words_of_a_mark_stand_sealed(device: Device, session: Session, child: Pupil) -> None:
    device.mark(session.id, child.id, "absent", detail="Chickenpox")
    device.flush()
    sealed = db.session.execute(text("SELECT sealed FROM mark")).scalar_one()
    assert b"Chicken" not in bytes(sealed)
    assert states_in([session.id])[session.id, child.id].detail == "Chickenpox"
