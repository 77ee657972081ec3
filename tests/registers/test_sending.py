"""Paper that sends itself: each sheet once, in time, on the right printer, and noted."""

from __future__ import annotations

import hashlib
from contextlib import ExitStack
from datetime import time, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from booking.core import clock
from booking.core.access_log import AccessEntry
from booking.core.audit import AuditEntry
from booking.core.db import db, unit_of_work
from booking.provision.models import SpecialDay
from booking.registers import sending
from booking.registers.bundles import BUNDLES, Rules, change_rules, kinds_of, wanted_on
from booking.registers.printer_models import Printer, SentSheet
from booking.registers.printers import (
    CannotPrint,
    add_printer,
    end_printer,
    inspect,
    print_test_page,
    send_again,
    send_now,
)
from booking.registers.printing import Choice, make_paper
from booking.registers.sending import BY, send_sheets
from tests.builders import a_user, save
from tests.registers.ipp_printer import Tray, a_printer
from tests.registers.paper_school import DAY, PaperSchool, booked
from tests.registers.sent import BEFORE, a_written_printer, names_of, states
from tests.registers.test_lists import pages_of


def test_each_session_is_printed_once_fifteen_minutes_before_and_noted(
    chess_school: PaperSchool, tray: Tray
) -> None:
    printer_id = a_written_printer(tray)
    assert send_sheets(BEFORE - timedelta(seconds=1)) == 0
    assert send_sheets(BEFORE) == 3
    assert send_sheets(BEFORE + timedelta(seconds=20)) == 0
    chess = chess_school.sessions["chess"]
    key = f"{DAY} session {chess.id}, printer {printer_id}"
    (job,) = [job for job in tray.jobs if job.name == key]
    made = make_paper(
        Choice(DAY, DAY, session_id=chess.id), ("door", "leader"), sending.planned_on, at=BEFORE, by=BY
    )
    assert job.document == made.content
    row = db.session.scalars(select(SentSheet).where(SentSheet.key == key)).one()
    assert (row.state, row.sent_at, row.printed_at) == ("printed", BEFORE, BEFORE)
    assert row.digest == hashlib.sha256(job.document).hexdigest()
    seen = db.session.scalars(
        select(AccessEntry).where(AccessEntry.pupil_id == chess_school.pupils[0].id)
    ).all()
    assert [(one.fields, one.reason, one.act) for one in seen] == [
        ("care,collection", "sent to the printer", "print")
    ]
    noted = select(func.count()).where(AuditEntry.action == "printed", AuditEntry.subject_id == chess.id)
    assert db.session.scalar(noted) == 1
    db.session.rollback()


def test_the_day_has_its_own_hours_and_an_early_finish_comes_sooner(
    chess_school: PaperSchool, tray: Tray
) -> None:
    booked(chess_school, 0, "care", "breakfast")
    a_written_printer(tray, "going_home", "kitchen", "contacts")
    at = {time(7, 0): "kitchen", time(7, 30): "contacts", time(14, 45): "going home"}
    for hour, words in at.items():
        before = len(tray.jobs)
        send_sheets(clock.instant(DAY, hour) - timedelta(seconds=1))
        assert len(tray.jobs) == before
        send_sheets(clock.instant(DAY, hour))
        assert any(words in job.name for job in tray.jobs[before:])
    assert sum("kitchen" in name for name in names_of(tray)) == 2
    assert "GOING-HOME SHEET" in pages_of(tray.jobs[-2].document)[0] + pages_of(tray.jobs[-1].document)[0]
    save(SpecialDay(date=DAY, kind="early_finish", finishes_at=time(13, 30)))
    due = {one.bundle: one.due_at for one in wanted_on(DAY, Rules())}
    assert due["going_home"] == clock.instant(DAY, time(13, 0))
    db.session.rollback()


def test_the_office_sets_the_hours(chess_school: PaperSchool) -> None:
    with unit_of_work():
        change_rules(Rules(minutes_before=30, going_home_at=time(14, 0)), at=BEFORE, user_id=None)
    due = {one.key: one.due_at for one in wanted_on(DAY, sending.current_rules())}
    assert due[f"{DAY} session {chess_school.sessions['chess'].id}"] == clock.instant(DAY, time(15, 0))
    assert due[f"{DAY} going home"] == clock.instant(DAY, time(14, 0))
    db.session.rollback()


