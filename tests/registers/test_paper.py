"""What stands on each kind of sheet, and what must not: handover, roll call, kitchen, contacts, late, providers."""

from __future__ import annotations

from datetime import time, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from booking.core import clock
from booking.core.access_log import AccessEntry
from booking.core.db import db, unit_of_work
from booking.ledger.terms import PayTerms, set_terms
from booking.provision.staff_models import StaffRecord
from booking.registers.kitchen_sheet import NO_DIET, diet_counts
from booking.registers.paper_facts import PaperDay, planned_on
from booking.registers.printing import NothingToPrint, UnknownKind, print_registers
from booking.registers.staff_marks import mark_staff
from tests.builders import AT, a_restriction, a_seller, a_user, save
from tests.registers.on_paper import named, row_of, sheets
from tests.registers.paper_school import (
    DAY,
    NOON,
    a_note,
    a_number,
    a_paper_school,
    booked,
    cared_for,
    forecast,
    marked,
)
from tests.registers.test_lists import pages_of


def test_a_barred_adult_is_on_no_sheet_of_a_class_and_the_child_is_checked(app: Flask) -> None:
    school = a_paper_school(1, class_name="Oak")
    (family,) = school.families
    office = a_user("manager")
    barred = a_user("parent", name="Jo Marsh", phone="07700900111")
    a_number(family.pupils[0], "Jo Marsh", "01632 960900", may_collect=True)
    a_number(family.pupils[0], "Gran Marsh", "01632 960901", given_by_id=barred.id)
    a_number(family.pupils[0], "Nana Swift", "01632 960902")
    booked(school, 0, "care")
    cared_for(family.pupils[0], allergies=("sesame",))
    a_restriction(family.pupils[0], barred, by=office, confirmed_by_id=a_user("manager").id, confirmed_at=AT)
    a_note(family.pupils[0], "collected_by", words="Jo Marsh")
    for kind in ("going_home", "contacts", "handover", "provider", "door", "roll_call", "kitchen", "late"):
        narrowed = {"session_id": school.sessions["care"].id} if kind == "provider" else {}
        page = " ".join(sheets(kind, **narrowed)).replace("Check before release", "CHECK")
        assert "Marsh" not in page, kind
        assert ("CHECK" in page) == (kind in {"going_home", "contacts", "provider", "door"}), kind
    assert "01632 960902 Nana Swift" in " ".join(sheets("contacts"))
    assert "DO NOT RELEASE TO: Jo Marsh" in " ".join(sheets("leader"))


def test_a_provider_reads_name_class_and_safety_needs_and_nothing_else(app: Flask) -> None:
    school = a_paper_school(1, class_name="Oak")
    booked(school, 0, "chess")
    cared_for(
        school.pupils[0], allergies=("puffinberry",), diet=("halal",), medical="heronwort", support="lapwing"
    )
    a_note(school.pupils[0], "collected_by", words="Aunt Nasreen")
    (page,) = sheets("provider", session_id=school.sessions["chess"].id)
    assert school.pupils[0].surname in page
    for words in ("Oak", "ALLERGY: puffinberry", "MEDICAL: heronwort", "FOR THE PROVIDER", "Expected 1"):
        assert words in page
    for words in (
        "halal",
        "lapwing",
        "Sam Ahmed",
        "Nasreen",
        "Year 3",
        "not yet paid",
        "May collect",
        "alone",
    ):
        assert words not in page


def test_of_a_whole_day_only_outside_sellers_have_a_register_for_the_provider(app: Flask) -> None:
    school = a_paper_school()
    with pytest.raises(NothingToPrint):
        sheets("provider")
    seller = a_seller(is_school=False)
    with unit_of_work():
        db.session.merge(school.sessions["art"].run.activity).seller_id = seller.id
    (page,) = sheets("provider")
    assert "Art club" in page


