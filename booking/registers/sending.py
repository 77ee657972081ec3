"""Sends sheets to the school's printers by themselves, each once, and follows them until they lie in the tray.

A row is claimed in one short transaction, made and handed over outside any, and marked (with the log of who saw what)
in another. A worker that falls in between leaves the claim to run out; the next one first asks the printer whether it
has a job of that name. Care details go to a printer on the school's own network and never by e-mail.
"""

from __future__ import annotations

import hashlib
from datetime import date, datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import joinedload

from booking.core import clock
from booking.core.db import db, insert_new, unit_of_work
from booking.core.errors import BookingError
from booking.messages.printers import Device, PrinterTrouble, find_job, job_state, print_pdf
from booking.registers.bundles import current_rules, kinds_of, wanted_on
from booking.registers.paper_facts import planned_on
from booking.registers.printer_models import Printer, SentSheet
from booking.registers.printing import Choice, NothingToPrint, Paper, make_paper, note_paper

log = structlog.get_logger()
CLAIM_LASTS = timedelta(minutes=2)
LOOKS_AGAIN = timedelta(seconds=10)
MOST_WAIT = timedelta(minutes=1)
IS_LATE = timedelta(minutes=5)
AT_ONCE = 20
BY = "Eight till Six"


def send_sheets(at: datetime) -> int:
    """Ask for what is due, hand it over and look after what was handed over; gives how many sheets left.

    It is called every two seconds, so it takes no writer's turn while there is nothing to write.
    """
    if any(_is_new(row["key"]) for row in _due_rows(at)):
        with unit_of_work():
            plan_sheets(at)
    if _any(*_over(at)):
        with unit_of_work():
            _give_up(at)
    sent = sum(_send(sheet_id, at) for sheet_id in _claim("waiting", at, tries=1))
    for sheet_id in _claim("accepted", at, tries=0):
        _follow(sheet_id, at)
    return sent


def plan_sheets(at: datetime) -> None:
    """A row for each bundle that is due now and each printer for it, in the caller's unit of work; never a second one."""
    for row in _due_rows(at):
        db.session.execute(insert_new(SentSheet).values(row))


def _due_rows(at: datetime) -> list[dict[str, Any]]:
    """What stands in those rows; a session in a room with a printer of its own is printed there alone."""
    printers = living_printers()
    rules = current_rules() if printers else None
    found = []
    for wanted in wanted_on(clock.today(at), rules) if rules else ():
        if not wanted.due_at <= at < wanted.until_at:
            continue
        able = [one for one in printers if wanted.bundle in one.prints]
        near = [one for one in able if one.room_id is not None and one.room_id == wanted.room_id]
        found += [
            {
                "key": f"{wanted.key}, printer {printer.id}",
                "printer_id": printer.id,
                "day": wanted.day,
                "bundle": wanted.bundle,
                "session_id": wanted.session_id,
                "due_at": wanted.due_at,
                "until_at": wanted.until_at,
                "state": "waiting",
                "next_try_at": wanted.due_at,
                "attempts": 0,
            }
            for printer in near or [one for one in able if one.room_id is None]
        ]
    return found


def _is_new(key: str) -> bool:
    return not _any(SentSheet.key == key)


def _any(*where: ColumnElement[bool]) -> bool:
    return db.session.scalars(select(SentSheet.id).where(*where).limit(1)).first() is not None


def _over(at: datetime) -> tuple[ColumnElement[bool], ...]:
    return SentSheet.state.in_(("waiting", "accepted")), SentSheet.until_at <= at


def living_printers() -> list[Printer]:
    """Printers that are in use, in the order in which they were added."""
    return list(db.session.scalars(select(Printer).where(Printer.ended_at.is_(None)).order_by(Printer.id)))


def _give_up(at: datetime) -> None:
    """What did not leave, or did not come out, while it was of use: a person has to know."""
    rows = db.session.scalars(select(SentSheet).where(*_over(at)).with_for_update(skip_locked=True))
    for row in rows:
        row.state, row.next_try_at = ("too_late" if row.state == "waiting" else "failed"), None


