"""Writes pupils as a common transfer file of the same shape that the reader takes, byte for byte the same each time."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from xml.sax.saxutils import escape

from sqlalchemy import select

from booking.core import clock
from booking.core.access_log import CONTACTS, GROUPS, note_access
from booking.core.db import db
from booking.people.ctf_codes import CATEGORIES, DOCUMENT, ETHNICITY_SOURCES, LEFT, RELATIONSHIPS
from booking.people.ctf_spans import facts_of, settle
from booking.people.group_facts import GroupFact
from booking.people.import_rows import ContactRow, FactSpan, PupilRow
from booking.people.models import Contact, Pupil, School

VERSION = 25
SEX_SINCE = 25
"""Before this version the tag is `Gender`."""
DATED = ("fsm", "sen")
"""The kinds of which a transfer file tells the history; of the others it tells what is so now."""
CODES = {words: code for code, words in reversed(RELATIONSHIPS.items())}
LETTERS = {words: letter for letter, words in ETHNICITY_SOURCES.items()}
SAID = {"yes": "true", "no": "false", "": "false"}
Part = tuple[str, "str | Sequence[Part] | None"]
"""A tag with its text, with parts of its own, or with nothing (then it is left out)."""
_NO_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Sender:
    """The school that a file comes from: the three figures of its authority, its own four, and its name."""

    authority: str = "000"
    number: str = "0000"
    name: str = ""


def export_ctf(*, at: datetime, user_id: int | None, authority: str = "000", school: str = "0000") -> bytes:
    """The pupils on the roll with what the school's own record says of them, in the caller's unit of work.

    Each child's row is noted in the log of who saw what. `authority` is the three figures of the local authority,
    `school` the four of the school.
    """
    pupils = db.session.scalars(
        select(Pupil).where(Pupil.status == "on_roll").order_by(Pupil.surname, Pupil.forename, Pupil.id)
    ).all()
    note_access(
        [pupil.id for pupil in pupils],
        [CONTACTS, GROUPS],
        act="export",
        reason="transfer file",
        at=at,
        user_id=user_id,
    )
    name = db.session.scalars(select(School.name)).first() or ""
    return write_ctf(rows_of(pupils, clock.today(at)), sender=Sender(authority, school, name), at=at)


def rows_of(pupils: Sequence[Pupil], today: date) -> Iterator[PupilRow]:
    """Pupils as a file would tell them: the history of meals and SEN, what else is so today, the school's contacts."""
    facts: dict[int, list[GroupFact]] = defaultdict(list)
    for fact in db.session.scalars(select(GroupFact).order_by(GroupFact.starts_on, GroupFact.id)):
        facts[fact.pupil_id].append(fact)
    contacts: dict[int, list[Contact]] = defaultdict(list)
    for contact in db.session.scalars(
        select(Contact).where(Contact.given_by_id.is_(None)).order_by(Contact.priority, Contact.id)
    ):
        contacts[contact.pupil_id].append(contact)
    for place, pupil in enumerate(pupils, start=1):
        yield _row(place, pupil, facts[pupil.id], contacts[pupil.id], today)


def _row(
    place: int, pupil: Pupil, facts: Sequence[GroupFact], contacts: Sequence[Contact], today: date
) -> PupilRow:
    told = [FactSpan(fact.kind, fact.value, fact.starts_on, fact.ends_on, fact.source) for fact in facts]
    sources = {
        span.kind: span.source
        for span in told
        if span.kind == "ethnicity" and span.source in LETTERS and span.ends_on is None
    }
    history = [
        FactSpan(kind, span.value, span.starts_on, span.ends_on)
        for kind in DATED
        for span in settle(one for one in told if one.kind == kind)
    ]
    return PupilRow(
        line=place,
        upn=pupil.upn,
        surname=pupil.surname,
        forename=pupil.forename,
        preferred_name=pupil.preferred_name,
        date_of_birth=pupil.date_of_birth,
        year_group=pupil.year_group,
        class_name=None,
        joined_on=None,
        facts=facts_of(told, today),
        contacts=tuple(
            ContactRow(
                c.priority, c.name, c.relationship_name, c.phone, c.email, c.parental_responsibility, None
            )
            for c in contacts
        ),
        spans=tuple(history),
        sources={kind: source for kind, source in sources.items() if source},
        has_left=pupil.status == "left",
    )


