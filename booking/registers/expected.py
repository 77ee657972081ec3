"""Who is expected in a session, what must be known of them, and where each stands now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, time

from sqlalchemy import ColumnElement, literal, or_, select
from sqlalchemy.orm import joinedload

from booking.bookings.models import FreeForecast, Place
from booking.bookings.stale_care import to_confirm
from booking.core.db import db
from booking.people.care import collection_words
from booking.people.models import CareProfile, Consent, Contact, Guardianship, Pupil, User
from booking.people.restrictions import Restriction, closed_pupils, restrictions_of
from booking.people.tablet_models import DayPass, DayPassSession
from booking.provision.models import Run, Session, StaffAssignment
from booking.registers.marks import NOTHING_YET, ChildState, states_in


@dataclass(frozen=True)
class Expected:
    """One child in one register: `status` is booked, held (not yet paid), forecast (free) or walk_in.

    `is_stale`: no guardian has confirmed the care this term. `words` are the passwords for collecting, shown on tap.
    """

    pupil: Pupil
    status: str
    state: ChildState
    care: CareProfile | None
    may_collect: tuple[str, ...]
    goes_home_alone: str | bool
    do_not_release_to: tuple[str, ...] = ()
    is_stale: bool = False
    words: tuple[str, ...] = ()

    @property
    def alerts(self) -> tuple[str, ...]:
        """What has to be seen before anything else, as words."""
        return tuple(self.care.allergies) if self.care else ()


@dataclass
class Register:
    """One session with its children by surname, and the counts that the door needs."""

    session: Session
    children: list[Expected] = field(default_factory=list)

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
        return or_(Run.id.in_(assigned), Session.id.in_(by_pass))
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
    collectors, alone = _collectors(ids, barred), _walks_home(ids)
    stale, words = to_confirm(ids, on), collection_words(ids, barred)
    for (session_id, pupil_id), word in status.items():
        wanted[session_id].children.append(
            Expected(
                pupils[pupil_id],
                word,
                states.get((session_id, pupil_id), NOTHING_YET),
                care.get(pupil_id),
                tuple(collectors[pupil_id]),
                alone.get(pupil_id, False),
                tuple(one.adult_name for one in barred.get(pupil_id, ())),
                pupil_id in stale,
                tuple(words.get(pupil_id, ())),
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


def _collectors(pupil_ids: Iterable[int], barred: Mapping[int, list[Restriction]]) -> dict[int, list[str]]:
    """Names of the adults who may collect, with how they belong to the child; never one whom a restriction bars."""
    found: dict[int, list[str]] = defaultdict(list)
    ids = list(pupil_ids)
    guardians = db.session.execute(
        select(Guardianship.pupil_id, User.id, User.email, User.name, Guardianship.relationship_name)
        .join(User, User.id == Guardianship.user_id)
        .where(Guardianship.pupil_id.in_(ids), Guardianship.may_collect)
        .order_by(Guardianship.id)
    )
    contacts = db.session.execute(
        select(
            Contact.pupil_id, literal(0).label("id"), Contact.email, Contact.name, Contact.relationship_name
        )
        .where(Contact.pupil_id.in_(ids), Contact.may_collect)
        .order_by(Contact.priority, Contact.id)
    )
    for row in [*guardians, *contacts]:
        if any(one.is_about(row.id, row.name, row.email) for one in barred.get(row.pupil_id, ())):
            continue
        words = f"{row.name} ({row.relationship_name})" if row.relationship_name else row.name
        if not any(known.startswith(row.name) for known in found[row.pupil_id]):
            found[row.pupil_id].append(words)
    return found


def _walks_home(pupil_ids: Iterable[int]) -> dict[int, str | bool]:
    """Children with a living consent to go home alone, with its latest hour where it has one."""
    rows = db.session.execute(
        select(Consent.pupil_id, Consent.details).where(
            Consent.pupil_id.in_(list(pupil_ids)),
            Consent.kind == "goes_home_alone",
            Consent.withdrawn_at.is_(None),
        )
    )
    return {
        row.pupil_id: f"until {row.details['latest']}" if row.details.get("latest") else True for row in rows
    }


def is_now(session: Session, wall: time) -> bool:
    """Whether a session is on at a wall-clock time of its day."""
    return session.starts_at <= wall < session.ends_at
