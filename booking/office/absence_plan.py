"""What a list of absences would change on one day: looked at as a difference, applied whole, taken back whole."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from booking.bookings.day_note_models import AbsenceList, DayNote
from booking.bookings.day_notes import note_words
from booking.bookings.telling import end_note
from booking.core import audit
from booking.core.db import db, lock_rows
from booking.core.errors import BookingError, NotFound
from booking.office.absence_matching import match_lines
from booking.office.absence_reading import AbsenceLine, ReadList
from booking.people.models import Pupil

OF_SCHOOL = ("away", "leaves_early")


class PlanChanged(BookingError):
    """Something changed since the preview was shown; nothing was applied, and it is shown afresh."""

    def __init__(self) -> None:
        super().__init__(
            "Something changed since you looked. Nothing was done yet: look again, then say yes."
        )


class CannotTakeBack(BookingError):
    """A later list of that day stands, or this one is taken back already; nothing was changed."""


@dataclass(frozen=True)
class Entry:
    """One child of the list with what would be noted; `old` are the words that it takes the place of."""

    pupil: Pupil
    line: AbsenceLine
    old: tuple[DayNote, ...] = ()

    @property
    def words(self) -> str:
        """What would stand."""
        return words_of(self.line.kind, self.line.at_time)

    @property
    def old_words(self) -> str:
        """What stood before."""
        return ", ".join(note_words(note) for note in self.old)


@dataclass(frozen=True)
class AbsencePlan:
    """The difference between a list and what stands, for one day.

    `back` are children of an earlier list who are expected again, `stays` what was entered by hand and is not on the
    list. `asked` are lines that more than one child fits, `lost` lines that none fits.
    """

    day: date
    read: ReadList
    added: tuple[Entry, ...]
    changed: tuple[Entry, ...]
    same: tuple[Entry, ...]
    back: tuple[DayNote, ...]
    stays: tuple[DayNote, ...]
    asked: tuple[tuple[AbsenceLine, tuple[Pupil, ...]], ...]
    lost: tuple[AbsenceLine, ...]

    @property
    def pupil_ids(self) -> set[int]:
        """Every child that the plan is about."""
        entries = (*self.added, *self.changed, *self.same)
        found = {entry.pupil.id for entry in entries} | {note.pupil_id for note in (*self.back, *self.stays)}
        return found | {pupil.id for _, pupils in self.asked for pupil in pupils}

    @property
    def digest(self) -> str:
        """Changes when anything that the yes is for does."""
        said = [
            self.day.isoformat(),
            *(f"+{e.pupil.id} {e.words} {e.line.words}" for e in (*self.added, *self.changed)),
            *(f"-{note.id}" for entry in self.changed for note in entry.old),
            *(f"-{note.id}" for note in self.back),
            *(f"?{line.line}" for line in self.lost),
        ]
        return hashlib.sha256("\n".join(said).encode()).hexdigest()


def words_of(kind: str, at_time: time | None) -> str:
    """What would stand on the register."""
    return f"Leaves school at {at_time:%H:%M}" if kind == "leaves_early" and at_time else "Not in school"


def plan_absences(
    read: ReadList, day: date, *, is_whole: bool, answers: Mapping[int, int] | None = None
) -> AbsencePlan:
    """Hold a list against the roll and against what stands; `answers` say which child a line means, by line.

    With `is_whole`, who is on an earlier list and not on this one is expected again. Raises `ImportRefused` when one
    child stands twice with different things.
    """
    found, asked, lost = match_lines(read, answers or {})
    standing: dict[int, list[DayNote]] = defaultdict(list)
    for note in _standing(day):
        standing[note.pupil_id].append(note)
    added, changed, same = [], [], []
    for pupil, line in found.values():
        old = tuple(standing.get(pupil.id, ()))
        entry = Entry(pupil, line, old)
        if any((note.kind, note.at_time) == (line.kind, line.at_time) for note in old) and len(old) == 1:
            same.append(entry)
        elif old:
            changed.append(entry)
        else:
            added.append(entry)
    rest = [note for pupil_id, notes in standing.items() if pupil_id not in found for note in notes]
    open_ids = {pupil.id for _, pupils in asked for pupil in pupils}
    back = [n for n in rest if is_whole and n.list_id is not None and n.pupil_id not in open_ids]
    stays = [note for note in rest if note not in back]
    return AbsencePlan(
        day=day,
        read=read,
        added=tuple(sorted(added, key=_name)),
        changed=tuple(sorted(changed, key=_name)),
        same=tuple(sorted(same, key=_name)),
        back=tuple(back),
        stays=tuple(stays),
        asked=tuple(asked),
        lost=tuple(lost),
    )


def apply_absences(
    plan: AbsencePlan,
    *,
    is_whole: bool,
    answers: Mapping[int, int],
    seen: str,
    source: str,
    columns: Mapping[str, str],
    at: datetime,
    user_id: int,
) -> AbsenceList:
    """Do what was looked at, all of it, in the caller's unit of work; raises `PlanChanged` when it is not that now."""
    lock_rows((Pupil, plan.pupil_ids))
    now = plan_absences(plan.read, plan.day, is_whole=is_whole, answers=answers)
    if now.digest != seen or now.asked:
        raise PlanChanged
    made = _new_list(plan.day, source, at=at, user_id=user_id, columns=columns)
    for note in (*now.back, *(note for entry in now.changed for note in entry.old)):
        end_note(note, at=at, user_id=user_id, list_id=made.id)
    for entry in (*now.added, *now.changed):
        db.session.add(
            DayNote(
                pupil_id=entry.pupil.id,
                day=plan.day,
                kind=entry.line.kind,
                at_time=entry.line.at_time,
                source="office",
                told_at=at,
                entered_by_id=user_id,
                list_id=made.id,
                words=entry.line.words,
            )
        )
    db.session.flush()
    counts = {"added": len(now.added), "changed": len(now.changed), "back": len(now.back)}
    audit.record("absences_entered", "absence_list", made.id, at=at, user_id=user_id, **counts)
    return made


