"""The going-home sheet: every child of a class with its whole way home, absences off it, late changes in bold."""

from __future__ import annotations

from datetime import date, time

from flask import Flask
from sqlalchemy import update

from booking.bookings.models import Place
from booking.core import clock
from booking.core.db import db, unit_of_work
from booking.people.models import Consent
from booking.registers.buses import add_bus, seat
from booking.registers.going_home import going_home
from booking.registers.paper_facts import PaperDay, planned_on
from tests.builders import AT, a_pupil, a_user, save
from tests.registers.on_paper import TEACHER_LOOKS, named, row_of, sheets
from tests.registers.paper_school import (
    DAY,
    NOON,
    a_note,
    a_paper_school,
    booked,
)


def test_every_child_of_a_class_is_on_its_going_home_sheet_with_its_whole_way(app: Flask) -> None:
    school = a_paper_school(4, class_name="Oak")
    named(school, "Alder", "Birch", "Cedar", "Damson")
    booked(school, 0, "art", "breakfast")
    booked(school, 1, "chess")
    a_pupil(surname="Elsewhere", class_name="Kingfisher")
    save(
        Consent(
            pupil_id=school.pupils[2].id, kind="goes_home_alone", details={"latest": "16:30"}, given_at=AT
        )
    )
    with unit_of_work():
        bus = add_bus("Valley bus", time(15, 45), "", "", at=NOON, user_id=a_user("manager").id)
        seat(bus.id, school.pupils[3].id, [2], "Mill Lane", DAY, at=AT, user_id=a_user("manager").id)
    kingfisher, oak = sheets("going_home")
    assert "Elsewhere" in kingfisher
    assert "Elsewhere" not in oak
    assert "Children 4" in oak
    assert "Stay after class 2 Bus from class 1 Home from class 1 Not in school 0" in oak
    assert "Art club, Studio, 15:30 to 16:15" in row_of(oak, "Alder")
    assert "Breakfast" not in oak
    assert "Collected by Sam Ahmed" in row_of(oak, "Alder")
    assert "Goes home from class Walks home, until 16:30 or with Sam Ahmed" in row_of(oak, "Cedar")
    assert "Bus: Valley bus at 15:45, to Mill Lane" in row_of(oak, "Damson")
    assert "Collected" not in row_of(oak, "Damson")
    assert "No change since 13:00." in oak
    assert sheets("going_home", class_name="Oak") == [oak]


def test_who_is_away_is_off_the_list_and_named_below_it(app: Flask) -> None:
    school = a_paper_school(2, class_name="Oak")
    named(school, "Alder", "Birch")
    booked(school, 0, "care")
    a_note(school.pupils[0], "away", words="chickenpox")
    (page,) = sheets("going_home")
    assert "Children 1" in page
    listed, below = page.split("Not in school today: left off above.")
    assert "Alder" not in listed
    assert "Alder" in below
    assert "Birch" in listed
    assert "chickenpox" not in page


def test_what_changed_since_one_is_in_bold_with_the_word_and_what_changed_before_is_not(app: Flask) -> None:
    school = a_paper_school(6, class_name="Oak")
    named(school, "Alder", "Birch", "Cedar", "Damson", "Elder", "Fir")
    late, early = clock.instant(DAY, time(13, 0)), clock.instant(DAY, time(12, 59))
    booked(school, 0, "chess", at=late)
    booked(school, 1, "chess", at=early)
    a_note(school.pupils[2], "collected_by", told=time(13, 20), words="Aunt Nasreen")
    care = school.sessions["care"].id
    booked(school, 3, "care")
    a_note(school.pupils[3], "not_coming", told=time(14, 1), session_id=care)
    gone = clock.instant(DAY, time(13, 5))
    booked(school, 4, "art")
    with unit_of_work():
        of_elder = update(Place).where(Place.pupil_id == school.pupils[4].id)
        db.session.execute(of_elder.values(state="cancelled", ended_at=gone))
    (page,) = sheets("going_home")
    assert "4 changed since 13:00: in bold, with the word CHANGED." in page
    assert "CHANGED 13:00 Chess club: new" in row_of(page, "Alder")
    assert "CHANGED" not in row_of(page, "Birch")
    assert "CHANGED 13:20 Aunt Nasreen collects" in row_of(page, "Cedar")
    assert "Today: Aunt Nasreen collects" in row_of(page, "Cedar")
    assert "CHANGED 14:01 Care until six: not coming" in row_of(page, "Damson")
    assert "Goes home from class" in row_of(page, "Damson")
    assert "CHANGED 13:05 Art club: no longer" in row_of(page, "Elder")
    assert "CHANGED" not in row_of(page, "Fir")
    assert _is_bold(DAY, "Alder")
    assert not _is_bold(DAY, "Birch")


def _is_bold(day: date, surname: str) -> bool:
    """Whether the way home of this child is printed strong."""
    made = going_home(PaperDay(day, planned_on(day), clock.instant(day, TEACHER_LOOKS)))
    rows = [row for sheet in made.sheets for row in sheet["sections"][0]["rows"]]
    (row,) = [row for row in rows if surname in row["cells"][1][0][0][0]]
    return {how for line in row["cells"][2] for _, how in line} == {"strong"}
