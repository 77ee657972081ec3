"""A school day as custody sees it: every child with a plan or a mark, and where each stands at one instant."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from booking.bookings.day_notes import notes_on
from booking.core import clock
from booking.core.db import db
from booking.people.models import Pupil
from booking.provision.models import Activity, Room, Run, Session
from booking.registers.call_models import CustodyAct, Handover
from booking.registers.custody import ChildFacts, SessionHours, Stand, stand_of
from booking.registers.custody_rules import CustodyRules, custody_rules_on
from booking.registers.marks import ChildState, states_in
from booking.registers.plan import Leg, booked_on, heeding


@dataclass(frozen=True)
class Child:
    """A child as it is named in lists; the surname is for those who may see it."""

    id: int
    first_name: str
    surname: str
    class_name: str

    @property
    def full_name(self) -> str:
        """First name and surname."""
        return f"{self.first_name} {self.surname}"

    @property
    def short_name(self) -> str:
        """First name and initial, for those whose register this child is not in."""
        return f"{self.first_name} {self.surname[:1]}."


@dataclass(frozen=True)
class CustodyDay:
    """One day at one instant: `stands` holds exactly one answer for each child that has a plan or a mark."""

    day: date
    at: datetime
    rules: CustodyRules
    sessions: Mapping[int, SessionHours]
    facts: Mapping[int, ChildFacts]
    stands: Mapping[int, Stand]
    children: Mapping[int, Child]
    held: frozenset[tuple[int, int]]

    def ringing(self) -> list[tuple[int, Stand]]:
        """The children about whom somebody has to act, the gravest and oldest first."""
        found = [(pupil_id, stand) for pupil_id, stand in self.stands.items() if stand.rings]
        return sorted(found, key=lambda one: (one[1].since or self.at, one[0]))

    def state_of(self, pupil_id: int, session_id: int) -> ChildState | None:
        """What is marked of a child in one session."""
        return self.facts[pupil_id].states.get(session_id)


def custody_of(day: date, at: datetime) -> CustodyDay:
    """The whole day in a fixed number of queries, however many children there are."""
    rules, sessions = custody_rules_on(day), _sessions_of(day)
    states: dict[int, dict[int, ChildState]] = defaultdict(dict)
    for (session_id, pupil_id), state in states_in(sessions).items():
        states[pupil_id][session_id] = state
    booked = booked_on(day)
    ids = sorted({*booked, *states})
    notes = notes_on(ids, day)
    sent, settled = _sent(sessions), _settled(sessions)
    facts, stands = {}, {}
    for pupil_id in ids:
        said = notes.get(pupil_id, [])
        legs = heeding(said, booked.get(pupil_id, ()))
        late = [one.at_time for one in said if one.kind == "late" and one.at_time is not None]
        facts[pupil_id] = ChildFacts(
            pupil_id,
            tuple(legs),
            states.get(pupil_id, {}),
            sent.get(pupil_id, {}),
            settled.get(pupil_id, {}),
            leaves_at=_leaves_at(legs, sessions, day),
            collector_late=clock.instant(day, max(late)) if late else None,
        )
        stands[pupil_id] = stand_of(facts[pupil_id], sessions, at, rules)
    held = frozenset(
        (leg.session_id, pupil_id)
        for pupil_id, legs in booked.items()
        for leg in legs
        if leg.status == "held"
    )
    return CustodyDay(day, at, rules, sessions, facts, stands, children_of(ids), held)


def _sessions_of(day: date) -> dict[int, SessionHours]:
    rows = db.session.execute(
        select(
            Session.id,
            Session.starts_at,
            Session.ends_at,
            Activity.name,
            Activity.kind,
            Room.name.label("room"),
            Run.leader,
        )
        .join(Run, Run.id == Session.run_id)
        .join(Activity, Activity.id == Run.activity_id)
        .join(Room, Room.id == Run.room_id)
        .where(Session.date == day)
        .order_by(Session.starts_at, Session.id)
    )
    return {
        row.id: SessionHours(
            row.id,
            row.name,
            row.kind,
            row.room,
            clock.instant(day, row.starts_at),
            clock.instant(day, row.ends_at),
            row.leader,
        )
        for row in rows
    }


def children_of(pupil_ids: list[int]) -> dict[int, Child]:
    """The names of these children, by their ids."""
    rows = db.session.execute(
        select(Pupil.id, Pupil.preferred_name, Pupil.forename, Pupil.surname, Pupil.class_name).where(
            Pupil.id.in_(pupil_ids)
        )
    )
    return {
        row.id: Child(row.id, row.preferred_name or row.forename, row.surname, row.class_name or "")
        for row in rows
    }


def _leaves_at(legs: list[Leg], sessions: Mapping[int, SessionHours], day: date) -> datetime | None:
    """When a child is fetched early: its last leg was cut short."""
    if not legs:
        return None
    ends_at = clock.instant(day, legs[-1].ends_at)
    return ends_at if ends_at < sessions[legs[-1].session_id].ends_at else None


def _sent(sessions: Mapping[int, SessionHours]) -> dict[int, dict[int, int]]:
    """By child and session that it left, the session to which it was sent last."""
    found: dict[int, dict[int, int]] = defaultdict(dict)
    rows = db.session.execute(
        select(Handover.pupil_id, Handover.from_id, Handover.to_id)
        .where(Handover.from_id.in_(list(sessions)), Handover.end_of == "sent")
        .order_by(Handover.at, Handover.id)
    )
    for row in rows:
        if row.to_id in sessions:
            found[row.pupil_id][row.from_id] = row.to_id
    return found


def _settled(sessions: Mapping[int, SessionHours]) -> dict[int, dict[tuple[int, str], datetime]]:
    """By child, when a person last looked into an alarm of a kind in a session."""
    found: dict[int, dict[tuple[int, str], datetime]] = defaultdict(dict)
    rows = db.session.execute(
        select(CustodyAct.pupil_id, CustodyAct.session_id, CustodyAct.kind, CustodyAct.at)
        .where(CustodyAct.session_id.in_(list(sessions)), CustodyAct.what == "settled")
        .order_by(CustodyAct.at)
    )
    for row in rows:
        found[row.pupil_id][row.session_id, row.kind] = row.at
    return found
