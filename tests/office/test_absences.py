"""The day's list of absences: read as schools write it, looked at as a difference, applied and taken back whole."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from sqlalchemy import select

from booking.bookings.day_note_models import AbsenceList
from booking.bookings.day_notes import away_from_school
from booking.core.access_log import AccessEntry
from booking.core.db import db, unit_of_work
from booking.office.absence_plan import PlanChanged, apply_absences, plan_absences
from booking.office.absence_reading import read_absences
from tests.bookings.saying import MORNING, TODAY, away, stand_at
from tests.browser import Browser
from tests.builders import a_pupil, a_user
from tests.office.absences import SIMS, children, enter, family_of, preview, standing


@pytest.fixture
def office(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> Browser:
    """A manager's browser on the morning of the day."""
    stand_at(monkeypatch, MORNING)
    return browser.sign_in(a_user("manager"))


@pytest.mark.parametrize(
    "text",
    [
        "Name\tClass\tLeaves at\nAda Okafor\tOak\t\nDan Field\tElm\t2.15pm\n",
        "Pupil;Leaving time\nOkafor, Ada;\n Field, Dan;14:15\n",
        "UPN,Name,Time out\n,Ada Okafor,\n,FIELD Dan,1415\n",
    ],
)
def test_a_time_makes_an_early_leaver(office: Browser, text: str) -> None:
    known = children()
    enter(office, text)
    assert standing(known) == {"Ada": "Not in school today", "Dan": "Leaves school at 14:15"}


@pytest.mark.parametrize(
    "text", ["Ada Okafor\nField, Dan\n", "\ufeffName\nada okafor\nDAN FIELD", "Okafor\tAda\r\nField\tDan\r\n"]
)
def test_names_one_a_line_are_enough(office: Browser, text: str) -> None:
    known = children()
    enter(office, text)
    assert set(standing(known)) == {"Ada", "Dan"}


def test_empty_cells_at_the_end_of_a_paste_are_no_problem(office: Browser) -> None:
    known = children()
    enter(office, "Name\tLeaves at\tReason\nAda Okafor\t\tIll\nBen Marsh\t\t\n")
    assert set(standing(known)) == {"Ada", "Ben"}


def test_nothing_changes_before_the_yes_and_all_of_it_afterwards(office: Browser) -> None:
    known = children()
    page, token = preview(office, SIMS)
    assert "Okafor" in page.text
    assert "Chickenpox" in page.text
    assert standing(known) == {}
    office.post("office.absences_preview", {"seen": page.field("seen")}, token=token)
    assert standing(known) == {"Ada": "Not in school today", "Dan": "Not in school today"}
    assert db.session.query(AccessEntry).filter_by(reason="absences").count() > 0
    page = office.get("office.in_school", on=TODAY)
    assert "Entered at 09:00" in page.text
    assert "Chickenpox" in page.text


def test_a_second_list_is_a_difference_and_is_taken_back_whole(office: Browser) -> None:
    known = children()
    away(family_of(known["Cara"]))
    enter(office, "Name,Leaves at\nAda Okafor,\nDan Field,14:15\n")
    page, token = preview(office, "Name,Leaves at\nDan Field,14:45\nBen Marsh,\n")
    for words in (
        "Expected again",
        "Leaves school at 14:15",
        "Leaves school at 14:45",
        "Not on the list, and stay",
    ):
        assert words in page.text
    office.post("office.absences_preview", {"seen": page.field("seen")}, token=token)
    after = {"Ben": "Not in school today", "Cara": "Not in school today", "Dan": "Leaves school at 14:45"}
    assert standing(known) == after
    last, first = db.session.scalars(select(AbsenceList).order_by(AbsenceList.id.desc())).all()
    refused = office.post("office.undo_absences", list_id=first.id)
    assert standing(known) == after
    assert refused.status == 302
    office.post("office.undo_absences", list_id=last.id)
    before = {"Ada": "Not in school today", "Cara": "Not in school today", "Dan": "Leaves school at 14:15"}
    assert standing(known) == before
    office.post("office.undo_absences", list_id=first.id)
    assert standing(known) == {"Cara": "Not in school today"}


def test_more_to_a_list_leaves_the_others(office: Browser) -> None:
    known = children()
    enter(office, "Ada Okafor")
    enter(office, "Ben Marsh", scope="more")
    assert set(standing(known)) == {"Ada", "Ben"}
    enter(office, "Ben Marsh")
    assert set(standing(known)) == {"Ben"}


def test_what_changed_since_the_look_is_shown_afresh(office: Browser) -> None:
    known = children()
    page, token = preview(office, "Ada Okafor\nDan Field")
    away(family_of(known["Ada"]))
    again = office.post("office.absences_preview", {"seen": page.field("seen")}, token=token, expect=422)
    assert "Something changed since you looked" in again.text
    assert set(standing(known)) == {"Ada"}


def test_a_change_between_look_and_locks_is_refused(office: Browser) -> None:
    known = children()
    read = read_absences(b"Ada Okafor\nDan Field", "a list")
    plan = plan_absences(read, TODAY, is_whole=True)
    away(family_of(known["Ada"]))
    with pytest.raises(PlanChanged), unit_of_work():
        apply_absences(
            plan,
            is_whole=True,
            answers={},
            seen=plan.digest,
            source="pasted",
            columns={},
            at=MORNING,
            user_id=a_user("manager").id,
        )
    assert set(standing(known)) == {"Ada"}


