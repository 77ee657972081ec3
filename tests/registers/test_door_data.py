"""The day as a device fetches it: the least that the door needs, afresh when something changed, and its alarms."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask

from booking.core.db import db, unit_of_work
from booking.office.restricting import put_in_force
from booking.people.care import set_collection_word
from booking.people.models import Pupil
from booking.provision.models import Session
from booking.registers.marks import add_mark
from tests.browser import Browser, forget
from tests.builders import AT, a_family, a_place, a_pupil, a_restriction, a_user
from tests.registers.devices import Device

TEN_MINUTES = timedelta(minutes=10)

pytestmark = pytest.mark.usefixtures("now")


def _door(device: Device, tag: str | None = None) -> Any:
    forget()
    headers = {"If-None-Match": tag} if tag else {}
    answer = device.browser.client.get("/registers/door/2026-11-23.json", headers=headers)
    db.session.rollback()
    return answer


def test_the_door_holds_the_least_that_it_needs(device: Device, session: Session) -> None:
    family = a_family(children=1, surname="Featherstone")
    twin = a_pupil(forename="Kim", surname="Featherstone", date_of_birth=family.pupils[0].date_of_birth)
    a_place(family, session)
    with unit_of_work():
        set_collection_word(family.pupils[0].id, "bluebell", user_id=family.user.id, at=AT)
        add_mark(session.id, twin.id, "walk_in", at=AT, user_id=None)
    told = _door(device)
    day = told.get_json()
    (shown,) = day["sessions"]
    assert set(day) == {"date", "made_at", "person", "version", "ends_at", "sessions"}
    assert (shown["id"], shown["starts"], shown["kind"]) == (session.id, "15:30", "club")
    children = {one["id"]: one for one in shown["children"]}
    own, other = children[family.pupils[0].id], children[twin.id]
    assert {own["mark"], other["mark"]} == {"A", "B"}
    assert (own["check"], other["check"]) == (True, False)
    assert (own["status"], other["status"]) == ("booked", "walk_in")
    assert (own["state"], other["state"], other["in"]) == ("expected", "in", AT.isoformat())
    for word in ("Featherstone", "bluebell", family.user.name, family.user.email):
        assert word not in told.get_data(as_text=True)


def test_the_door_is_sent_again_only_when_something_changed(
    device: Device, session: Session, child: Pupil, now: time_machine.Coordinates
) -> None:
    first = _door(device)
    tag = first.headers["ETag"]
    now.shift(timedelta(minutes=1))
    assert _door(device, tag).status_code == 304
    device.mark(session.id, child.id, "arrived")
    version = device.flush()["version"]
    fresh = _door(device, tag)
    assert fresh.status_code == 200
    assert fresh.get_json()["version"] == version != first.get_json()["version"]
    a_place(a_family(), session)
    assert _door(device, fresh.headers["ETag"]).status_code == 200


def test_somebody_elses_sessions_are_not_at_this_door(app: Flask, session: Session, child: Pupil) -> None:
    stranger = Device(app, a_user("staff"))
    assert _door(stranger).get_json()["sessions"] == []


def test_a_restriction_learnt_at_sync_raises_its_alarm(
    app: Flask, device: Device, session: Session, child: Pupil
) -> None:
    device.mark(session.id, child.id, "arrived")
    assert device.flush()["alarms"] == []
    adult, office, head = (
        a_user("parent", name="Robin Vale"),
        a_user("manager", approves=True),
        a_user("manager"),
    )
    made = a_restriction(child, adult, by=head, adult_name="Robin Vale")
    with unit_of_work():
        put_in_force(made.id, at=AT, by=office)
    device.mark(session.id, child.id, "collected", detail="Nana (grandmother)")
    (alarm,) = device.flush()["alarms"]
    assert alarm["pupil_id"] == child.id
    assert "may not collect" in alarm["words"]
    assert "Robin" not in alarm["words"]
    device.mark(session.id, child.id, "collected", detail="robin vale (father)")
    worst = device.flush()["alarms"][0]["words"]
    assert "safeguarding lead now" in worst
    assert child.surname not in worst
    assert _door(device).get_json()["sessions"][0]["children"][0]["check"] is True
    desk = Browser(app).sign_in(office)
    assert "went with somebody who may not collect" in desk.get("office.home").text
    assert "Ring the office and the safeguarding lead" in desk.get("attendance.register_day").text
