"""The day's list of absences: read as schools write it, looked at as a difference, applied and taken back whole."""

from __future__ import annotations

import io
from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from booking.bookings.day_note_models import AbsenceList, DayNote
from booking.bookings.day_notes import away_from_school, note_words, notes_on
from booking.core.access_log import AccessEntry
from booking.core.db import db, unit_of_work
from booking.office.absence_day import CannotNote, absences_missing, note_for_office
from booking.office.absence_plan import PlanChanged, apply_absences, plan_absences
from booking.office.absence_reading import field_of, read_absences
from booking.people.import_problems import ColumnsUnknown, ImportRefused
from booking.people.models import Pupil
from tests.bookings.saying import MORNING, TODAY, away, in_force, say, stand_at
from tests.browser import Browser, Page
from tests.builders import a_family, a_place, a_pupil, a_session, a_user

SIMS = """Absence report,,,,
Surname,Forename,Reg Group,AM,PM,Comment
Okafor,Ada,Oak,I,I,Chickenpox
Marsh,Ben,Elm,/,\\,
Teal,Cara,Oak,V,V,Museum
Field,Dan,Elm,L,M,Dentist
"""


def children() -> dict[str, Pupil]:
    """Ada, Ben, Cara and Dan."""
    rows = (
        ("Ada", "Okafor", "Oak"),
        ("Ben", "Marsh", "Elm"),
        ("Cara", "Teal", "Oak"),
        ("Dan", "Field", "Elm"),
    )
    return {first: a_pupil(forename=first, surname=last, class_name=room) for first, last, room in rows}


@pytest.fixture
def office(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> Browser:
    """A manager's browser on the morning of the day."""
    stand_at(monkeypatch, MORNING)
    return browser.sign_in(a_user("manager"))


def preview(office: Browser, rows: str, scope: str = "whole") -> tuple[Page, str]:
    """Paste a list and look at what it would change; the page, and the token of the kept list."""
    answer = office.post("office.enter_absences", {"rows": rows, "scope": scope}, on=TODAY)
    assert answer.location is not None
    token = answer.location.rsplit("/", 1)[-1]
    return office.get("office.absences_preview", token=token), token


def enter(office: Browser, rows: str, scope: str = "whole", **answers: str) -> Page:
    """Paste a list, look, and say yes."""
    page, token = preview(office, rows, scope)
    return office.post(
        "office.absences_preview", {"seen": page.field("seen"), **answers}, token=token, follow=True
    )


def standing(known: dict[str, Pupil]) -> dict[str, str]:
    """What stands of each child now, in words."""
    found = notes_on([pupil.id for pupil in known.values()], TODAY)
    return {
        first: ", ".join(note_words(note) for note in found[pupil.id])
        for first, pupil in known.items()
        if pupil.id in found
    }


def test_a_report_with_marks_is_read_as_the_register_means_it() -> None:
    read = read_absences(SIMS.encode(), "SIMS.csv")
    assert [(line.said, line.kind, line.words) for line in read.lines] == [
        ("Ada Okafor", "away", "Chickenpox"),
        ("Dan Field", "away", "Dentist"),
    ]
    assert [line.said for line in read.out] == ["Cara Teal"]
    assert read.is_in == 1


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
    away(_family_of(known["Cara"]))
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
    away(_family_of(known["Ada"]))
    again = office.post("office.absences_preview", {"seen": page.field("seen")}, token=token, expect=422)
    assert "Something changed since you looked" in again.text
    assert set(standing(known)) == {"Ada"}


def test_a_change_between_look_and_locks_is_refused(office: Browser) -> None:
    known = children()
    read = read_absences(b"Ada Okafor\nDan Field", "a list")
    plan = plan_absences(read, TODAY, is_whole=True)
    away(_family_of(known["Ada"]))
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


@given(st.text(max_size=400))
def test_whatever_is_pasted_is_read_or_refused(text: str) -> None:
    try:
        read = read_absences(text.encode("utf-8", "surrogatepass"), "a list")
    except ImportRefused:
        return
    assert all(line.said and line.kind in {"away", "leaves_early"} for line in read.lines)


@given(
    away_lines=st.lists(st.sampled_from(["Ada Okafor", "Ben Marsh", "Cara Teal"]), unique=True, max_size=3),
    separator=st.sampled_from([",", ";", "\t"]),
    is_turned=st.booleans(),
)
def test_the_order_of_lines_and_columns_does_not_matter(
    away_lines: list[str], separator: str, is_turned: bool
) -> None:
    rows = [["Name", "Leaves at"], *([name, ""] for name in away_lines), ["Dan Field", "14:15"]]
    text = "\n".join(separator.join(reversed(row) if is_turned else row) for row in rows)
    read = read_absences(text.encode(), "a list")
    assert {(line.said, line.at_time) for line in read.lines} == {
        *((name, None) for name in away_lines),
        ("Dan Field", time(14, 15)),
    }


def test_headings_are_known_in_any_case_and_with_any_signs() -> None:
    assert field_of(" Reg. Group ") == "class_name"
    assert field_of("PM_Mark") == "mark"
    assert field_of("Favourite colour") is None
    with pytest.raises(ColumnsUnknown):
        read_absences(b"Colour,Size,Shape\nred,1,round\n", "a list")


def _family_of(pupil: Pupil):  # type: ignore[no-untyped-def]  # as much of a family as `away` looks at
    family = a_family()
    family.pupils = [pupil]
    return family


def test_away_is_asked_for_many_at_once(office: Browser) -> None:
    known = children()
    enter(office, "Ada Okafor")
    assert away_from_school([pupil.id for pupil in known.values()], TODAY) == {known["Ada"].id}
    assert away_from_school([], TODAY) == set()