def test_of_two_children_of_one_name_a_person_says_which(office: Browser) -> None:
    known = children() | {"other Ada": a_pupil(forename="Ada", surname="Okafor", class_name="Elm")}
    page, token = preview(office, "Ada Okafor")
    assert "who is “Ada Okafor”" in page.text
    unsaid = office.post("office.absences_preview", {"seen": page.field("seen")}, token=token, expect=422)
    assert "Say which child" in unsaid.text
    assert standing(known) == {}
    said = {"seen": page.field("seen"), "line_1": str(known["other Ada"].id)}
    office.post("office.absences_preview", said, token=token)
    assert set(standing(known)) == {"other Ada"}


def test_the_class_or_the_upn_says_which(office: Browser) -> None:
    known = children() | {
        "other Ada": a_pupil(forename="Ada", surname="Okafor", class_name="Elm", upn="A999100022001")
    }
    enter(office, "Name,Class\nAda Okafor,elm\n")
    assert set(standing(known)) == {"other Ada"}
    enter(office, "Name,UPN\nAda Okafor,A999100022001\n")
    assert set(standing(known)) == {"other Ada"}
    page, _ = preview(office, "Name,UPN\nBen Marsh,A999100022001\n")
    assert "Okafor" in page.text
    page, _ = preview(office, "Name,UPN\nOkafor Ada,B999100022002\n")
    assert "Not found" not in page.text


def test_a_child_with_another_upn_is_not_meant(office: Browser) -> None:
    known = {"Eve": a_pupil(forename="Eve", surname="Rail", upn="A999100022001")}
    page, _ = preview(office, "Name,UPN\nEve Rail,A999100022002\n")
    assert "Nobody on the roll has this name" in page.text
    assert standing(known) == {}


def test_a_line_that_nobody_fits_is_said_aloud(office: Browser) -> None:
    known = children()
    page, token = preview(office, "Ada Okafor\nAda Okapor")
    assert "Nobody on the roll has this name" in page.text
    assert "Line 2: Ada Okapor" in page.text
    office.post("office.absences_preview", {"seen": page.field("seen")}, token=token)
    assert set(standing(known)) == {"Ada"}


def test_strange_headings_are_asked_once(office: Browser) -> None:
    known = children()
    strange = "Kind,Grund,Gruppe\nAda Okafor,krank,Oak\n"
    answer = office.post("office.enter_absences", {"rows": strange, "scope": "whole"}, on=TODAY)
    assert answer.location is not None
    assert answer.location.endswith("/columns")
    token = answer.location.split("/")[-2]
    nothing = office.post("office.absences_columns", {}, token=token, expect=422)
    assert "Say which column holds the name" in nothing.text
    page = office.post("office.absences_columns", {"name": "Kind", "why": "Grund"}, token=token, follow=True)
    assert "krank" in page.text
    office.post("office.absences_preview", {"seen": page.field("seen")}, token=token)
    assert set(standing(known)) == {"Ada"}
    page, _ = preview(office, strange.replace("Ada Okafor", "Dan Field"))
    assert "Field" in page.text


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"Name,Leaves at\nAda Okafor,soon\n", "is not a time"),
        (b"Name,Leaves at\nAda Okafor,\nAda Okafor,14:15\n", "stands on line 2 too"),
        (b"Name,Class\n,Oak\n", "names no child"),
        (b"PK\x03\x04 a workbook", "Save As"),
        (b"Class,Reason\nOak,ill\n", "says which child"),
    ],
)
def test_a_list_with_a_problem_changes_nothing(office: Browser, content: bytes, words: str) -> None:
    known = children()
    page = office.post(
        "office.enter_absences",
        {"scope": "whole", "file": (io.BytesIO(content), "list.csv")},
        on=TODAY,
        expect=422 if "line 2" not in words else 302,
    )
    if page.location:
        page = office.get("office.absences_preview", token=page.location.rsplit("/", 1)[-1], expect=200)
    assert words in page.text
    assert standing(known) == {}


def test_an_empty_form_says_what_to_do(office: Browser) -> None:
    page = office.post("office.enter_absences", {"rows": " ", "scope": "whole"}, on=TODAY, expect=422)
    assert "Paste the list, or choose a file" in page.text
    office.get("office.enter_absences", on=TODAY - timedelta(days=1), expect=404)


def test_a_kept_list_is_its_users_alone(office: Browser) -> None:
    children()
    _, token = preview(office, "Ada Okafor")
    other = Browser(office.app).sign_in(a_user("manager"))
    other.get("office.absences_preview", token=token, expect=404)
    office.post("office.forget_absences", token=token)
    office.get("office.absences_preview", token=token, expect=404)


def test_away_is_asked_for_many_at_once(office: Browser) -> None:
    known = children()
    enter(office, "Ada Okafor")
    assert away_from_school([pupil.id for pupil in known.values()], TODAY) == {known["Ada"].id}
    assert away_from_school([], TODAY) == set()
