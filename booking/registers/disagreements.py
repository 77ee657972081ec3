"""Where two devices disagree about a child: what a person has to decide, and the decision, which is a mark too."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from booking.core.db import db, lock_rows
from booking.core.errors import BookingError, NotFound
from booking.people.models import Pupil, User
from booking.provision.models import Session
from booking.registers.child_days import Dispute, Event, child_days
from booking.registers.events import closed_among, details_of, events_of_day
from booking.registers.expected import sessions_for
from booking.registers.marks import INS, OUTS, Maker, name_mark
from booking.registers.models import Mark

CHOICES = ("first", "second", "both")
WORDS = {
    "in_out": "One device says in, another says out, within two minutes.",
    "out_in": "One device says out, another says in, within two minutes.",
    "absent": "One device says in, another says absent.",
    "elsewhere": "One device says gone, while the child is marked in at another session.",
    "two_outs": "Two devices say differently how the child went.",
}


class DecidedAlready(BookingError):
    """Somebody else has decided this, or a mark that came in since has; nothing was changed."""

    def __init__(self) -> None:
        super().__init__("That is decided already. Nothing was changed.")


@dataclass(frozen=True)
class Side:
    """What one device said, as a person reads it."""

    uid: str
    words: str
    at: datetime
    session: Session
    device: str
    person: str


@dataclass(frozen=True)
class Disagreement:
    """Two marks about one child that do not go together."""

    pupil: Pupil
    words: str
    first: Side
    second: Side


def open_disputes(day: date) -> list[Dispute]:
    """What no person has decided yet on a day, in the order of time."""
    found = [one for child in child_days(events_of_day(day)).values() for one in child.disputes]
    return sorted(
        (one for one in found if not one.is_settled), key=lambda one: (one.second.at, one.second.uid)
    )


def disagreements(user: User, day: date) -> list[Disagreement]:
    """What this person may decide: both marks are of sessions that they see."""
    sessions = {session.id: session for session in sessions_for(user, day)}
    found = [
        one for one in open_disputes(day) if {one.first.session_id, one.second.session_id} <= set(sessions)
    ]
    events = [event for one in found for event in (one.first, one.second)]
    pupils = {
        p.id: p for p in db.session.scalars(select(Pupil).where(Pupil.id.in_({e.pupil_id for e in events})))
    }
    sides = _sides(events, sessions)
    return [
        Disagreement(pupils[one.first.pupil_id], WORDS[one.kind], sides[one.first.uid], sides[one.second.uid])
        for one in found
    ]


def _sides(events: Collection[Event], sessions: dict[int, Session]) -> dict[str, Side]:
    uids = {event.uid for event in events}
    makers = {
        row.uid: row.name or "somebody"
        for row in db.session.execute(
            select(Mark.uid, User.name).outerjoin(User, User.id == Mark.user_id).where(Mark.uid.in_(uids))
        )
    }
    details = details_of(uids)
    return {
        event.uid: Side(
            event.uid,
            mark_words(event.what, details.get(event.uid)),
            event.at,
            sessions[event.session_id],
            event.device,
            makers.get(event.uid, "somebody"),
        )
        for event in events
    }


def mark_words(what: str, detail: str | None = None) -> str:
    """A mark as a person says it."""
    if what in INS:
        return "In, as a walk-in" if what == "walk_in" else "In"
    words = {"absent": "Absent", "undone": "Taken back", "settled": "Decided", **OUTS}[what]
    return f"{words}: {detail}" if detail else words


def decide(day: date, first_uid: str, second_uid: str, choice: str, *, at: datetime, user: User) -> Mark:
    """Say which mark stands; the other is taken back, with "both" neither is. Raises `DecidedAlready` or `NotFound`."""
    marks = {
        mark.uid: mark
        for mark in db.session.scalars(select(Mark).where(Mark.uid.in_((first_uid, second_uid))))
    }
    if set(marks) != {first_uid, second_uid} or choice not in CHOICES:
        raise NotFound
    lock_rows((Pupil, {mark.pupil_id for mark in marks.values()}))
    if closed_among([day]):
        raise DecidedAlready
    if not _is_open(day, first_uid, second_uid, sessions_for(user, day)):
        raise DecidedAlready
    maker = Maker(user.id)
    if choice == "both":
        return name_mark(marks[second_uid], "settled", at=at, maker=maker)
    kept, wrong = (first_uid, second_uid) if choice == "first" else (second_uid, first_uid)
    if marks[kept].what in OUTS:
        name_mark(marks[kept], "settled", at=at, maker=maker)
    return name_mark(marks[wrong], "undone", at=at, maker=maker)


def _is_open(day: date, first_uid: str, second_uid: str, seen: Iterable[Session]) -> bool:
    """Whether this very question stands; raises `NotFound` when one of the sessions is not this person's to see."""
    ids = {session.id for session in seen}
    for one in open_disputes(day):
        if (one.first.uid, one.second.uid) == (first_uid, second_uid):
            if not {one.first.session_id, one.second.session_id} <= ids:
                raise NotFound
            return True
    return False