def test_children_are_handed_over_in_the_order_in_which_they_arrive(app: Flask) -> None:
    school = a_paper_school(4, class_name="Oak")
    named(school, "Alder", "Birch", "Cedar", "Damson")
    booked(school, 0, "chess", "care")
    booked(school, 1, "art", "care")
    booked(school, 2, "care")
    booked(school, 3, "care")
    marked(school.sessions["chess"], school.pupils[0], "arrived", time(15, 31))
    a_note(school.pupils[3], "not_coming", session_id=school.sessions["care"].id)
    (page,) = sheets("handover", time(15, 50))
    order = ["15:30 from class: 2", "Cedar", "16:15 from Art club, Studio: 1", "Birch"]
    order += ["16:30 from Chess club, Library: 1", "Alder", "In the club since 15:31"]
    assert [page.index(words) for words in order] == sorted(page.index(words) for words in order)
    assert "ABSENT: Not coming" in row_of(page, "Damson")
    assert "Expected 3" in page


def test_the_roll_is_called_by_room_and_says_who_should_be_there_too_each_child_once(app: Flask) -> None:
    school = a_paper_school(4, class_name="Oak")
    named(school, "Alder", "Birch", "Cedar", "Damson")
    for number in range(4):
        booked(school, number, "chess", "care")
    marked(school.sessions["chess"], school.pupils[0], "arrived", time(15, 31))
    marked(school.sessions["chess"], school.pupils[1], "arrived", time(15, 31))
    marked(school.sessions["chess"], school.pupils[1], "collected", time(15, 40))
    a_note(school.pupils[2], "away")
    leader = StaffRecord(name="Ms Okonkwo", starts_on=DAY)
    save(leader)
    with unit_of_work():
        mark_staff(leader.id, "in", at=clock.instant(DAY, time(15, 0)), user_id=None)
    (page,) = sheets("roll_call", time(15, 50))
    assert "In 1" in page
    assert "Staff on site: 1" in page
    assert "Ms Okonkwo 15:00" in page
    here, missing = page.split("Booked now, not marked in: 1")
    assert "Chess club, Library: 1" in here
    assert "Alder" in here
    assert page.count("Damson") == 1
    assert "Damson" in missing
    assert "Birch" not in page
    assert "Cedar" not in page


def test_the_kitchen_counts_diets_and_names_a_child_beside_an_allergy_alone(app: Flask) -> None:
    school = a_paper_school(5, class_name="Oak")
    named(school, "Alder", "Birch", "Cedar", "Damson", "Elder")
    for number in range(4):
        forecast(school.sessions["breakfast"], school.pupils[number])
    booked(school, 4, "care")
    cared_for(school.pupils[0], diet=("halal", "no beef"))
    cared_for(school.pupils[1], diet=("halal",), allergies=("sesame",), medical="heronwort")
    a_note(school.pupils[3], "away")
    (page,) = sheets("kitchen", time(7, 0))
    assert "Meals and snacks 4" in page
    assert "Breakfast: Breakfast club, 07:45 to 08:45, Hall: 3" in page
    assert f"{NO_DIET} 1 halal 1 halal, no beef 1" in page
    assert "sesame Birch, Child 1 Oak" in page
    for words in ("Alder", "Cedar", "Damson", "Elder", "heronwort"):
        assert words not in page
    assert "Snack: Care until six, 15:30 to 18:00, Den: 1" in page


def test_each_child_is_counted_once_whatever_it_eats(app: Flask) -> None:
    school = a_paper_school(3)
    for number in range(3):
        booked(school, number, "breakfast")
    cared_for(school.pupils[0], diet=("halal", "vegetarian"))
    paper = PaperDay(DAY, planned_on(DAY), NOON)
    children = next(one for one in paper.registers if one.session.run.activity.kind == "breakfast").children
    assert sum(number for _, number in diet_counts(children)) == len(children) == 3