def write_ctf(
    pupils: Iterable[PupilRow], *, at: datetime, sender: Sender | None = None, version: int = VERSION
) -> bytes:
    """These pupils as a file of a version (23 to 25) made at a moment; what the format has no tag for is left out."""
    header = _header(sender or Sender(), at, version)
    parts = (_pupil(row, "Sex" if version >= SEX_SINCE else "Gender") for row in pupils)
    return "".join(_lines(header, parts)).encode()


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
        yield f"{blank}<{tag}>{escape(_NO_XML.sub('', inner))}</{tag}>\n"
        return
    lines = [line for one in inner for line in _written(one, depth + 1)]
    if lines:
        yield f"{blank}<{tag}>\n"
        yield from lines
        yield f"{blank}</{tag}>\n"


def _header(sender: Sender, at: datetime, version: int) -> Part:
    today = clock.today(at)
    year = today.year + 1 if today.month >= 9 else today.year
    numbers = (("LEA", sender.authority), ("Estab", sender.number))
    return (
        "Header",
        (
            ("DocumentName", DOCUMENT),
            ("CTFversion", f"{version}.0"),
            ("DateTime", f"{clock.to_school(at):%Y-%m-%dT%H:%M:%S}"),
            ("DocumentQualifier", "full"),
            ("SupplierID", "Eight till Six"),
            ("SourceSchool", (*numbers, ("SchoolName", sender.name), ("AcademicYear", str(year)))),
            ("DestSchool", numbers),
        ),
    )


def _pupil(row: PupilRow, sex: str) -> Part:
    facts = row.facts
    languages = (("F", facts.get("language")), ("H", facts.get("home_language")))
    return (
        "Pupil",
        (
            ("UPN", row.upn),
            ("Surname", row.surname),
            ("Forename", row.forename),
            ("DOB", row.date_of_birth.isoformat()),
            (sex, facts.get("sex")),
            (
                "BasicDetails",
                (
                    ("FormerUPN", row.former_upn),
                    ("PreferredForename", row.preferred_name),
                    ("NCyearActual", row.year_group),
                    ("Ethnicity", facts.get("ethnicity")),
                    ("EthnicitySource", LETTERS.get(row.sources.get("ethnicity", ""))),
                    ("Languages", [_language(kind, code) for kind, code in languages if code]),
                    ("EnrolStatus", LEFT if row.has_left else "C"),
                    ("ServiceChild", {"yes": "Y", "": "N"}.get(facts.get("service_child", "-"))),
                ),
            ),
            ("FSMhistory", [_meal(span) for span in row.spans if span.kind == "fsm"]),
            ("LookedAfter", (("InCare", SAID.get(facts.get("looked_after", "-"))),)),
            ("SENhistory", list(_provisions([span for span in row.spans if span.kind == "sen"]))),
            ("Contacts", [_contact(contact) for contact in row.contacts]),
        ),
    )


def _language(kind: str, code: str) -> Part:
    return ("Type", (("LanguageType", kind), ("Language", code)))


def _meal(span: FactSpan) -> Part:
    return (
        "FSMinstance",
        (
            ("FSMstartDate", span.starts_on.isoformat() if span.starts_on else None),
            ("FSMendDate", span.ends_on.isoformat() if span.ends_on else None),
            ("UKcountry", "ENG"),
            ("FSMCategory", CATEGORIES.get(span.value)),
        ),
    )


def _provisions(spans: Sequence[FactSpan]) -> Iterator[Part]:
    """The beginnings of each provision; one that ends with nothing after it is followed by none (N)."""
    for span, after in pairwise([*spans, None]):
        if span is None:
            continue
        yield _provision(span.starts_on, span.value)
        follows = span.ends_on + timedelta(days=1) if span.ends_on else None
        if follows and (after is None or after.starts_on != follows):
            yield _provision(follows, "N")


def _provision(starts_on: date | None, value: str) -> Part:
    return ("SEN", (("StartDate", starts_on.isoformat() if starts_on else None), ("SENprovision", value)))


def _contact(contact: ContactRow) -> Part:
    """A contact of the school's own record; the last word of the name is taken for the surname."""
    forename, _, surname = contact.name.rpartition(" ")
    relationship = contact.relationship_name or ""
    phone = (("TelephoneType", "T"), ("PhoneNo", contact.phone))
    return (
        "Contact",
        (
            ("Order", str(contact.priority)),
            ("Surname", surname),
            ("Forename", forename),
            ("Relationship", CODES.get(relationship, relationship)),
            ("Responsibility", SAID.get(contact.parental_responsibility)),
            ("Phones", (("Phone", phone),) if contact.phone else None),
            ("Email", contact.email),
        ),
    )
