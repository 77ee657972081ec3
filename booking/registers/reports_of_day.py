"""One child's day at the door: what may be given and from when, what was given, accidents, and notes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from booking.core import clock
from booking.core.db import db
from booking.people.medicine_models import Medicine
from booking.people.medicines import living_medicines
from booking.people.models import Pupil
from booking.provision.models import Session
from booking.registers.dose_models import MedicineGiven
from booking.registers.doses import given_to, stops_for
from booking.registers.incident_models import ChildNote, Incident


@dataclass(frozen=True)
class MayGive:
    """One medicine, and what stands against giving it just now."""

    medicine: Medicine
    stops: tuple[str, ...]


@dataclass(frozen=True)
class ChildDay:
    """What the page of a child shows."""

    medicines: list[MayGive]
    given: list[MedicineGiven]
    accidents: list[Incident]
    notes: list[ChildNote]


def day_of(pupil: Pupil, session: Session, *, at: datetime, sees_all: bool) -> ChildDay:
    """A child on the day of a session; without `sees_all` notes and accidents of that session alone."""
    start = clock.instant(session.date, time(0))
    end = clock.instant(session.date + timedelta(days=1), time(0))
    given = [one for one in given_to([pupil.id], since=start).get(pupil.id, []) if one.given_at < end]
    accidents = (
        select(Incident)
        .options(joinedload(Incident.session))
        .where(Incident.kind == "accident", Incident.pupil_id == pupil.id)
        .where(Incident.happened_at >= start, Incident.happened_at < end)
        .order_by(Incident.happened_at, Incident.id)
    )
    notes = (
        select(ChildNote)
        .options(joinedload(ChildNote.user), joinedload(ChildNote.session))
        .where(ChildNote.pupil_id == pupil.id, ChildNote.at >= start, ChildNote.at < end)
        .order_by(ChildNote.id)
    )
    if not sees_all:
        accidents = accidents.where(Incident.session_id == session.id)
        notes = notes.where(ChildNote.session_id == session.id)
    living = living_medicines([pupil.id], clock.today(at)).get(pupil.id, [])
    return ChildDay(
        medicines=[MayGive(one, tuple(stops_for(one, at))) for one in living],
        given=given,
        accidents=list(db.session.scalars(accidents)),
        notes=list(db.session.scalars(notes)),
    )
