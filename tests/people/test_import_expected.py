"""Children who are to come: from an admissions list in June, booked for September, found again in the roll."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from booking.core.db import db
from booking.people.import_report import Unanswered, printable
from booking.people.models import Pupil
from tests.builders import a_pupil
from tests.people.import_files import a_line, a_upn, load, look

pytestmark = pytest.mark.usefixtures("app")
JUNE, SEPTEMBER = datetime(2026, 6, 15, 9, tzinfo=UTC), datetime(2026, 9, 3, 9, tzinfo=UTC)
STARTS = date(2026, 9, 1)
NEW_CHILD = {"dob": "05/10/2021", "name": "Jo Okafor", "email": "jo@families.example"}


def the_child() -> Pupil:
    db.session.expire_all()
    return db.session.scalars(select(Pupil).where(Pupil.forename == "Ada")).one()


def test_an_admissions_list_makes_expected_children_who_start_in_september() -> None:
    plan = load(a_line(**NEW_CHILD), at=JUNE, is_expected=True)
    assert (len(plan.added), plan.leavers) == (1, ())
    child = the_child()
    assert (child.status, child.joined_on, child.year_group) == ("expected", STARTS, "R")
    assert (child.upn, child.class_name, len(child.contacts)) == (None, None, 1)


def test_the_year_and_the_day_of_the_list_go_before_ours() -> None:
    load(a_line(**NEW_CHILD, year="N2", starts="04/01/2027"), at=JUNE, is_expected=True)
    assert (the_child().year_group, the_child().joined_on) == ("N2", date(2027, 1, 4))
    plan = load(a_line(**NEW_CHILD), at=JUNE, is_expected=True)
    assert (plan.same, plan.changed, plan.questions) == (1, (), ())


def test_who_is_on_the_roll_already_stays_as_they_are() -> None:
    pupil = a_pupil(
        upn=a_upn(1), surname="Okafor", forename="Ada", date_of_birth=date(2021, 10, 5), year_group="N2"
    )
    plan = load(a_line(**NEW_CHILD, upn=a_upn(1), year="R"), at=JUNE, is_expected=True)
    assert (plan.same, plan.changed, plan.added) == (1, (), ())
    db.session.refresh(pupil)
    assert (pupil.year_group, pupil.status) == ("N2", "on_roll")


def test_a_later_list_proposes_who_is_not_on_it_any_more() -> None:
    a_pupil()
    load(a_line(**NEW_CHILD), a_line(surname="Li", dob="06/10/2021"), at=JUNE, is_expected=True)
    plan = load(a_line(**NEW_CHILD), at=JUNE, is_expected=True)
    assert [(leaver.name, leaver.is_expected) for leaver in plan.leavers] == [("Ada Li", True)]
    assert "  ? Ada Li, no class: expected, not in the file" in printable(plan)


def test_the_roll_finds_the_expected_child_with_a_persons_yes() -> None:
    load(a_line(**NEW_CHILD), at=JUNE, is_expected=True)
    child = the_child()
    roll = a_line(**NEW_CHILD, upn=a_upn(1), year="R", cls="Acorn")
    with pytest.raises(Unanswered, match="has no UPN here"):
        load(roll, at=SEPTEMBER)
    load(roll, at=SEPTEMBER, answers={2: child.id})
    assert the_child().id == child.id
    assert (the_child().status, the_child().upn, the_child().class_name) == ("on_roll", a_upn(1), "Acorn")


def test_even_without_a_upn_the_roll_asks_before_an_expected_child_is_on_it() -> None:
    load(a_line(**NEW_CHILD), at=JUNE, is_expected=True)
    assert len(look(a_line(**NEW_CHILD), at=SEPTEMBER).open_questions) == 1


def test_who_should_have_come_by_now_and_is_not_in_the_roll_is_proposed() -> None:
    load(a_line(**NEW_CHILD), at=JUNE, is_expected=True)
    other = a_line(upn=a_upn(2), forename="Ben", dob="01/02/2020")
    assert look(other, at=JUNE).leavers == ()
    assert [leaver.name for leaver in look(other, at=SEPTEMBER).leavers] == ["Ada Okafor"]
