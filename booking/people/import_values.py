"""Reads one cell of a pupil file: each reader gives the value to keep, or raises `Unreadable` with the reason."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date, timedelta

from booking.core.errors import BookingError
from booking.people.code_lists import find_ethnicity, find_language, major_group, sen_code
from booking.people.dates import NotADate, parse_date
from booking.people.upn import tidy_upn, upn_problem

LONGEST = {"name": 80, "class": 40, "full_name": 160, "relationship": 40, "phone": 30, "email": 254}
OLDEST = timedelta(days=25 * 366)
NO = ""
"""What a flag column gives for a spoken no: the fact ends, and none is kept."""

_YES = frozenset({"yes", "y", "true", "t", "1", "x", "✓", "✔"})
_NO = frozenset({"no", "n", "false", "f", "0", "-", "none"})
_SEN = {
    "NO": "N", "NONE": "N", "NO SEN": "N", "NO SPECIAL EDUCATIONAL NEED": "N", "NO SPECIAL EDUCATIONAL NEEDS": "N",
    "SEN SUPPORT": "K", "SCHOOL ACTION": "K", "SCHOOL ACTION PLUS": "K",
    "EHCP": "E", "EHC PLAN": "E", "STATEMENT": "E",
    "EDUCATION HEALTH AND CARE PLAN": "E", "EDUCATION, HEALTH AND CARE PLAN": "E",
}  # fmt: skip
_SEX = {"f": "F", "female": "F", "girl": "F", "m": "M", "male": "M", "boy": "M"}
_FSM = {
    "tfsm": "targeted", "targeted": "targeted", "targeted fsm": "targeted",
    "efsm": "expanded", "xfsm": "expanded", "expanded": "expanded", "expanded fsm": "expanded",
    "ofsm": "other", "other": "other", "other fsm": "other",
}  # fmt: skip
_YEARS = {"R": "R", "RECEPTION": "R", "REC": "R", "FS2": "R", "0": "R", "00": "R", "FS1": "N2"}
_UNSEEN = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
_JOINERS = frozenset("\u200c\u200d\t\r\n")
"""Persian, Tamil and other scripts need the two joiners; line breaks and tabs become a blank."""


class Unreadable(BookingError):
    """A cell holds something that cannot be kept as it stands; the sentence is the reason in the list of problems."""


def clean(text: str) -> str:
    """A cell with its blanks tidied, in composed form; raises `Unreadable` for signs that nobody can see."""
    for sign in text:
        if unicodedata.category(sign) in _UNSEEN and sign not in _JOINERS:
            raise Unreadable(f"It holds a sign that cannot be seen (U+{ord(sign):04X}). Type it again.")
    return unicodedata.normalize("NFC", " ".join(text.split()))


def read_name(text: str, kind: str = "name") -> str:
    """A name with at least one letter, of at most the length that the record holds."""
    if len(text) > LONGEST[kind]:
        raise Unreadable(f"It is longer than {LONGEST[kind]} characters.")
    if not any(sign.isalpha() for sign in text):
        raise Unreadable("A name needs at least one letter.")
    return text


def read_class(text: str) -> str:
    """The name of a class, as the school writes it."""
    if len(text) > LONGEST["class"]:
        raise Unreadable(f"It is longer than {LONGEST['class']} characters.")
    return text


def read_date(text: str) -> date:
    """A day as dd/mm/yyyy or ISO, with or without a midnight behind it."""
    try:
        return parse_date(re.sub(r"[T ]0{1,2}:00(:00(\.0+)?)?Z?$", "", text))
    except NotADate as error:
        raise Unreadable("This is no date that exists. Write it like 27/03/2019 or 2019-03-27.") from error


def read_birthday(text: str, today: date) -> date:
    """A date of birth: not to come, and not so long ago that it cannot be a pupil's."""
    born = read_date(text)
    if born > today:
        raise Unreadable("A date of birth cannot lie ahead.")
    if today - born > OLDEST:
        raise Unreadable("This is too long ago for a pupil.")
    return born


def read_upn(text: str) -> str:
    """A UPN whose check letter is right."""
    upn = tidy_upn(text)
    problem = upn_problem(upn)
    if problem:
        raise Unreadable(problem)
    return upn


