"""What is so of a child today: not in school, leaves early, not coming, late, somebody else collects.

Every room that expects a child asks here first. A name that a restriction bars from a child is in none of these
answers: only the office reads that somebody named it (`withheld_on`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date, time

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from booking.bookings.barred_names import is_barred, is_named
from booking.bookings.day_note_models import DayNote
from booking.core import clock
from booking.core.db import db
from booking.core.words import clock as hour
from booking.people.restrictions import Restriction, restrictions_of

NOT_EXPECTED = frozenset({"away", "not_coming", "leaves_early"})


def notes_on(pupil_ids: Collection[int], day: date) -> dict[int, list[DayNote]]:
    """What stands of these children on a day, by child, first told first; two queries, whatever their number."""
    notes = _standing(pupil_ids, day)
    withheld = {note.id for note in _barred(notes, day)}
    found: dict[int, list[DayNote]] = {}
    for note in notes:
        if note.id not in withheld:
            found.setdefault(note.pupil_id, []).append(note)
    return found


def away_from_school(pupil_ids: Collection[int], day: date) -> set[int]:
    """Those of these children who are not in school on a day."""
    return set(
        db.session.scalars(
            select(DayNote.pupil_id).where(
                DayNote.pupil_id.in_(pupil_ids),
                DayNote.day == day,
                DayNote.kind == "away",
                DayNote.ended_at.is_(None),
            )
        )
    )


def withheld_on(day: date) -> list[DayNote]:
    """Notes of a day that name somebody as collecting whom a restriction bars; for the office alone."""
    notes = db.session.scalars(
        select(DayNote)
        .where(DayNote.day == day, DayNote.kind == "collected_by", DayNote.ended_at.is_(None))
        .options(joinedload(DayNote.pupil), joinedload(DayNote.told_by))
        .order_by(DayNote.id)
    ).all()
    return _barred(notes, day)


def first_withheld(today: date) -> tuple[int, date]:
    """How many such notes there are from today on, and the first day of them (today when there are none)."""
    days = db.session.scalars(
        select(DayNote.day)
        .where(DayNote.day >= today, DayNote.kind == "collected_by", DayNote.ended_at.is_(None))
        .distinct()
        .order_by(DayNote.day)
    ).all()
    counts = {day: len(withheld_on(day)) for day in days}
    return sum(counts.values()), next((day for day in days if counts[day]), today)


def why_not_expected(notes: Iterable[DayNote], session_id: int, starts_at: time) -> str:
    """Why nobody waits for a child in a session, as words for the door, or nothing when the child is expected."""
    about = sorted(
        (note for note in notes if note.kind in NOT_EXPECTED and is_about(note, session_id, starts_at)),
        key=lambda note: note.kind,
    )
    return note_words(about[0]) if about else ""


def is_about(note: DayNote, session_id: int, starts_at: time) -> bool:
    """Whether a note means something for a session; who leaves early is still awaited in what begins before."""
    if note.kind == "leaves_early":
        return note.at_time is not None and note.at_time <= starts_at
    return note.session_id is None or note.session_id == session_id


def note_words(note: DayNote) -> str:
    """A note as the door reads it; why a child is away is never in it."""
    at = hour(note.at_time) if note.at_time is not None else ""
    told = f"told at {hour(clock.to_school(note.told_at).time())}"
    if note.kind == "away":
        return "Not in school today"
    if note.kind == "leaves_early":
        return f"Leaves school at {at}"
    if note.kind == "not_coming":
        return f"Not coming, {told}"
    if note.kind == "late":
        return f"Late, about {at}, {told}" if at else f"Late, {told}"
    return f"{note.words} collects, {told}"


def _standing(pupil_ids: Collection[int], day: date) -> Sequence[DayNote]:
    return db.session.scalars(
        select(DayNote)
        .where(DayNote.pupil_id.in_(pupil_ids), DayNote.day == day, DayNote.ended_at.is_(None))
        .order_by(DayNote.told_at, DayNote.id)
    ).all()


def _barred(notes: Iterable[DayNote], day: date) -> list[DayNote]:
    """Of these, each that names somebody whom a restriction in force bars from that child."""
    named = [note for note in notes if note.kind == "collected_by"]
    if not named:
        return []
    restrictions = restrictions_of({note.pupil_id for note in named}, day)
    return [note for note in named if any(_bars(one, note) for one in restrictions.get(note.pupil_id, ()))]


def _bars(restriction: Restriction, note: DayNote) -> bool:
    """The office may say of a likely name that another is meant, never of the whole one."""
    if note.cleared_by_id is not None:
        return is_named(note.words, restriction)
    return is_barred(note.words, restriction)
