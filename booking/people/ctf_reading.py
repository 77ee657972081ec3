"""Common transfer files (CTF 23 to 25): the pupils of a school's own system, with the history of meals and of SEN.

The shape is the department's: `CTfile`, `Header`, then `CTFpupilData` with a `Pupil` each. Attendance, assessments,
medical flags and earlier schools are left alone on purpose: the product has no use for them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from functools import partial
from itertools import pairwise
from typing import Any

from booking.people.ctf_xml import Node, read_elements
from booking.people.import_problems import ImportProblem, ImportRefused
from booking.people.import_rows import ContactRow, FactSpan, PupilFile, PupilRow
from booking.people.import_values import (
    NO,
    Unreadable,
    clean,
    read_birthday,
    read_date,
    read_email,
    read_ethnicity,
    read_flag,
    read_fsm,
    read_language,
    read_name,
    read_phone,
    read_sen,
    read_sex,
    read_upn,
    read_year,
)

VERSIONS = ("23", "24", "25")
EXPANDED_FROM = date(2026, 9, 1)
"""From this day free school meals have categories; an earlier instance without one was targeted."""
NOT_READ = frozenset(
    {
        "attendance", "stageassessments", "schoolhistory", "nawdetails", "suppinfo", "medicalflag", "disabilities",
        "address", "exclusions", "learneractivity", "fundedhours", "nursedetails", "senneeds", "cohort",
    }
)  # fmt: skip
"""What is left alone on purpose."""
READ = frozenset(
    {
        "upn", "uniquelearnernumber", "uci", "surname", "forename", "dob", "gender", "sex", "basicdetails",
        "formerupn", "preferredsurname", "preferredforename", "formersurname", "formerforename", "middlenames",
        "ncyearactual", "ethnicity", "ethnicitysource", "languages", "type", "languagetype", "language",
        "enrolstatus", "fsmhistory", "fsmreviewdate", "fsminstance", "fsmstartdate", "fsmenddate", "ukcountry",
        "fsmeligibilityverificationdate", "fsmcategory", "lookedafter", "incare", "careauthority", "servicechild",
        "senhistory", "sen", "startdate", "senprovision", "phones", "phone", "telephonetype", "phoneno", "email",
        "contacts", "contact", "order", "title", "relationship", "responsibility", "addressaspupil",
    }
)  # fmt: skip
"""What is known; any other tag is counted and named in the preview."""
SOURCES = {"C": "child", "P": "parent", "S": "school", "T": "another source", "O": "other"}
"""Who said what a pupil's ethnicity is."""


def is_ctf(content: bytes) -> bool:
    """Whether these bytes look like XML at all; what kind is for the reader to say."""
    start = content[:200].lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n").replace(b"\x00", b"")
    return start.startswith(b"<")


def read_ctf(content: bytes, file: str, *, today: date) -> PupilFile:
    """Read and check every pupil; raises `ImportRefused` with all problems, each with its line."""
    reader = _Reader(file, today)
    unknown = read_elements(content, file, ignored=NOT_READ, on_header=reader.header, on_pupil=reader.pupil)
    if not reader.has_header:
        raise ImportRefused([ImportProblem(file, 1, "Header", "", "The file has no header.")])
    problems = reader.problems or _doubles(file, reader.rows)
    if problems:
        raise ImportRefused(sorted(problems, key=lambda problem: problem.line))
    unknown += reader.unknown
    unread = tuple(f"{tag} ({times} times)" for tag, times in sorted(unknown.items()))
    return PupilFile(file, tuple(reader.rows), unread)