def _claim(state: str, at: datetime, *, tries: int) -> list[int]:
    """Take rows of a state that are due, so that of two workers only one has each."""
    due = (SentSheet.state == state, SentSheet.next_try_at <= at)
    if not _any(*due):
        return []
    with unit_of_work():
        rows = db.session.scalars(
            select(SentSheet)
            .where(*due)
            .order_by(SentSheet.due_at, SentSheet.id)
            .limit(AT_ONCE)
            .with_for_update(skip_locked=True)
        ).all()
        for row in rows:
            row.next_try_at = at + CLAIM_LASTS
            row.attempts += tries
        return [row.id for row in rows]


def _send(sheet_id: int, at: datetime) -> bool:
    row = _row(sheet_id)
    device, key, is_repeat = device_of(row.printer), row.key, row.attempts > 1
    paper, number, failure = None, None, ""
    try:
        paper = _paper(row, at)
        db.session.rollback()
        number = find_job(device, key) if is_repeat else None
        if number is None:
            number = print_pdf(device, key, paper.content)
    except NothingToPrint as error:
        return _mark(sheet_id, at, state="void", failure=str(error))
    except PrinterTrouble as error:
        failure = str(error)
    except BookingError as error:
        return _mark(sheet_id, at, state="failed", failure=str(error))
    db.session.rollback()
    return _mark(sheet_id, at, paper=paper, number=number, failure=failure)


def _paper(row: SentSheet, at: datetime) -> Paper:
    choice = Choice(row.day, row.day, session_id=row.session_id)
    return make_paper(choice, kinds_of(row.bundle, row.session), planned_on, at=at, by=BY)


def _mark(
    sheet_id: int,
    at: datetime,
    *,
    state: str = "waiting",
    paper: Paper | None = None,
    number: int | None = None,
    failure: str = "",
) -> bool:
    """Write down what came of a try; with a number the printer has it, and whose care is on it is noted with that."""
    db.session.rollback()
    with unit_of_work():
        row = _row(sheet_id)
        row.last_error = failure[:200] or None
        if paper is not None and number is not None:
            row.state, row.job_number, row.sent_at, row.next_try_at = "accepted", number, at, at
            row.digest = hashlib.sha256(paper.content).hexdigest()
            note_paper(paper, at=at, user_id=row.asked_by_id, reason="sent to the printer")
            return True
        row.state = state
        row.next_try_at = at + min(LOOKS_AGAIN * row.attempts, MOST_WAIT) if state == "waiting" else None
        log.warning("sheet not printed", sheet_id=sheet_id, attempts=row.attempts, state=state)
    return False


def _follow(sheet_id: int, at: datetime) -> None:
    """Ask the printer what became of a sheet that it took."""
    row = _row(sheet_id)
    device, number = device_of(row.printer), row.job_number or 0
    db.session.rollback()
    try:
        found = job_state(device, number)
    except BookingError as error:
        found = None
        words = str(error)
    with unit_of_work():
        row = _row(sheet_id)
        row.next_try_at = at + LOOKS_AGAIN
        if found is None:
            row.last_error = words[:200]
        elif found.is_done:
            row.state, row.printed_at, row.next_try_at, row.last_error = "printed", at, None, None
        elif found.is_lost:
            row.state, row.next_try_at, row.last_error = "failed", None, found.words[:200]
        else:
            row.last_error = found.words[:200]


def _row(sheet_id: int) -> SentSheet:
    return db.session.scalars(
        select(SentSheet)
        .options(joinedload(SentSheet.printer), joinedload(SentSheet.session))
        .where(SentSheet.id == sheet_id)
    ).one()


def device_of(printer: Printer) -> Device:
    """The printer as the network knows it."""
    return Device(printer.uri, printer.certificate)


def _in_trouble(at: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        SentSheet.day == clock.today(at),
        or_(
            SentSheet.state.in_(("failed", "too_late")),
            SentSheet.state.in_(("waiting", "accepted")) & (SentSheet.due_at <= at - IS_LATE),
        ),
    )


def count_unprinted(at: datetime) -> int:
    """How many sheets of today should lie in a tray by now and do not."""
    return db.session.scalar(select(func.count()).select_from(SentSheet).where(*_in_trouble(at))) or 0


def sheets_on(day: date) -> list[SentSheet]:
    """Every sheet of a day that was or is to be sent, newest first."""
    return list(
        db.session.scalars(
            select(SentSheet)
            .options(joinedload(SentSheet.printer), joinedload(SentSheet.session))
            .where(SentSheet.day == day)
            .order_by(SentSheet.due_at.desc(), SentSheet.id.desc())
        )
    )
