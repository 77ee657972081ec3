"""Knows a column by its heading, as the systems that English school offices use write them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from booking.people.import_problems import ImportProblem

KNOWN: Mapping[str, tuple[str, ...]] = {
    "upn": ("upn", "unique pupil number", "pupil upn", "student upn", "current upn"),
    "surname": (
        "legal surname",
        "surname",
        "last name",
        "legal last name",
        "family name",
        "pupil surname",
        "student surname",
        "student last name",
    ),
    "forename": (
        "legal forename",
        "forename",
        "first name",
        "legal first name",
        "given name",
        "forename 1",
        "pupil forename",
        "student forename",
        "student first name",
    ),
    "preferred_name": (
        "preferred name",
        "preferred forename",
        "preferred first name",
        "chosen name",
        "chosen forename",
        "chosen first name",
        "known as",
    ),
    "date_of_birth": ("dob", "date of birth", "d o b", "birth date", "birthdate", "pupil dob", "student dob"),
    "year_group": (
        "year",
        "nc year",
        "year group",
        "ncyear",
        "ncyear actual",
        "nc year actual",
        "national curriculum year",
        "yeargroup",
        "yr",
        "year code",
        "curriculum year",
    ),
    "class_name": (
        "class",
        "reg",
        "reg group",
        "reg form",
        "registration group",
        "registration form",
        "registration class",
        "tutor group",
        "form",
        "class name",
        "main class",
    ),
    "sex": ("sex", "gender", "legal sex", "sex gender", "gender sex"),
    "ethnicity": ("ethnicity code", "ethnicity", "ethnic group", "ethnic code", "ethnicity description"),
    "language": (
        "first language code",
        "first language",
        "language",
        "home language",
        "mother tongue",
        "native language",
        "language first",
    ),
    "sen": (
        "sen",
        "sen status",
        "sen provision",
        "sen code",
        "send",
        "send status",
        "sen stage",
        "sen provision code",
        "current sen provision",
    ),
    "fsm": (
        "fsm",
        "fsm eligible",
        "eligible for fsm",
        "eligible for free school meals",
        "free school meals",
        "free school meal",
        "fsm eligibility",
        "free school meals eligible",
        "fsm category",
        "currently fsm eligible",
    ),
    "fsm6": ("fsm6", "fsm 6", "ever 6 fsm", "fsm ever 6", "ever6 fsm", "fsm ever6", "ever 6"),
    "pupil_premium": (
        "pupil premium",
        "pp",
        "pupil premium indicator",
        "pupil premium eligible",
        "eligible for pupil premium",
        "pupil premium status",
        "pupil premium recipient",
        "pupil premium eligibility",
    ),
    "looked_after": ("looked after", "in care", "lac", "cla", "looked after child", "child in care"),
    "service_child": ("service child", "service children", "service child in education", "service family"),
    "young_carer": ("young carer", "is young carer"),
    "joined_on": (
        "admission date",
        "date of admission",
        "doa",
        "date of entry",
        "on roll date",
        "enrolment date",
        "joined",
        "start date",
    ),
}
CONTACT_KNOWN: Mapping[str, tuple[str, ...]] = {
    "name": ("", "name", "full name", "addressee", "contact name"),
    "forename": ("forename", "first name", "given name"),
    "surname": ("surname", "last name", "family name"),
    "relationship": ("relationship", "relation", "relationship to pupil", "relationship to student", "type"),
    "phone": (
        "phone",
        "telephone",
        "tel",
        "mobile",
        "phone number",
        "telephone number",
        "mobile number",
        "mobile phone",
        "main telephone",
        "primary phone",
        "primary telephone",
        "contact number",
        "number",
    ),
    "email": ("email", "e mail", "email address", "e mail address", "primary email", "main email"),
    "responsibility": (
        "parental responsibility",
        "has parental responsibility",
        "responsibility",
        "pr",
        "legal responsibility",
    ),
    "may_collect": ("may collect", "can collect", "collects", "allowed to collect"),
}
MISSING = "This column is missing."
REQUIRED = {"surname": "Surname", "forename": "Forename", "date_of_birth": "DOB"}

_FIELDS = {heading: (name, rank) for name, found in KNOWN.items() for rank, heading in enumerate(found)}
_CONTACT_FIELDS = {h: (name, rank) for name, found in CONTACT_KNOWN.items() for rank, h in enumerate(found)}
_CONTACT = re.compile(
    r"(?:primary |emergency )?"
    r"(?:priority|contact|parent carer|parent guardian|parent|guardian|carer) ?([1-9])(?: contact(?! number))?(?: (.*))?"
)


def field_of(heading: str) -> str | None:
    """The field that a heading stands for, such as `date_of_birth` or `contact_2_email`; none when unknown."""
    found = _ranked(heading)
    return found[0] if found else None


def _ranked(heading: str) -> tuple[str, int] | None:
    """The field of a heading, and how far back in its list the heading stands: the lower goes before."""
    plain = _plain(heading)
    if plain in _FIELDS:
        return _FIELDS[plain]
    match = _CONTACT.fullmatch(plain)
    part = _CONTACT_FIELDS.get(match[2] or "") if match else None
    return (f"contact_{match[1]}_{part[0]}", part[1]) if match and part else None


def find_columns(
    headings: tuple[str, ...], *, file: str, line: int, mapping: Mapping[str, str] | None = None
) -> tuple[dict[str, int], list[ImportProblem]]:
    """Which column holds which field; `mapping` (field to heading) goes before what is recognised.

    Of two headings for one field (Sex and Gender) the one that is listed first above is read. The same heading
    twice, a needed field that is missing, and a mapping to no such heading are problems.
    """
    columns: dict[str, int] = {}
    problems: list[ImportProblem] = []
    for name, heading in (mapping or {}).items():
        if not is_field(name):
            problems.append(ImportProblem(file, line, heading, name, "There is no such field to map to."))
        elif heading not in headings:
            problems.append(ImportProblem(file, line, heading, "", "The file has no such heading."))
        else:
            columns[name] = headings.index(heading)
    taken, ranks = set(columns.values()), dict.fromkeys(columns, -1)
    for index, heading in enumerate(headings):
        found = _ranked(heading)
        if found is None or index in taken or ranks.get(found[0], found[1] + 1) < found[1]:
            continue
        name, rank = found
        if ranks.get(name) == rank:
            reason = f"The heading “{headings[columns[name]]}” stands here twice. Keep only one."
            problems.append(ImportProblem(file, line, heading, "", reason))
            continue
        columns[name], ranks[name] = index, rank
    for name, usual in REQUIRED.items():
        if name not in columns:
            problems.append(ImportProblem(file, line, usual, "", MISSING))
    return columns, problems


def is_field(name: str) -> bool:
    """True for a field that a column can be mapped to."""
    match = re.fullmatch(r"contact_[1-9]_(\w+)", name)
    return name in KNOWN or bool(match and match[1] in CONTACT_KNOWN)


def _plain(heading: str) -> str:
    """A heading in small letters with single blanks: `Contact1Name`, `contact_1_name` and `Contact 1: Name` alike."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z0-9])|(?<=[0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", heading)
    return re.sub(r"[^a-z0-9]+", " ", spaced.lower()).strip()
