"""The office keeps staff records and rotas, publishes its rule, and sees a week ahead what will not be enough."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from booking.core.db import db, unit_of_work
from booking.office.rotas import WrongFirm, keep_record, week_ahead
from booking.people.models import User
from booking.provision.rota import staffing_of
from booking.provision.staff import StaffDetails
from booking.provision.staff_models import RotaChange, RotaLine, StaffCertificate, StaffRecord
from booking.registers.expected import sessions_for
from tests.browser import Browser
from tests.builders import (
    AT,
    a_family,
    a_place,
    a_run,
    a_seller,
    a_session,
    a_user,
)
from tests.staff_builders import (
    YEAR_STARTS,
    a_staff_record,
    a_staffed_run,
    for_the_day,
    on_rota,
)

WEDNESDAY = date(2026, 11, 25)
RECORD = {
    "name": "Nasima Rahman",
    "user_id": "0",
    "seller_id": "0",
    "ratio_role": "leader",
    "counts_in_ratio": "y",
    "level": "3",
    "dbs_checked_on": "1/9/2026",
    "starts_on": "1/9/2026",
    "ends_on": "",
}


def the_record() -> StaffRecord:
    db.session.rollback()
    return db.session.scalars(select(StaffRecord)).one()


def test_a_record_is_kept_with_what_was_seen_and_its_certificate_counts_until_its_last_day(
    manager: Browser,
) -> None:
    user = a_user("staff", name="Nasima Rahman")
    manager.post("staffing.add_staff", {**RECORD, "name": ""}, expect=422)
    manager.post("staffing.add_staff", {**RECORD, "user_id": user.id})
    record = the_record()
    assert (record.user_id, record.level, record.dbs_checked_on) == (user.id, 3, date(2026, 9, 1))
    wrong = manager.post(
        "staffing.add_certificate",
        {"kind": "paediatric_first_aid", "expires_on": "1/9/2026"},
        staff_id=record.id,
        expect=422,
    )
    assert "ran out on 1 September 2026" in wrong.text
    page = manager.post(
        "staffing.add_certificate",
        {"kind": "paediatric_first_aid", "expires_on": "14/3/2029"},
        staff_id=record.id,
        follow=True,
    )
    assert "Good until 14 March 2029" in page.text
    again = manager.post(
        "staffing.add_certificate",
        {"kind": "paediatric_first_aid", "expires_on": "14/3/2029"},
        staff_id=record.id,
        expect=422,
    )
    assert "there already" in again.text
    certificate = db.session.scalars(select(StaffCertificate.id)).one()
    manager.post("staffing.remove_certificate", certificate_id=certificate)
    assert "None seen yet." in manager.get("staffing.staff_record", staff_id=record.id).text


def test_one_sign_in_has_one_record(manager: Browser) -> None:
    user = a_user("staff")
    a_staff_record("Ada", user_id=user.id)
    assert user.email not in manager.get("staffing.add_staff").html
    page = manager.post("staffing.add_staff", {**RECORD, "user_id": user.id}, expect=422)
    assert "choice" in page.text


def test_people_of_a_firm_sign_in_for_that_firm_and_nobody_of_the_office_becomes_one(app: Flask) -> None:
    firm, coach, office = a_seller(is_school=False), a_user("staff"), a_user("manager")
    details = StaffDetails("Liam", YEAR_STARTS, user_id=coach.id, seller_id=firm.id)
    with unit_of_work():
        record = keep_record(None, details, at=AT, user_id=None)
    assert db.session.get_one(User, coach.id).seller_id == firm.id
    with pytest.raises(WrongFirm), unit_of_work():
        keep_record(
            None, StaffDetails("Pat", YEAR_STARTS, user_id=office.id, seller_id=firm.id), at=AT, user_id=None
        )
    with unit_of_work():
        keep_record(record.id, StaffDetails("Liam", YEAR_STARTS, user_id=coach.id), at=AT, user_id=None)
    assert db.session.get_one(User, coach.id).seller_id is None


def test_whoever_leaves_is_off_every_rota_after_the_last_day(app: Flask) -> None:
    run = a_run()
    leaver = a_staff_record("Jo")
    on_rota(run.id, leaver)
    before, after = a_session(WEDNESDAY, run=run), a_session(WEDNESDAY + timedelta(days=1), run=run)
    extra = a_session(WEDNESDAY + timedelta(days=1))
    for_the_day(extra, leaver, is_here=True)
    with unit_of_work():
        keep_record(leaver.id, StaffDetails("Jo", YEAR_STARTS, ends_on=WEDNESDAY), at=AT, user_id=None)
    found = staffing_of([before.id, after.id, extra.id])
    assert [len(found[one.id].people) for one in (before, after, extra)] == [1, 0, 0]


def test_the_standing_rota_opens_the_register_to_who_stands_on_it(manager: Browser) -> None:
    user, cover = a_user("staff"), a_user("staff")
    record, other = a_staff_record("Ada", user_id=user.id), a_staff_record("Bo", user_id=cover.id)
    run = a_run()
    session, next_day = a_session(WEDNESDAY, run=run), a_session(WEDNESDAY + timedelta(days=1), run=run)
    assert sessions_for(user, WEDNESDAY) == []
    manager.post(
        "staffing.run_rota", {"staff_id": record.id, "from_on": "23/11/2026", "is_leader": "y"}, run_id=run.id
    )
    twice = manager.post(
        "staffing.run_rota", {"staff_id": record.id, "from_on": "23/11/2026"}, run_id=run.id, expect=422
    )
    assert "stands on this rota already" in twice.text
    assert [one.id for one in sessions_for(user, WEDNESDAY)] == [session.id]
    manager.post("staffing.session_rota", {"staff_id": other.id}, session_id=session.id)
    assert [one.id for one in sessions_for(cover, WEDNESDAY)] == [session.id]
    assert sessions_for(cover, WEDNESDAY + timedelta(days=1)) == []
    line = db.session.scalars(select(RotaLine.id)).one()
    manager.post("staffing.end_rota_line", {"last_on": "25/11/2026"}, line_id=line)
    assert [one.id for one in sessions_for(user, WEDNESDAY)] == [session.id]
    assert sessions_for(user, next_day.date) == []


def test_a_day_is_changed_by_two_buttons_and_goes_back_without_a_trace(manager: Browser) -> None:
    session = a_session(WEDNESDAY)
    leader, _ = a_staffed_run(session.run)
    a_place(a_family(), session)
    where = {"session_id": session.id, "staff_id": leader.id}
    page = manager.post("staffing.change_session_rota", {"is_here": "no"}, **where, follow=True)
    assert "1 child needs 2 adults who count. The rota has 1." in page.text
    assert "Who stays away" in page.text
    manager.post("staffing.change_session_rota", {"is_here": "yes"}, **where)
    assert db.session.scalars(select(RotaChange)).all() == []
    wrong = manager.post("staffing.change_session_rota", {"is_here": "perhaps"}, **where, follow=True)
    assert "not understood" in wrong.text


def test_a_day_that_is_over_stays_as_it_was(manager: Browser) -> None:
    session = a_session(date(2026, 11, 20))
    leader, _ = a_staffed_run(session.run)
    where = {"session_id": session.id, "staff_id": leader.id}
    page = manager.post("staffing.change_session_rota", {"is_here": "no"}, **where, follow=True)
    assert "That day is over." in page.text
    assert db.session.scalars(select(RotaChange)).all() == []


def test_the_office_sees_a_week_ahead_which_sessions_break_a_rule(manager: Browser) -> None:
    good, bad, far = a_session(WEDNESDAY), a_session(WEDNESDAY), a_session(date(2026, 12, 1))
    over = a_session(date(2026, 11, 23), starts_at=time(7, 30), ends_at=time(8, 30))
    a_staffed_run(good.run)
    on_rota(bad.run_id, a_staff_record())
    for session in (good, bad, far, over):
        a_place(a_family(), session)
    assert [one.id for one, _ in week_ahead(AT)] == [good.id, bad.id]
    assert "session of the next seven days has too few" in manager.get("office.home").text
    page = manager.get("staffing.rota_week")
    assert "1 session breaks a rule" in page.text
    assert "1 child needs 2 adults who count. The rota has 1." in page.text
    on_rota(bad.run_id, a_staff_record())
    assert "Every session has enough adults and first aid." in manager.get("staffing.rota_week").text
    assert "too few" not in manager.get("office.home").text


def test_the_office_is_told_sixty_days_before_a_first_aid_certificate_ends(manager: Browser) -> None:
    run = a_run()
    on_rota(run.id, a_staff_record("Soon", first_aid=date(2027, 1, 22)))
    on_rota(run.id, a_staff_record("Later", first_aid=date(2027, 1, 23)))
    on_rota(run.id, a_staff_record("Over", first_aid=date(2026, 11, 1)))
    a_staff_record("On no rota", first_aid=date(2026, 12, 1))
    assert "first-aid certificates have run out or do soon" in manager.get("office.home").text
    page = manager.get("staffing.staff")
    assert "Soon : paediatric first aid (12 hours) is good until 22 January 2027" in page.text
    assert "Over : paediatric first aid (12 hours) ran out on 1 November 2026" in page.text
    assert "Later :" not in page.text
    assert "On no rota :" not in page.text
