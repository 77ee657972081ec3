"""The day's registers as paper: gathers what the sheets need, and hands it to the printer's code."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from booking.core import audit
from booking.core.access_log import CARE, COLLECTION, note_access
from booking.core.clock import school_zone
from booking.core.db import db
from booking.core.errors import BookingError
from booking.people.models import School
from booking.provision.models import Run, Session
from booking.registers.expected import Expected, Register, pupils_in, registers_of
from booking.registers.sheets import RegisterEntry, RegisterSheet, SheetKind, render_registers

KEEP_PAPER = timedelta(days=30)
KINDS: tuple[SheetKind, ...] = ("door", "leader")
YEAR_LABELS = {"N1": "Nursery", "N2": "Nursery", "R": "Reception"}


class NothingToPrint(BookingError):
    """No session runs on that day, or the session named does not; the day is said."""


class UnknownKind(BookingError):
    """The kind of sheet asked for is neither door nor leader."""


def print_registers(
    day: date, *, session_id: int | None = None, kinds: tuple[str, ...] = KINDS, at: datetime, by: str = ""
) -> bytes:
    """All sheets of a day (or of one session of it) as one PDF, door sheet then leader's sheet for each session.

    Printed by the command line, so it is noted without a user, in the caller's unit of work.
    """
    unknown = [kind for kind in kinds if kind not in KINDS]
    if unknown or not kinds:
        raise UnknownKind(f"“{', '.join(unknown)}” is no kind of sheet: use door, leader, or both.")
    query = (
        select(Session)
        .options(
            joinedload(Session.run).joinedload(Run.activity), joinedload(Session.run).joinedload(Run.room)
        )
        .where(Session.date == day, Session.status == "planned")
        .order_by(Session.starts_at, Session.id)
    )
    if session_id is not None:
        query = query.where(Session.id == session_id)
    sessions = list(db.session.scalars(query))
    if not sessions:
        raise NothingToPrint(
            f"Nothing runs on {day:%d/%m/%Y}{'' if session_id is None else ' under that number'}."
        )
    note_printing(sessions, kinds=kinds, at=at, user_id=None)
    return print_sessions(sessions, kinds=kinds, at=at, by=by)


def print_sessions(sessions: list[Session], *, kinds: tuple[str, ...], at: datetime, by: str = "") -> bytes:
    """Sheets of these sessions, in their order."""
    school = db.session.scalars(select(School)).first()
    name = school.name if school else "Our school"
    pages: list[tuple[RegisterSheet, SheetKind]] = []
    for register in registers_of(sessions):
        sheet = _sheet(register, name, at, by)
        pages += [(sheet, kind) for kind in KINDS if kind in kinds]
    return render_registers(pages, at)


def note_printing(
    sessions: list[Session], *, kinds: tuple[str, ...], at: datetime, user_id: int | None
) -> None:
    """Put into the audit trail who printed which registers, and into the log which children's care is on them."""
    for session in sessions:
        audit.record("printed", "register", session.id, at=at, user_id=user_id, kinds=list(kinds))
    fields = [COLLECTION, *([CARE] if "leader" in kinds else [])]
    note_access(pupils_in(sessions), fields, act="print", reason="register", at=at, user_id=user_id)


def _sheet(register: Register, school: str, at: datetime, by: str) -> RegisterSheet:
    session = register.session
    return RegisterSheet(
        school=school,
        activity=session.run.activity.name,
        activity_kind=session.run.activity.kind,  # type: ignore[arg-type]
        date=session.date,
        room=session.run.room.name,
        leader=session.run.leader,
        starts_at=session.starts_at,
        ends_at=session.ends_at,
        printed_at=at.astimezone(school_zone()),
        printed_by=by,
        destroy_after=session.date + KEEP_PAPER,
        entries=tuple(_entry(child) for child in register.children),
    )


def _entry(child: Expected) -> RegisterEntry:
    pupil, care = child.pupil, child.care
    year = pupil.year_group or ""
    return RegisterEntry(
        name=f"{pupil.surname}, {pupil.first_name}",
        class_name=pupil.class_name or "",
        year_label=YEAR_LABELS.get(year, f"Year {year}" if year else ""),
        status="not yet paid" if child.status == "held" else "booked",
        allergies=tuple(care.allergies) if care else (),
        medical=(care.medical or "") if care else "",
        diet=tuple(care.diet) if care else (),
        support=(care.support or "") if care else "",
        may_collect=child.may_collect,
        is_stale=child.is_stale,
        do_not_release_to=child.do_not_release_to,
        goes_home_alone=child.goes_home_alone,
        in_at=child.state.in_at,
        out_at=child.state.out_at,
        absent=child.state.detail if child.state.state == "absent" else None,
    )