def nobody_is_away(day: date, *, at: datetime, user_id: int) -> AbsenceList:
    """Say that the list of a day was looked at and nobody more is on it."""
    made = _new_list(day, "nobody", at=at, user_id=user_id, columns={})
    audit.record("absences_entered", "absence_list", made.id, at=at, user_id=user_id, added=0)
    return made


def take_back_list(list_id: int, *, at: datetime, user_id: int) -> int:
    """Take a list back whole: what it noted ends, what it ended stands again; how many notes changed.

    Only the last list of a day. Raises `CannotTakeBack` or `NotFound`.
    """
    found = db.session.get(AbsenceList, list_id)
    if found is None:
        raise NotFound
    notes = select(DayNote).where((DayNote.list_id == list_id) | (DayNote.ended_by_list_id == list_id))
    lock_rows((Pupil, {note.pupil_id for note in db.session.scalars(notes)}))
    lists = lists_of(found.day)
    if not lists or lists[0].id != list_id:
        raise CannotTakeBack("Take back the last list of that day first. Nothing was changed.")
    changed = 0
    for note in db.session.scalars(notes.order_by(DayNote.id)):
        if note.ended_by_list_id == list_id:
            note.ended_at = note.ended_by_id = note.ended_by_list_id = None
            changed += 1
        elif note.ended_at is None:
            end_note(note, at=at, user_id=user_id)
            changed += 1
    found.taken_back_at, found.taken_back_by_id = at, user_id
    db.session.flush()
    audit.record("absences_taken_back", "absence_list", list_id, at=at, user_id=user_id, notes=changed)
    return changed


def lists_of(day: date) -> list[AbsenceList]:
    """The lists of a day that stand, the last first."""
    return list(
        db.session.scalars(
            select(AbsenceList)
            .where(AbsenceList.day == day, AbsenceList.taken_back_at.is_(None))
            .options(joinedload(AbsenceList.user))
            .order_by(AbsenceList.id.desc())
        )
    )


def columns_said_before() -> list[dict[str, str]]:
    """What the office said of strange headings, the latest first."""
    rows = db.session.scalars(select(AbsenceList.columns).order_by(AbsenceList.id.desc()).limit(50))
    said: list[dict[str, str]] = []
    for columns in rows:
        if columns and columns not in said:
            said.append(columns)
    return said


def _new_list(
    day: date, source: str, *, at: datetime, user_id: int, columns: Mapping[str, str]
) -> AbsenceList:
    made = AbsenceList(day=day, source=source, at=at, user_id=user_id, columns=dict(columns))
    db.session.add(made)
    db.session.flush()
    return made


def _standing(day: date) -> Sequence[DayNote]:
    return db.session.scalars(
        select(DayNote)
        .where(DayNote.day == day, DayNote.source == "office", DayNote.kind.in_(OF_SCHOOL))
        .where(DayNote.ended_at.is_(None))
        .options(joinedload(DayNote.pupil))
        .order_by(DayNote.id)
    ).all()


def _name(entry: Entry) -> tuple[str, str, int]:
    return entry.pupil.surname.casefold(), entry.pupil.first_name.casefold(), entry.pupil.id
