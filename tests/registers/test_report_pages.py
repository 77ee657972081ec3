"""Medicine, accidents and notes on screen: at the door, on a tablet by PIN, in the family's account, in the office."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from booking.core.access_log import AccessEntry
from booking.core.db import db, unit_of_work
from booking.people.medicine_models import Medicine
from booking.people.models import Guardianship, User
from booking.people.sign_in import hashed
from booking.people.tablets import find_device, make_device, set_pin
from booking.provision.models import Seller, StaffAssignment
from booking.registers.dose_models import MedicineGiven
from booking.registers.incident_models import ChildNote, Incident, IncidentAddition, IncidentReading
from tests.browser import Browser, Page
from tests.builders import (
    AT,
    a_care_profile,
    a_family,
    a_place,
    a_restriction,
    a_school,
    a_seller,
    a_session,
    a_user,
    an_activity,
    save,
)
from tests.registers.reports import WHY, a_dose, a_medicine, a_note, an_incident

WEDNESDAY = date(2026, 11, 25)
NOW = AT.replace(day=25, hour=15, minute=40)
PIN = "805317"
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


class World:
    """A child in a club with a leader and a colleague, and a medicine that may be given."""

    def __init__(self, app: Flask, **activity: object) -> None:
        a_school()
        self.app, self.family = app, a_family()
        self.child, self.parent = self.family.pupils[0], self.family.user
        a_care_profile(self.child)
        self.session = a_session(WEDNESDAY, activity_id=an_activity(**activity).id)
        a_place(self.family, self.session, price_pence=0)
        self.leader, self.other, self.office = a_user("staff"), a_user("staff"), a_user("manager")
        for user in (self.leader, self.other):
            save(StaffAssignment(user_id=user.id, run_id=self.session.run_id))
        self.medicine = a_medicine(self.child, by=self.office, said_by=self.parent)
        self.here = {"session_id": self.session.id, "pupil_id": self.child.id}

    def as_(self, user: User) -> Browser:
        """A browser of its own for somebody."""
        return Browser(self.app).sign_in(user)


@pytest.fixture
def world(app: Flask) -> World:
    return World(app)


def _all(model: type) -> list[object]:
    found = list(db.session.scalars(select(model).order_by(model.id)))  # type: ignore[attr-defined]
    return found


def test_the_register_leads_to_the_child_and_the_page_says_what_may_be_given(world: World) -> None:
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


def test_a_dose_on_a_phone_waits_for_the_second_persons_own_yes(world: World) -> None:
    leader, other = world.as_(world.leader), world.as_(world.other)
    give = {"medicine_id": world.medicine.id, **world.here}
    assert "Tick" not in leader.get("registers.give_medicine", **give).text
    data = {"given_at": "15:38", "second": "later"}
    page = leader.post("registers.give_medicine", data, expect=422, **give)
    assert "Read the box first" in page.text
    leader.post("registers.give_medicine", {**data, "checked": "y"}, expect=303, **give)
    (dose,) = _all(MedicineGiven)
    assert (dose.given_by_id, dose.second_id) == (world.leader.id, None)  # type: ignore[attr-defined]
    assert "I was there" not in leader.get("registers.child_day", **world.here).text
    page = leader.post("registers.check_dose", given_id=1, follow=True)
    assert "Somebody else must say" in page.text
    assert "I was there and checked it" in other.get("registers.child_day", **world.here).text
    other.post("registers.check_dose", given_id=1)
    text = leader.get("registers.child_day", **world.here).text
    assert f"Checked by {world.other.name}" in text


def test_a_stop_takes_a_reason_on_the_page(world: World) -> None:
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
def tablet(world: World) -> Browser:
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


def test_on_a_tablet_the_second_person_types_their_own_pin(world: World, tablet: Browser) -> None:
    give = {"medicine_id": world.medicine.id, **world.here}
    page = tablet.get("registers.give_medicine", **give)
    later, key = _keys(page)
    assert later == "later"
    assert world.leader.name not in [option.text for option in page.all(".//select[@name='second']/option")]
    data = {"given_at": "15:40", "checked": "y", "second": key}
    for wrong in ("", "111222"):
        page = tablet.post("registers.give_medicine", {**data, "pin": wrong}, expect=422, **give)
        assert "PIN is not right" in page.text
    assert _all(MedicineGiven) == []
    tablet.post("registers.give_medicine", {**data, "pin": PIN}, expect=303, **give)
    (dose,) = _all(MedicineGiven)
    assert (dose.second_id, dose.second_how) == (world.other.id, "pin")  # type: ignore[attr-defined]


def test_five_wrong_pins_lock_it_here_too(world: World, tablet: Browser) -> None:
    give = {"medicine_id": world.medicine.id, **world.here}
    key = _keys(tablet.get("registers.give_medicine", **give))[1]
    data = {"given_at": "15:40", "checked": "y", "second": key}
    for _ in range(5):
        tablet.post("registers.give_medicine", {**data, "pin": "111222"}, expect=422, **give)
    page = tablet.post("registers.give_medicine", {**data, "pin": PIN}, expect=422, **give)
    assert "PIN is not right" in page.text


def test_a_pin_opens_the_pages_at_the_door_and_neither_family_nor_office(
    world: World, tablet: Browser
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


def test_taking_a_dose_back_needs_who_wrote_it_or_the_office(world: World) -> None:
    a_dose(world.medicine, world.session, by=world.other, at=NOW)
    why = {"why": "Pressed for the wrong child"}
    page = world.as_(world.leader).post("registers.take_dose_back", why, expect=422, given_id=1)
    assert "Only who wrote it down" in page.text
    world.as_(world.office).post("registers.take_dose_back", why, given_id=1)
    assert "May be given now" in world.as_(world.leader).get("registers.child_day", **world.here).text
    text = world.as_(world.office).get("incidents.doses").text
    assert "Was taken back" in text
    world.as_(world.leader).get("registers.take_dose_back", expect=404, given_id=1)


def test_an_accident_is_written_at_the_door_and_read_and_signed_at_home(world: World) -> None:
    browser = world.as_(world.leader)
    page = browser.post("registers.write_accident", ACCIDENT, follow=True, **world.here)
    assert "1 adult is told" in page.text
    assert "Head bump." in page.text
    assert f"{world.parent.name} : not yet" in page.text
    assert len(_all(Incident)) == 1
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
    assert [one.user_id for one in _all(IncidentReading)] == [world.parent.id]  # type: ignore[attr-defined]
    assert "read on Wednesday" in browser.get("registers.incident", incident_id=1).text
    assert "Please read and sign" not in parent.get("bookings.mine").text


def test_what_was_added_meanwhile_is_not_signed_unread(world: World) -> None:
    an_incident(world.session, world.child, by=world.leader, at=NOW)
    parent = world.as_(world.parent)
    seen = parent.get("incidents.read_accident", incident_id=1).field("seen")
    data = {"kind": "correction", "words": "It was the left arm"}
    world.as_(world.leader).post("registers.incident", data, incident_id=1)
    page = parent.post("incidents.read_accident", {"seen": seen}, follow=True, incident_id=1)
    assert "Something was added since" in page.text
    assert "It was the left arm" in page.text
    assert _all(IncidentReading) == []


def test_answers_are_kept_when_a_report_is_not_whole(world: World) -> None:
    data = {**ACCIDENT, "parts": [], "happened_at": "quarter to four"}
    page = world.as_(world.leader).post("registers.write_accident", data, expect=422, **world.here)
    assert "Choose where the child is hurt" in page.text
    assert "Enter the time" in page.text
    assert "Slipped on the mat" in page.text
    assert page.field("happened_at") == "quarter to four"
    late = {**ACCIDENT, "happened_at": "15.55"}
    page = world.as_(world.leader).post("registers.write_accident", late, expect=422, **world.here)
    assert "still to come" in page.text
    assert _all(Incident) == []


def test_a_near_miss_goes_to_the_office_and_no_other_staff(world: World) -> None:
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


def test_staff_add_what_the_family_reads_and_the_office_alone_decides(world: World) -> None:
    an_incident(world.session, world.child, by=world.leader, at=NOW, afterwards="hospital")
    leader = world.as_(world.leader)
    page = leader.get("registers.incident", incident_id=1)
    assert "Ring the office now" in page.text
    assert "Reported under RIDDOR" not in page.text
    page = leader.post("registers.incident", {"kind": "riddor_not", "words": "No"}, expect=422, incident_id=1)
    assert _all(IncidentAddition) == []
    world.as_(world.office).post(
        "registers.incident", {"kind": "office", "words": "Ring the LA"}, incident_id=1
    )
    assert "Ring the LA" not in leader.get("registers.incident", incident_id=1).text
    assert "Ring the LA" not in world.as_(world.parent).get("incidents.read_accident", incident_id=1).text


def test_a_restricted_adult_and_a_strangers_parent_read_nothing(world: World) -> None:
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


def test_somebody_of_the_office_who_is_barred_reads_nothing_of_that_child(world: World) -> None:
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


def test_a_note_stands_on_the_childs_day_and_reaches_the_family_when_it_says_so(world: World) -> None:
    leader, parent = world.as_(world.leader), world.as_(world.parent)
    leader.post("registers.write_note", {"words": "Quiet, ate little"}, **world.here)
    assert "Quiet, ate little" in leader.get("registers.child_day", **world.here).text
    assert "Quiet" not in parent.get("incidents.to_read").text
    leader.post("registers.write_note", {"words": "Lost a tooth", "for_family": "y"}, **world.here)
    assert "Lost a tooth" in parent.get("incidents.to_read").text
    assert len(_all(ChildNote)) == 2


def test_an_outside_provider_sees_its_own_session_and_medicine_but_no_other_notes(app: Flask) -> None:
    world = World(app, seller_id=a_seller(name="Acme Gym", is_school=False).id)
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


def test_a_parent_agrees_to_a_medicine_and_stops_it(world: World) -> None:
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


def test_the_office_writes_down_what_was_signed_on_paper(world: World) -> None:
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


def _rows(page: Page) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(page.response.get_data(as_text=True).removeprefix("\ufeff"))))


def test_the_office_lists_by_day_and_kind_and_takes_a_file(world: World) -> None:
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


def test_each_look_leaves_a_line(world: World) -> None:
    an_incident(world.session, world.child, by=world.leader, at=NOW)
    before = db.session.query(AccessEntry).count()
    world.as_(world.parent).get("incidents.read_accident", incident_id=1)
    world.as_(world.leader).get("registers.child_day", **world.here)
    world.as_(world.leader).get("registers.incident", incident_id=1)
    world.as_(world.leader).get("registers.print_incident", incident_id=1)
    world.as_(world.office).get("incidents.reports")
    assert db.session.query(AccessEntry).count() - before == 5
