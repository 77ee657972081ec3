"""What families say of today: who sees it, what it changes, and whose words they are."""

from __future__ import annotations

from datetime import time, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, text

from booking.bookings.day_note_models import DayNote
from booking.bookings.day_notes import (
    away_from_school,
    notes_on,
    why_not_expected,
)
from booking.bookings.telling import child_days, take_back
from booking.core.db import db, unit_of_work
from booking.core.errors import NotFound
from booking.people.models import Contact, FamilyAccount, Guardianship
from booking.registers.expected import registers_of
from tests.bookings.saying import MORNING, TODAY, away, in_force, names_at_the_door, say, stand_at
from tests.browser import Browser
from tests.builders import AT, a_family, a_place, a_session, a_user, save

AFTER_SCHOOL = time(15, 30)


def test_not_in_school_raises_no_alarm_and_stands_on_the_register(app: Flask) -> None:
    family, other, session = a_family(), a_family(), a_session(TODAY)
    a_place(family, session)
    a_place(other, session)
    away(family)
    (register,) = registers_of([session])
    found = {child.pupil.id: child for child in register.children}
    assert found[family.pupils[0].id].away == "Not in school today"
    assert register.count("expected") == 2
    assert register.awaited == 1
    assert away_from_school([family.pupils[0].id, other.pupils[0].id], TODAY) == {family.pupils[0].id}


def test_why_a_child_is_away_is_sealed_and_never_at_the_door(app: Flask) -> None:
    family, session = a_family(), a_session(TODAY)
    a_place(family, session)
    note = away(family)
    save(
        DayNote(
            pupil_id=family.pupils[0].id,
            day=TODAY,
            kind="away",
            source="office",
            told_at=AT,
            words="Chickenpox",
        )
    )
    assert "Chickenpox" not in names_at_the_door(session.id)
    rows = db.session.execute(text("SELECT sealed FROM day_note")).all()
    assert all(b"Chickenpox" not in bytes(row.sealed) for row in rows)
    assert note.words == ""


@pytest.mark.parametrize(
    ("kind", "at_time", "starts_at", "is_expected"),
    [
        ("away", None, AFTER_SCHOOL, False),
        ("leaves_early", time(14, 0), AFTER_SCHOOL, False),
        ("leaves_early", AFTER_SCHOOL, AFTER_SCHOOL, False),
        ("leaves_early", time(14, 0), time(8, 0), True),
        ("late", time(17, 0), AFTER_SCHOOL, True),
    ],
)
def test_who_is_expected_follows_from_what_is_noted(
    app: Flask, kind: str, at_time: time | None, starts_at: time, is_expected: bool
) -> None:
    family = a_family()
    away(family, kind, at_time=at_time)
    told = notes_on([family.pupils[0].id], TODAY)[family.pupils[0].id]
    assert (why_not_expected(told, 1, starts_at) == "") is is_expected


def test_not_coming_to_one_session_leaves_the_other_as_it_is(app: Flask) -> None:
    family, club = a_family(), a_session(TODAY)
    care = a_session(TODAY, starts_at=time(16, 30), ends_at=time(18, 0))
    a_place(family, club)
    a_place(family, care)
    note = say(family, session=club)
    told = notes_on([family.pupils[0].id], TODAY)[family.pupils[0].id]
    assert why_not_expected(told, club.id, club.starts_at).startswith("Not coming")
    assert why_not_expected(told, care.id, care.starts_at) == ""
    with unit_of_work():
        take_back(note.id, account_id=family.account.id, at=MORNING, user_id=family.user.id)
    assert notes_on([family.pupils[0].id], TODAY) == {}
    kept = db.session.get_one(DayNote, note.id)
    assert kept.ended_at == MORNING
    assert kept.ended_by_id == family.user.id


def test_the_same_said_again_takes_the_place_of_the_first(app: Flask) -> None:
    family, session = a_family(), a_session(TODAY)
    a_place(family, session)
    say(family, "late", session=session, at_time=time(16, 40))
    say(family, "late", session=session, at_time=time(16, 50))
    (note,) = notes_on([family.pupils[0].id], TODAY)[family.pupils[0].id]
    assert note.at_time == time(16, 50)
    assert db.session.query(DayNote).count() == 2


def test_nobody_speaks_for_another_familys_child_or_a_session_that_it_has_not(app: Flask) -> None:
    family, other, session = a_family(), a_family(), a_session(TODAY)
    a_place(family, session)
    a_place(other, session)
    strange = a_session(TODAY, starts_at=time(17, 0), ends_at=time(18, 0))
    with pytest.raises(NotFound):
        say(family, session=strange)
    mixed = type(family)(other.user, other.account, family.pupils)
    with pytest.raises(NotFound):
        say(mixed)
    note = say(family)
    with pytest.raises(NotFound), unit_of_work():
        take_back(note.id, account_id=other.account.id, at=MORNING, user_id=other.user.id)


