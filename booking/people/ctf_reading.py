"""Common transfer files (CTF 23 to 25): the pupils of a school's own system, with the history of meals and of SEN.

The shape is the department's: `CTfile`, `Header`, then `CTFpupilData` with a `Pupil` each. Attendance, assessments,
medical flags and earlier schools are left alone on purpose: the product has no use for them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any

from booking.core.xml_reading import Node
from booking.people.ctf_codes import DOCUMENT, ETHNICITY_SOURCES, FAX, MOBILE, NOT_READ, VERSIONS, WRITTEN
from booking.people.ctf_spans import facts_of, settle, steps
from booking.people.ctf_values import (
    read_ctf_year,
    read_has_left,
    read_order,
    read_relationship,
    read_service,
    read_told_sex,
)
from booking.people.ctf_xml import read_elements
from booking.people.import_problems import ImportProblem, ImportRefused
from booking.people.import_rows import ContactRow, FactSpan, PupilFile, PupilRow, find_doubles
from booking.people.import_values import (
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
    read_responsibility,
    read_sen,
    read_upn,
)

EXPANDED_FROM = date(2026, 9, 1)
"""From this day free school meals have categories; an earlier instance without one was targeted."""
MOST_CONTACTS = 30


def is_ctf(content: bytes) -> bool:
    """Whether these bytes look like XML at all; what kind is for the reader to say."""
    start = content[:200].lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n").replace(b"\x00", b"")
    return start.startswith(b"<")


def read_ctf(content: bytes, file: str, *, today: date) -> PupilFile:
    """Read and check every pupil; raises `ImportRefused` with all problems, each with its line.

    Where pupils share a line (a file without line breaks), `line` is the place of the pupil in the file instead.
    """
    reader = _Reader(file, today)
    unknown = read_elements(content, file, ignored=NOT_READ, on_header=reader.header, on_pupil=reader.pupil)
    if not reader.has_header:
        raise ImportRefused([ImportProblem(file, 1, "Header", "", "The file has no header.")])
    rows = reader.numbered()
    problems = reader.problems() or find_doubles(file, rows, upn="UPN", surname="Surname")
    if problems:
        raise ImportRefused(sorted(problems, key=lambda problem: problem.line))
    unknown += reader.unknown
    unread = tuple(f"{tag} ({n} {'time' if n == 1 else 'times'})" for tag, n in sorted(unknown.items()))
    return PupilFile(file, tuple(rows), unread, reader.is_partial)


class _Reader:
    """Turns elements into rows, gathering every problem before anything is said."""

    def __init__(self, file: str, today: date) -> None:
        self.file, self.today = file, today
        self.rows: list[PupilRow] = []
        self.noted: list[tuple[int, ImportProblem]] = []
        self.unknown: Counter[str] = Counter()
        self.lines: list[int] = []
        self.has_header = self.is_partial = False

    def header(self, node: Node) -> None:
        """A common transfer file of a version that is read; raises `ImportRefused` for another."""
        self.has_header = True
        name, version = node.first("documentname"), node.first("ctfversion")
        if name is None or " ".join(name.text.lower().split()) != DOCUMENT.lower():
            said = ImportProblem(
                self.file,
                (name or node).line,
                "DocumentName",
                name.text if name else "",
                f"This is another kind of file, not a {DOCUMENT}.",
            )
            raise ImportRefused([said])
        if version is None or version.text.split(".")[0] not in VERSIONS:
            line, told = (version.line, version.text) if version else (node.line, "")
            reason = f"Versions {', '.join(VERSIONS)} are read. Export the file again in one of them."
            raise ImportRefused([ImportProblem(self.file, line, "CTFversion", told, reason)])
        qualifier = node.first("documentqualifier")
        self.is_partial = qualifier is not None and qualifier.text.lower().startswith("partial")

    @property
    def has_own_lines(self) -> bool:
        """Whether no two pupils begin on one line."""
        return len(set(self.lines)) == len(self.lines)

    def numbered(self) -> list[PupilRow]:
        """The rows by their lines, or by their places when lines are shared: a number means one pupil."""
        if self.has_own_lines:
            return self.rows
        return [replace(row, line=place) for place, row in enumerate(self.rows, start=1)]

    def problems(self) -> list[ImportProblem]:
        """What was noted; where a line tells nothing, with the place of the pupil."""
        if self.has_own_lines:
            return [problem for _, problem in self.noted]
        return [replace(one, column=f"Pupil {place}, {one.column}") for place, one in self.noted]

    def pupil(self, node: Node) -> None:
        """One pupil as a row; nothing when something in it is wrong."""
        self._count_unknown(node)
        self.lines.append(node.line)
        before = len(self.noted)
        value, detail = partial(self._value, node), partial(self._value, node, "basicdetails")
        values = {
            "upn": value("upn", read=read_upn),
            "surname": value("surname", read=read_name, is_needed=True),
            "forename": value("forename", read=read_name, is_needed=True),
            "preferred_name": detail("preferredforename", read=read_name),
            "date_of_birth": value("dob", read=partial(read_birthday, today=self.today), is_needed=True),
            "year_group": detail("ncyearactual", read=read_ctf_year),
            "former_upn": detail("formerupn", read=read_upn, is_repeated=True),
        }
        if values["preferred_name"] == values["forename"]:
            values["preferred_name"] = None
        spans = (*self._meals(node), *self._sen(node))
        row = partial(PupilRow, line=node.line, class_name=None, joined_on=None, **values)
        facts, contacts = self._facts(node, spans), self._contacts(node)
        sources, has_left = self._sources(node), detail("enrolstatus", read=read_has_left) or False
        if len(self.noted) == before:
            self.rows.append(
                row(facts=facts, spans=spans, contacts=contacts, sources=sources, has_left=has_left)
            )

    def _facts(self, node: Node, spans: tuple[FactSpan, ...]) -> Mapping[str, str]:
        """What is true today; a history that has come to its end is a spoken no, silence is none."""
        value, detail = partial(self._value, node), partial(self._value, node, "basicdetails")
        sex, service = value("sex", read=read_told_sex), detail("servicechild", read=read_service)
        told = {
            "sex": value("gender", read=read_told_sex) if sex is None else sex,
            "ethnicity": detail("ethnicity", read=read_ethnicity),
            "language": self._language(node, "F"),
            "home_language": self._language(node, "H"),
            "looked_after": value("lookedafter", "incare", read=read_flag),
            "service_child": value("servicechild", read=read_service) if service is None else service,
        }
        return {kind: found for kind, found in told.items() if found is not None} | dict(
            facts_of(spans, self.today)
        )

    def _language(self, node: Node, kind: str) -> str | None:
        for one in node.all("basicdetails", "languages", "type"):
            which = one.first("languagetype")
            if which is not None and which.text.upper() == kind:
                found: str | None = self._value(one, "language", read=read_language)
                return found
        return None

    def _sources(self, node: Node) -> Mapping[str, str]:
        said = node.first("basicdetails", "ethnicitysource")
        source = ETHNICITY_SOURCES.get(said.text.upper()) if said else None
        return {"ethnicity": source} if source else {}

    def _meals(self, node: Node) -> tuple[FactSpan, ...]:
        found = []
        for one in node.all("fsmhistory", "fsminstance"):
            starts = self._value(one, "fsmstartdate", read=read_date, is_needed=True)
            ends = self._value(one, "fsmenddate", read=read_date)
            category = self._category(one)
            if starts and ends and ends < starts:
                self._note(one, one.name, f"{ends:%d/%m/%Y}", "It ends before it begins.")
            elif starts:
                was = "targeted" if starts < EXPANDED_FROM else "yes"
                found.append(FactSpan("fsm", category or was, starts, ends))
        return settle(found)

    def _category(self, node: Node) -> str | None:
        """The category of meals; a code that nobody knows yet is a plain yes, and is named in the preview."""
        told = node.first("fsmcategory")
        if told is None or not told.text:
            return None
        try:
            return read_fsm(clean(told.text)) or None
        except Unreadable:
            self.unknown[f"{told.name} {told.text[:20]}"] += 1
            return "yes"

    def _sen(self, node: Node) -> tuple[FactSpan, ...]:
        found = []
        for one in node.all("senhistory", "sen"):
            starts = self._value(one, "startdate", read=read_date)
            provision = self._value(one, "senprovision", read=read_sen, is_needed=True)
            if provision:
                found.append((starts, provision))
        return steps("sen", found)

    def _contacts(self, node: Node) -> tuple[ContactRow, ...]:
        adults = list(node.all("contacts", "contact"))
        if len(adults) > MOST_CONTACTS:
            self._note(node, "Contacts", "", f"There are more than {MOST_CONTACTS} contacts.")
            return ()
        found = [self._contact(one, place) for place, one in enumerate(adults, start=1)]
        return tuple(sorted(filter(None, found), key=lambda contact: contact.priority))

    def _contact(self, node: Node, place: int) -> ContactRow | None:
        """One adult; none when nothing is said of whom. A responsibility that is left blank is not a no."""
        value = partial(self._value, node)
        name = " ".join(part for part in (value("forename", read=str), value("surname", read=str)) if part)
        phone, email = self._phone(node), value("email", read=read_email)
        relationship = value("relationship", read=read_relationship)
        responsibility = value("responsibility", read=read_responsibility)
        order = value("order", read=read_order)
        if not name:
            if phone or email:
                self._note(node, node.name, "", "This contact has no name.")
            return None
        try:
            read_name(name, kind="full_name")
        except Unreadable as error:
            self._note(node, node.name, name, str(error))
        return ContactRow(
            priority=order or place,
            name=name,
            relationship_name=relationship,
            phone=phone,
            email=email,
            parental_responsibility=responsibility or "not_known",
            may_collect=None,
        )

    def _phone(self, node: Node) -> str | None:
        """The number to ring: a mobile if there is one, else the first that is not a fax."""
        found = [
            (self._code(one, "telephonetype"), self._value(one, "phoneno", read=read_phone))
            for one in node.all("phones", "phone")
        ]
        numbers = [(kind, number) for kind, number in found if number and kind != FAX]
        return next((number for kind, number in sorted(numbers, key=lambda one: one[0] != MOBILE)), None)

    def _code(self, node: Node, tag: str) -> str:
        found = node.first(tag)
        return found.text.upper() if found else ""

    def _value(
        self,
        node: Node,
        *path: str,
        read: Callable[[str], Any],
        is_needed: bool = False,
        is_repeated: bool = False,
    ) -> Any:
        """What stands at a path, read; None when it is blank or wrong (then noted). Twice must say the same."""
        found = [one for one in node.all(*path) if one.text]
        if not found:
            if is_needed:
                self._note(node, WRITTEN[path[-1]], "", "This is empty, and it is needed.")
            return None
        first = found[0]
        try:
            if not is_repeated and any(one.text != first.text for one in found):
                raise Unreadable("This stands here twice, and says two things.")
            text = clean(first.text)
            return read(text) if text else None
        except Unreadable as error:
            self._note(first, first.name, first.text, str(error))
        return None

    def _count_unknown(self, node: Node) -> None:
        for child in node.children:
            if child.tag in WRITTEN:
                self._count_unknown(child)
            else:
                self.unknown[child.name] += 1

    def _note(self, node: Node, tag: str, value: str, reason: str) -> None:
        self.noted.append((len(self.lines), ImportProblem(self.file, node.line, tag, value, reason)))
