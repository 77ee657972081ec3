"""What an import would do: held against the roll, pupil by pupil and field by field, before anything is written."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from booking.core import clock
from booking.people.import_matching import NEW, keyed, match_rows
from booking.people.import_problems import ImportRefused
from booking.people.import_roll import Roll, read_roll
from booking.people.import_rows import ContactRow, PupilFile, PupilRow
from booking.people.import_spans import align, says_otherwise
from booking.people.models import Contact, Pupil
from booking.people.school_years import next_school_year, year_of_birth

FIELDS = {
    "upn": "UPN",
    "surname": "Surname",
    "forename": "Forename",
    "preferred_name": "Preferred name",
    "date_of_birth": "Date of birth",
    "year_group": "Year group",
    "class_name": "Class",
    "joined_on": "Joined on",
}
FACT_WORDS = {
    "sex": "Sex",
    "ethnicity": "Ethnicity",
    "language": "First language",
    "home_language": "Home language",
    "sen": "SEN",
    "fsm": "Free school meals",
    "fsm6": "FSM Ever 6",
    "pupil_premium": "Pupil premium",
    "looked_after": "Looked after",
    "service_child": "Service child",
    "young_carer": "Young carer",
}


@dataclass(frozen=True)
class Change:
    """One field that differs; `is_group` marks what only people who see groups may read."""

    words: str
    old: str
    new: str
    is_group: bool = False


@dataclass(frozen=True)
class Changed:
    """A pupil on the roll whom the file tells differently: what changes, and the row to take it from."""

    pupil_id: int
    row: PupilRow
    changes: tuple[Change, ...]
    has_new_contacts: bool


@dataclass(frozen=True)
class Leaver:
    """A pupil on the roll, or one who was to come, whom the file does not name: a question, never an act."""

    pupil_id: int
    name: str
    class_name: str
    is_expected: bool = False


@dataclass(frozen=True)
class Question:
    """A line whose child is known by name and birthday alone; `answer` is a pupil's id, `NEW`, or none yet."""

    key: int
    row: PupilRow
    pupil_id: int
    who: str
    reason: str
    changes: tuple[Change, ...]
    answer: int | None = field(default=None, compare=False)


@dataclass(frozen=True)
class ImportPlan:
    """Who would be added, who changed and how, how many stay the same, and who is missing from the file.

    A row with an open question is in none of them.
    """

    file: str
    starts_on: date
    added: tuple[PupilRow, ...] = ()
    changed: tuple[Changed, ...] = ()
    same: int = 0
    leavers: tuple[Leaver, ...] = ()
    questions: tuple[Question, ...] = ()
    unread: tuple[str, ...] = ()
    is_expected: bool = False
    rows: int = field(default=0, compare=False)
    is_dry: bool = field(default=False, compare=False)
    run_id: int | None = field(default=None, compare=False)

    @property
    def open_questions(self) -> tuple[Question, ...]:
        """What a person must still say before anything can be done."""
        return tuple(question for question in self.questions if question.answer is None)

    @property
    def digest(self) -> str:
        """Changes when the plan does: what was looked at is what is applied, or it is looked at again."""
        told = (self.added, self.changed, self.leavers, [replace(q, answer=None) for q in self.questions])
        return hashlib.sha256(repr(told).encode()).hexdigest()


def plan_import(
    file: PupilFile,
    at: datetime,
    *,
    starts_on: date | None = None,
    roll: Roll | None = None,
    answers: Mapping[int, int] | None = None,
    is_expected: bool = False,
) -> ImportPlan:
    """Hold a file against the roll; facts that change do so from `starts_on` (today by default).

    `is_expected` is for an admissions list: its children are to come, and who is on the roll already stays as they
    are. Raises `ImportRefused` where nobody can say which child is meant.
    """
    starts_on = starts_on or clock.today(at)
    roll = roll or read_roll(starts_on)
    rows, status, answers = keyed(file.rows), "expected" if is_expected else "on_roll", answers or {}
    matching = match_rows(rows, roll.pupils, file=file.name, status=status, answers=answers)
    if matching.problems:
        raise ImportRefused(sorted(matching.problems, key=lambda problem: problem.line))
    if is_expected:
        rows = {key: _to_come(row, matching.found.get(key), starts_on) for key, row in rows.items()}
    changed, same = [], 0
    for key, pupil in matching.found.items():
        changes, has_new_contacts = _changes(rows[key], pupil, roll, status)
        if changes:
            changed.append(Changed(pupil.id, rows[key], tuple(changes), has_new_contacts))
        elif not rows[key].has_left:
            same += 1
    meant = {key: pupil for key, pupil in matching.asked.items() if answers.get(key) != NEW} | matching.found
    return ImportPlan(
        file=file.name,
        starts_on=starts_on,
        added=tuple(row for key, row in rows.items() if key not in meant and not row.has_left),
        changed=tuple(changed),
        same=same,
        leavers=_leavers(roll, rows, meant, starts_on, is_expected, file.is_partial),
        questions=tuple(
            _question(key, rows[key], pupil, roll, status, answers) for key, pupil in matching.asked.items()
        ),
        unread=file.unread,
        is_expected=is_expected,
        rows=len(rows),
    )


