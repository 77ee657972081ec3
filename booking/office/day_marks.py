"""Every mark of one child on one day as the office reads it: who, on what, when by which clock, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import aliased, joinedload

from booking.bookings.models import Place
from booking.core.db import db
from booking.people.models import User
from booking.people.tablet_models import RegisterDevice
from booking.provision.models import Run, Session
from booking.registers.disagreements import mark_words
from booking.registers.models import Mark

SOURCES = {"page": "Page", "tablet": "Tablet", "paper": "From paper", "office": "Correction"}


@dataclass(frozen=True)
class DayMark:
    """One mark with its words; `about` says which other mark it takes back or settles."""

    uid: str
    words: str
    session_name: str
    at: datetime
    recorded_at: datetime
    device_at: datetime | None
    source: str
    device: str
    person: str
    second_person: str
    is_undone: bool
    about: str
    may_be_undone: bool


def marks_of(pupil_id: int, day: date) -> tuple[list[DayMark], list[Session]]:
    """The marks of a child's day in the order in which the server had them, and the sessions it may be marked in."""
    sender = aliased(User)
    rows = db.session.execute(
        select(Mark, Session.id, User.name, sender.name, RegisterDevice.name)
        .join(Session, Session.id == Mark.session_id)
        .outerjoin(User, User.id == Mark.user_id)
        .outerjoin(sender, sender.id == Mark.sent_by_id)
        .outerjoin(RegisterDevice, RegisterDevice.id == Mark.device_id)
        .where(Mark.pupil_id == pupil_id, Session.date == day)
        .order_by(Mark.recorded_at, Mark.id)
    ).all()
    sessions = _sessions(day)
    names = {session.id: session.run.activity.name for session in sessions}
    words = {row[0].uid: mark_words(row[0].what, row[0].detail) for row in rows}
    undone = {row[0].undoes_uid for row in rows if row[0].what == "undone"}
    marks = [
        DayMark(
            mark.uid,
            words[mark.uid],
            names[session_id],
            mark.at,
            mark.recorded_at,
            mark.device_at,
            SOURCES[mark.source],
            device or "",
            person or "",
            second or "",
            mark.uid in undone,
            words.get(mark.undoes_uid or "", ""),
            mark.what not in {"undone", "settled"} and mark.uid not in undone,
        )
        for mark, session_id, person, second, device in rows
    ]
    own = {row[1] for row in rows} | _booked(pupil_id, day)
    return marks, sorted(sessions, key=lambda one: (one.id not in own, one.starts_at, one.id))


def _sessions(day: date) -> list[Session]:
    query = (
        select(Session)
        .options(joinedload(Session.run).joinedload(Run.activity))
        .where(Session.date == day)
        .order_by(Session.starts_at, Session.id)
    )
    return list(db.session.scalars(query))


def _booked(pupil_id: int, day: date) -> set[int]:
    query = (
        select(Place.session_id)
        .join(Session, Session.id == Place.session_id)
        .where(Place.pupil_id == pupil_id, Session.date == day, Place.state == "booked")
    )
    return set(db.session.scalars(query))
