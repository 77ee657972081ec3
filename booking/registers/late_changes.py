"""What changed about the way home of children since an instant of the same day, as words for the going-home sheet.

Nothing private is in them: not why a child is away, and no adult by name but who was named to collect today.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import date, datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload

from booking.bookings.day_note_models import DayNote
from booking.bookings.day_notes import note_words, notes_on
from booking.bookings.models import Place
from booking.core.db import db
from booking.core.words import clock as hour
from booking.people.going_alone import KIND
from booking.people.models import Consent
from booking.people.restrictions import Restriction
from booking.provision.models import Activity, Run, Session
from booking.registers.bus_models import BusSeat

TAKEN_BACK = {
    "away": "is in school after all",
    "leaves_early": "does not leave early after all",
    "not_coming": "comes after all",
    "late": "is not late after all",
    "collected_by": "nobody else collects after all",
}
Change = tuple[datetime, int, str]


def changes_since(pupil_ids: Collection[int], day: date, since: datetime) -> dict[int, list[str]]:
    """The changes of each child, earliest first; a child without one is not in it."""
    found: dict[int, list[tuple[datetime, str]]] = defaultdict(list)
    for read in (_places, _notes, _notes_taken_back, _consents, _restrictions, _buses):
        for at, pupil_id, text in read(pupil_ids, day, since):
            found[pupil_id].append((at, text))
    return {
        pupil_id: [f"{hour(at)} {text}" for at, text in sorted(changes)]
        for pupil_id, changes in found.items()
    }


def _places(pupil_ids: Collection[int], day: date, since: datetime) -> Iterator[Change]:
    """Places of after class that were taken or given back; what came and went again is no change."""
    query = (
        select(Place)
        .join(Session)
        .options(joinedload(Place.session).joinedload(Session.run).joinedload(Run.activity))
        .where(Place.pupil_id.in_(pupil_ids), Session.date == day)
        .where(or_(Place.held_at >= since, Place.ended_at >= since))
    )
    places = list(db.session.scalars(query))
    living = {(one.pupil_id, one.session_id) for one in places if one.state in {"held", "booked"}}
    for place in places:
        activity = place.session.run.activity
        if activity.kind == "breakfast":
            continue
        if place.state in {"held", "booked"}:
            yield place.held_at, place.pupil_id, f"{activity.name}: new"
            continue
        was_known = place.booked_at is not None and place.held_at < since
        if place.ended_at and was_known and (place.pupil_id, place.session_id) not in living:
            why = "called off" if place.session.status == "called_off" else "no longer"
            yield place.ended_at, place.pupil_id, f"{activity.name}: {why}"


def _notes(pupil_ids: Collection[int], day: date, since: datetime) -> Iterator[Change]:
    told = [note for notes in notes_on(pupil_ids, day).values() for note in notes if note.told_at >= since]
    named = select(Session.id, Activity.name).join(Session.run).join(Run.activity)
    of_session = named.where(Session.id.in_({note.session_id for note in told if note.session_id}))
    names = {row.id: row.name for row in db.session.execute(of_session)} if told else {}
    for note in told:
        text = note_words(note).removesuffix(f", told at {hour(note.told_at)}")
        session = names.get(note.session_id or 0)
        yield note.told_at, note.pupil_id, f"{session}: {text.lower()}" if session else text


def _notes_taken_back(pupil_ids: Collection[int], day: date, since: datetime) -> Iterator[Change]:
    """Notes from before that were taken back; whom one of them named is not said."""
    query = select(DayNote).where(
        DayNote.pupil_id.in_(pupil_ids),
        DayNote.day == day,
        DayNote.ended_at >= since,
        DayNote.told_at < since,
    )
    for note in db.session.scalars(query):
        if note.ended_at is not None:
            yield note.ended_at, note.pupil_id, TAKEN_BACK[note.kind]


def _consents(pupil_ids: Collection[int], day: date, since: datetime) -> Iterator[Change]:
    query = select(Consent).where(
        Consent.pupil_id.in_(pupil_ids),
        Consent.kind == KIND,
        or_(Consent.given_at >= since, Consent.withdrawn_at >= since),
    )
    for one in db.session.scalars(query):
        if one.withdrawn_at is None:
            yield one.given_at, one.pupil_id, "going home alone: new terms"
        elif one.given_at < since:
            yield one.withdrawn_at, one.pupil_id, "may not go home alone any more"


def _restrictions(pupil_ids: Collection[int], day: date, since: datetime) -> Iterator[Change]:
    query = select(Restriction).where(
        Restriction.pupil_id.in_(pupil_ids),
        or_(Restriction.confirmed_at >= since, Restriction.lifted_at >= since),
    )
    for one in db.session.scalars(query):
        at = one.lifted_at or one.confirmed_at
        if at is not None:
            yield at, one.pupil_id, "who may collect: ring the office"


def _buses(pupil_ids: Collection[int], day: date, since: datetime) -> Iterator[Change]:
    query = (
        select(BusSeat)
        .options(joinedload(BusSeat.bus))
        .where(
            BusSeat.pupil_id.in_(pupil_ids),
            or_(BusSeat.set_at >= since, BusSeat.ended_at >= since),
        )
    )
    for seat in db.session.scalars(query):
        if day.weekday() not in seat.weekdays:
            continue
        if seat.ended_at is None:
            yield seat.set_at, seat.pupil_id, f"{seat.bus.name}: new"
        elif seat.set_at < since:
            yield seat.ended_at, seat.pupil_id, f"{seat.bus.name}: no longer"
