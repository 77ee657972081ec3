"""What an import would do: held against the roll, pupil by pupil and field by field, before anything is written."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import select

from booking.core import clock
from booking.core.db import db
from booking.people.group_facts import GroupFact
from booking.people.import_problems import ImportProblem, ImportRefused
from booking.people.import_rows import ContactRow, FactSpan, PupilFile, PupilRow, likeness
from booking.people.models import Contact, Pupil
from booking.people.upn import is_temporary_upn

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
    """A pupil on the roll whom the file does not name: a question for the office, never an act."""

    pupil_id: int
    name: str
    class_name: str


@dataclass(frozen=True)
class ImportPlan:
    """Who would be added, who changed and how, how many stay the same, and who is missing from the file."""

    file: str
    starts_on: date
    added: tuple[PupilRow, ...] = ()
    changed: tuple[Changed, ...] = ()
    same: int = 0
    leavers: tuple[Leaver, ...] = ()
    unread: tuple[str, ...] = ()
    is_dry: bool = field(default=False, compare=False)

    def printable(self) -> list[str]:
        """The plan in lines for a terminal; values of group facts are left out, for not everybody may see them."""
        add, change = ("would add", "would change") if self.is_dry else ("added", "changed")
        lines = [
            f"{self.file}: {add} {len(self.added)}, {change} {len(self.changed)}, same {self.same}, "
            f"not in the file {len(self.leavers)}"
        ]
        lines += [f"  + {row.full_name}, {_class_words(row)} (line {row.line})" for row in self.added]
        for one in self.changed:
            lines.append(f"  ~ {one.row.full_name} (line {one.row.line})")
            lines += [
                f"      {c.words}: changed"
                if c.is_group
                else f"      {c.words}: {c.old or 'none'} -> {c.new}"
                for c in one.changes
            ]
        lines += [
            f"  ? {leaver.name}, {leaver.class_name}: on the roll, not in the file" for leaver in self.leavers
        ]
        if self.unread:
            lines.append(f"  not read: {', '.join(self.unread)}")
        return lines

    @property
    def digest(self) -> str:
        """Changes when the plan does: what was looked at is what is applied, or it is looked at again."""
        return hashlib.sha256(repr((self.added, self.changed, self.leavers)).encode()).hexdigest()


@dataclass
class Roll:
    """What the school holds, read in three queries: pupils, open group facts, and its own contacts."""

    pupils: list[Pupil]
    facts: dict[int, dict[str, GroupFact]]
    history: dict[int, list[GroupFact]]
    contacts: dict[int, list[Contact]]


def read_roll(on: date) -> Roll:
    """Every pupil with all their facts, those that have not ended by a day apart, and the school's own contacts."""
    pupils = list(db.session.scalars(select(Pupil).order_by(Pupil.id)))
    facts: dict[int, dict[str, GroupFact]] = defaultdict(dict)
    history: dict[int, list[GroupFact]] = defaultdict(list)
    for fact in db.session.scalars(select(GroupFact).order_by(GroupFact.starts_on, GroupFact.id)):
        history[fact.pupil_id].append(fact)
        if fact.ends_on is None or fact.ends_on >= on:
            facts[fact.pupil_id][fact.kind] = fact
    contacts: dict[int, list[Contact]] = defaultdict(list)
    for contact in db.session.scalars(
        select(Contact).where(Contact.given_by_id.is_(None)).order_by(Contact.priority, Contact.id)
    ):
        contacts[contact.pupil_id].append(contact)
    return Roll(pupils, facts, history, contacts)


def plan_import(
    file: PupilFile, at: datetime, *, starts_on: date | None = None, roll: Roll | None = None
) -> ImportPlan:
    """Hold a file against the roll; facts that change do so from `starts_on` (today by default).

    A row is matched by UPN, then by surname, forename and date of birth. Raises `ImportRefused` where a person
    must say which child is meant.
    """
    starts_on = starts_on or clock.today(at)
    roll = roll or read_roll(starts_on)
    matches, problems = _match(file.rows, roll.pupils, file.name)
    if problems:
        raise ImportRefused(problems)
    changed, same = [], 0
    for row in file.rows:
        pupil = matches.get(row.line)
        if pupil is None:
            continue
        changes, has_new_contacts = _changes(row, pupil, roll)
        if changes:
            changed.append(Changed(pupil.id, row, tuple(changes), has_new_contacts))
        else:
            same += 1
    found = {pupil.id for pupil in matches.values()}
    return ImportPlan(
        file=file.name,
        starts_on=starts_on,
        added=tuple(row for row in file.rows if row.line not in matches),
        changed=tuple(changed),
        same=same,
        leavers=tuple(
            Leaver(pupil.id, pupil.full_name, pupil.class_name or "no class")
            for pupil in roll.pupils
            if not file.is_partial and pupil.status == "on_roll" and pupil.id not in found
        ),
        unread=file.unread,
    )


