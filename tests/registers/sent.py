"""What the tests of sent paper share: a printer that is written down, and how its sheets stand."""

from __future__ import annotations

from datetime import time

from sqlalchemy import select

from booking.core import clock
from booking.core.db import db, unit_of_work
from booking.registers.printer_models import SentSheet
from booking.registers.printers import add_printer
from tests.builders import a_user
from tests.registers.ipp_printer import Tray
from tests.registers.paper_school import DAY

BEFORE = clock.instant(DAY, time(15, 15))


def a_written_printer(
    tray: Tray, *prints: str, name: str = "Office printer", room_id: int | None = None
) -> int:
    """The stand-in, written down by the office."""
    user_id = a_user("manager").id
    with unit_of_work():
        return add_printer(
            name, tray.uri, prints or ("session",), room_id, certificate=None, at=BEFORE, user_id=user_id
        ).id


def states() -> list[str]:
    """How each sheet stands, by its key."""
    found = [row.state for row in db.session.scalars(select(SentSheet).order_by(SentSheet.key))]
    db.session.rollback()
    return found


def names_of(tray: Tray) -> list[str]:
    """The jobs at the printer by name."""
    return sorted(job.name for job in tray.jobs)
