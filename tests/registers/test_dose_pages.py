"""Medicine on screen: on a phone and on a tablet by PIN, in the family's account, in the office."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from booking.core.db import db, unit_of_work
from booking.people.medicine_models import Medicine
from booking.people.models import Guardianship
from booking.people.sign_in import hashed
from booking.people.tablets import find_device, make_device, set_pin
from booking.registers.dose_models import MedicineGiven
from tests.browser import Browser, Page
from tests.builders import (
    a_user,
)
from tests.registers.door_world import NOW, DoorWorld, all_of
from tests.registers.reports import WHY, a_dose, a_medicine

PIN = "805317"


@pytest.fixture(autouse=True)
def wednesday() -> Iterator[None]:
    """In the middle of the club."""
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def world(app: Flask) -> DoorWorld:
    return DoorWorld(app)


def test_a_dose_on_a_phone_waits_for_the_second_persons_own_yes(world: DoorWorld) -> None:
    leader, other = world.as_(world.leader), world.as_(world.other)
    give = {"medicine_id": world.medicine.id, **world.here}
    assert "Tick" not in leader.get("registers.give_medicine", **give).text
    data = {"given_at": "15:38", "second": "later"}
    page = leader.post("registers.give_medicine", data, expect=422, **give)
    assert "Read the box first" in page.text
    leader.post("registers.give_medicine", {**data, "checked": "y"}, expect=303, **give)
    (dose,) = all_of(MedicineGiven)
    assert (dose.given_by_id, dose.second_id) == (world.leader.id, None)  # type: ignore[attr-defined]
    assert "I was there" not in leader.get("registers.child_day", **world.here).text
    page = leader.post("registers.check_dose", given_id=1, follow=True)
    assert "Somebody else must say" in page.text
    assert "I was there and checked it" in other.get("registers.child_day", **world.here).text
    other.post("registers.check_dose", given_id=1)
    text = leader.get("registers.child_day", **world.here).text
    assert f"Checked by {world.other.name}" in text


def test_a_stop_takes_a_reason_on_the_page(world: DoorWorld) -> None:
    a_dose(world.medicine, world.session, by=world.other, at=NOW - timedelta(hours=1))
    browser, give = world.as_(world.leader), {"medicine_id": world.medicine.id, **world.here}
    assert "Why do you go on" in browser.get("registers.give_medicine", **give).text
    data = {"given_at": "15:40", "second": "later", "checked": "y"}
    page = browser.post("registers.give_medicine", data, expect=422, **give)
    assert "Stop." in page.text
    assert "Not before 18:40" in page.text
    browser.post("registers.give_medicine", {**data, "why": WHY}, expect=303, **give)
    assert WHY in browser.get("registers.child_day", **world.here).text
    assert "Past a stop" in world.as_(world.office).get("incidents.doses").text


@pytest.fixture
def tablet(world: DoorWorld) -> Browser:
    """A tablet at the door, on which the colleague has a PIN; the leader is signed in on it."""
    with unit_of_work():
        token = make_device("Hall door", at=NOW, by=world.office.id)
        device = find_device(token)
        assert device is not None
        set_pin(device, db.session.merge(world.other), hashed(PIN), at=NOW)
        set_pin(device, db.session.merge(world.leader), hashed(PIN), at=NOW)
    browser = world.as_(world.leader)
    browser.client.set_cookie("tablet", token)
    return browser


def _keys(page: Page) -> list[str]:
    return [one.get("value") or "" for one in page.all(".//select[@name='second']/option")]


def test_on_a_tablet_the_second_person_types_their_own_pin(world: DoorWorld, tablet: Browser) -> None:
    give = {"medicine_id": world.medicine.id, **world.here}
    page = tablet.get("registers.give_medicine", **give)
    later, key = _keys(page)
    assert later == "later"
    assert world.leader.name not in [option.text for option in page.all(".//select[@name='second']/option")]
    data = {"given_at": "15:40", "checked": "y", "second": key}
    for wrong in ("", "111222"):
        page = tablet.post("registers.give_medicine", {**data, "pin": wrong}, expect=422, **give)
        assert "PIN is not right" in page.text
    assert all_of(MedicineGiven) == []
    tablet.post("registers.give_medicine", {**data, "pin": PIN}, expect=303, **give)
    (dose,) = all_of(MedicineGiven)
    assert (dose.second_id, dose.second_how) == (world.other.id, "pin")  # type: ignore[attr-defined]


def test_five_wrong_pins_lock_it_here_too(world: DoorWorld, tablet: Browser) -> None:
    give = {"medicine_id": world.medicine.id, **world.here}
    key = _keys(tablet.get("registers.give_medicine", **give))[1]
    data = {"given_at": "15:40", "checked": "y", "second": key}
    for _ in range(5):
        tablet.post("registers.give_medicine", {**data, "pin": "111222"}, expect=422, **give)
    page = tablet.post("registers.give_medicine", {**data, "pin": PIN}, expect=422, **give)
    assert "PIN is not right" in page.text


def test_a_pin_opens_the_pages_at_the_door_and_neither_family_nor_office(
    world: DoorWorld, tablet: Browser
) -> None:
    tablet.post("people.sign_out")
    page = tablet.get("people.tablet")
    labels = {one.get("for"): "".join(one.itertext()) for one in page.all(".//label")}
    key = next(
        one.get("value")
        for one in page.all(".//input[@type='radio']")
        if world.leader.name in labels[one.get("id")]
    )
    tablet.post("people.tablet", {"who": key, "pin": PIN})
    tablet.get("registers.child_day", **world.here)
    tablet.get("registers.write_accident", **world.here)
    for endpoint in ("incidents.to_read", "incidents.reports", "incidents.doses_csv"):
        tablet.get(endpoint, expect=403)


def test_taking_a_dose_back_needs_who_wrote_it_or_the_office(world: DoorWorld) -> None:
    a_dose(world.medicine, world.session, by=world.other, at=NOW)
    why = {"why": "Pressed for the wrong child"}
    page = world.as_(world.leader).post("registers.take_dose_back", why, expect=422, given_id=1)
    assert "Only who wrote it down" in page.text
    world.as_(world.office).post("registers.take_dose_back", why, given_id=1)
    assert "May be given now" in world.as_(world.leader).get("registers.child_day", **world.here).text
    text = world.as_(world.office).get("incidents.doses").text
    assert "Was taken back" in text
    world.as_(world.leader).get("registers.take_dose_back", expect=404, given_id=1)


def test_a_parent_agrees_to_a_medicine_and_stops_it(world: DoorWorld) -> None:
    parent, ids = world.as_(world.parent), {"pupil_id": world.child.id}
    assert "Medicine that staff may give" in parent.get("bookings.child", **ids).text
    data = {
        "name": "Salbutamol",
        "dose": "2 puffs",
        "when": "When wheezing",
        "hours": "0",
        "most_a_day": "6",
        "starts_on": "2026-11-25",
        "ends_on": "18/12/2026",
    }
    page = parent.post("incidents.medicines", {**data, "hours": ""}, expect=422, **ids)
    assert "0 means as often as it is needed" in page.text
    page = parent.post("incidents.medicines", {**data, "hours": "99"}, expect=422, **ids)
    assert "from 0 to 48" in page.text
    page = parent.post("incidents.medicines", data, follow=True, **ids)
    assert "Staff may give it" in page.text
    made = db.session.scalars(select(Medicine).order_by(Medicine.id.desc())).first()
    assert made is not None
    assert (made.said_by_id, made.ends_on, made.every_minutes) == (world.parent.id, date(2026, 12, 18), 0)
    parent.post("incidents.stop_childs_medicine", medicine_id=made.id, **ids)
    assert "Salbutamol" not in world.as_(world.leader).get("registers.child_day", **world.here).text
    with unit_of_work():
        db.session.scalars(select(Guardianship)).one().parental_responsibility = "not_known"
    page = parent.post("incidents.medicines", data, expect=422, **ids)
    assert "we do not know that you have it" in page.text


def test_the_office_writes_down_what_was_signed_on_paper(world: DoorWorld) -> None:
    office, ids = world.as_(world.office), {"pupil_id": world.child.id}
    assert "Medicine that staff may give" in office.get("office.pupil", **ids).text
    data = {
        "name": "Antibiotic",
        "dose": "5 ml",
        "when": "After a meal",
        "hours": "6",
        "most_a_day": "1",
        "starts_on": "2026-11-25",
        "told_by": world.parent.id,
        "source": "paper",
    }
    office.post("incidents.told_medicine", data, **ids)
    made = db.session.scalars(select(Medicine).order_by(Medicine.id.desc())).first()
    assert made is not None
    assert (made.said_by_id, made.source, made.recorded_by_id) == (world.parent.id, "paper", world.office.id)
    assert "Antibiotic" in office.get("incidents.told_medicine", **ids).text
    office.post("incidents.stop_told_medicine", medicine_id=made.id, **ids)
    assert "Antibiotic" not in office.get("incidents.told_medicine", **ids).text


def test_a_dose_that_is_pressed_twice_is_kept_once(world: DoorWorld) -> None:
    inhaler = a_medicine(world.child, by=world.office, name="Salbutamol", every_minutes=0, most_a_day=6)
    give = {"medicine_id": inhaler.id, **world.here}
    leader = world.as_(world.leader)
    once = leader.get("registers.give_medicine", **give).field("once")
    data = {"given_at": "15:40", "second": "later", "checked": "y", "once": once}
    for _ in range(2):
        leader.post("registers.give_medicine", data, expect=303, **give)
    assert len(all_of(MedicineGiven)) == 1


def test_the_office_is_told_of_two_doses_of_one_medicine(world: DoorWorld) -> None:
    office = world.as_(world.office)
    assert "Nobody disagrees" in office.get("office.care_disputes").text
    a_medicine(world.child, by=world.office, said_by=a_user("parent"), name="CALPROFEN", dose="10 ml")
    assert "5 ml or 10 ml" in office.get("office.care_disputes").text
    assert "child of whom two adults tell different" in office.get("office.home").text
    assert (
        "Two adults tell different doses"
        in world.as_(world.leader).get("registers.child_day", **world.here).text
    )
