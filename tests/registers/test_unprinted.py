"""Paper that does not come out: tried again and never printed twice, and a person is told in time."""

from __future__ import annotations

import threading
from datetime import datetime, time, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from booking.core import clock
from booking.core.access_log import AccessEntry
from booking.core.db import db, unit_of_work
from booking.registers import sending
from booking.registers.printer_models import Printer, SentSheet
from booking.registers.sending import count_unprinted, send_sheets
from tests.builders import save
from tests.registers.ipp_printer import Tray, a_printer
from tests.registers.paper_school import DAY, PaperSchool
from tests.registers.sent import BEFORE, a_written_printer, names_of, states


def test_a_printer_that_is_off_is_tried_again_until_the_session_ends_and_the_office_is_told(
    chess_school: PaperSchool,
) -> None:
    with a_printer() as gone:
        pass
    a_written_printer(gone)
    at = BEFORE
    assert send_sheets(at) == 0
    assert set(states()) == {"waiting"}
    assert count_unprinted(at + timedelta(minutes=4)) == 0
    assert count_unprinted(at + timedelta(minutes=5)) == 3
    with a_printer(port=gone.port) as back:
        assert send_sheets(at + timedelta(minutes=6)) == 3
        send_sheets(at + timedelta(minutes=7))
        assert len(back.jobs) == 3
    assert set(states()) == {"printed"}
    assert count_unprinted(at + timedelta(minutes=8)) == 0


def test_what_comes_too_late_is_not_printed_any_more(chess_school: PaperSchool, tray: Tray) -> None:
    tray.refuses = 100
    a_written_printer(tray)
    send_sheets(BEFORE)
    tray.refuses = 0
    chess_ends = clock.instant(DAY, time(16, 30))
    assert send_sheets(chess_ends) == 1
    assert sorted(states()) == ["printed", "too_late", "too_late"]
    assert count_unprinted(chess_ends) == 2


def test_a_worker_that_falls_after_the_printer_took_it_prints_nothing_twice(
    chess_school: PaperSchool, tray: Tray
) -> None:
    tray.falls_after_taking = 1
    a_written_printer(tray)
    send_sheets(BEFORE)
    assert sorted(states()) == ["printed", "printed", "waiting"]
    assert send_sheets(BEFORE + timedelta(minutes=1)) == 1
    send_sheets(BEFORE + timedelta(minutes=2))
    assert states() == ["printed"] * 3
    assert len(tray.jobs) == len(set(names_of(tray))) == 3


def test_a_claim_that_a_dead_worker_left_runs_out(chess_school: PaperSchool, tray: Tray) -> None:
    a_written_printer(tray)
    with unit_of_work():
        sending.plan_sheets(BEFORE)
    assert len(sending._claim("waiting", BEFORE, tries=1)) == 3
    assert send_sheets(BEFORE + timedelta(seconds=30)) == 0
    assert send_sheets(BEFORE + sending.CLAIM_LASTS) == 3
    assert len(tray.jobs) == 3


def _two_workers(app: Flask) -> None:
    ready = threading.Barrier(2)
    failed: list[Exception] = []

    def work() -> None:
        with app.app_context():
            ready.wait()
            try:
                send_sheets(BEFORE)
            except Exception as error:  # told to the test below
                failed.append(error)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


def test_two_workers_print_each_sheet_once(chess_school: PaperSchool, tray: Tray, app: Flask) -> None:
    a_written_printer(tray)
    _two_workers(app)
    assert len(tray.jobs) == len(set(names_of(tray))) == 3


def test_without_the_claim_they_would_print_it_twice(
    chess_school: PaperSchool, tray: Tray, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = threading.Barrier(2)

    def unclaimed(state: str, at: datetime, *, tries: int) -> list[int]:
        found = list(db.session.scalars(select(SentSheet.id).where(SentSheet.state == state)))
        db.session.rollback()
        if state == "waiting":
            both.wait()
        return found

    a_written_printer(tray)
    monkeypatch.setattr(sending, "_claim", unclaimed)
    _two_workers(app)
    assert len(tray.jobs) > len(set(names_of(tray)))


def test_paper_that_runs_out_or_a_job_stopped_at_the_printer_is_told(
    chess_school: PaperSchool, tray: Tray
) -> None:
    tray.new_state = 6
    a_written_printer(tray)
    send_sheets(BEFORE)
    assert states() == ["accepted"] * 3
    row = db.session.scalars(select(SentSheet)).first()
    assert row is not None
    assert row.last_error == "the printer has stopped, media-empty"
    db.session.rollback()
    assert count_unprinted(BEFORE + timedelta(minutes=5)) == 3
    tray.jobs[0].state, tray.jobs[1].state, tray.jobs[2].state = 9, 8, 9
    send_sheets(BEFORE + timedelta(minutes=6))
    assert sorted(states()) == ["failed", "printed", "printed"]
    assert count_unprinted(BEFORE + timedelta(minutes=6)) == 1


def test_an_address_that_came_to_lie_outside_gets_nothing_and_nothing_is_noted_as_seen(
    chess_school: PaperSchool, app: Flask
) -> None:
    save(Printer(name="Moved", uri="ipp://93.184.216.34/x", prints=["session"], created_at=BEFORE))
    send_sheets(BEFORE)
    assert states() == ["failed"] * 3
    assert db.session.scalar(select(func.count()).select_from(AccessEntry)) == 0
    db.session.rollback()


def test_a_session_called_off_after_it_was_due_prints_nothing(chess_school: PaperSchool, tray: Tray) -> None:
    a_written_printer(tray)
    with unit_of_work():
        sending.plan_sheets(BEFORE)
        for session in chess_school.sessions.values():
            db.session.merge(session).status = "called_off"
    send_sheets(BEFORE)
    assert states() == ["void"] * 3
    assert tray.jobs == []
