"""Accidents, near misses and notes: written once by who was there, put right by adding, never changed.

An accident reaches the family; a near miss goes to the office alone. What is typed stands sealed. A report is kept to
the child's 25th birthday (a near miss of no child as long as a register), and a legal hold keeps it longer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeVar

from sqlalchemy import select

from booking.core import audit, clock
from booking.core.access_log import CARE, note_access
from booking.core.db import db, lock_rows
from booking.core.errors import BookingError, NotFound
from booking.people.models import Pupil
from booking.provision.models import Session
from booking.registers.expected import pupils_in
from booking.registers.incident_models import (
    ADDED,
    FOR_FAMILY,
    RIDDOR_ENDS,
    ChildNote,
    Incident,
    IncidentAddition,
)
from booking.registers.incident_reading import additions_of
from booking.registers.incident_words import AFTERWARDS, DANGERS, INJURIES, PARTS, SIDES, TOLD, riddor_hint
from booking.registers.telling import tell_family

KEPT_TO_AGE = 25
KEPT_WITHOUT_CHILD = timedelta(days=2190)
LATEST_REPORT = timedelta(days=31)


class ReportRefused(BookingError):
    """Something that a report needs is missing or cannot be; it is named, and nothing was kept."""


@dataclass(frozen=True)
class Report:
    """What somebody tells of an accident or a near miss; the lists hold keys of `incident_words`."""

    kind: str
    session_id: int
    happened_at: datetime
    where: str
    what: str
    pupil_id: int | None = None
    parts: tuple[str, ...] = ()
    side: str = ""
    injuries: tuple[str, ...] = ()
    first_aid: str = ""
    first_aid_by: str = ""
    seen_by: str = ""
    afterwards: str = "stayed"
    told: str = "not_yet"
    told_whom: str = ""
    danger: str = ""


def report(told: Report, *, at: datetime, user_id: int, once: str | None = None) -> Incident:
    """Keep a report, and tell the family of an accident; a form that comes twice (`once`) is kept once.

    Raises `ReportRefused` or `NotFound`.
    """
    _lock(told.session_id, told.pupil_id)
    if (known := _sent_before(Incident, once)) is not None:
        return known
    pupil = _child_of(told.session_id, told.pupil_id)
    _refuse_if_not_whole(told, at)
    values = {**vars(told), "parts": list(told.parts), "injuries": list(told.injuries)}
    made = Incident(
        **values,
        row_key=once,
        reported_at=at,
        reported_by_id=user_id,
        may_be_riddor=bool(riddor_hint(told.kind, told.afterwards, told.danger)),
        keep_until=keep_until(pupil) if pupil else clock.today(told.happened_at) + KEPT_WITHOUT_CHILD,
    )
    db.session.add(made)
    db.session.flush()
    audit.record(f"{told.kind}_reported", "incident", made.id, at=at, user_id=user_id)
    if pupil is not None:
        note_access([pupil.id], [CARE], act="change", reason=told.kind, at=at, user_id=user_id)
        if told.kind == "accident":
            tell_family(pupil.id, key=f"accident:{made.id}", at=at, incident_id=made.id)
    return made


def _lock(session_id: int, pupil_id: int | None) -> None:
    """Let two presses of one form come one after the other: by the child, or by the session where there is none."""
    lock_rows((Session, [session_id]) if pupil_id is None else (Pupil, [pupil_id]))


Written = TypeVar("Written", Incident, ChildNote)


def _sent_before(model: type[Written], once: str | None) -> Written | None:
    """What the same form has made already."""
    return db.session.scalars(select(model).where(model.row_key == once)).first() if once else None


def keep_until(pupil: Pupil) -> date:
    """The child's 25th birthday; of 29 February, the first of March."""
    born = pupil.date_of_birth
    try:
        return born.replace(year=born.year + KEPT_TO_AGE)
    except ValueError:
        return date(born.year + KEPT_TO_AGE, 3, 1)


