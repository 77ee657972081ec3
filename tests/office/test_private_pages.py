"""What is private of a child leaves a line for each look; a family's objection is written down and withdrawn."""

from __future__ import annotations

from datetime import date

from flask import Flask
from sqlalchemy import select

from booking.core.access_log import AccessEntry
from booking.core.db import db
from booking.people.group_facts import objectors
from booking.provision.models import StaffAssignment
from tests.browser import Browser
from tests.builders import a_care_profile, a_family, a_place, a_pupil, a_school, a_session, a_user, save


def looks() -> list[tuple[int | None, str, int, str, str]]:
    rows = db.session.scalars(select(AccessEntry).order_by(AccessEntry.id)).all()
    db.session.rollback()
    return [(row.user_id, row.act, row.pupil_id, row.fields, row.reason) for row in rows]


def test_the_offices_page_of_a_pupil_is_noted_with_what_it_showed(app: Flask) -> None:
    a_school()
    pupil, plain, head = a_pupil(), a_user("manager"), a_user("manager", sees_groups=True)
    Browser(app).sign_in(plain).get("office.pupil", pupil_id=pupil.id)
    Browser(app).sign_in(head).get("office.pupil", pupil_id=pupil.id)
    assert looks() == [
        (plain.id, "view", pupil.id, "care,collection,contacts", "office"),
        (head.id, "view", pupil.id, "care,collection,contacts,groups", "office"),
    ]
    page = Browser(app).sign_in(head).get("office.who_saw", pupil_id=pupil.id)
    assert plain.name in page.text
    assert "care, who may collect, contacts, groups" in page.text


def test_a_register_on_screen_and_on_paper_is_noted_for_each_child(app: Flask) -> None:
    a_school()
    family = a_family(children=2)
    session = a_session()
    for pupil in family.pupils:
        a_place(family, session, pupil=pupil)
        a_care_profile(pupil)
    leader = a_user("staff")
    save(StaffAssignment(user_id=leader.id, run_id=session.run_id))
    browser = Browser(app).sign_in(leader)
    browser.get("registers.session", session_id=session.id)
    browser.get("registers.print_session", session_id=session.id, kind="door")
    browser.get("registers.print_session", session_id=session.id, kind="leader")
    ids = sorted(pupil.id for pupil in family.pupils)
    assert looks() == [
        *[(leader.id, "view", one, "care,collection", "register") for one in ids],
        *[(leader.id, "print", one, "collection", "register") for one in ids],
        *[(leader.id, "print", one, "care,collection", "register") for one in ids],
    ]


def test_an_objection_is_written_down_and_withdrawn_on_screen(app: Flask) -> None:
    a_school()
    pupil = a_pupil()
    browser = Browser(app).sign_in(a_user("manager"))
    browser.get("office.objection", pupil_id=pupil.id)
    browser.post("office.objection", {"on": ""}, expect=422, pupil_id=pupil.id)
    browser.post("office.objection", {"on": "2/11/2026"}, pupil_id=pupil.id)
    assert objectors(date(2026, 11, 2)) == {pupil.id}
    page = browser.post("office.objection", {"on": "1/11/2026"}, expect=422, pupil_id=pupil.id)
    assert "before it was received" in page.text
    browser.post("office.objection", {"on": "20/11/2026"}, pupil_id=pupil.id)
    assert (objectors(date(2026, 11, 19)), objectors(date(2026, 11, 20))) == ({pupil.id}, set())
