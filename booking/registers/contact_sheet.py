"""The emergency contact sheet: whom to ring about each child, for the office alone, and for when the network is down.

Nobody whom a restriction bars from a child stands on it, nor whom such an adult named.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from booking.core.access_log import COLLECTION, CONTACTS
from booking.core.db import db
from booking.core.words import full_day, telephone
from booking.people.models import Contact, Guardianship, Pupil
from booking.people.restrictions import Restriction, restrictions_of
from booking.registers.lists import Cell, Column, Line, ListSheet, Section, cell, words
from booking.registers.paper_facts import Made, PaperDay, hours_words, listed_name, place_words

COLUMNS = (
    Column("", "10mm"),
    Column("Name", "52mm"),
    Column("Where", "38mm"),
    Column("Ring, in this order", "1fr"),
)
FEWEST = 2
"""More than one number, where it is possible (KCSIE); a child with fewer is marked on the sheet."""


def contacts(paper: PaperDay) -> Made:
    """One sheet for all children of these sessions, by surname."""
    where: dict[int, list[str]] = defaultdict(list)
    pupils: dict[int, Pupil] = {}
    for register in paper.registers:
        for child in register.children:
            pupils[child.pupil.id] = child.pupil
            where[child.pupil.id].append(register.session.run.activity.name)
    barred, numbers = restrictions_of(pupils, paper.day), numbers_of(pupils, paper.day)
    ordered = sorted(pupils.values(), key=lambda one: (one.surname.casefold(), one.first_name, one.id))
    sheet = ListSheet(
        title="Emergency contacts",
        label="FOR THE OFFICE",
        day=paper.day,
        school=paper.school,
        printed_at=paper.at,
        printed_by=paper.by,
        about=(full_day(paper.day), *_whose(paper)),
        counts=(("Children", len(ordered)),),
        sections=(
            Section(
                COLUMNS,
                tuple(
                    _row(n, one, where[one.id], numbers.get(one.id, []), bool(barred.get(one.id)))
                    for n, one in enumerate(ordered, 1)
                ),
                empty="Nobody is booked.",
            ),
        ),
    )
    made = Made([sheet.data()])
    made.seen[CONTACTS] |= set(pupils)
    made.seen[COLLECTION] |= {pupil_id for pupil_id in pupils if barred.get(pupil_id)}
    return made


def _whose(paper: PaperDay) -> list[str]:
    """The session, when it is of one alone."""
    if len(paper.sessions) != 1:
        return []
    return [f"{place_words(paper.sessions[0])}, {hours_words(paper.sessions[0])}"]


def numbers_of(pupil_ids: Collection[int], day: date) -> dict[int, list[tuple[str, str]]]:
    """Whom to ring about each child and on which number, in the school's order, then who signs in; each number once."""
    barred = restrictions_of(pupil_ids, day)
    found: dict[int, dict[str, str]] = defaultdict(dict)
    rows = db.session.scalars(
        select(Contact).where(Contact.pupil_id.in_(pupil_ids)).order_by(Contact.priority, Contact.id)
    )
    for one in rows:
        closed = barred.get(one.pupil_id, [])
        if not _is_closed(closed, 0, one.name, one.email, one.given_by_id):
            _keep(found[one.pupil_id], one.name, one.relationship_name, one.phone)
    ties = db.session.scalars(
        select(Guardianship)
        .options(joinedload(Guardianship.user))
        .where(Guardianship.pupil_id.in_(pupil_ids))
        .order_by(Guardianship.id)
    )
    for tie in ties:
        user = tie.user
        if not _is_closed(barred.get(tie.pupil_id, []), user.id, user.name, user.email, None):
            _keep(found[tie.pupil_id], user.name, tie.relationship_name, user.phone)
    return {
        pupil_id: [(name, telephone(number)) for number, name in one.items()]
        for pupil_id, one in found.items()
    }


def _is_closed(
    restrictions: list[Restriction], user_id: int, name: str, email: str | None, given_by_id: int | None
) -> bool:
    """Whether a restriction is about this adult, or about who named them."""
    return any(
        one.is_about(user_id, name, email) or (given_by_id is not None and one.adult_id == given_by_id)
        for one in restrictions
    )


def _keep(numbers: dict[str, str], name: str, relationship: str | None, phone: str | None) -> None:
    if phone and phone.strip():
        numbers.setdefault(phone.strip(), f"{name} ({relationship})" if relationship else name)


def _row(
    number: int, pupil: Pupil, where: list[str], numbers: list[tuple[str, str]], is_barred: bool
) -> tuple[Cell, ...]:
    lines: list[Line] = [(((f"{phone}"), "strong"), (name, "")) for name, phone in numbers]
    if not numbers:
        lines.append(words("No number is known: ask the school office", "strong"))
    elif len(numbers) < FEWEST:
        lines.append(words("Only one number", "tag"))
    return (
        cell(words(str(number))),
        cell(
            words(listed_name(pupil), "strong"),
            words("Check before release", "alert") if is_barred else "",
        ),
        cell(pupil.class_name or "", *dict.fromkeys(where)),
        cell(*lines),
    )
