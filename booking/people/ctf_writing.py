"""Writes the roll as a common transfer file of the same shape that the reader takes, byte for byte the same each time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from xml.sax.saxutils import escape

from sqlalchemy import select

from booking.core import clock
from booking.core.access_log import CONTACTS, GROUPS, note_access
from booking.core.db import db
from booking.people.ctf_reading import RELATIONSHIPS, SOURCES
from booking.people.group_facts import GroupFact
from booking.people.models import Contact, Pupil, School

VERSION = "25.0"
CATEGORIES = {"targeted": "TFSM", "expanded": "EFSM", "other": "OFSM"}
CODES = {words: code for code, words in reversed(RELATIONSHIPS.items())}
LETTERS = {words: letter for letter, words in SOURCES.items()}
SAID = {"yes": "true", "no": "false"}
Part = tuple[str, "str | Sequence[Part] | None"]
"""A tag with its text, with parts of its own, or with nothing (then it is left out)."""


def export_ctf(*, at: datetime, user_id: int | None, authority: str = "000", school: str = "0000") -> bytes:
    """The pupils on the roll with what the school's own record says of them, in the caller's unit of work.

    Each child's row is noted in the log of who saw what. `authority` is the three figures of the local authority,
    `school` the four of the school.
    """
    pupils = db.session.scalars(
        select(Pupil).where(Pupil.status == "on_roll").order_by(Pupil.surname, Pupil.forename, Pupil.id)
    ).all()
    facts: dict[int, list[GroupFact]] = defaultdict(list)
    for fact in db.session.scalars(select(GroupFact).order_by(GroupFact.starts_on, GroupFact.id)):
        facts[fact.pupil_id].append(fact)
    contacts: dict[int, list[Contact]] = defaultdict(list)
    for contact in db.session.scalars(
        select(Contact).where(Contact.given_by_id.is_(None)).order_by(Contact.priority, Contact.id)
    ):
        contacts[contact.pupil_id].append(contact)
    note_access(
        [pupil.id for pupil in pupils],
        [CONTACTS, GROUPS],
        act="export",
        reason="transfer file",
        at=at,
        user_id=user_id,
    )
    today = clock.today(at)
    named = db.session.scalars(select(School.name)).first() or ""
    parts = (_pupil(one, facts[one.id], contacts[one.id], today) for one in pupils)
    return "".join(_lines(_header(named, authority, school, at), parts)).encode()


def _lines(header: Part, pupils: Iterable[Part]) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<CTfile>\n'
    yield from _written(header, 1)
    yield " <CTFpupilData>\n"
    for pupil in pupils:
        yield from _written(pupil, 2)
    yield " </CTFpupilData>\n</CTfile>\n"


def _written(part: Part, depth: int) -> Iterator[str]:
    """A part as lines; what is empty is left out, for an empty element would be read as silence all the same."""
    tag, inner = part
    if not inner:
        return
    blank = " " * depth
    if isinstance(inner, str):
        yield f"{blank}<{tag}>{escape(inner)}</{tag}>\n"
        return
    lines = [line for one in inner for line in _written(one, depth + 1)]
    if lines:
        yield f"{blank}<{tag}>\n"
        yield from lines
        yield f"{blank}</{tag}>\n"


def _header(name: str, authority: str, school: str, at: datetime) -> Part:
    today = clock.today(at)
    year = today.year + 1 if today.month >= 9 else today.year
    return (
        "Header",
        (
            ("DocumentName", "Common Transfer File"),
            ("CTFversion", VERSION),
            ("DateTime", f"{clock.to_school(at):%Y-%m-%dT%H:%M:%S}"),
            ("DocumentQualifier", "partial"),
            ("SupplierID", "Eight till Six"),
            (
                "SourceSchool",
                (("LEA", authority), ("Estab", school), ("SchoolName", name), ("AcademicYear", str(year))),
            ),
            ("DestSchool", (("LEA", authority), ("Estab", school))),
        ),
    )


def _pupil(pupil: Pupil, facts: list[GroupFact], contacts: list[Contact], today: date) -> Part:
    now: Mapping[str, GroupFact] = {
        fact.kind: fact
        for fact in facts
        if fact.starts_on <= today and (fact.ends_on is None or fact.ends_on >= today)
    }

    def said(kind: str) -> str | None:
        return now[kind].value if kind in now else None

    ethnicity = now.get("ethnicity")
    languages = [("F", said("language")), ("H", said("home_language"))]
    return (
        "Pupil",
        (
            ("UPN", pupil.upn),
            ("Surname", pupil.surname),
            ("Forename", pupil.forename),
            ("DOB", pupil.date_of_birth.isoformat()),
            ("Sex", said("sex")),
            (
                "BasicDetails",
                (
                    ("PreferredForename", pupil.preferred_name),
                    ("NCyearActual", pupil.year_group),
                    ("Ethnicity", said("ethnicity")),
                    ("EthnicitySource", LETTERS.get(ethnicity.source) if ethnicity else None),
                    (
                        "Languages",
                        [
                            ("Type", (("LanguageType", kind), ("Language", code)))
                            for kind, code in languages
                            if code
                        ],
                    ),
                    ("EnrolStatus", "C"),
                    ("ServiceChild", "Y" if said("service_child") else None),
                ),
            ),
            ("FSMhistory", [_meal(fact) for fact in facts if fact.kind == "fsm"]),
            ("LookedAfter", (("InCare", "true" if said("looked_after") else None),)),
            ("SENhistory", [_sen(fact) for fact in facts if fact.kind == "sen"]),
            ("Contacts", [_contact(contact) for contact in contacts]),
        ),
    )


def _meal(fact: GroupFact) -> Part:
    return (
        "FSMinstance",
        (
            ("FSMstartDate", fact.starts_on.isoformat()),
            ("FSMendDate", fact.ends_on.isoformat() if fact.ends_on else None),
            ("UKcountry", "ENG"),
            ("FSMCategory", CATEGORIES.get(fact.value)),
        ),
    )


def _sen(fact: GroupFact) -> Part:
    return ("SEN", (("StartDate", fact.starts_on.isoformat()), ("SENprovision", fact.value)))


def _contact(contact: Contact) -> Part:
    forename, _, surname = contact.name.rpartition(" ")
    return (
        "Contact",
        (
            ("Order", str(contact.priority)),
            ("Surname", surname),
            ("Forename", forename),
            ("Relationship", CODES.get(contact.relationship_name or "", contact.relationship_name)),
            ("Responsibility", SAID.get(contact.parental_responsibility)),
            (
                "Phones",
                (("Phone", (("TelephoneType", "T"), ("PhoneNo", contact.phone))),) if contact.phone else None,
            ),
            ("Email", contact.email),
        ),
    )