def test_what_one_parent_says_is_not_shown_to_the_other(app: Flask) -> None:
    family, session = a_family(), a_session(TODAY)
    a_place(family, session)
    second = a_family()
    save(Guardianship(user_id=second.user.id, pupil_id=family.pupils[0].id, created_at=AT))
    theirs = a_session(TODAY, starts_at=time(17, 0), ends_at=time(18, 0))
    a_place(second, theirs, pupil=family.pupils[0])
    say(family, "collected_by", words="Uncle Dunlin")
    away(family)
    (seen,) = child_days(second.account.id, MORNING)
    assert [note.kind for note in seen.notes] == ["away"]
    assert [one.id for one in seen.sessions] == [theirs.id]
    (mine,) = child_days(family.account.id, MORNING)
    assert {note.kind for note in mine.notes} == {"away", "collected_by"}


def test_a_restricted_parent_neither_tells_nor_reads(
    app: Flask, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_at(monkeypatch, MORNING)
    family, session = a_family(), a_session(TODAY)
    a_place(family, session)
    away(family)
    in_force(family, family.user)
    assert child_days(family.account.id, MORNING) == []
    browser.sign_in(family.user)
    for page in ("bookings.not_coming", "bookings.late", "bookings.somebody_else"):
        browser.get(page, pupil_id=family.pupils[0].id, expect=404)
        browser.post(page, {"session": "all", "name": "Mia Okafor"}, pupil_id=family.pupils[0].id, expect=404)
    assert family.pupils[0].first_name not in browser.get("bookings.mine").text


def test_two_taps_from_my_bookings_say_not_coming(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_at(monkeypatch, MORNING)
    family, session = a_family(), a_session(TODAY)
    a_place(family, session, credit_until=MORNING - timedelta(hours=1))
    browser.sign_in(family.user)
    mine = browser.get("bookings.mine")
    (link,) = [a.get("href") for a in mine.all(".//a") if "not-coming" in (a.get("href") or "")]
    assert (
        "too late to get money back" in browser.get("bookings.not_coming", pupil_id=family.pupils[0].id).text
    )
    assert link == f"/bookings/today/{family.pupils[0].id}/not-coming?day={TODAY.isoformat()}"
    page = browser.post(
        "bookings.not_coming", {"session": str(session.id)}, pupil_id=family.pupils[0].id, follow=True
    )
    assert "You said: not coming to" in page.text
    (note,) = db.session.scalars(select(DayNote)).all()
    page = browser.post("bookings.take_back_note", note_id=note.id, follow=True)
    assert "is expected as booked" in page.text
    assert "You said" not in page.text


def test_being_late_is_one_choice_of_session_and_time(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_at(monkeypatch, MORNING)
    family, club = a_family(), a_session(TODAY)
    care = a_session(TODAY, starts_at=time(16, 30), ends_at=time(18, 0))
    a_place(family, club)
    a_place(family, care)
    browser.sign_in(family.user)
    page = browser.get("bookings.late", pupil_id=family.pupils[0].id)
    values = [e.get("value") for e in page.all(".//input[@type='radio']")]
    assert values == [*(f"{care.id} {at}" for at in ("18:10", "18:20", "18:30", "18:45")), str(care.id)]
    browser.post("bookings.late", {"when": "nonsense"}, pupil_id=family.pupils[0].id, expect=422)
    browser.post("bookings.late", {"when": values[1]}, pupil_id=family.pupils[0].id)
    (note,) = notes_on([family.pupils[0].id], TODAY)[family.pupils[0].id]
    assert (note.session_id, note.at_time) == (care.id, time(18, 20))


def test_own_contacts_are_a_tap_and_a_new_name_needs_both_parts(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_at(monkeypatch, MORNING)
    family, session = a_family(), a_session(TODAY)
    a_place(family, session)
    other = a_user("parent")
    child = family.pupils[0].id
    save(
        Contact(
            pupil_id=child,
            given_by_id=family.user.id,
            name="Uncle Dunlin",
            relationship_name="uncle",
            may_collect=True,
        ),
        Contact(pupil_id=child, given_by_id=other.id, name="Aunt Teal", may_collect=True),
    )
    browser.sign_in(family.user)
    page = browser.get("bookings.somebody_else", pupil_id=child)
    assert "Uncle Dunlin (uncle)" in page.text
    assert "Aunt Teal" not in page.text
    browser.post("bookings.somebody_else", {"who": "", "name": "Mia"}, pupil_id=child, expect=422)
    browser.post("bookings.somebody_else", {"who": "Uncle Dunlin (uncle)"}, pupil_id=child)
    assert "Uncle Dunlin (uncle) collects" in names_at_the_door(session.id)


def test_a_day_that_is_over_or_far_ahead_is_not_spoken_of(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_at(monkeypatch, MORNING)
    family = a_family()
    browser.sign_in(family.user)
    for day in ("2026-11-24", "2026-12-09", "nonsense"):
        browser.get("bookings.not_coming", pupil_id=family.pupils[0].id, day=day, expect=404)
    assert "Nothing is booked" in browser.get("bookings.not_coming", pupil_id=family.pupils[0].id).text


def test_an_account_without_the_child_is_told_nothing(app: Flask) -> None:
    family = a_family()
    away(family)
    stranger = FamilyAccount(name="Nobody", created_at=AT)
    save(stranger)
    assert child_days(stranger.id, MORNING) == []
