"""Who has read an accident: a guardian's yes counts for what stood there then, and no longer once something was added."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy import select

from booking.core import audit
from booking.core.db import db
from booking.core.errors import BookingError, NotFound
from booking.people.models import User
from booking.people.restrictions import open_ties
from booking.registers.incident_models import (
    FOR_FAMILY,
    ChildNote,
    Incident,
    IncidentAddition,
    IncidentReading,
)


class NotAllRead(BookingError):
    """Something was added after the page was opened; nothing was signed, and the new words stand there now."""

    def __init__(self) -> None:
        super().__init__("Something was added since you opened this page. Read it, then press again.")


def additions_of(incident_ids: Collection[int]) -> dict[int, list[IncidentAddition]]:
    """What was added to each report, oldest first."""
    found: dict[int, list[IncidentAddition]] = {}
    for one in db.session.scalars(
        select(IncidentAddition)
        .where(IncidentAddition.incident_id.in_(incident_ids))
        .order_by(IncidentAddition.id)
    ):
        found.setdefault(one.incident_id, []).append(one)
    return found


def readings_of(incident_ids: Collection[int]) -> dict[int, list[IncidentReading]]:
    """Who said that they have read each report, oldest first."""
    found: dict[int, list[IncidentReading]] = {}
    for one in db.session.scalars(
        select(IncidentReading)
        .where(IncidentReading.incident_id.in_(incident_ids))
        .order_by(IncidentReading.id)
    ):
        found.setdefault(one.incident_id, []).append(one)
    return found


def newest_for_family(incident: Incident, additions: Collection[IncidentAddition]) -> datetime:
    """When the report last changed for a family."""
    return max([incident.reported_at, *(one.at for one in additions if one.kind in FOR_FAMILY)])


def read_by(
    incident: Incident, additions: Collection[IncidentAddition], readings: Collection[IncidentReading]
) -> list[IncidentReading]:
    """The yeses that still count: those to the report as it stands."""
    newest = newest_for_family(incident, additions)
    return [one for one in readings if one.at >= newest]


def has_read(incident: Incident, user_id: int) -> bool:
    """Whether one adult has read the report as it stands."""
    additions = additions_of([incident.id]).get(incident.id, [])
    readings = readings_of([incident.id]).get(incident.id, [])
    return any(one.user_id == user_id for one in read_by(incident, additions, readings))


def accident_of(incident_id: int, user: User, on: date) -> Incident:
    """An accident of a child of this adult; raises `NotFound` for anybody else's, a closed one, and any near miss."""
    found = db.session.get(Incident, incident_id)
    mine = {tie.pupil_id for tie in open_ties(user, on)}
    if found is None or found.kind != "accident" or found.pupil_id not in mine:
        raise NotFound
    return found


def accidents_of(user: User, on: date) -> list[Incident]:
    """The accidents that an adult may read, newest first."""
    mine = {tie.pupil_id for tie in open_ties(user, on)}
    return list(
        db.session.scalars(
            select(Incident)
            .where(Incident.kind == "accident", Incident.pupil_id.in_(mine))
            .order_by(Incident.happened_at.desc(), Incident.id.desc())
        )
    )


def unread_of(user: User, on: date) -> list[Incident]:
    """The accidents that this adult has not read as they stand."""
    found = accidents_of(user, on)
    ids = [one.id for one in found]
    additions, readings = additions_of(ids), readings_of(ids)
    return [
        one
        for one in found
        if not any(
            reading.user_id == user.id
            for reading in read_by(one, additions.get(one.id, []), readings.get(one.id, []))
        )
    ]


def last_for_family(additions: Collection[IncidentAddition]) -> int:
    """The id of the last addition that a family reads, or nought: what a page has shown when it asks for a yes."""
    return max((one.id for one in additions if one.kind in FOR_FAMILY), default=0)


def say_read(incident_id: int, user: User, *, seen: int, at: datetime, on: date) -> None:
    """An adult says that they have read an accident as the page showed it; a second press changes nothing.

    `seen` is `last_for_family` of that page. Raises `NotAllRead` when something was added since, or `NotFound`.
    """
    incident = accident_of(incident_id, user, on)
    if last_for_family(additions_of([incident_id]).get(incident_id, [])) != seen:
        raise NotAllRead
    if has_read(incident, user.id):
        return
    db.session.add(IncidentReading(incident_id=incident_id, user_id=user.id, at=at))
    db.session.flush()
    audit.record("accident_read", "incident", incident_id, at=at, user_id=user.id)


def notes_for(user: User, on: date, *, since: datetime) -> list[ChildNote]:
    """The notes that staff wrote for the family of this adult's children, newest first."""
    mine = {tie.pupil_id for tie in open_ties(user, on)}
    return list(
        db.session.scalars(
            select(ChildNote)
            .where(ChildNote.pupil_id.in_(mine), ChildNote.for_family, ChildNote.at >= since)
            .order_by(ChildNote.at.desc(), ChildNote.id.desc())
        )
    )