def read_year(text: str) -> str:
    """N1, N2, R or 1 to 6, from `Reception`, `Y3`, `Year 3`, `03` and the like."""
    plain = re.sub(r"^(YEAR|YR|Y|NC YEAR)\s*(?=[0-9R])", "", text.upper()).strip()
    plain = re.sub(r"^(?:NURSERY|N)\s*([12])$", r"N\1", plain)
    if plain in {"N1", "N2"}:
        return plain
    if plain in _YEARS:
        return _YEARS[plain]
    if re.fullmatch(r"0?[1-6]", plain):
        return plain[-1]
    raise Unreadable("This is no year group here. Use N1, N2, R or 1 to 6.")


def read_sex(text: str) -> str:
    """F or M, as the census holds it."""
    found = _SEX.get(text.lower())
    if found is None:
        raise Unreadable("Use F or M, or leave it blank.")
    return found


def read_sen(text: str) -> str:
    """N, K or E; the older letters S, A, P and Q are turned into those of today."""
    found = _first(lambda part: sen_code(part) or _SEN.get(part.upper()), text)
    if found is None:
        raise Unreadable("Use N (none), K (SEN support) or E (EHC plan).")
    return found


def read_flag(text: str) -> str:
    """`yes`, or `NO` for a spoken no."""
    plain = text.lower()
    if plain in _YES:
        return "yes"
    if plain in _NO:
        return NO
    raise Unreadable("Use yes or no, or leave it blank.")


def read_fsm(text: str) -> str:
    """`yes`, a category (targeted, expanded, other), or `NO`."""
    return _FSM.get(text.lower()) or read_flag(text)


def read_ethnicity(text: str) -> str:
    """The DfE's code, from the code itself or its description."""
    found = _first(_ethnicity, text)
    if found is None:
        raise Unreadable("This is no ethnicity that the DfE lists. Use its code, such as WBRI or APKN.")
    return found


def _ethnicity(text: str) -> str | None:
    """A code from words that may begin with the major group: `White British`, `Black Caribbean`.

    What follows must belong to that group: `White African` is not taken for `African`.
    """
    group = re.match(r"(white|black|asian|mixed|other)\b(?: or \w+ british)?[\s/–-]*", text, re.IGNORECASE)
    found = find_ethnicity(text) or (find_ethnicity(text[group.end() :]) if group else None)
    if found and group and group[1].lower() not in (major_group(found) or "").lower():
        return None
    return found


def read_language(text: str) -> str:
    """The DfE's three-letter code, from the code itself or the language's name."""
    found = _first(find_language, text)
    if found is None:
        raise Unreadable("We do not know this language. Use its code, such as ENG, URD or OTH.")
    return found


def _first(find: Callable[[str], str | None], text: str) -> str | None:
    """What the whole cell means, else its code in `K - SEN support`, `ENG: English` or `English (ENG)`."""
    before = re.match(r"([A-Z]{1,4})\s*[-–:(]", text)
    inside = re.search(r"\(([A-Z]{1,4})\)$", text)
    parts = (text, *(match[1] for match in (before, inside) if match))
    return next((found for found in map(find, parts) if found), None)


def read_phone(text: str) -> str:
    """A telephone number with at least five figures, kept as it is written."""
    if len(text) > LONGEST["phone"] or sum(sign.isdigit() for sign in text) < 5:
        raise Unreadable(f"This is no telephone number of at most {LONGEST['phone']} characters.")
    return text


def read_email(text: str) -> str:
    """An e-mail address in small letters."""
    if len(text) > LONGEST["email"] or not re.fullmatch(r"[^@\s,;<>]+@[^@\s,;<>.]+(\.[^@\s,;<>.]+)+", text):
        raise Unreadable("This is no single e-mail address.")
    return text.lower()


def read_responsibility(text: str) -> str:
    """`yes` or `no`; a blank is neither."""
    return "yes" if read_flag(text) == "yes" else "no"


FACT_READERS: dict[str, Callable[[str], str]] = {
    "sex": read_sex,
    "ethnicity": read_ethnicity,
    "language": read_language,
    "sen": read_sen,
    "fsm": read_fsm,
    "fsm6": read_flag,
    "pupil_premium": read_flag,
    "looked_after": read_flag,
    "service_child": read_flag,
    "young_carer": read_flag,
}