def _child_of(session_id: int, pupil_id: int | None) -> Pupil | None:
    """The child, who must be in that session's register; raises `NotFound`."""
    session = db.session.get(Session, session_id)
    if session is None:
        raise NotFound
    if pupil_id is None:
        return None
    pupil = db.session.get(Pupil, pupil_id)
    if pupil is None or pupil_id not in pupils_in([session]):
        raise NotFound
    return pupil


def _refuse_if_not_whole(told: Report, at: datetime) -> None:
    if told.happened_at > at:
        raise ReportRefused("The time is still to come. Write when it happened.")
    if at - told.happened_at > LATEST_REPORT:
        raise ReportRefused("That is more than a month ago. Ask the office to write it down on paper.")
    if not told.where.strip() or not told.what.strip():
        raise ReportRefused("Write where it was and what happened.")
    if told.kind == "near_miss":
        if told.danger not in DANGERS:
            raise ReportRefused("Choose from the lists.")
        return
    if told.pupil_id is None:
        raise ReportRefused("Say which child it was.")
    if not told.parts or not told.injuries:
        raise ReportRefused("Choose where the child is hurt, and how.")
    if not told.first_aid.strip() or not told.first_aid_by.strip():
        raise ReportRefused("Write what first aid was given and by whom, or that none was needed.")
    is_known = set(told.parts) <= set(PARTS) and set(told.injuries) <= set(INJURIES)
    if not is_known or told.side not in SIDES or told.afterwards not in AFTERWARDS or told.told not in TOLD:
        raise ReportRefused("Choose from the lists.")


def add_to(incident_id: int, kind: str, words: str, *, at: datetime, user_id: int) -> IncidentAddition:
    """Add a correction, what happened since, or a decision of the office; the report itself stays as it was.

    What the family reads is told to them again. Raises `ReportRefused` or `NotFound`.
    """
    incident = db.session.get(Incident, incident_id)
    if incident is None or kind not in ADDED:
        raise NotFound
    if not words.strip():
        raise ReportRefused("Write what is added.")
    if kind in RIDDOR_ENDS and not incident.may_be_riddor:
        raise ReportRefused("Nothing in this report points to RIDDOR. Add it as a note for the office.")
    made = IncidentAddition(
        incident_id=incident_id,
        pupil_id=incident.pupil_id,
        kind=kind,
        at=at,
        user_id=user_id,
        words=words.strip(),
    )
    db.session.add(made)
    db.session.flush()
    audit.record("incident_added_to", "incident", incident_id, at=at, user_id=user_id, what=kind)
    if kind in FOR_FAMILY and incident.kind == "accident" and incident.pupil_id is not None:
        tell_family(
            incident.pupil_id, key=f"accident:{incident_id}:{made.id}", at=at, incident_id=incident_id
        )
    return made


def hint_of(incident: Incident) -> str:
    """The hint about RIDDOR while nobody has decided; afterwards, and where nothing points to it, an empty text."""
    if not incident.may_be_riddor:
        return ""
    if any(one.kind in RIDDOR_ENDS for one in additions_of([incident.id]).get(incident.id, ())):
        return ""
    return riddor_hint(incident.kind, incident.afterwards, incident.danger)


def add_note(
    pupil_id: int,
    session_id: int,
    words: str,
    *,
    for_family: bool,
    at: datetime,
    user_id: int,
    once: str | None = None,
) -> ChildNote:
    """Write a note on a child's day; one that is for the family is told to them. Raises `ReportRefused`, `NotFound`."""
    _lock(session_id, pupil_id)
    if (known := _sent_before(ChildNote, once)) is not None:
        return known
    pupil = _child_of(session_id, pupil_id)
    if pupil is None:
        raise NotFound
    if not words.strip():
        raise ReportRefused("Write the note.")
    made = ChildNote(
        row_key=once,
        pupil_id=pupil_id,
        session_id=session_id,
        at=at,
        user_id=user_id,
        for_family=for_family,
        words=words.strip(),
    )
    db.session.add(made)
    db.session.flush()
    audit.record("note_written", "child_note", made.id, at=at, user_id=user_id)
    note_access([pupil_id], [CARE], act="change", reason="note", at=at, user_id=user_id)
    if for_family:
        tell_family(pupil_id, key=f"note:{made.id}", at=at)
    return made
