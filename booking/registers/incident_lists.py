"""Accidents, near misses and medicine as the office looks at them: lists, their export, and what waits for somebody."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import exists, func, select
from sqlalchemy.orm import joinedload

from booking.core import clock
from booking.core.csv_cells import Cell
from booking.core.db import db
from booking.people.models import Pupil
from booking.provision.models import Run, Session
from booking.registers.dose_models import MedicineGiven
from booking.registers.incident_models import RIDDOR_ENDS, Incident, IncidentAddition, IncidentReading
from booking.registers.incident_papers import hurt_words
from booking.registers.incident_reading import additions_of, newest_for_family, read_by, readings_of
from booking.registers.incident_words import ADDED_WORDS, AFTERWARDS, DANGERS, KIND_WORDS, TOLD, riddor_hint
from booking.registers.telling import readers_of

UNREAD_AFTER = timedelta(hours=24)
UNREAD_WITHIN = timedelta(days=60)


@dataclass(frozen=True)
class Listed:
    """One report in the office's list; `readers` adults could read it online, `read` of them have."""

    incident: Incident
    additions: tuple[IncidentAddition, ...]
    read: tuple[IncidentReading, ...]
    readers: int
    hint: str

    @property
    def reading_words(self) -> str:
        """Whether the family has read it, in words."""
        if self.incident.kind != "accident":
            return "For the office alone"
        if self.read:
            return f"Read by {', '.join(dict.fromkeys(one.user.name for one in self.read))}"
        return "Not read yet" if self.readers else "Nobody reads online: hand over the paper"


@dataclass(frozen=True)
class Span:
    """The days that a list is about, both of them in it."""

    first: date
    last: date

    @property
    def instants(self) -> tuple[datetime, datetime]:
        """From the first instant of the first day to that of the day after the last."""
        return clock.instant(self.first, time(0)), clock.instant(self.last + timedelta(days=1), time(0))


def reports_in(span: Span, *, kind: str, closed: Collection[int], on: date) -> list[Listed]:
    """The reports of some days, newest first, less children who are closed to the one who asks; any kind for ''."""
    start, end = span.instants
    query = (
        select(Incident)
        .options(
            joinedload(Incident.pupil),
            joinedload(Incident.reported_by),
            joinedload(Incident.session).joinedload(Session.run).joinedload(Run.activity),
        )
        .where(Incident.happened_at >= start, Incident.happened_at < end)
        .order_by(Incident.happened_at.desc(), Incident.id.desc())
    )
    if kind:
        query = query.where(Incident.kind == kind)
    found = [one for one in db.session.scalars(query) if one.pupil_id not in closed]
    return _listed(found, on)


def _listed(found: Collection[Incident], on: date) -> list[Listed]:
    ids = [one.id for one in found]
    additions, readings = additions_of(ids), readings_of(ids)
    readers = readers_of({one.pupil_id for one in found if one.pupil_id is not None}, on)
    listed = []
    for one in found:
        added = additions.get(one.id, [])
        is_decided = any(addition.kind in RIDDOR_ENDS for addition in added)
        is_open = one.may_be_riddor and not is_decided
        listed.append(
            Listed(
                one,
                tuple(added),
                tuple(read_by(one, added, readings.get(one.id, []))),
                len(readers.get(one.pupil_id, ())) if one.pupil_id else 0,
                riddor_hint(one.kind, one.afterwards, one.danger) if is_open else "",
            )
        )
    return listed


REPORT_HEADINGS = (
    "Number",
    "Kind",
    "Happened",
    "Reported",
    "Reported by",
    "Child",
    "Class",
    "Session",
    "Where",
    "What happened",
    "Hurt",
    "First aid",
    "Given by",
    "Seen by",
    "And then",
    "Family told",
    "Dangerous occurrence",
    "Added later",
    "Read by the family",
    "RIDDOR to be decided",
    "Kept until",
)


