"""What the school holds when a file is held against it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select

from booking.core.db import db
from booking.people.group_facts import GroupFact
from booking.people.models import Contact, Pupil

ONE_AT_A_TIME = 734_001
"""The number of the lock that imports, roll-overs and their undoing take in turn."""


@dataclass
class Roll:
    """What the school holds, read in three queries: pupils, their group facts, and its own contacts."""

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


def take_turn() -> None:
    """Wait until no other import is being written: two at once would each add the same new children.

    SQLite has one writer anyhow; PostgreSQL keeps the turn until the transaction ends. Bookings do not wait.
    """
    if db.session.get_bind().dialect.name == "postgresql":
        db.session.execute(select(func.pg_advisory_xact_lock(ONE_AT_A_TIME)))