class _Reader:
    """Turns elements into rows, gathering every problem before anything is said."""

    def __init__(self, file: str, today: date) -> None:
        self.file, self.today = file, today
        self.rows: list[PupilRow] = []
        self.problems: list[ImportProblem] = []
        self.unknown: Counter[str] = Counter()
        self.has_header = False

    def header(self, node: Node) -> None:
        """A common transfer file of a version that is read; raises `ImportRefused` for another."""
        self.has_header = True
        name, version = node.first("documentname"), node.first("ctfversion")
        if name is not None and name.text.lower() != "common transfer file":
            raise ImportRefused(
                [
                    ImportProblem(
                        self.file, name.line, "DocumentName", name.text, "This is another kind of file."
                    )
                ]
            )
        if version is None or version.text.split(".")[0] not in VERSIONS:
            line, told = (version.line, version.text) if version else (node.line, "")
            reason = f"Versions {', '.join(VERSIONS)} are read. Export the file again in one of them."
            raise ImportRefused([ImportProblem(self.file, line, "CTFversion", told, reason)])

    def pupil(self, node: Node) -> None:
        """One pupil as a row; nothing when something in it is wrong."""
        self._count_unknown(node)
        before = len(self.problems)
        value = partial(self._value, node)
        row = {
            "line": node.line,
            "upn": value(read_upn, "upn"),
            "surname": value(read_name, "surname", is_needed=True),
            "forename": value(read_name, "forename", is_needed=True),
            "preferred_name": value(read_name, "basicdetails", "preferredforename"),
            "date_of_birth": value(partial(read_birthday, today=self.today), "dob", is_needed=True),
            "year_group": value(read_year, "basicdetails", "ncyearactual"),
            "class_name": None,
            "joined_on": None,
            "former_upn": value(read_upn, "basicdetails", "formerupn"),
        }
        if row["preferred_name"] == row["forename"]:
            row["preferred_name"] = None
        spans = (*self._meals(node), *self._sen(node))
        facts = self._facts(node, spans)
        contacts = self._contacts(node)
        sources = self._sources(node)
        if len(self.problems) == before:
            self.rows.append(PupilRow(**row, facts=facts, spans=spans, contacts=contacts, sources=sources))

    def _facts(self, node: Node, spans: tuple[FactSpan, ...]) -> Mapping[str, str]:
        """What is true today; a history that has come to its end is a spoken no."""
        value = partial(self._value, node)
        told = {
            "sex": value(read_sex, "sex") or value(read_sex, "gender"),
            "ethnicity": value(read_ethnicity, "basicdetails", "ethnicity"),
            "language": self._language(node, "F"),
            "home_language": self._language(node, "H"),
            "looked_after": value(read_flag, "lookedafter", "incare"),
            "service_child": value(_service, "basicdetails", "servicechild")
            or value(_service, "servicechild"),
        }
        for kind, tag in (("fsm", "fsmhistory"), ("sen", "senhistory")):
            if node.first(tag) is not None:
                told[kind] = next((one.value for one in spans if one.kind == kind and self._is_now(one)), NO)
        return {kind: found for kind, found in told.items() if found is not None}

    def _is_now(self, span: FactSpan) -> bool:
        begun = span.starts_on is None or span.starts_on <= self.today
        return begun and (span.ends_on is None or span.ends_on >= self.today)

    def _language(self, node: Node, kind: str) -> str | None:
        for one in node.all("basicdetails", "languages", "type"):
            which = one.first("languagetype")
            if which is not None and which.text.upper() == kind:
                found: str | None = self._value(one, read_language, "language")
                return found
        return None

    def _sources(self, node: Node) -> Mapping[str, str]:
        said = node.first("basicdetails", "ethnicitysource")
        return {"ethnicity": SOURCES[said.text.upper()]} if said and said.text.upper() in SOURCES else {}

    def _meals(self, node: Node) -> tuple[FactSpan, ...]:
        found = []
        for one in node.all("fsmhistory", "fsminstance"):
            starts = self._value(one, read_date, "fsmstartdate", is_needed=True)
            ends = self._value(one, read_date, "fsmenddate")
            category = self._value(one, read_fsm, "fsmcategory")
            if starts is None or not self._is_in_order(one, starts, ends):
                continue
            if category in (None, NO):
                category = "targeted" if starts < EXPANDED_FROM else "yes"
            found.append(FactSpan("fsm", category, starts, ends))
        return tuple(sorted(found, key=lambda span: (span.starts_on or date.min, span.value)))

    def _is_in_order(self, node: Node, starts: date, ends: date | None) -> bool:
        if ends is not None and ends < starts:
            self._note(node.line, node.tag, f"{ends:%d/%m/%Y}", "It ends before it begins.")
            return False
        return True

    def _sen(self, node: Node) -> tuple[FactSpan, ...]:
        """Each provision holds until the day before the next; the file gives starts alone."""
        steps: dict[date, str] = {}
        for one in node.all("senhistory", "sen"):
            starts = self._value(one, read_date, "startdate", is_needed=True)
            provision = self._value(one, read_sen, "senprovision", is_needed=True)
            if starts is not None and provision is not None:
                steps[starts] = provision
        if not steps:
            return ()
        ordered = sorted(steps.items())
        ends = [after[0] - timedelta(days=1) for _, after in pairwise(ordered)]
        return tuple(
            FactSpan("sen", provision, starts, end)
            for (starts, provision), end in zip(ordered, [*ends, None], strict=True)
        )

    def _contacts(self, node: Node) -> tuple[ContactRow, ...]:
        found = []
        for place, one in enumerate(node.all("contacts", "contact"), start=1):
            value = partial(self._value, one)
            full = partial(read_name, kind="full_name")
            name = " ".join(part for part in (value(full, "forename"), value(full, "surname")) if part)
            if not name:
                self._note(one.line, "Contact", "", "This contact has no name.")
                continue
            order = one.first("order")
            phones = [self._value(phone, read_phone, "phoneno") for phone in one.all("phones", "phone")]
            responsibility = value(read_flag, "responsibility")
            found.append(
                ContactRow(
                    priority=int(order.text) if order and order.text.isdigit() else place,
                    name=name[:160],
                    relationship_name=value(_relationship, "relationship"),
                    phone=next((phone for phone in phones if phone), None),
                    email=value(read_email, "email"),
                    parental_responsibility=_responsibility(responsibility),
                    may_collect=None,
                )
            )
        return tuple(sorted(found, key=lambda contact: contact.priority))

    def _value(self, node: Node, reader: Callable[[str], Any], *path: str, is_needed: bool = False) -> Any:
        """What stands at a path, read; None when it is blank or wrong (then noted)."""
        found = node.first(*path)
        try:
            text = clean(found.text) if found else ""
            if text:
                return reader(text)
            if is_needed:
                self._note(node.line, path[-1], "", "This is empty, and every pupil needs it.")
        except Unreadable as error:
            self._note(found.line if found else node.line, path[-1], found.text if found else "", str(error))
        return None

    def _count_unknown(self, node: Node) -> None:
        for child in node.children:
            if child.tag in READ:
                self._count_unknown(child)
            else:
                self.unknown[child.tag] += 1

    def _note(self, line: int, tag: str, value: str, reason: str) -> None:
        self.problems.append(ImportProblem(self.file, line, tag, value, reason))


