"""The page of a day: who is away, one child by hand, what is missing, and what must not be named."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from booking.bookings.day_note_models import DayNote
from booking.core.db import db, unit_of_work
from booking.office.absence_day import CannotNote, absences_missing, note_for_office
from tests.bookings.saying import MORNING, TODAY, away, in_force, say, stand_at
from tests.browser import Browser
from tests.builders import a_family, a_place, a_pupil, a_session, a_user
from tests.office.absences import children, standing


@pytest.fixture
def office(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> Browser:
    """A manager's browser on the morning of the day."""
    stand_at(monkeypatch, MORNING)
    return browser.sign_in(a_user("manager"))


def test_the_office_is_told_when_the_list_is_missing(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_session(TODAY)
    due = datetime(2026, 11, 25, 14, 30, tzinfo=UTC)
    assert not absences_missing(TODAY, due - timedelta(seconds=1))
    assert absences_missing(TODAY, due)
    assert not absences_missing(TODAY + timedelta(days=1), due)
    stand_at(monkeypatch, due)
    browser.sign_in(a_user("manager"))
    assert "Today’s absences are not entered yet" in browser.get("office.home").text
    assert "Today’s absences are not entered." in browser.get("office.in_school", on=TODAY).text
    browser.post("office.nobody_away", on=TODAY)
    assert not absences_missing(TODAY, due)
    assert "nobody more is away" in browser.get("office.in_school", on=TODAY).text


def test_one_child_by_hand_and_taken_back(office: Browser) -> None:
    known = children()
    bad = {"name": "Zzz", "kind": "away", "at_time": "", "words": ""}
    assert "No child on the roll" in office.post("office.add_day_note", bad, on=TODAY, expect=422).text
    no_time = {**bad, "name": "Dan Field", "kind": "leaves_early"}
    assert "Say when" in office.post("office.add_day_note", no_time, on=TODAY, expect=422).text
    office.post("office.add_day_note", {**no_time, "at_time": "2.15pm", "words": "Dentist"}, on=TODAY)
    assert standing(known) == {"Dan": "Leaves school at 14:15"}
    (note,) = db.session.scalars(select(DayNote)).all()
    assert "Dentist" in office.get("office.in_school", on=TODAY).text
    office.post("office.end_day_note", note_id=note.id)
    assert standing(known) == {}
    office.post("office.end_day_note", note_id=note.id, expect=404)


def test_away_by_hand_takes_the_place_of_leaving_early(office: Browser) -> None:
    known = children()
    form = {"name": "Dan Field", "kind": "leaves_early", "at_time": "14:15", "words": ""}
    office.post("office.add_day_note", form, on=TODAY)
    office.post("office.add_day_note", {**form, "kind": "away", "at_time": ""}, on=TODAY)
    assert standing(known) == {"Dan": "Not in school today"}


def test_one_of_two_by_hand_is_chosen(office: Browser) -> None:
    known = children() | {"other Ada": a_pupil(forename="Ada", surname="Okafor", class_name="Elm")}
    form = {"name": "Ada Okafor", "kind": "away", "at_time": "", "words": ""}
    page = office.post("office.add_day_note", form, on=TODAY, expect=422)
    assert "2 children are called" in page.text
    office.post("office.add_day_note", {**form, "chosen": str(known["other Ada"].id)}, on=TODAY)
    assert set(standing(known)) == {"other Ada"}


def test_the_office_cannot_name_a_barred_adult_either(office: Browser) -> None:
    family = a_family()
    in_force(family)
    with pytest.raises(CannotNote, match="not released"), unit_of_work():
        note_for_office(
            family.pupils[0].id,
            "collected_by",
            day=TODAY,
            at_time=None,
            words="Jo Marsh",
            at=MORNING,
            user_id=a_user("manager").id,
        )


def test_a_manager_under_a_restriction_sees_nothing_of_that_child(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_at(monkeypatch, MORNING)
    family, manager = a_family(), a_user("manager")
    in_force(family, manager)
    note = away(family)
    browser.sign_in(manager)
    assert family.pupils[0].surname not in browser.get("office.in_school", on=TODAY).text
    browser.post("office.end_day_note", note_id=note.id, expect=404)
    by_hand = {"name": family.pupils[0].surname, "kind": "away", "at_time": "", "words": ""}
    assert "No child on the roll" in browser.post("office.add_day_note", by_hand, on=TODAY, expect=422).text


def test_the_page_of_the_day_shows_who_told_what(office: Browser) -> None:
    family, session = a_family(), a_session(TODAY)
    a_place(family, session)
    say(family, "collected_by", words="Mia Okafor (aunt)")
    page = office.get("office.in_school", on=TODAY)
    for words in ("Mia Okafor (aunt)", f"Told by {family.user.name}", session.run.activity.name):
        assert words in page.text
    assert (
        office.get("office.in_school_today", expect=302).location == f"/office/in-school/{TODAY.isoformat()}"
    )
