"""Medicine, accidents and notes on screen: at the door, on a tablet by PIN, in the family's account, in the office."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from booking.core.access_log import AccessEntry
from booking.core.db import db, unit_of_work
from booking.provision.models import Seller
from booking.registers.incident_models import ChildNote, Incident, IncidentAddition, IncidentReading
from tests.browser import Page
from tests.builders import (
    a_family,
    a_place,
    a_restriction,
    a_seller,
    a_session,
    a_user,
)
from tests.registers.door_world import NOW, WEDNESDAY, DoorWorld, all_of
from tests.registers.reports import a_dose, a_note, an_incident

ACCIDENT = {
    "happened_on": "2026-11-25",
    "happened_at": "15:35",
    "where": "Main hall",
    "what": "Slipped on the mat",
    "parts": ["head", "knee"],
    "side": "left",
    "injuries": ["bump"],
    "first_aid": "Cold pack",
    "first_aid_by": "Ms Adeyemi",
    "afterwards": "stayed",
    "told": "phone",
    "told_whom": "Mum",
}


@pytest.fixture(autouse=True)
def wednesday() -> Iterator[None]:
    """In the middle of the club."""
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def world(app: Flask) -> DoorWorld:
    return DoorWorld(app)


def test_the_register_leads_to_the_child_and_the_page_says_what_may_be_given(world: DoorWorld) -> None:
    browser = world.as_(world.leader)
    assert "Medicine, accident or note" in browser.get("registers.session", session_id=world.session.id).text
    text = browser.get("registers.child_day", **world.here).text
    assert "May be given now" in text
    assert "Calprofen : 5 ml" in text
    a_dose(world.medicine, world.session, by=world.other, at=NOW)
    text = browser.get("registers.child_day", **world.here).text
    assert "Stop." in text
    assert "Not before 19:40" in text
    assert "Waits for a second person" in text


def test_an_accident_is_written_at_the_door_and_read_and_signed_at_home(world: DoorWorld) -> None:
    browser = world.as_(world.leader)
    page = browser.post("registers.write_accident", ACCIDENT, follow=True, **world.here)
    assert "1 adult is told" in page.text
    assert "Head bump." in page.text
    assert f"{world.parent.name} : not yet" in page.text
    assert len(all_of(Incident)) == 1
    parent = world.as_(world.parent)
    for endpoint in ("bookings.children", "bookings.mine"):
        assert "Please read and sign: 1 accident" in parent.get(endpoint).text
    assert "Not signed yet" in parent.get("incidents.to_read").text
    page = parent.get("incidents.read_accident", incident_id=1)
    for words in (
        "Slipped on the mat",
        "Cold pack",
        "Ms Adeyemi",
        "Ring 999",
        "Head, knee (left): bump or bruise",
    ):
        assert words in page.text
    assert parent.get("incidents.accident_paper", incident_id=1).response.mimetype == "application/pdf"
    page = parent.post("incidents.read_accident", {"seen": page.field("seen")}, follow=True, incident_id=1)
    assert "You have read this" in page.text
    assert [one.user_id for one in all_of(IncidentReading)] == [world.parent.id]  # type: ignore[attr-defined]
    assert "read on Wednesday" in browser.get("registers.incident", incident_id=1).text
    assert "Please read and sign" not in parent.get("bookings.mine").text


def test_what_was_added_meanwhile_is_not_signed_unread(world: DoorWorld) -> None:
    an_incident(world.session, world.child, by=world.leader, at=NOW)
    parent = world.as_(world.parent)
    seen = parent.get("incidents.read_accident", incident_id=1).field("seen")
    data = {"kind": "correction", "words": "It was the left arm"}
    world.as_(world.leader).post("registers.incident", data, incident_id=1)
    page = parent.post("incidents.read_accident", {"seen": seen}, follow=True, incident_id=1)
    assert "Something was added since" in page.text
    assert "It was the left arm" in page.text
    assert all_of(IncidentReading) == []


def test_answers_are_kept_when_a_report_is_not_whole(world: DoorWorld) -> None:
    data = {**ACCIDENT, "parts": [], "happened_at": "quarter to four"}
    page = world.as_(world.leader).post("registers.write_accident", data, expect=422, **world.here)
    assert "Choose where the child is hurt" in page.text
    assert "Enter the time" in page.text
    assert "Slipped on the mat" in page.text
    assert page.field("happened_at") == "quarter to four"
    late = {**ACCIDENT, "happened_at": "15.55"}
    page = world.as_(world.leader).post("registers.write_accident", late, expect=422, **world.here)
    assert "still to come" in page.text
    assert all_of(Incident) == []


def test_a_near_miss_goes_to_the_office_and_no_other_staff(world: DoorWorld) -> None:
    data = {
        "happened_on": "25/11/2026",
        "happened_at": "15:30",
        "where": "Hall",
        "what": "The hook of the rope came out",
        "pupil_id": world.child.id,
        "danger": "collapse",
    }
    leader = world.as_(world.leader)
    page = leader.post("registers.write_near_miss", data, follow=True, session_id=world.session.id)
    assert "The office has it, and nobody else" in page.text
    leader.get("registers.incident", expect=404, incident_id=1)
    leader.get("registers.print_incident", expect=404, incident_id=1)
    assert "rope" not in leader.get("registers.child_day", **world.here).text
    parent = world.as_(world.parent)
    parent.get("incidents.read_accident", expect=404, incident_id=1)
    assert "Nothing waits for you" in parent.get("incidents.to_read").text
    office = world.as_(world.office)
    assert "RIDDOR: decide" in office.get("incidents.reports").text
    assert "report may fall under RIDDOR" in office.get("office.home").text
    assert "dangerous occurrence" in office.get("registers.incident", incident_id=1).text
    office.post("registers.incident", {"kind": "riddor_not", "words": "No load hung on it"}, incident_id=1)
    assert "RIDDOR: decide" not in office.get("incidents.reports").text


def test_staff_add_what_the_family_reads_and_the_office_alone_decides(world: DoorWorld) -> None:
    an_incident(world.session, world.child, by=world.leader, at=NOW, afterwards="hospital")
    leader = world.as_(world.leader)
    page = leader.get("registers.incident", incident_id=1)
    assert "Ring the office now" in page.text
    assert "Reported under RIDDOR" not in page.text
    page = leader.post("registers.incident", {"kind": "riddor_not", "words": "No"}, expect=422, incident_id=1)
    assert all_of(IncidentAddition) == []
    world.as_(world.office).post(
        "registers.incident", {"kind": "office", "words": "Ring the LA"}, incident_id=1
    )
    assert "Ring the LA" not in leader.get("registers.incident", incident_id=1).text
    assert "Ring the LA" not in world.as_(world.parent).get("incidents.read_accident", incident_id=1).text


def test_a_restricted_adult_and_a_strangers_parent_read_nothing(world: DoorWorld) -> None:
    an_incident(world.session, world.child, by=world.leader, at=NOW)
    a_note(world.session, world.child, "Lost a tooth", by=world.leader, for_family=True, at=NOW)
    parent, stranger = world.as_(world.parent), world.as_(a_family().user)
    assert "Lost a tooth" in parent.get("incidents.to_read").text
    with unit_of_work():
        made = a_restriction(world.child, world.parent, by=world.office)
        made.confirmed_by_id, made.confirmed_at = world.leader.id, NOW
    for browser in (parent, stranger):
        assert world.child.first_name not in browser.get("incidents.to_read").text
        for endpoint in ("incidents.read_accident", "incidents.accident_paper"):
            browser.get(endpoint, expect=404, incident_id=1)
        browser.post("incidents.read_accident", {"seen": 0}, expect=404, incident_id=1)
        browser.get("incidents.medicines", expect=404, pupil_id=world.child.id)
        ids = {"pupil_id": world.child.id, "medicine_id": world.medicine.id}
        browser.post("incidents.stop_childs_medicine", expect=404, **ids)
    assert "Please read and sign" not in parent.get("bookings.mine").text
    assert world.medicine.is_living(WEDNESDAY)


def test_somebody_of_the_office_who_is_barred_reads_nothing_of_that_child(world: DoorWorld) -> None:
    an_incident(world.session, world.child, by=world.leader, at=NOW)
    a_dose(world.medicine, world.session, by=world.leader, at=NOW)
    with unit_of_work():
        made = a_restriction(world.child, world.office, by=world.leader)
        made.confirmed_by_id, made.confirmed_at = world.other.id, NOW
    office = world.as_(world.office)
    assert world.child.surname not in office.get("incidents.reports").text
    assert "Calprofen" not in office.get("incidents.doses").text
    assert "Calprofen" not in office.get("incidents.doses_csv").response.get_data(as_text=True)
    office.get("registers.incident", expect=404, incident_id=1)
    office.get("incidents.told_medicine", expect=404, pupil_id=world.child.id)


def test_a_note_stands_on_the_childs_day_and_reaches_the_family_when_it_says_so(world: DoorWorld) -> None:
    leader, parent = world.as_(world.leader), world.as_(world.parent)
    leader.post("registers.write_note", {"words": "Quiet, ate little"}, **world.here)
    assert "Quiet, ate little" in leader.get("registers.child_day", **world.here).text
    assert "Quiet" not in parent.get("incidents.to_read").text
    leader.post("registers.write_note", {"words": "Lost a tooth", "for_family": "y"}, **world.here)
    assert "Lost a tooth" in parent.get("incidents.to_read").text
    assert len(all_of(ChildNote)) == 2


def test_an_outside_provider_sees_its_own_session_and_medicine_but_no_other_notes(app: Flask) -> None:
    world = DoorWorld(app, seller_id=a_seller(name="Acme Gym", is_school=False).id)
    seller_id = db.session.scalars(select(Seller.id).where(Seller.name == "Acme Gym")).one()
    coach, school_club = a_user("staff", seller_id=seller_id), a_session(WEDNESDAY)
    a_place(world.family, school_club, price_pence=0)
    a_note(school_club, world.child, "Cried at break", by=world.leader, at=NOW)
    a_note(world.session, world.child, "Learnt a cartwheel", by=coach, at=NOW)
    hurt = an_incident(school_club, world.child, by=world.leader, at=NOW)
    own = an_incident(world.session, world.child, by=coach, at=NOW)
    a_dose(world.medicine, school_club, by=world.leader, at=NOW)
    browser = world.as_(coach)
    text = browser.get("registers.child_day", **world.here).text
    assert "Learnt a cartwheel" in text
    assert "Cried at break" not in text
    assert "Not before 19:40" in text, "what safety needs is seen whoever gave it"
    browser.get("registers.incident", expect=404, incident_id=hurt.id)
    text = browser.get("registers.incident", incident_id=own.id).text
    assert "0 of 1 adult have read it" in text
    assert world.parent.name not in text


def _rows(page: Page) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(page.response.get_data(as_text=True).removeprefix("\ufeff"))))


def test_the_office_lists_by_day_and_kind_and_takes_a_file(world: DoorWorld) -> None:
    an_incident(
        world.session, world.child, by=world.leader, at=NOW, what="=cmd fell", told="phone", told_whom="Mum"
    )
    an_incident(world.session, None, by=world.leader, at=NOW, kind="near_miss", what="Loose hook")
    a_dose(world.medicine, world.session, by=world.leader, second=world.other, at=NOW)
    office = world.as_(world.office)
    assert "2 reports" in office.get("incidents.reports").text
    assert "1 report" in office.get("incidents.reports", kind="near_miss").text
    past = {"first": "2026-01-01", "last": "2026-02-01"}
    assert "Nothing was written down" in office.get("incidents.reports", **past).text
    assert "No medicine was given" in office.get("incidents.doses", **past).text
    assert "2 reports" in office.get("incidents.reports", first="rubbish", kind="dragons").text
    rows = _rows(office.get("incidents.reports_csv"))
    assert [row["Kind"] for row in rows] == ["Near miss", "Accident"]
    assert rows[1]["What happened"] == "'=cmd fell", "what somebody typed is no formula"
    assert rows[1]["Read by the family"] == "Not read yet"
    assert [row["Second person"] for row in _rows(office.get("incidents.doses_csv"))] == [world.other.name]
    exports = db.session.scalars(select(AccessEntry.reason).where(AccessEntry.act == "export")).all()
    assert sorted(exports) == ["incident", "medicine_given"]


def test_each_look_leaves_a_line(world: DoorWorld) -> None:
    an_incident(world.session, world.child, by=world.leader, at=NOW)
    before = db.session.query(AccessEntry).count()
    world.as_(world.parent).get("incidents.read_accident", incident_id=1)
    world.as_(world.leader).get("registers.child_day", **world.here)
    world.as_(world.leader).get("registers.incident", incident_id=1)
    world.as_(world.leader).get("registers.print_incident", incident_id=1)
    world.as_(world.office).get("incidents.reports")
    assert db.session.query(AccessEntry).count() - before == 5


def test_a_form_that_is_pressed_twice_is_kept_once(world: DoorWorld) -> None:
    leader = world.as_(world.leader)
    near = {name: ACCIDENT[name] for name in ("happened_on", "happened_at", "where", "what")}
    for endpoint, data, model, ids in (
        ("registers.write_accident", ACCIDENT, Incident, world.here),
        ("registers.write_note", {"words": "Quiet"}, ChildNote, world.here),
        ("registers.write_near_miss", {**near, "pupil_id": 0}, Incident, {"session_id": world.session.id}),
    ):
        before = len(all_of(model))
        once = leader.get(endpoint, **ids).field("once")
        for _ in range(2):
            leader.post(endpoint, {**data, "once": once}, **ids)
        assert len(all_of(model)) == before + 1, endpoint
        leader.post(endpoint, {**data, "once": "rubbish"}, **ids)
        assert len(all_of(model)) == before + 2, "another page is another report"
