"""Reports are kept to the 25th birthday, also of an erased child; what is a child's is in an access request."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from flask import Flask

from booking.core.db import Base, db, unit_of_work
from booking.office.access_request import what_is_held
from booking.office.erasure import ask_erasure, confirm_erasure
from booking.office.report_keeping import what_stays
from booking.office.retention import apply_rules, due, end_hold, hold
from booking.people.medicine_models import Medicine
from booking.people.models import Pupil
from booking.provision.models import Session
from booking.registers.dose_models import MedicineGiven
from booking.registers.doses import take_back
from booking.registers.incident_models import ChildNote, Incident, IncidentAddition, IncidentReading
from booking.registers.incident_reading import say_read
from booking.registers.incidents import add_to
from tests.builders import AT, Family, a_family, a_place, a_school, a_session, a_user
from tests.registers.reports import a_dose, a_medicine, a_note, an_incident

MONDAY = date(2026, 11, 23)
BIRTHDAY = AT.replace(year=2043, month=10, day=5)
REPORTS: tuple[type[Base], ...] = (
    Incident,
    IncidentAddition,
    IncidentReading,
    MedicineGiven,
    Medicine,
    ChildNote,
)


class World:
    """A child with an accident that was added to and read, a dose and one taken back, two agreements and a note."""

    def __init__(self) -> None:
        a_school()
        self.family: Family = a_family()
        self.child: Pupil = self.family.pupils[0]
        self.session: Session = a_session(MONDAY)
        a_place(self.family, self.session, price_pence=0)
        self.leader, self.office = a_user("staff"), a_user("manager", approves=True)
        used = a_medicine(self.child, by=self.leader, name="Usedol")
        a_medicine(self.child, by=self.leader, name="Neverol")
        wrong = a_dose(used, self.session, by=self.leader)
        with unit_of_work():
            take_back(wrong.id, "It was another child", at=AT, by=self.leader)
        a_dose(used, self.session, by=self.leader)
        found = an_incident(self.session, self.child, by=self.leader)
        with unit_of_work():
            added = add_to(found.id, "correction", "The left arm", at=AT, user_id=self.leader.id)
            say_read(found.id, db.session.merge(self.family.user), seen=added.id, at=AT, on=MONDAY)
        a_note(self.session, self.child, "Quiet", by=self.leader)

    def leaves(self, on: date = MONDAY) -> None:
        """The child is off the roll from a day on."""
        with unit_of_work():
            child = db.session.get_one(Pupil, self.child.id)
            child.status, child.left_on = "left", on


@pytest.fixture
def world(app: Flask) -> World:
    return World()


def _counts() -> list[int]:
    found = [db.session.query(model).count() for model in REPORTS]
    db.session.rollback()
    return found


def _due(at: object) -> dict[str, int]:
    found = {one.rule.name: len(one.ids) for one in due(at) if one.ids}  # type: ignore[arg-type]
    db.session.rollback()
    return found


def test_reports_go_on_the_25th_birthday_and_not_a_day_before(world: World) -> None:
    world.leaves()
    before = BIRTHDAY - timedelta(days=1)
    with unit_of_work():
        apply_rules(at=before, user_id=None)
    assert _counts() == [1, 1, 1, 3, 1, 0], "the note and the agreement that nothing was given by went before"
    with unit_of_work():
        apply_rules(at=BIRTHDAY, user_id=None)
    assert _counts() == [0, 0, 0, 0, 0, 0]


def test_a_legal_hold_overrides_it(world: World) -> None:
    world.leaves()
    with unit_of_work():
        held = hold(world.child.id, "A claim", MONDAY, at=AT, user_id=world.office.id)
    assert not {"reports", "notes", "medicine"} & set(_due(BIRTHDAY))
    with unit_of_work():
        end_hold(held.id, at=AT, user_id=world.office.id)
    assert {"reports", "notes", "medicine"} <= set(_due(BIRTHDAY))


def test_a_birthday_that_was_put_right_keeps_them_longer(world: World) -> None:
    with unit_of_work():
        db.session.get_one(Pupil, world.child.id).date_of_birth = date(2019, 10, 5)
    assert "reports" not in _due(BIRTHDAY)
    assert _due(BIRTHDAY.replace(year=2044))["reports"] == 4


def test_notes_are_kept_as_long_as_a_register(world: World) -> None:
    assert "notes" not in _due(AT + timedelta(days=2190))
    assert _due(AT + timedelta(days=2191))["notes"] == 1


def test_a_near_miss_of_no_child_is_kept_as_long_as_a_register(world: World) -> None:
    an_incident(world.session, None, by=world.leader, kind="near_miss")
    assert "reports" not in _due(AT + timedelta(days=2189))
    assert _due(AT + timedelta(days=2190))["reports"] == 1


def test_agreements_of_a_leaver_that_nothing_was_given_by_go_with_their_care(world: World) -> None:
    world.leaves()
    assert "medicine" not in _due(AT + timedelta(days=29))
    with unit_of_work():
        apply_rules(at=AT + timedelta(days=31), user_id=None)
    assert [one.name for one in db.session.query(Medicine)] == ["Usedol"]


def test_an_erasure_says_what_stays_and_it_stays_to_the_exact_birthday(world: World) -> None:
    world.leaves()
    assert what_stays(world.child.id) == {"accidents and near misses": 1, "medicine given": 3}
    db.session.rollback()
    with unit_of_work():
        made = ask_erasure(pupil_id=world.child.id, reason="Asked", at=AT, by=world.leader.id)
    with unit_of_work():
        confirm_erasure(made.id, at=AT, by=world.office)
    assert _counts() == [1, 1, 1, 3, 1, 0]
    assert db.session.get_one(Pupil, world.child.id).date_of_birth == date(2018, 1, 1)
    assert "reports" not in _due(BIRTHDAY - timedelta(days=1))
    assert _due(BIRTHDAY)["reports"] == 4


def test_an_access_request_holds_what_is_the_childs_and_not_what_another_adult_agreed_to(
    world: World,
) -> None:
    friend = a_user("parent")
    a_medicine(world.child, by=world.leader, said_by=friend, name="Otheral")
    held = what_is_held(world.family.user, at=AT)["held"]
    assert held["incident"][0]["what"] == "Fell from the climbing frame"
    assert held["incident_addition"][0]["words"] == "The left arm"
    assert held["child_note"][0]["words"] == "Quiet"
    assert {row["name"] for row in held["medicine_given"]} == {"Usedol"}
    assert {row["name"] for row in held["medicine"]} == {"Usedol", "Neverol"}
    assert held["incident_reading"]
    stranger = what_is_held(a_family().user, at=AT)["held"]
    assert not {"incident", "medicine", "medicine_given", "child_note"} & set(stranger)
