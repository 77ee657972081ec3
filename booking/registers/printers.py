"""The school's printers: added after a look at them, ended by a date; and sheets that a person sends by hand."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import datetime, timedelta

from booking.core import audit, clock
from booking.core.db import db
from booking.core.errors import BookingError, NotFound
from booking.core.words import clock as hour
from booking.core.words import full_day
from booking.messages.printers import Device, Look, check_uri, look_at, print_pdf
from booking.provision.models import Room, Session
from booking.registers.bundles import BUNDLES
from booking.registers.lists import ListSheet, words
from booking.registers.printer_models import Printer, SentSheet
from booking.registers.sending import BY, device_of, living_printers
from booking.registers.sheets import render_sheets

BY_HAND_LASTS = timedelta(hours=1)


class CannotPrint(BookingError):
    """The printer cannot be used for this: why is said, and nothing was changed or sent."""


def inspect(uri: str) -> tuple[str, Look]:
    """Look at a printer before it is added, outside any transaction: its address as kept, and what it says of itself.

    Raises `CannotPrint` for one that does not take PDF, and what `look_at` raises.
    """
    kept = check_uri(uri)
    look = look_at(Device(kept))
    if not look.takes_pdf:
        raise CannotPrint(
            f"{look.model} does not take PDF. Use another printer, or CUPS between it and this school. "
            "Nothing was changed."
        )
    return kept, look


def add_printer(
    name: str,
    uri: str,
    prints: Collection[str],
    room_id: int | None,
    *,
    certificate: str | None,
    at: datetime,
    user_id: int,
) -> Printer:
    """Take a printer into use, in the caller's unit of work; raises `CannotPrint`."""
    if not prints:
        raise CannotPrint("Tick what it prints. Nothing was changed.")
    if any(one.name == name for one in living_printers()):
        raise CannotPrint(f"There is a printer called “{name}” already. Nothing was changed.")
    if room_id is not None and (set(prints) != {"session"} or db.session.get(Room, room_id) is None):
        raise CannotPrint(
            "A printer of one room prints the sheets of its sessions alone. Nothing was changed."
        )
    printer = Printer(
        name=name,
        uri=uri,
        prints=[bundle for bundle in BUNDLES if bundle in prints],
        room_id=room_id,
        certificate=certificate,
        created_at=at,
        made_by_id=user_id,
    )
    db.session.add(printer)
    db.session.flush()
    audit.record("printer_added", "printer", printer.id, at=at, user_id=user_id, prints=printer.prints)
    return printer


def end_printer(printer_id: int, *, at: datetime, user_id: int) -> Printer:
    """Nothing is sent to this printer any more; what waits for it is given up. Raises `NotFound`."""
    printer = _printer(printer_id)
    printer.ended_at = at
    waiting = db.session.query(SentSheet).filter_by(printer_id=printer_id, state="waiting")
    for row in waiting:
        row.state, row.next_try_at, row.last_error = "failed", None, "The printer was taken out of use."
    db.session.flush()
    audit.record("printer_ended", "printer", printer.id, at=at, user_id=user_id)
    return printer


def send_now(
    printer_id: int, bundle: str, session_id: int | None, *, at: datetime, user_id: int
) -> SentSheet:
    """Ask the worker for a bundle of today on a printer, in the caller's unit of work; raises `CannotPrint`."""
    printer = _printer(printer_id)
    session = db.session.get(Session, session_id) if session_id is not None else None
    if bundle not in BUNDLES or (bundle == "session") != (session is not None):
        raise CannotPrint("Choose what to print. Nothing was sent.")
    if bundle not in printer.prints:
        raise CannotPrint(f"“{printer.name}” is not for that. Nothing was sent.")
    day = session.date if session is not None else clock.today(at)
    made = SentSheet(
        key=f"{day} {bundle} by hand {secrets.token_hex(6)}, printer {printer.id}",
        printer_id=printer.id,
        day=day,
        bundle=bundle,
        session_id=session_id,
        due_at=at,
        until_at=at + BY_HAND_LASTS,
        state="waiting",
        next_try_at=at,
        asked_by_id=user_id,
    )
    db.session.add(made)
    db.session.flush()
    audit.record("sheet_sent_by_hand", "printer", printer.id, at=at, user_id=user_id, bundle=bundle)
    return made


def send_again(sheet_id: int, *, at: datetime, user_id: int) -> SentSheet:
    """The same bundle once more on the same printer, made afresh; raises `NotFound` or `CannotPrint`."""
    row = db.session.get(SentSheet, sheet_id)
    if row is None:
        raise NotFound
    return send_now(row.printer_id, row.bundle, row.session_id, at=at, user_id=user_id)


def print_test_page(printer: Printer, *, school: str, at: datetime) -> int:
    """A page that names nobody, handed over at once and outside any transaction; raises what `print_pdf` raises."""
    sheet = ListSheet(
        title="This printer works",
        label="TEST PAGE",
        day=clock.today(at),
        school=school,
        printed_at=at,
        printed_by=BY,
        about=(f"{full_day(clock.today(at))}, {hour(at)}", printer.name),
        notes=tuple(words(f"It prints: {BUNDLES[bundle]}.") for bundle in printer.prints),
    )
    content = render_sheets([sheet.data()], [sheet.day], at)
    return print_pdf(device_of(printer), f"Test page {secrets.token_hex(4)}", content)


def _printer(printer_id: int) -> Printer:
    found = db.session.get(Printer, printer_id)
    if found is None or found.ended_at is not None:
        raise NotFound
    return found
