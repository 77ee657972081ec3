"""Who is expected in a session, what must be known of them, and where each stands now."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, time

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import joinedload

from booking.bookings.day_notes import is_about, note_words, notes_on, why_not_expected
from booking.bookings.models import FreeForecast, Place
from booking.bookings.stale_care import to_confirm
from booking.core.db import db
from booking.people.going_alone import is_for, latest_hour, yeses
from booking.people.models import CareProfile, Pupil, User
from booking.people.restrictions import Restriction, closed_pupils, restrictions_of
from booking.people.tablet_models import DayPass, DayPassSession
from booking.provision.models import Run, Session, StaffAssignment
from booking.provision.rota import on_rota_of
from booking.registers.collectors import collectors_of
from booking.registers.marks import NOTHING_YET, ChildState, states_in


@dataclass(frozen=True)
class Expected:
    """One child in one register: `status` is booked, held (not yet paid), forecast (free) or walk_in.

    `is_stale`: no guardian has confirmed the care this term. A password for collecting is never here: it is shown on tap.
    `away` says why nobody waits for the child here; `notes` are what the office and the family say of the day.
    """

    pupil: Pupil
    status: str
    state: ChildState
    care: CareProfile | None
    may_collect: tuple[str, ...]
    goes_home_alone: str | bool
    do_not_release_to: tuple[str, ...] = ()
    is_stale: bool = False
    away: str = ""
    notes: tuple[str, ...] = ()

    @property
    def is_awaited(self) -> bool:
        """Not here yet, and somebody should ask where the child is."""
        return self.state.state == "expected" and not self.away

    @property
    def alerts(self) -> tuple[str, ...]:
        """What has to be seen before anything else, as words."""
        return tuple(self.care.allergies) if self.care else ()


@dataclass
class Register:
    """One session with its children by surname, and the counts that the door needs."""

    session: Session
    children: list[Expected] = field(default_factory=list)

    @property
    def awaited(self) -> int:
        """How many are not here yet, but for those who are away."""
        return sum(child.is_awaited for child in self.children)

    def count(self, *states: str) -> int:
        """How many children stand in any of these states."""
        return sum(child.state.state in states for child in self.children)


def sessions_for(user: User, day: date) -> list[Session]:
    """The day's sessions that a person may see: all for the office, a provider's own, else those assigned.

    None with a child whom a restriction closes to that person: somebody else takes that register.
    """
    query = (
        select(Session)
        .join(Session.run)
        .options(
            joinedload(Session.run).joinedload(Run.activity), joinedload(Session.run).joinedload(Run.room)
        )
        .where(Session.date == day)
        .order_by(Session.starts_at, Session.id)
    )
    may_see = _may_see(user)
    sessions = list(db.session.scalars(query if may_see is None else query.where(may_see)))
    closed = closed_pupils(user.id, day)
    if not closed:
        return sessions
    ids = [session.id for session in sessions]
    barred = {session_id for session_id, pupil_id in status_of(ids) if pupil_id in closed}
    return [session for session in sessions if session.id not in barred]


def may_see_session(user: User, session: Session) -> bool:
    """Whether a person may open this session's register."""
    return any(found.id == session.id for found in sessions_for(user, session.date))


def _may_see(user: User) -> ColumnElement[bool] | None:
    if "manager" in user.role_names:
        return None
    assigned = select(StaffAssignment.run_id).where(StaffAssignment.user_id == user.id)
    if user.seller_id is None:
        by_pass = (
            select(DayPassSession.session_id)
            .join(DayPass, DayPass.id == DayPassSession.day_pass_id)
            .where(DayPass.user_id == user.id, DayPass.ended_at.is_(None))
        )
        return or_(Run.id.in_(assigned), Session.id.in_(by_pass), on_rota_of(user.id))
    return Run.activity.has(seller_id=user.seller_id)


def registers_of(sessions: Iterable[Session]) -> list[Register]:
    """The registers of these sessions in a constant number of queries."""
    wanted = {session.id: Register(session) for session in sessions}
    if not wanted:
        return []
    status = status_of(wanted)
    states = states_in(wanted)
    for key, state in states.items():
        if key not in status and state.state != "expected":
            status[key] = "walk_in"
    ids = {pupil_id for _, pupil_id in status}
    pupils = {p.id: p for p in db.session.scalars(select(Pupil).where(Pupil.id.in_(ids)))}
    care = {
        c.pupil_id: c for c in db.session.scalars(select(CareProfile).where(CareProfile.pupil_id.in_(ids)))
    }
    on = min(register.session.date for register in wanted.values())
    barred = restrictions_of(ids, on)
    collectors, alone = collectors_of(ids, barred), _goes_alone(ids, barred, on)
    stale = to_confirm(ids, on)
    notes = {day: notes_on(ids, day) for day in {register.session.date for register in wanted.values()}}
    for (session_id, pupil_id), word in status.items():
        session = wanted[session_id].session
        told = notes[session.date].get(pupil_id, [])
        here = tuple(note_words(note) for note in told if is_about(note, session.id, session.starts_at))
        wanted[session_id].children.append(
            Expected(
                pupils[pupil_id],
                word,
                states.get((session_id, pupil_id), NOTHING_YET),
                care.get(pupil_id),
                tuple(one.words for one in collectors.get(pupil_id, ())),
                alone.get(pupil_id, False),
                tuple(one.adult_name for one in barred.get(pupil_id, ())),
                pupil_id in stale,
                why_not_expected(told, session.id, session.starts_at),
                here,
            )
        )
    for register in wanted.values():
        register.children.sort(
            key=lambda c: (c.pupil.surname.casefold(), c.pupil.first_name.casefold(), c.pupil.id)
        )
    return list(wanted.values())


def pupils_in(sessions: Iterable[Session]) -> set[int]:
    """The ids of all children in the registers of these sessions."""
    ids = [session.id for session in sessions]
    return {pupil_id for _, pupil_id in (*status_of(ids), *states_in(ids))}


def status_of(session_ids: Iterable[int]) -> dict[tuple[int, int], str]:
    """Who is expected in these sessions, by (session, pupil): booked, held or forecast."""
    ids = list(session_ids)
    places = db.session.execute(
        select(Place.session_id, Place.pupil_id, Place.state).where(
            Place.session_id.in_(ids), Place.state.in_(("held", "booked"))
        )
    )
    forecasts = db.session.execute(
        select(FreeForecast.session_id, FreeForecast.pupil_id).where(FreeForecast.session_id.in_(ids))
    )
    status = {(row.session_id, row.pupil_id): "forecast" for row in forecasts}
    return status | {(row.session_id, row.pupil_id): row.state for row in places}


def _goes_alone(
    pupil_ids: Collection[int], barred: Mapping[int, list[Restriction]], on: date
) -> dict[int, str | bool]:
    """The children who may go home alone on a day, with the hour until which."""
    found = {}
    for pupil_id, one in yeses(pupil_ids, barred).items():
        if is_for(one, on):
            latest = latest_hour(one)
            found[pupil_id] = f"until {latest:%H:%M}" if latest else True
    return found


def is_now(session: Session, wall: time) -> bool:
    """Whether a session is on at a wall-clock time of its day."""
    return session.starts_at <= wall < session.ends_at