def report_rows(listed: Iterable[Listed]) -> Iterable[list[Cell]]:
    """The list as rows of a file, with its headings."""
    yield list(REPORT_HEADINGS)
    for row in listed:
        one = row.incident
        is_accident = one.kind == "accident"
        yield [
            one.id,
            KIND_WORDS[one.kind],
            _stamp(one.happened_at),
            _stamp(one.reported_at),
            one.reported_by.name,
            one.pupil.full_name if one.pupil else "",
            (one.pupil.class_name or "") if one.pupil else "",
            one.session.run.activity.name,
            one.where,
            one.what,
            hurt_words(one),
            one.first_aid,
            one.first_aid_by,
            one.seen_by,
            AFTERWARDS[one.afterwards] if is_accident else "",
            f"{TOLD[one.told]} {one.told_whom}".strip() if is_accident else "",
            DANGERS[one.danger] if one.danger else "",
            "\n".join(f"{_stamp(a.at)} {ADDED_WORDS[a.kind]}: {a.words}" for a in row.additions),
            row.reading_words,
            "yes" if row.hint else "",
            one.keep_until,
        ]


def doses_in(span: Span, *, closed: Collection[int]) -> list[MedicineGiven]:
    """Every row about medicine of some days, newest first: doses, and the rows that took one back."""
    start, end = span.instants
    query = (
        select(MedicineGiven)
        .options(
            joinedload(MedicineGiven.pupil),
            joinedload(MedicineGiven.given_by),
            joinedload(MedicineGiven.second),
            joinedload(MedicineGiven.session).joinedload(Session.run).joinedload(Run.activity),
        )
        .where(MedicineGiven.given_at >= start, MedicineGiven.given_at < end)
        .order_by(MedicineGiven.given_at.desc(), MedicineGiven.id.desc())
    )
    return [one for one in db.session.scalars(query) if one.pupil_id not in closed]


def dose_rows(doses: Iterable[MedicineGiven]) -> Iterable[list[Cell]]:
    """The doses as rows of a file, with headings; a row that takes another back names its number."""
    yield [
        "Number", "Takes back", "Given", "Written down", "Child", "Class", "Session",
        "Medicine", "Dose", "Given by", "Second person", "Said so", "Why past a stop, or taken back", "Kept until",
    ]  # fmt: skip
    for one in doses:
        yield [
            one.id,
            one.undoes_id,
            _stamp(one.given_at),
            _stamp(one.recorded_at),
            one.pupil.full_name,
            one.pupil.class_name or "",
            one.session.run.activity.name,
            one.name,
            one.dose,
            one.given_by.name,
            one.second.name if one.second else "",
            _stamp(one.second_at) if one.second_at else "",
            one.why,
            one.keep_until,
        ]


def _stamp(at: datetime) -> str:
    return clock.to_school(at).strftime("%Y-%m-%d %H:%M")


@dataclass(frozen=True)
class IncidentWorries:
    """How much waits: reports that may fall under RIDDOR, accidents unread for a day, doses without a second person."""

    riddor: int
    unread: int
    alone: int


def incident_worries(at: datetime) -> IncidentWorries:
    """What the office looks at first."""
    decided = exists().where(
        IncidentAddition.incident_id == Incident.id, IncidentAddition.kind.in_(RIDDOR_ENDS)
    )
    taken_back = select(MedicineGiven.undoes_id).where(MedicineGiven.undoes_id.is_not(None))
    return IncidentWorries(
        riddor=_count(select(func.count(Incident.id)).where(Incident.may_be_riddor, ~decided)),
        unread=len(unread_accidents(at)),
        alone=_count(
            select(func.count(MedicineGiven.id)).where(
                MedicineGiven.second_id.is_(None),
                MedicineGiven.undoes_id.is_(None),
                MedicineGiven.id.not_in(taken_back),
            )
        ),
    )


def unread_accidents(at: datetime) -> list[Incident]:
    """Accidents that no adult has read for a day although one could; older than two months are let go."""
    found = db.session.scalars(
        select(Incident)
        .join(Pupil, Pupil.id == Incident.pupil_id)
        .where(
            Incident.kind == "accident", Incident.happened_at >= at - UNREAD_WITHIN, Pupil.status != "left"
        )
        .order_by(Incident.id)
    ).all()
    return [
        one.incident
        for one in _listed(found, clock.today(at))
        if one.readers
        and not one.read
        and at - newest_for_family(one.incident, one.additions) >= UNREAD_AFTER
    ]


def _count(query: object) -> int:
    return db.session.scalar(query) or 0  # type: ignore[call-overload]