def _match(
    rows: Sequence[PupilRow], pupils: Iterable[Pupil], file: str
) -> tuple[dict[int, Pupil], list[ImportProblem]]:
    """The pupil of each row, by line; rows that are new are not in it."""
    by_upn = {pupil.upn: pupil for pupil in pupils if pupil.upn}
    by_likeness: dict[tuple[str, str, date], list[Pupil]] = defaultdict(list)
    for pupil in pupils:
        by_likeness[likeness(pupil.surname, pupil.forename, pupil.date_of_birth)].append(pupil)
    for row in rows:
        if row.upn and row.upn not in by_upn and row.former_upn in by_upn:
            by_upn[row.upn] = by_upn[row.former_upn]
    claimed = {by_upn[row.upn].id for row in rows if row.upn in by_upn}
    matches, problems = {}, []
    for row in rows:
        if row.upn in by_upn:
            matches[row.line] = by_upn[row.upn]
            continue
        like = [pupil for pupil in by_likeness.get(row.likeness, ()) if pupil.id not in claimed]
        if len(like) == 1 and not (row.upn and like[0].upn and not is_temporary_upn(like[0].upn)):
            matches[row.line] = like[0]
        elif like:
            problems.append(_asks(row, like, file))
    times = Counter(pupil.id for pupil in matches.values())
    for row in rows:
        if row.line in matches and times[matches[row.line].id] > 1:
            reason = "Two lines seem to be this one child. Say which by a UPN on both."
            problems.append(ImportProblem(file, row.line, "", row.full_name, reason))
    return matches, problems


def _asks(row: PupilRow, like: list[Pupil], file: str) -> ImportProblem:
    """Why a person must look: several children are like this one, or the one has another UPN."""
    if len(like) > 1:
        reason = f"{len(like)} children on the roll have this name and date of birth. Give the UPN."
        return ImportProblem(file, row.line, "", row.full_name, reason)
    reason = f"A child of this name and date of birth is on the roll with the UPN {like[0].upn}. Is it the same child?"
    return ImportProblem(file, row.line, "UPN", row.upn or "", reason)


def _changes(row: PupilRow, pupil: Pupil, roll: Roll) -> tuple[list[Change], bool]:
    """What a row would change of its pupil, and whether contacts are among it."""
    changes = []
    for name, words in FIELDS.items():
        new, old = getattr(row, name), getattr(pupil, name)
        if new is not None and new != old:
            changes.append(Change(words, _said(old), _said(new)))
    if pupil.status != "on_roll":
        changes.append(Change("Status", pupil.status.replace("_", " "), "on roll"))
    facts = roll.facts.get(pupil.id, {})
    for kind, value in row.facts.items():
        old_value = facts[kind].value if kind in facts else ""
        if kind in row.dated_kinds:
            if history_of(kind, roll.history.get(pupil.id, [])) != history_of(kind, row.spans):
                changes.append(Change(FACT_WORDS[kind], old_value or "none", value or "no", is_group=True))
        elif says_otherwise(old_value, value):
            changes.append(Change(FACT_WORDS[kind], old_value or "none", value or "no", is_group=True))
    old_contacts = roll.contacts.get(pupil.id, [])
    has_new_contacts = bool(row.contacts) and not _is_same(old_contacts, row.contacts)
    if has_new_contacts:
        changes.append(Change("Contacts", _names(old_contacts), _names(row.contacts)))
    return changes, has_new_contacts


def history_of(kind: str, told: Iterable[GroupFact | FactSpan]) -> set[tuple[str, date | None, date | None]]:
    """A history as (value, first day, last day), to be compared."""
    return {(one.value, one.starts_on, one.ends_on) for one in told if one.kind == kind}


def says_otherwise(old: str, new: str) -> bool:
    """Whether the file tells a fact differently; a plain yes never wipes out a category that is known."""
    return new != old and not (new == "yes" and old)


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


def _class_words(row: PupilRow) -> str:
    year = row.year_group or ""
    return ", ".join(part for part in (row.class_name, f"year {year}" if year else "") if part) or "no class"
