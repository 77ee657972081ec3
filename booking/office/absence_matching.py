"""Which child each line of a list of absences means; a person is asked where two children share a name."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Mapping

from sqlalchemy import select

from booking.core.db import db
from booking.office.absence_reading import AbsenceLine, ReadList
from booking.people.import_problems import ImportProblem, ImportRefused
from booking.people.models import Pupil

NOBODY = 0
"""The answer that a line means none of the children of that name."""
Found = dict[int, tuple[Pupil, AbsenceLine]]


def match_lines(
    read: ReadList, answers: Mapping[int, int]
) -> tuple[Found, list[tuple[AbsenceLine, tuple[Pupil, ...]]], list[AbsenceLine]]:
    """Which child each line means: by UPN, else by name, with the class where two share it."""
    pupils = db.session.scalars(select(Pupil).where(Pupil.status.in_(("on_roll", "visitor")))).all()
    by_upn = {pupil.upn: pupil for pupil in pupils if pupil.upn}
    by_name: dict[str, set[Pupil]] = defaultdict(set)
    for pupil in pupils:
        for first in {pupil.forename, pupil.first_name}:
            by_name[_plain(f"{first} {pupil.surname}")].add(pupil)
            by_name[_plain(f"{pupil.surname} {first}")].add(pupil)
    found: Found = {}
    asked, lost, problems = [], [], []
    for line in read.lines:
        like = _like(line, by_upn, by_name)
        if len(like) > 1 and line.line in answers:
            if answers[line.line] == NOBODY:
                lost.append(line)
                continue
            like = [pupil for pupil in like if pupil.id == answers[line.line]] or like
        if len(like) > 1:
            asked.append((line, tuple(sorted(like, key=lambda one: (one.class_name or "", one.id)))))
        elif not like:
            lost.append(line)
        elif (before := found.get(like[0].id)) and (before[1].kind, before[1].at_time) != (
            line.kind,
            line.at_time,
        ):
            reason = f"This child stands on line {before[1].line} too, with something else."
            problems.append(ImportProblem(read.file, line.line, "", line.said, reason))
        else:
            found.setdefault(like[0].id, (like[0], line))
    if problems:
        raise ImportRefused(problems)
    return found, asked, lost


def _like(line: AbsenceLine, by_upn: Mapping[str, Pupil], by_name: Mapping[str, set[Pupil]]) -> list[Pupil]:
    if line.upn and line.upn.upper() in by_upn:
        return [by_upn[line.upn.upper()]]
    like = list(by_name.get(_plain(line.name or f"{line.forename} {line.surname}"), ()))
    if line.upn:
        like = [pupil for pupil in like if pupil.upn is None]
    if len(like) > 1 and line.class_name:
        here = [pupil for pupil in like if _plain(pupil.class_name or "") == _plain(line.class_name)]
        return here or like
    return like


def _plain(text: str) -> str:
    """Without case, accents and punctuation; `O’Brien, Máire` and `obrien maire` are one."""
    text = unicodedata.normalize("NFKD", text.casefold())
    kept = (" " if letter in ", -\t" else letter for letter in text if not unicodedata.combining(letter))
    return " ".join("".join(letter for letter in kept if letter.isalnum() or letter == " ").split())
