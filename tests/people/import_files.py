"""Small pupil files and looks at whole tables, for the tests of importing."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select

from booking.core.db import Base, db, table_of
from booking.people.group_facts import GroupFact
from booking.people.import_file import Choices, import_content, preview
from booking.people.import_journal import Look, read_rows
from booking.people.import_plan import ImportPlan
from booking.people.models import Contact, Invitation, Pupil
from booking.people.upn import upn_check_letter
from tests.builders import AT

HEADINGS = (
    "UPN,Surname,Forename,Preferred name,DOB,Year,Class,SEN,FSM,Start date,Contact 1 Name,Contact 1 Email"
)


def a_upn(number: int) -> str:
    """A UPN with its check letter."""
    twelve = f"8012000{number:05d}"
    return upn_check_letter(twelve) + twelve


def a_line(**cells: Any) -> str:
    """One line of a file: Ada Okafor in Oak, unless said otherwise; `upn` may be left out."""
    names = (
        "upn",
        "surname",
        "forename",
        "preferred",
        "dob",
        "year",
        "cls",
        "sen",
        "fsm",
        "starts",
        "name",
        "email",
    )
    usual = {"surname": "Okafor", "forename": "Ada", "dob": "05/10/2018"}
    return ",".join(str({**usual, **cells}.get(name, "")) for name in names)


def a_file(*lines: str) -> bytes:
    """A CSV file with these lines; the first stands on line 2."""
    return "\n".join([HEADINGS, *lines]).encode()


def load(*lines: str, at: datetime = AT, **choices: Any) -> ImportPlan:
    """Import these lines."""
    return import_content(a_file(*lines), "roll.csv", at=at, user_id=None, choices=Choices(**choices))


def look(*lines: str, at: datetime = AT, **choices: Any) -> ImportPlan:
    """What importing these lines would do."""
    plan = preview(a_file(*lines), "roll.csv", at=at, choices=Choices(**choices))
    db.session.rollback()
    return plan


def whole_tables() -> Look:
    """Every row that an import may touch, opened where it is sealed."""
    found: Look = {}
    models: tuple[type[Base], ...] = (Pupil, Contact, Invitation, GroupFact)
    for model in models:
        found |= read_rows(model, select(table_of(model).c.id.label("of"), *table_of(model).columns))
    db.session.rollback()
    return found