def _to_come(row: PupilRow, pupil: Pupil | None, today: date) -> PupilRow:
    """A line of an admissions list: the child starts on the next 1 September, in the year of their birthday,
    unless the list or an earlier one says otherwise."""
    known = pupil if pupil is not None and pupil.status == "expected" else None
    joined_on = row.joined_on or (known.joined_on if known else None) or next_school_year(today)
    year = (
        row.year_group or (known.year_group if known else None) or year_of_birth(row.date_of_birth, joined_on)
    )
    return replace(row, joined_on=joined_on, year_group=year)


def _leavers(
    roll: Roll,
    rows: Mapping[int, PupilRow],
    meant: Mapping[int, Pupil],
    today: date,
    is_expected: bool,
    is_partial: bool,
) -> tuple[Leaver, ...]:
    """Who is not in the file, or stands in it as a leaver; of the expected those who were to have come by now.

    A file that is not of the whole school says nothing of whom it does not name.
    """
    named = {pupil.id for pupil in meant.values()}
    here = {pupil.id for key, pupil in meant.items() if not rows[key].has_left}
    found = []
    for pupil in roll.pupils:
        is_due = pupil.status == "expected" and (
            is_expected or (pupil.joined_on is not None and pupil.joined_on <= today)
        )
        if is_partial and pupil.id not in named:
            continue
        if pupil.id not in here and (is_due or (pupil.status == "on_roll" and not is_expected)):
            found.append(Leaver(pupil.id, pupil.full_name, pupil.class_name or "no class", is_due))
    return tuple(found)


def _question(
    key: int, row: PupilRow, pupil: Pupil, roll: Roll, status: str, answers: Mapping[int, int]
) -> Question:
    """Is this the same child? With what the office needs to say so, and what a yes would change."""
    facts = [f"born {pupil.date_of_birth:%d/%m/%Y}", pupil.status.replace("_", " ")]
    facts.append(pupil.class_name or "no class")
    facts.append(f"UPN {pupil.upn}" if pupil.upn else "no UPN")
    if row.upn and pupil.upn:
        reason = f"A child of this name and date of birth is on the roll with the UPN {pupil.upn}."
    elif row.upn:
        reason = f"A child of this name and date of birth has no UPN here; the file says {row.upn}."
    else:
        reason = "A child of this name and date of birth is known here, and the file gives no UPN."
    changes, _ = _changes(row, pupil, roll, status)
    who = f"{pupil.full_name}, {', '.join(facts)}"
    return Question(key, row, pupil.id, who, reason, tuple(changes), answers.get(key))


def _changes(row: PupilRow, pupil: Pupil, roll: Roll, status: str) -> tuple[list[Change], bool]:
    """What a row would change of its pupil, and whether contacts are among it."""
    if row.has_left or (status == "expected" and pupil.status == "on_roll"):
        return [], False
    changes = []
    for name, words in FIELDS.items():
        new, old = getattr(row, name), getattr(pupil, name)
        if new is not None and new != old:
            changes.append(Change(words, _said(old), _said(new)))
    if pupil.status != status:
        changes.append(Change("Status", pupil.status.replace("_", " "), status.replace("_", " ")))
    changes += _fact_changes(row, pupil, roll)
    old_contacts = roll.contacts.get(pupil.id, [])
    has_new_contacts = bool(row.contacts) and not _is_same(old_contacts, row.contacts)
    if has_new_contacts:
        changes.append(Change("Contacts", _names(old_contacts), _names(row.contacts)))
    return changes, has_new_contacts


def _fact_changes(row: PupilRow, pupil: Pupil, roll: Roll) -> list[Change]:
    """Group facts that the file tells differently; of a dated kind the history counts, not only today."""
    facts, changes = roll.facts.get(pupil.id, {}), []
    for kind in {**row.facts, **dict.fromkeys(sorted(row.dated_kinds))}:
        old, value = (facts[kind].value if kind in facts else ""), row.facts.get(kind, "")
        if kind in row.dated_kinds:
            is_told = not align(kind, roll.history.get(pupil.id, []), row.spans).is_same
        else:
            is_told = says_otherwise(old, value)
        if is_told:
            changes.append(Change(FACT_WORDS[kind], old or "none", value or "no", is_group=True))
    return changes


def _is_same(old: list[Contact], told: tuple[ContactRow, ...]) -> bool:
    """The school's contacts are those of the file; whether one may collect counts only where the file says it."""
    return [_contact_key(contact) for contact in old] == [_contact_key(row) for row in told] and all(
        row.may_collect in {None, contact.may_collect} for contact, row in zip(old, told, strict=True)
    )


def _contact_key(contact: Contact | ContactRow) -> tuple[object, ...]:
    return (
        contact.priority,
        contact.name,
        contact.relationship_name,
        contact.phone,
        contact.email,
        contact.parental_responsibility,
    )


def _names(contacts: Sequence[Contact | ContactRow]) -> str:
    """Contacts in words: a name, and how the school reaches it."""
    return "; ".join(
        ", ".join(part for part in (c.name, c.relationship_name, c.phone, c.email) if part) for c in contacts
    )


def _said(value: object) -> str:
    if value is None:
        return ""
    return f"{value:%d/%m/%Y}" if isinstance(value, date) else str(value)