def _service(text: str) -> str | None:
    """Y or N; refused and unknown (R, U) say nothing."""
    return None if text.upper() in {"U", "R"} else read_flag(text)


def _responsibility(told: str | None) -> str:
    """A blank is not a no."""
    return "not_known" if told is None else ("yes" if told == "yes" else "no")


RELATIONSHIPS = {
    "PAM": "mother", "PAF": "father", "MOT": "mother", "FAT": "father", "STP": "step-parent", "FOS": "foster parent",
    "GPA": "grandparent", "CAR": "carer", "OTH": "other", "REL": "relative", "SWR": "social worker",
}  # fmt: skip


def _relationship(text: str) -> str:
    """A relationship in words; the census's three letters are spelt out where they are known."""
    return RELATIONSHIPS.get(text.upper()) or read_name(text, kind="relationship")


def _doubles(file: str, rows: list[PupilRow]) -> list[ImportProblem]:
    """The same pupil twice: by UPN, or by name and date of birth where a UPN is missing."""
    problems = []
    upns: dict[str, int] = {}
    likes: dict[tuple[str, str, date], PupilRow] = {}
    for row in rows:
        if row.upn is not None and upns.setdefault(row.upn, row.line) != row.line:
            problems.append(
                ImportProblem(file, row.line, "UPN", row.upn, f"This UPN stands on line {upns[row.upn]} too.")
            )
        twin = likes.setdefault(row.likeness, row)
        if twin is not row and (row.upn is None or twin.upn is None):
            reason = f"A child of this name and date of birth stands on line {twin.line} too."
            problems.append(ImportProblem(file, row.line, "Surname", row.surname, reason))
    return problems
