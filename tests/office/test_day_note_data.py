"""What is kept of a child's days: shown to whom it belongs, erased with the child, gone after a year but on a hold."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from booking.bookings.day_note_models import DayNote
from booking.bookings.day_notes import notes_on
from booking.core.db import db, unit_of_work
from booking.office.access_request import what_is_held
from booking.office.erasure import erase_pupil, erase_user
from booking.office.merging import merge_users
from booking.office.retention import apply_rules, hold
from tests.bookings.saying import MORNING, TODAY, away, say
from tests.builders import AT, a_family, a_place, a_session, a_user, save


@pytest.fixture(autouse=True)
def wednesday_morning() -> Iterator[None]:
    """The day on which these tests play."""
    with time_machine.travel(MORNING, tick=True):
        yield


def test_a_family_reads_its_own_words_and_the_schools_but_no_other_adults(app: Flask) -> None:
    family, other, session = a_family(), a_user("parent"), a_session(TODAY)
    a_place(family, session)
    say(family, "collected_by", words="Egretta Plover")
    about = {"pupil_id": family.pupils[0].id, "day": TODAY, "told_at": AT}
    save(
        DayNote(kind="away", source="office", words="Bitternpox", **about),
        DayNote(kind="collected_by", source="parent", told_by_id=other.id, words="Skua Petrel", **about),
    )
    text = json.dumps(what_is_held(family.user, at=MORNING), ensure_ascii=False)
    assert "Egretta Plover" in text
    assert "Bitternpox" in text
    assert "Skua Petrel" not in text


def test_notes_go_with_the_child_and_with_the_adult_who_told_them(app: Flask) -> None:
    family, other, session = a_family(), a_family(), a_session(TODAY)
    for one in (family, other):
        a_place(one, session)
        away(one)
        say(one, "collected_by", words="Egretta Plover")
    with unit_of_work():
        erase_pupil(family.pupils[0].id)
    assert set(db.session.scalars(select(DayNote.pupil_id))) == {other.pupils[0].id}
    with unit_of_work():
        erase_user(other.user.id)
    assert db.session.scalars(select(DayNote.kind)).all() == ["away"]


def test_notes_are_gone_after_a_year_but_on_a_hold(app: Flask) -> None:
    kept, gone = a_family(), a_family()
    away(kept)
    away(gone)
    with unit_of_work():
        hold(
            kept.pupils[0].id,
            "A court asks.",
            TODAY + timedelta(days=900),
            at=AT,
            user_id=a_user("manager").id,
        )
    with unit_of_work():
        apply_rules(at=MORNING + timedelta(days=365), user_id=None)
    assert db.session.query(DayNote).count() == 2
    with unit_of_work():
        apply_rules(at=MORNING + timedelta(days=366), user_id=None)
    assert db.session.scalars(select(DayNote.pupil_id)).all() == [kept.pupils[0].id]


def test_what_was_said_of_today_outlives_a_merge_of_two_entries(app: Flask) -> None:
    family, session, keep = a_family(), a_session(TODAY), a_user("parent")
    about = {"pupil_id": family.pupils[0].id, "day": TODAY, "told_at": AT, "source": "parent"}
    save(DayNote(kind="collected_by", told_by_id=family.user.id, words="Egretta Plover", **about))
    with unit_of_work():
        merge_users(keep.id, family.user.id, at=MORNING, by=a_user("manager").id)
    (note,) = notes_on([family.pupils[0].id], session.date)[family.pupils[0].id]
    assert note.told_by_id == keep.id
