"""Who is in school on a day, as the office sees it; notes that the office takes by phone, ends or clears."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from booking.bookings.barred_names import is_named
from booking.bookings.day_note_models import NOTE_KINDS, AbsenceList, DayNote
from booking.bookings.day_notes import withheld_on
from booking.bookings.models import Place
from booking.bookings.policy import current_policy
from booking.bookings.telling import end_note
from booking.core import audit, clock
from booking.core.db import db, lock_rows
from booking.core.errors import BookingError, NotFound
from booking.core.words import clock as hour
from booking.core.words import moment
from booking.office.absence_plan import OF_SCHOOL, lists_of
from booking.people.models import Pupil
from booking.people.restrictions import restrictions_of
from booking.provision.models import Activity, Run, Session


class CannotNote(BookingError):
    """The note makes no sense, or names somebody who must not collect; nothing was noted."""


@dataclass(frozen=True)
class SchoolDay:
    """A day's notes by kind, those that name a barred adult apart; `tonight` says what each child has booked.

    `is_due` says that the hour is over and the day's list is not entered; `whole` are the notes with a barred adult's
    whole name, which nobody clears.
    """

    day: date
    notes: dict[str, list[DayNote]]
    withheld: list[DayNote]
    lists: list[AbsenceList]
    due_by: time
    is_due: bool
    tonight: dict[int, list[str]] = field(default_factory=dict)
    whole: frozenset[int] = frozenset()

    def when(self, note: DayNote) -> str:
        """When it was told: the hour alone on the day itself."""
        is_of_day = clock.today(note.told_at) == self.day
        return f"at {hour(note.told_at)}" if is_of_day else moment(note.told_at)

    @property
    def pupil_ids(self) -> set[int]:
        """Every child on the page."""
        return {note.pupil_id for notes in (*self.notes.values(), self.withheld) for note in notes}


def school_day(day: date, at: datetime, *, closed: Collection[int] = ()) -> SchoolDay:
    """What stands of a day; nothing of children whom a restriction closes to the reader."""
    withheld = [note for note in withheld_on(day) if note.pupil_id not in closed]
    apart = {note.id for note in withheld}
    notes: dict[str, list[DayNote]] = {kind: [] for kind in NOTE_KINDS}
    for note in _notes(day):
        if note.id not in apart and note.pupil_id not in closed:
            notes[note.kind].append(note)
    lists = lists_of(day)
    policy = current_policy()
    ids = {note.pupil_id for kind in notes.values() for note in kind}
    return SchoolDay(
        day=day,
        notes=notes,
        withheld=withheld,
        lists=lists,
        due_by=policy.absences_by,
        is_due=absences_missing(day, at, lists),
        tonight=_booked(ids, day),
        whole=frozenset(note.id for note in withheld if _is_whole(note)),
    )


def absences_missing(day: date, at: datetime, lists: Collection[AbsenceList] | None = None) -> bool:
    """Whether it is a day with something after that hour, the hour is over, and nobody has entered the list."""
    by = current_policy().absences_by
    if day != clock.today(at) or at < clock.instant(day, by):
        return False
    is_on = select(Session.id).where(Session.date == day, Session.status == "planned", Session.ends_at > by)
    if db.session.scalars(is_on.limit(1)).first() is None:
        return False
    return not (lists_of(day) if lists is None else lists)


def note_for_office(
    pupil_id: int,
    kind: str,
    *,
    day: date,
    at_time: time | None,
    words: str,
    at: datetime,
    user_id: int,
) -> DayNote:
    """Take down what the school knows or was told by phone; raises `CannotNote` or `NotFound`."""
    lock_rows((Pupil, [pupil_id]))
    pupil = db.session.get(Pupil, pupil_id)
    if pupil is None or kind not in NOTE_KINDS:
        raise NotFound
    if day < clock.today(at):
        raise CannotNote("That day is over. Nothing was noted.")
    if kind == "leaves_early" and at_time is None:
        raise CannotNote("Say when the child leaves. Nothing was noted.")
    if kind == "collected_by":
        if not words:
            raise CannotNote("Say who collects. Nothing was noted.")
        if _names_barred(words, pupil_id, day):
            raise CannotNote(
                f"A restriction says that {pupil.full_name} is not released to this person. Nothing was noted. "
                "Tell the safeguarding lead who asked."
            )
    for old in _notes(day, pupil_id):
        is_of_school = {old.kind, kind} <= set(OF_SCHOOL)
        if old.source == "office" and (old.kind == kind or is_of_school):
            end_note(old, at=at, user_id=user_id)
    note = DayNote(
        pupil_id=pupil_id,
        day=day,
        kind=kind,
        at_time=at_time if kind in ("leaves_early", "late") else None,
        source="office",
        told_at=at,
        entered_by_id=user_id,
        words=words,
    )
    db.session.add(note)
    db.session.flush()
    audit.record("day_note", "day_note", note.id, at=at, user_id=user_id, kind=kind)
    return note


def end_for_office(note_id: int, *, at: datetime, user_id: int) -> DayNote:
    """The office takes any note of today or later back; raises `NotFound`."""
    note = _open_note(note_id, at)
    end_note(note, at=at, user_id=user_id)
    return note


def clear_name(note_id: int, *, at: datetime, user_id: int) -> DayNote:
    """Say that a name like that of a barred adult means another; never of the whole name. Raises `CannotNote`."""
    note = _open_note(note_id, at)
    if note.kind != "collected_by" or _is_whole(note):
        raise CannotNote("This is the whole name of somebody who must not collect. Nothing was changed.")
    note.cleared_by_id, note.cleared_at = user_id, at
    db.session.flush()
    audit.record("collector_cleared", "day_note", note.id, at=at, user_id=user_id)
    return note


def _is_whole(note: DayNote) -> bool:
    return _names_barred(note.words, note.pupil_id, note.day)


def _names_barred(words: str, pupil_id: int, day: date) -> bool:
    """Whether the whole name of an adult barred from the child stands in the words."""
    return any(is_named(words, one) for one in restrictions_of([pupil_id], day).get(pupil_id, ()))


def _open_note(note_id: int, at: datetime) -> DayNote:
    note = db.session.get(DayNote, note_id)
    if note is None or note.day < clock.today(at):
        raise NotFound
    lock_rows((Pupil, [note.pupil_id]))
    if note.ended_at is not None:
        raise NotFound
    return note


def _notes(day: date, pupil_id: int | None = None) -> list[DayNote]:
    query = select(DayNote).where(DayNote.day == day, DayNote.ended_at.is_(None))
    if pupil_id is not None:
        query = query.where(DayNote.pupil_id == pupil_id)
    return list(
        db.session.scalars(
            query.join(DayNote.pupil)
            .options(
                joinedload(DayNote.pupil),
                joinedload(DayNote.told_by),
                joinedload(DayNote.session).joinedload(Session.run).joinedload(Run.activity),
            )
            .order_by(Pupil.surname, Pupil.forename, DayNote.id)
        )
    )


def _booked(pupil_ids: Iterable[int], day: date) -> dict[int, list[str]]:
    """The names of what each child has booked that day, in the order of the day."""
    rows = db.session.execute(
        select(Place.pupil_id, Activity.name)
        .join(Session, Session.id == Place.session_id)
        .join(Run, Run.id == Session.run_id)
        .join(Activity, Activity.id == Run.activity_id)
        .where(Place.pupil_id.in_(set(pupil_ids)), Place.state == "booked", Session.date == day)
        .order_by(Session.starts_at, Session.id)
    )
    found: dict[int, list[str]] = defaultdict(list)
    for row in rows:
        found[row.pupil_id].append(row.name)
    return dict(found)