def test_contacts_stand_in_the_schools_order_and_too_few_are_said(app: Flask) -> None:
    school = a_paper_school(2, class_name="Oak")
    named(school, "Alder", "Birch")
    booked(school, 0, "care")
    booked(school, 1, "care")
    a_number(school.pupils[0], "Second Person", "01632 960002", priority=2)
    a_number(school.pupils[0], "First Person", "+447700900942", priority=1, relationship_name="father")
    (page,) = sheets("contacts")
    assert "07700 900942 First Person (father) 01632 960002 Second Person" in page
    assert "No number is known: ask the school office" in row_of(page, "Birch")
    with unit_of_work():
        db.session.merge(school.families[1].user).phone = "01632 960003"
    assert "Only one number" in row_of(sheets("contacts")[0], "Birch")


def test_late_children_are_on_the_sheet_to_sign_with_the_rule_of_the_day(app: Flask) -> None:
    school = a_paper_school(3, class_name="Oak")
    named(school, "Alder", "Birch", "Cedar")
    care = school.sessions["care"]
    for number in range(3):
        booked(school, number, "care")
        marked(care, school.pupils[number], "arrived", time(16, 0))
    marked(care, school.pupils[0], "collected", time(17, 59), "Sam")
    marked(care, school.pupils[1], "collected", time(18, 21), "Nana Swift")
    (page,) = sheets("late", time(18, 25))
    assert "Write down whoever is collected later." in page
    assert "Alder" not in page
    assert "18:21 Nana Swift" in row_of(page, "Birch")
    assert "Cedar" in page
    with unit_of_work():
        set_terms(PayTerms(late_pence=500), DAY, at=AT, user_id=None)
    words = "Later than 18:10 costs £5.00 for each 15 minutes begun, at most £20.00 a day."
    assert words in sheets("late", time(18, 25))[0]


def test_a_week_prints_day_after_day_and_a_sheet_of_nothing_says_so(app: Flask) -> None:
    school = a_paper_school(1, class_name="Oak")
    booked(school, 0, "chess")
    monday = DAY - timedelta(days=2)
    made = print_registers(monday, last=monday + timedelta(days=4), kinds=("door",), at=NOON)
    assert sum("Chess club" in page for page in pages_of(made)) == 1
    with pytest.raises(NothingToPrint, match="25/11/2026"):
        sheets("bus")
    with pytest.raises(NothingToPrint, match="one day, or for a week"):
        print_registers(monday, last=monday + timedelta(days=7), at=NOON)
    with pytest.raises(NothingToPrint, match="nothing of that"):
        print_registers(DAY, room_id=999, at=NOON)
    with pytest.raises(UnknownKind, match=r"poster.*going_home"):
        print_registers(DAY, kinds=("poster",), at=NOON)


def test_paper_is_narrowed_to_a_club_a_room_or_a_session(app: Flask) -> None:
    school = a_paper_school(1)
    booked(school, 0, "chess", "care")
    chess = school.sessions["chess"]
    for narrowed in (
        {"session_id": chess.id},
        {"activity_id": chess.run.activity_id},
        {"room_id": chess.run.room_id},
    ):
        (page,) = sheets("door", **narrowed)
        assert "Chess club" in page


def test_the_same_data_and_time_give_the_same_bytes_and_each_look_is_noted_by_its_class(app: Flask) -> None:
    school = a_paper_school(2, class_name="Oak")
    booked(school, 0, "chess")
    kinds = ("door", "leader", "going_home", "contacts", "kitchen")
    with unit_of_work():
        first = print_registers(DAY, kinds=kinds, at=NOON)
    noted = {row.pupil_id: row.fields for row in db.session.scalars(select(AccessEntry))}
    db.session.rollback()
    assert noted == {
        school.pupils[0].id: "care,collection,contacts",
        school.pupils[1].id: "collection",
    }
    with unit_of_work():
        assert print_registers(DAY, kinds=kinds, at=NOON) == first
