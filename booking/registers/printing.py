"""Sheets as paper: which days, sessions and kinds, as one PDF, and the note of who has seen what by it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from booking.core import audit
from booking.core.access_log import note_access
from booking.core.errors import BookingError
from booking.provision.models import Session
from booking.registers.paper_facts import Made, PaperDay, planned_on
from booking.registers.paper_kinds import KINDS
from booking.registers.register_sheets import SESSION_KINDS, registers
from booking.registers.sheets import render_sheets

MOST_DAYS = 7
DOOR_AND_LEADER = ("door", "leader")


class NothingToPrint(BookingError):
    """Nothing of what is asked for runs on that day, so that there is no sheet; the day is said."""


class UnknownKind(BookingError):
    """The kind of sheet asked for is none that there is, or not this person's to print; all kinds are named."""


@dataclass(frozen=True)
class Choice:
    """Which paper: the days from `first` to `last`, narrowed to a session, a club, a room or a class."""

    first: date
    last: date
    session_id: int | None = None
    activity_id: int | None = None
    room_id: int | None = None
    class_name: str | None = None

    @property
    def days(self) -> list[date]:
        """The days, a week of them at most; raises `NothingToPrint`."""
        count = (self.last - self.first).days + 1
        if not 1 <= count <= MOST_DAYS:
            raise NothingToPrint("A sheet is printed for one day, or for a week at most.")
        return [self.first + timedelta(days=n) for n in range(count)]

    def holds(self, session: Session) -> bool:
        """Whether a session is one of those asked for."""
        return (
            session.status == "planned"
            and self.session_id in (None, session.id)
            and self.activity_id in (None, session.run.activity_id)
            and self.room_id in (None, session.run.room_id)
        )


@dataclass(frozen=True)
class Paper:
    """A PDF that is ready, of which sessions it is, and whose private fields are on it."""

    content: bytes
    kinds: tuple[str, ...]
    first: date
    session_ids: tuple[int, ...]
    made: Made


def make_paper(
    choice: Choice,
    kinds: Iterable[str],
    sessions_of: Callable[[date], Sequence[Session]],
    *,
    at: datetime,
    by: str = "",
) -> Paper:
    """The sheets of a choice as one PDF; reads only, so the caller notes it (`note_paper`) in a unit of work.

    `sessions_of` gives the sessions of a day that may be seen by whoever prints. Raises `UnknownKind`, `NothingToPrint`.
    """
    wanted = tuple(dict.fromkeys(kinds))
    unknown = [kind for kind in wanted if kind not in KINDS]
    if unknown or not wanted:
        raise UnknownKind(f"“{', '.join(unknown)}” is no kind of sheet. There are: {', '.join(KINDS)}.")
    made, session_ids, days = Made(), [], []
    for day in choice.days:
        sessions = [one for one in sessions_of(day) if choice.holds(one)]
        if not sessions:
            continue
        before = len(made.sheets)
        made.add(_of_day(PaperDay(day, sessions, at, by, choice.class_name), wanted))
        if len(made.sheets) > before:
            days.append(day)
            session_ids += [one.id for one in sessions]
    if not made.sheets:
        raise NothingToPrint(_nothing(choice))
    return Paper(render_sheets(made.sheets, days, at), wanted, choice.first, tuple(session_ids), made)


def _of_day(paper: PaperDay, kinds: tuple[str, ...]) -> Made:
    by_session = tuple(kind for kind in kinds if kind in SESSION_KINDS)
    made = registers(paper, by_session) if by_session else Made()
    for name in kinds:
        make = KINDS[name].make
        if make is not None:
            made.add(make(paper))
    return made


def _nothing(choice: Choice) -> str:
    days = f"{choice.first:%d/%m/%Y}"
    if choice.last != choice.first:
        days += f" to {choice.last:%d/%m/%Y}"
    narrowed = any((choice.session_id, choice.activity_id, choice.room_id, choice.class_name))
    return f"There is nothing{' of that' if narrowed else ''} to print on {days}."


def note_paper(paper: Paper, *, at: datetime, user_id: int | None, reason: str = "register") -> None:
    """Put into the audit trail which sheets were printed, and into the log whose private fields are on them."""
    kinds = list(paper.kinds)
    for session_id in paper.session_ids:
        audit.record("printed", "register", session_id, at=at, user_id=user_id, kinds=kinds)
    by_pupil: dict[int, set[str]] = {}
    for name, ids in paper.made.seen.items():
        for pupil_id in ids:
            by_pupil.setdefault(pupil_id, set()).add(name)
    for fields in {frozenset(found) for found in by_pupil.values()}:
        ids = {pupil_id for pupil_id, found in by_pupil.items() if found == fields}
        note_access(ids, fields, act="print", reason=reason, at=at, user_id=user_id)


def print_registers(
    day: date,
    *,
    last: date | None = None,
    kinds: Iterable[str] = DOOR_AND_LEADER,
    at: datetime,
    by: str = "",
    **narrowed: Any,
) -> bytes:
    """Print for the command line: everything that is planned, noted without a user, in the caller's unit of work.

    `narrowed` are the fields of `Choice`. Raises `UnknownKind` or `NothingToPrint`.
    """
    choice = Choice(day, last or day, **narrowed)
    paper = make_paper(choice, kinds, planned_on, at=at, by=by)
    note_paper(paper, at=at, user_id=None)
    return paper.content