def test_a_room_with_a_printer_prints_its_own_sessions_and_no_other(
    chess_school: PaperSchool, app: Flask
) -> None:
    with ExitStack() as stack:
        office, library = (stack.enter_context(a_printer()) for _ in range(2))
        chess = chess_school.sessions["chess"]
        a_written_printer(office)
        a_written_printer(library, name="Library printer", room_id=chess.run.room_id)
        send_sheets(BEFORE)
        assert [f"session {chess.id}," in name for name in names_of(library)] == [True]
        assert len(office.jobs) == 2
        assert not any(f"session {chess.id}," in name for name in names_of(office))


def test_an_outside_providers_session_prints_its_own_register_alone(chess_school: PaperSchool) -> None:
    chess, care = chess_school.sessions["chess"], chess_school.sessions["care"]
    assert kinds_of("session", care) == ("door", "leader", "handover", "late")
    with unit_of_work():
        db.session.merge(chess.run.activity.seller).is_school = False
    assert kinds_of("session", db.session.merge(chess)) == ("provider",)
    db.session.rollback()


def test_the_office_sends_by_hand_and_once_more_and_ends_a_printer(
    chess_school: PaperSchool, tray: Tray
) -> None:
    printer_id, user = a_written_printer(tray, "going_home", "session"), a_user("manager")
    noon = clock.instant(DAY, time(12, 0))
    with unit_of_work():
        made = send_now(printer_id, "going_home", None, at=noon, user_id=user.id)
        sheet_id = made.id
        with pytest.raises(CannotPrint, match="not for that"):
            send_now(printer_id, "kitchen", None, at=noon, user_id=user.id)
        with pytest.raises(CannotPrint, match="Choose"):
            send_now(printer_id, "session", None, at=noon, user_id=user.id)
    assert send_sheets(noon) == 1
    with unit_of_work():
        send_again(sheet_id, at=noon, user_id=user.id)
    assert send_sheets(noon + timedelta(seconds=5)) == 1
    seen = db.session.scalars(select(AccessEntry.user_id).distinct()).all()
    assert seen == [user.id]
    db.session.rollback()
    with unit_of_work():
        send_again(sheet_id, at=noon, user_id=user.id)
        end_printer(printer_id, at=noon, user_id=user.id)
    assert send_sheets(BEFORE) == 0
    assert sorted(states()) == ["failed", "printed", "printed"]


def test_a_printer_is_looked_at_first_and_prints_a_page_that_names_nobody(
    chess_school: PaperSchool, tray: Tray, app: Flask
) -> None:
    assert inspect(tray.uri)[0] == tray.uri
    tray.formats = ("image/urf",)
    with pytest.raises(CannotPrint, match="Stand-in 1 does not take PDF"):
        inspect(tray.uri)
    printer = db.session.get_one(Printer, a_written_printer(tray, *BUNDLES))
    print_test_page(printer, school="Brook Lane", at=BEFORE)
    (page,) = pages_of(tray.jobs[0].document)
    assert "This printer works" in page
    assert chess_school.pupils[0].surname not in page
    db.session.rollback()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"prints": ()}, "Tick what it prints"),
        ({"name": "Office printer"}, "already"),
        ({"prints": ("session", "kitchen"), "room_id": 1}, "of one room"),
        ({"room_id": 999}, "of one room"),
    ],
)
def test_a_printer_that_makes_no_sense_is_refused(
    chess_school: PaperSchool, tray: Tray, changes: dict[str, Any], words: str
) -> None:
    a_written_printer(tray)
    told: dict[str, Any] = {
        "name": "Another",
        "uri": tray.uri,
        "prints": ("session",),
        "room_id": None,
        **changes,
    }
    with pytest.raises(CannotPrint, match=words), unit_of_work():
        add_printer(**told, certificate=None, at=BEFORE, user_id=a_user("manager").id)
