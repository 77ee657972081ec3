"""Writes an import plan: pupils, group facts with their dates, and the school's own contacts, whole or not at all."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime, timedelta

from sqlalchemy import insert, select

from booking.core import clock
from booking.core.audit import record
from booking.core.db import db
from booking.people.group_facts import GroupFact
from booking.people.import_journal import look_at, write_journal
from booking.people.import_plan import FIELDS, ImportPlan
from booking.people.import_roll import Roll, read_roll
from booking.people.import_rows import ContactRow, FactSpan, PupilRow
from booking.people.import_runs import ImportRun
from booking.people.import_spans import align, says_otherwise
from booking.people.models import Contact, Invitation, Pupil
from booking.people.school_years import school_year_start, year_of_birth

SOURCE = "school's file"


def apply_import(
    plan: ImportPlan, at: datetime, user_id: int | None, *, roll: Roll | None = None, run: ImportRun
) -> None:
    """Do what the plan says, inside the caller's unit of work, and keep with the run what stood there before.

    Leavers stay as they are.
    """
    roll = roll or read_roll(plan.starts_on)
    pupils = {pupil.id: pupil for pupil in roll.pupils}
    touched = {one.pupil_id for one in plan.changed}
    before = look_at(touched)
    writer = _Writer(plan, roll, at)
    for one in plan.changed:
        writer.change_pupil(pupils[one.pupil_id], one.row)
        if one.has_new_contacts:
            writer.replace_contacts(one.pupil_id, one.row.contacts)
    db.session.flush()
    ids = _add_pupils(plan, at)
    for row in plan.added:
        pupil_id = ids[_key(row)]
        writer.add_facts(pupil_id, row)
        writer.new_contacts += [_contact(pupil_id, contact) for contact in row.contacts]
    writer.write()
    write_journal(run, before, touched | set(ids.values()))
    if plan.added or plan.changed:
        record(
            "imported",
            "import_run",
            run.id,
            at=at,
            user_id=user_id,
            added=len(plan.added),
            changed=len(plan.changed),
            same=plan.same,
            missing=len(plan.leavers),
        )


def _add_pupils(plan: ImportPlan, at: datetime) -> dict[tuple[object, ...], int]:
    """Write the new pupils in batches, and give their ids by what tells them apart in one file."""
    if not plan.added:
        return {}
    values = [{name: getattr(row, name) for name in FIELDS} for row in plan.added]
    status = "expected" if plan.is_expected else "on_roll"
    for value in values:
        value["year_group"] = value["year_group"] or year_of_birth(value["date_of_birth"], clock.today(at))
        value |= {"status": status, "created_at": at}
    found = db.session.execute(
        insert(Pupil).returning(Pupil.id, Pupil.upn, Pupil.surname, Pupil.forename, Pupil.date_of_birth),
        values,
    )
    return {tuple(key): pupil_id for pupil_id, *key in found}


def _key(row: PupilRow) -> tuple[object, ...]:
    return row.upn, row.surname, row.forename, row.date_of_birth


class _Writer:
    """Changes rows of the roll; contacts to be forgotten are gathered, so that one query finds their invitations."""

    def __init__(self, plan: ImportPlan, roll: Roll, at: datetime) -> None:
        self.plan, self.roll, self.at = plan, roll, at
        self.new_facts: list[dict[str, object]] = []
        self.new_contacts: list[dict[str, object]] = []
        self.gone: list[Contact] = []
        self.moved: list[int] = []

    def change_pupil(self, pupil: Pupil, row: PupilRow) -> None:
        """Take over what the row tells of a pupil and of their groups; who had left is back."""
        for name in FIELDS:
            value = getattr(row, name)
            if value is not None:
                setattr(pupil, name, value)
        pupil.status, pupil.left_on = ("expected" if self.plan.is_expected else "on_roll"), None
        facts = self.roll.facts.get(pupil.id, {})
        for kind, value in row.facts.items():
            fact = facts.get(kind)
            if kind not in row.dated_kinds and says_otherwise(fact.value if fact else "", value):
                self._change_fact(pupil.id, kind, fact, value, row.sources.get(kind, SOURCE))
        for kind in row.dated_kinds:
            self._take_history(pupil.id, kind, row)

    def _take_history(self, pupil_id: int, kind: str, row: PupilRow) -> None:
        """Make the history of a kind what the file tells; what stands already, stays the same row."""
        steps = align(kind, self.roll.history.get(pupil_id, []), row.spans)
        for fact in steps.gone:
            db.session.delete(fact)
        for fact, starts_on, ends_on in steps.moved:
            fact.starts_on, fact.ends_on, fact.recorded_at = starts_on, ends_on, self.at
        for span in steps.new:
            self._add_span(pupil_id, span)

    def _add_span(self, pupil_id: int, span: FactSpan) -> None:
        starts_on = span.starts_on or school_year_start(self.plan.starts_on)
        self._add_fact(pupil_id, span.kind, span.value, starts_on, span.source or SOURCE, span.ends_on)

    def _change_fact(self, pupil_id: int, kind: str, fact: GroupFact | None, value: str, source: str) -> None:
        """End the old fact the day before and begin the new; one that began on that day or later is put right."""
        starts_on = self.plan.starts_on
        if fact is not None and fact.starts_on >= starts_on:
            if value:
                fact.value, fact.source, fact.recorded_at = value, source, self.at
            else:
                db.session.delete(fact)
            return
        if fact is not None:
            fact.ends_on = starts_on - timedelta(days=1)
        if value:
            self._add_fact(pupil_id, kind, value, starts_on, source)

    def add_facts(self, pupil_id: int, row: PupilRow) -> None:
        """The facts of a new pupil hold since they joined, or since the school year began: whichever is later."""
        began = school_year_start(self.plan.starts_on)
        starts_on = max(began, row.joined_on) if row.joined_on else began
        for kind, value in row.facts.items():
            if value and kind not in row.dated_kinds:
                self._add_fact(pupil_id, kind, value, starts_on, row.sources.get(kind, SOURCE))
        for span in row.spans:
            self._add_span(pupil_id, span)

    def _add_fact(
        self,
        pupil_id: int,
        kind: str,
        value: str,
        starts_on: date,
        source: str,
        ends_on: date | None = None,
    ) -> None:
        self.new_facts.append(
            {
                "pupil_id": pupil_id,
                "kind": kind,
                "value": value,
                "source": source,
                "starts_on": starts_on,
                "ends_on": ends_on,
                "recorded_at": self.at,
            }
        )

    def replace_contacts(self, pupil_id: int, rows: tuple[ContactRow, ...]) -> None:
        """Make the school's own contacts those of the file; an adult who is still there keeps their row."""
        old = list(self.roll.contacts.get(pupil_id, []))
        for row in rows:
            same = _the_same_adult(row, old)
            if same is None:
                self.new_contacts.append(_contact(pupil_id, row))
                continue
            old.remove(same)
            if same.email != row.email:
                self.moved.append(same.id)
            same.priority, same.name, same.relationship_name = row.priority, row.name, row.relationship_name
            same.phone, same.email = row.phone, row.email
            same.parental_responsibility = row.parental_responsibility
            if row.may_collect is not None:
                same.may_collect = row.may_collect
        self.gone += old

    def write(self) -> None:
        """Send what was gathered to the database, a statement for each table."""
        if self.new_facts:
            db.session.execute(insert(GroupFact), [GroupFact.row(**fact) for fact in self.new_facts])
        if self.new_contacts:
            db.session.execute(insert(Contact), self.new_contacts)
        self._forget_contacts()
        db.session.flush()

    def _forget_contacts(self) -> None:
        """Remove contacts whom the file no longer names; open invitations to them, or to an old address, end."""
        gone = {contact.id for contact in self.gone}
        touched = gone | set(self.moved)
        if not touched:
            return
        for invitation in db.session.scalars(select(Invitation).where(Invitation.contact_id.in_(touched))):
            if invitation.accepted_at is None:
                db.session.delete(invitation)
            elif invitation.contact_id in gone:
                invitation.contact_id = None
        db.session.flush()
        for contact in self.gone:
            db.session.delete(contact)


def _the_same_adult(row: ContactRow, old: list[Contact]) -> Contact | None:
    """Whom the file means among the contacts there are: by address and name, else by address, else by name."""
    named = [contact for contact in old if contact.name.casefold() == row.name.casefold()]
    reached = [contact for contact in old if contact.email and contact.email == row.email]
    both = [contact for contact in reached if contact in named]
    return next(iter(both or reached or named), None)


def _contact(pupil_id: int, row: ContactRow) -> dict[str, object]:
    """A contact of the school's own record, as a row to insert."""
    return {**asdict(row), "may_collect": bool(row.may_collect), "pupil_id": pupil_id}
