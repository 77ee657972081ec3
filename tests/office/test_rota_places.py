"""Rota and rule set the places where the school says so; firms' papers open their runs; agency staff count as said."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest
import time_machine
from sqlalchemy import select

from booking.core.db import db, unit_of_work
from booking.provision.models import Run, Session
from booking.provision.rota import staffing_of
from booking.provision.staff_models import RotaLine, StaffRecord
from tests.browser import Browser
from tests.builders import (
    AT,
    a_family,
    a_period,
    a_place,
    a_run,
    a_seller,
    a_session,
    a_user,
    an_activity,
)
from tests.staff_builders import (
    a_rule,
    a_staff_record,
    a_staffed_run,
    papers_in_date,
)

WEDNESDAY = date(2026, 11, 25)


def limited(capacity: int = 40, **values: object) -> tuple[Run, Session]:
    """A run of Reception children, and a session of it on Wednesday, under a rule by which the rota limits places."""
    a_rule({"R": 10}, least_adults=1, limits_places=True)
    run = a_run(capacity=capacity, year_groups=["R"], **values)
    return run, a_session(WEDNESDAY, run=run, capacity=0)


def places(session: Session) -> int:
    db.session.rollback()
    return db.session.get_one(Session, session.id).capacity


def put(manager: Browser, run: Run, record: StaffRecord) -> str:
    page = manager.post(
        "staffing.run_rota", {"staff_id": record.id, "from_on": "23/11/2026"}, run_id=run.id, follow=True
    )
    return page.text


def test_the_standing_rota_limits_the_places_where_the_rule_says_so(manager: Browser) -> None:
    run, session = limited()
    assert "1 session has other places now: Wed 25 Nov has 10." in put(manager, run, a_staff_record())
    put(manager, run, a_staff_record())
    assert places(session) == 20
    put(manager, run, a_staff_record(dbs_checked_on=None))
    assert places(session) == 20
    for _ in range(3):
        put(manager, run, a_staff_record())
    assert places(session) == 40


def test_whoever_is_booked_keeps_the_place_when_the_rota_shrinks(manager: Browser) -> None:
    run, session = limited()
    put(manager, run, a_staff_record())
    family = a_family(3)
    for pupil in family.pupils:
        a_place(family, session, pupil=pupil)
    line = db.session.scalars(select(RotaLine.id)).one()
    manager.post("staffing.end_rota_line", {"last_on": "24/11/2026"}, line_id=line)
    assert places(session) == 3
    assert "Nobody is on the rota." in staffing_of([session.id])[session.id].problems


def test_what_was_set_by_hand_for_one_session_stays(manager: Browser) -> None:
    run, session = limited()
    put(manager, run, a_staff_record())
    with unit_of_work():
        db.session.get_one(Session, session.id).capacity = 4
    put(manager, run, a_staff_record())
    assert places(session) == 4


def test_no_rota_limits_the_free_breakfast(manager: Browser) -> None:
    free = an_activity(kind="breakfast", is_free_slot=True)
    run, session = limited(activity_id=free.id)
    with unit_of_work():
        db.session.get_one(Session, session.id).capacity = 40
    put(manager, run, a_staff_record())
    assert places(session) == 40


def test_a_published_rule_holds_for_families_to_read_and_moves_the_places(manager: Browser) -> None:
    run = a_run(capacity=40, year_groups=["R"])
    session = a_session(WEDNESDAY, run=run, capacity=40)
    a_staffed_run(run)
    page = manager.get("staffing.staffing_rule")
    assert "has not decided a rule of its own" in page.text
    rule = {
        "from_on": "24/11/2026",
        "least_adults": "2",
        "least_first_aiders": "1",
        "limits_places": "y",
        "decided_by": "Governing body, 12 November",
        **{f"ratio_{year}": "8" if year[0] == "N" else "12" for year in ("N1", "N2", "R", *"123456")},
    }
    wrong = manager.post("staffing.staffing_rule", {**rule, "ratio_N1": "14"}, expect=422)
    assert "Enter a whole number from 1 to 13." in wrong.text
    manager.post("staffing.staffing_rule", rule)
    assert places(session) == 24
    assert "Still to come" in manager.get("staffing.staffing_rule").text
    with time_machine.travel(AT + timedelta(days=1)):
        public = Browser(manager.app).get("bookings.rules").text
    assert "at most 8 children of Nursery, 12 of Reception to Year 6" in public
    assert "Decided by Governing body, 12 November, from 24 November 2026." in public


def test_a_firms_run_opens_only_while_all_its_papers_are_in_date(manager: Browser) -> None:
    firm = a_seller(name="Striders", is_school=False)
    run = a_run(activity_id=an_activity(seller_id=firm.id).id, status="draft")
    page = manager.post("office.open_for_booking", run_id=run.id, follow=True)
    assert (
        "These papers of Striders are missing or not in date on 23 November 2026: DBS assurance" in page.text
    )
    papers_in_date(firm, without="insurance")
    assert (
        "date on 23 November 2026: insurance."
        in manager.post("office.open_for_booking", run_id=run.id, follow=True).text
    )
    paper = {"kind": "insurance", "reference": "P 12", "from_on": "1/9/2026"}
    late = manager.post(
        "staffing.seller_documents", {**paper, "good_until": "22/11/2026"}, seller_id=firm.id, expect=422
    )
    assert "has run out already" in late.text
    manager.post("staffing.seller_documents", {**paper, "good_until": "23/11/2026"}, seller_id=firm.id)
    manager.post("office.open_for_booking", run_id=run.id)
    db.session.rollback()
    assert db.session.get_one(Run, run.id).status == "open"


def test_a_run_of_next_term_needs_papers_that_are_good_then(manager: Browser) -> None:
    firm = a_seller(name="Striders", is_school=False)
    papers_in_date(firm, until=date(2026, 12, 31))
    term = a_period(name="Spring 1", starts_on=date(2027, 1, 4), ends_on=date(2027, 2, 12))
    run = a_run(activity_id=an_activity(seller_id=firm.id).id, period_id=term.id, status="draft")
    page = manager.post("office.open_for_booking", run_id=run.id, follow=True)
    assert "not in date on 4 January 2027" in page.text
    db.session.rollback()
    assert db.session.get_one(Run, run.id).status == "draft"


def test_a_paper_entered_by_mistake_is_taken_back_and_the_office_is_told(manager: Browser) -> None:
    firm = a_seller(name="Striders", is_school=False)
    papers_in_date(firm)
    a_session(WEDNESDAY, activity_id=an_activity(seller_id=firm.id).id)
    assert "outside firm has papers" not in manager.get("office.home").text
    page = manager.get("staffing.seller_documents", seller_id=firm.id)
    assert page.text.count("Good until 31 August 2027") == 5
    manager.post("staffing.take_paper_back", document_id=1)
    assert "Not in date" in manager.get("staffing.seller_documents", seller_id=firm.id).text
    assert "outside firm has papers" in manager.get("office.home").text
    manager.post("staffing.take_paper_back", document_id=1, expect=404)
    manager.get("staffing.seller_documents", seller_id=a_seller().id, expect=404)


PASS = {
    "name": "Rae Kent",
    "agency": "Cover Ltd",
    "identity_seen": "Passport",
    "vetting_seen": "Letter of today",
    "counts_in_ratio": "y",
    "dbs_checked_on": "3/2/2026",
    "level": "2",
    "first_aid_until": "3/2/2028",
}


@pytest.mark.parametrize(
    ("said", "counts", "aids"),
    [
        ({}, True, True),
        ({"counts_in_ratio": ""}, False, True),
        ({"dbs_checked_on": ""}, False, True),
        ({"first_aid_until": ""}, True, False),
    ],
)
def test_agency_staff_count_as_the_office_says_for_the_sessions_of_their_pass(
    manager: Browser, said: dict[str, str], counts: bool, aids: bool
) -> None:
    session, other = a_session(AT.date()), a_session(AT.date())
    data = {key: value for key, value in {**PASS, **said}.items() if value or key != "counts_in_ratio"}
    page = manager.post("office.day_passes", {**data, "session_ids": [session.id]}, expect=200)
    assert "PIN" in page.text
    found = staffing_of([session.id, other.id])
    (person,) = found[session.id].people
    assert (person.name, person.counts, person.is_first_aider) == ("Rae Kent", counts, aids)
    assert found[other.id].people == ()
    assert db.session.scalars(select(StaffRecord).where(StaffRecord.is_agency)).one().ends_on == AT.date()


def test_a_pass_that_ends_early_takes_its_holder_off_the_rota_of_what_is_still_to_come(
    manager: Browser,
) -> None:
    over = a_session(AT.date(), starts_at=time(7, 30), ends_at=time(8, 45))
    coming = a_session(AT.date())
    with time_machine.travel(AT - timedelta(hours=2)):
        manager.sign_in(a_user("manager"))
        manager.post("office.day_passes", {**PASS, "session_ids": [over.id, coming.id]}, expect=200)
    manager.post("office.end_day_pass", pass_id=1)
    found = staffing_of([over.id, coming.id])
    assert [len(found[one.id].people) for one in (over, coming)] == [1, 0]
