"""Which session, child and report somebody at the door may open; whatever is not theirs is not there."""

from __future__ import annotations

from datetime import date

from booking.core.db import db
from booking.core.errors import NotFound
from booking.people.models import Pupil, User
from booking.people.restrictions import closed_pupils
from booking.provision.models import Session
from booking.registers.dose_models import MedicineGiven
from booking.registers.doses import find_dose
from booking.registers.expected import may_see_session, pupils_in
from booking.registers.incident_models import Incident


def session_of(user: User, session_id: int) -> Session:
    """A session whose register this person may open; raises `NotFound`."""
    found = db.session.get(Session, session_id)
    if found is None or not may_see_session(user, found):
        raise NotFound
    return found


def child_of(user: User, session_id: int, pupil_id: int) -> tuple[Session, Pupil]:
    """A child in such a register; raises `NotFound`."""
    session, pupil = session_of(user, session_id), db.session.get(Pupil, pupil_id)
    if pupil is None or pupil_id not in pupils_in([session]):
        raise NotFound
    return session, pupil


def incident_of(user: User, incident_id: int, on: date) -> Incident:
    """A report: an accident for who may open its session's register, a near miss for the office alone.

    Nobody reads of a child whom a restriction closes to them. Raises `NotFound`.
    """
    found = db.session.get(Incident, incident_id)
    if found is None or found.pupil_id in closed_pupils(user.id, on):
        raise NotFound
    if "manager" not in user.role_names:
        if found.kind != "accident":
            raise NotFound
        session_of(user, found.session_id)
    return found


def dose_of(user: User, given_id: int) -> MedicineGiven:
    """A dose in such a register; raises `NotFound`."""
    found = find_dose(given_id)
    child_of(user, found.session_id, found.pupil_id)
    return found


def is_provider(user: User) -> bool:
    """Whether somebody works for an outside provider: they see their own sessions, and what safety needs."""
    return user.seller_id is not None
