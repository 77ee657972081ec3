"""Roll call: everyone on site now, by the place where they are, and who is expected there and not marked.

The office sees every name. Staff see the names of their own registers, and of the other children first names and
initials: enough to call them, no more. People from outside (a provider's, a day pass) see their own registers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import select

from booking.core.db import db
from booking.people.models import User
from booking.people.restrictions import closed_pupils
from booking.people.tablet_models import DayPass
from booking.registers.custody import SessionHours, Stand
from booking.registers.custody_day import Child, CustodyDay, custody_of
from booking.registers.expected import sessions_for
from booking.registers.staff_marks import on_site


@dataclass(frozen=True)
class RollName:
    """One child as this person may read it."""

    name: str
    class_name: str
    note: str = ""


@dataclass
class RollGroup:
    """A place with who is in it by the marks, and who should be but is not marked."""

    session: SessionHours
    is_own: bool
    here: list[RollName] = field(default_factory=list)
    missing: list[RollName] = field(default_factory=list)


@dataclass(frozen=True)
class RollCall:
    """Everyone on site at an instant: `hidden` are counted, and the office has their names.

    `adults` are the staff who said that they are here, with since when; for the school's own people alone.
    """

    at: datetime
    groups: tuple[RollGroup, ...]
    on_the_way: tuple[RollName, ...]
    hidden: int
    adults: tuple[tuple[str, datetime], ...]

    @property
    def total(self) -> int:
        """How many children the school has now by its registers."""
        return sum(len(group.here) for group in self.groups) + len(self.on_the_way) + self.hidden

    @property
    def missing(self) -> int:
        """How many are expected now and are not marked."""
        return sum(len(group.missing) for group in self.groups)


def roll_call_of(user: User, day: date, at: datetime) -> RollCall:
    """Everyone on site now, as this person may read it."""
    custody = custody_of(day, at)
    own = {session.id for session in sessions_for(user, day)}
    closed = closed_pupils(user.id, day)
    sees_others = "manager" in user.role_names or not is_from_outside(user, day)
    groups = {one.id: RollGroup(one, one.id in own) for one in custody.sessions.values()}
    way: list[RollName] = []
    hidden = 0
    for pupil_id, stand in sorted(custody.stands.items(), key=lambda one: _order(custody.children[one[0]])):
        is_own = bool(custody.facts[pupil_id].session_ids & own)
        if pupil_id in closed or not (is_own or sees_others):
            hidden += stand.is_on_site
            continue
        _place(groups, way, custody, custody.children[pupil_id], stand, is_own=is_own)
    shown = tuple(group for group in groups.values() if group.here or group.missing)
    adults = tuple((record.name, since) for record, since in on_site(at)) if sees_others else ()
    return RollCall(at, shown, tuple(way), hidden, adults)


def _place(
    groups: dict[int, RollGroup],
    way: list[RollName],
    custody: CustodyDay,
    child: Child,
    stand: Stand,
    *,
    is_own: bool,
) -> None:
    name = RollName(child.full_name if is_own else child.short_name, child.class_name, _note(custody, stand))
    if stand.kind in {"on_the_way", "nowhere"}:
        way.append(name)
    elif stand.is_on_site and stand.session_id is not None:
        groups[stand.session_id].here.append(name)
    elif stand.kind in {"due", "not_here"} and stand.session_id is not None:
        groups[stand.session_id].missing.append(name)


def _note(custody: CustodyDay, stand: Stand) -> str:
    there = custody.sessions.get(stand.to_id or 0)
    here = custody.sessions.get(stand.session_id or 0)
    if stand.kind in {"on_the_way", "nowhere"}:
        return f"from {here.name if here else 'a session'} to {there.name if there else 'another activity'}"
    if stand.kind == "two_places":
        return f"or in {there.name if there else 'another session'}"
    return ""


def _order(child: Child) -> tuple[str, str, int]:
    return child.surname.casefold(), child.first_name.casefold(), child.id


def is_from_outside(user: User, day: date) -> bool:
    """Whether somebody works here for a provider, or for this day only."""
    if user.seller_id is not None:
        return True
    passes = select(DayPass.id).where(DayPass.user_id == user.id, DayPass.day == day)
    return db.session.scalars(passes).first() is not None
