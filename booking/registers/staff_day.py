"""Who is on today's rotas, who of them is here, and whom somebody who is signed in may mark in and out."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select

from booking.core import clock
from booking.core.db import db
from booking.core.words import clock as hour
from booking.people.models import User
from booking.provision.models import Session
from booking.provision.rota import duties_of
from booking.provision.staff_models import StaffRecord
from booking.registers.staff_marks import NOT_HERE, Presence, presences


@dataclass(frozen=True)
class StaffLine:
    """One adult of today: what they are on, whether they are here, and whether the one who looks may mark them."""

    staff_id: int
    name: str
    duties: tuple[str, ...]
    is_first_aider: bool
    presence: Presence
    may_mark: bool
    is_own: bool

    @property
    def state(self) -> str:
        """`here`, `gone` or `expected`."""
        if self.presence.is_here:
            return "here"
        return "gone" if self.presence.left_at else "expected"


@dataclass(frozen=True)
class StaffDay:
    """Everybody of today by name, one's own line first."""

    lines: tuple[StaffLine, ...]

    @property
    def own(self) -> StaffLine | None:
        """The line of whoever looks, when they have a staff record."""
        return next((one for one in self.lines if one.is_own), None)

    def count(self, state: str) -> int:
        """How many are in a state."""
        return sum(one.state == state for one in self.lines)


def staff_day(user: User, at: datetime) -> StaffDay:
    """Today's adults: those on a rota, those who made a mark, and oneself."""
    day = clock.today(at)
    sessions = db.session.scalars(select(Session.id).where(Session.date == day, Session.status == "planned"))
    words: dict[int, list[str]] = {}
    aiders: set[int] = set()
    for duty in duties_of(sessions.all(), {}):
        session = duty.session
        for person in duty.people:
            line = f"{hour(session.starts_at)} to {hour(session.ends_at)} {session.run.activity.name}"
            words.setdefault(person.staff_id, []).append(line)
            aiders |= {person.staff_id} if person.is_first_aider else set()
    marks = presences(day)
    own = own_record(user)
    ids = set(words) | set(marks) | ({own.id} if own else set())
    people = db.session.scalars(select(StaffRecord).where(StaffRecord.id.in_(ids)))
    markable = _markable(user, ids)
    lines = [
        StaffLine(
            one.id,
            one.name,
            tuple(words.get(one.id, ())),
            one.id in aiders,
            marks.get(one.id, NOT_HERE),
            one.id in markable,
            own is not None and one.id == own.id,
        )
        for one in people
    ]
    return StaffDay(
        tuple(sorted(lines, key=lambda line: (not line.is_own, line.name.casefold(), line.staff_id)))
    )


def own_record(user: User) -> StaffRecord | None:
    """The staff record of whoever is signed in."""
    return db.session.scalars(select(StaffRecord).where(StaffRecord.user_id == user.id)).first()


def may_mark(user: User, staff_id: int, at: datetime) -> bool:
    """Whether somebody may mark an adult in and out: oneself; the office everybody; staff who cannot sign in by anyone
    of the school who is at work here.
    """
    if user.seller_id is not None:
        own = own_record(user)
        return own is not None and own.id == staff_id
    return staff_id in _markable(user, [staff_id])


def _markable(user: User, staff_ids: Collection[int]) -> set[int]:
    query = select(StaffRecord.id).where(StaffRecord.id.in_(staff_ids))
    if "manager" not in user.role_names:
        query = query.where(or_(StaffRecord.user_id == user.id, StaffRecord.user_id.is_(None)))
    return set(db.session.scalars(query))
