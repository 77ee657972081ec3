"""Which child on the roll a line of a file means: by UPN, else by name and date of birth with a person's yes.

A UPN, or a former UPN that the file gives, is the child: nobody is asked. Without one the same name and birthday only
make a question, for a number, contacts or a SEN history that reach the wrong child are worse than a click. The one
exception is a list without UPNs that comes again: when neither side has a UPN, the name and the birthday are the same
letter by letter, and there is no twin, nothing is tied to the child that was not there before, and asking hundreds of
times would only teach people to say yes. Children of one name and birthday, and twins whose names are not exact, are
never matched without a UPN on both sides.
"""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from booking.people.import_problems import ImportProblem
from booking.people.import_rows import PupilRow, likeness
from booking.people.models import Pupil
from booking.people.upn import is_temporary_upn

NEW = 0
"""The answer that a line is a new child."""


@dataclass
class Matching:
    """By the row's key: the pupil whom it means, and the pupils about whom a person must be asked."""

    found: dict[int, Pupil] = field(default_factory=dict)
    asked: dict[int, Pupil] = field(default_factory=dict)
    problems: list[ImportProblem] = field(default_factory=list)


def keyed(rows: Sequence[PupilRow]) -> dict[int, PupilRow]:
    """Rows by the number that a person knows them by: the line, or the place in the file if lines are shared."""
    by_line = {row.line: row for row in rows}
    return by_line if len(by_line) == len(rows) else dict(enumerate(rows, start=1))


def match_rows(
    rows: Mapping[int, PupilRow],
    pupils: Sequence[Pupil],
    *,
    file: str,
    status: str,
    answers: Mapping[int, int],
) -> Matching:
    """Find the pupil of each row; `answers` are a person's: a pupil's id for the same child, `NEW` for another."""
    found = Matching()
    _match_upns(rows, pupils, file, found)
    claimed = {pupil.id for pupil in found.found.values()}
    names = _Names([pupil for pupil in pupils if pupil.id not in claimed], rows.values(), pupils)
    for key, row in rows.items():
        if key in found.found or row.has_left:
            continue
        like = names.like(row)
        if len(like) > 1:
            found.problems.append(_too_many(row, like, file))
        elif like and names.is_certain(row, like[0], status):
            found.found[key] = like[0]
        elif like:
            found.asked[key] = like[0]
            if answers.get(key) == like[0].id:
                found.found[key] = like[0]
    found.problems += _strange_answers(rows, found, file, answers)
    times = Counter(pupil.id for pupil in found.found.values())
    for key, pupil in found.found.items():
        if times[pupil.id] > 1:
            reason = "Two lines seem to be this one child. Say which by a UPN on both."
            found.problems.append(ImportProblem(file, rows[key].line, "", rows[key].full_name, reason))
    return found


def _match_upns(rows: Mapping[int, PupilRow], pupils: Iterable[Pupil], file: str, found: Matching) -> None:
    by_upn = {pupil.upn: pupil for pupil in pupils if pupil.upn}
    for key, row in rows.items():
        now, before = by_upn.get(row.upn or ""), by_upn.get(row.former_upn or "")
        if now is not None and before is not None and now is not before:
            reason = f"The former UPN {row.former_upn} is another child’s on the roll. Put it right first."
            found.problems.append(ImportProblem(file, row.line, "UPN", row.upn or "", reason))
        elif now is not None or before is not None:
            found.found[key] = now or before  # type: ignore[assignment]


def _too_many(row: PupilRow, like: list[Pupil], file: str) -> ImportProblem:
    reason = f"{len(like)} children on the roll have this name and date of birth. Give the UPN."
    return ImportProblem(file, row.line, "", row.full_name, reason)


def _strange_answers(
    rows: Mapping[int, PupilRow], found: Matching, file: str, answers: Mapping[int, int]
) -> list[ImportProblem]:
    """Answers to what was not asked: a slip of the hand, so nothing is done."""
    wrong = []
    for key, answer in answers.items():
        asked = found.asked.get(key)
        if asked is None or answer not in {NEW, asked.id}:
            line = rows[key].line if key in rows else key
            reason = "Nobody asked this about that line. Look at the list again."
            wrong.append(ImportProblem(file, line, "", "new" if answer == NEW else str(answer), reason))
    return wrong


class _Names:
    """Finds pupils by name and date of birth, whatever the accents, hyphens and the name that a child goes by."""

    def __init__(self, free: list[Pupil], rows: Iterable[PupilRow], pupils: Iterable[Pupil]) -> None:
        self.by_name: dict[tuple[str, str, date], list[Pupil]] = defaultdict(list)
        for pupil in free:
            for first in _firsts(pupil):
                self.by_name[_plain(pupil.surname), first, pupil.date_of_birth].append(pupil)
        self.births: dict[tuple[str, date], list[set[str]]] = defaultdict(list)
        children: list[Pupil | PupilRow] = [*rows, *pupils]
        for child in children:
            self.births[_plain(child.surname), child.date_of_birth].append(_firsts(child))

    def like(self, row: PupilRow) -> list[Pupil]:
        """The free pupils whom a row may mean: those of exactly this name, else those of nearly this name.

        A final UPN on both sides and another name are two children.
        """
        surname = _plain(row.surname)
        near = {
            pupil.id: pupil
            for first in _firsts(row)
            for pupil in self.by_name.get((surname, first, row.date_of_birth), ())
        }
        exact = [pupil for pupil in near.values() if _likeness(pupil) == row.likeness]
        return exact or [
            pupil
            for pupil in near.values()
            if not self.has_twin(row, pupil)
            and not (row.upn and pupil.upn and not is_temporary_upn(pupil.upn))
        ]

    def has_twin(self, row: PupilRow, pupil: Pupil) -> bool:
        """Whether the file or the roll names another child of this surname and birthday."""
        own = _firsts(row) | _firsts(pupil)
        return any(own.isdisjoint(names) for names in self.births[_plain(row.surname), row.date_of_birth])

    def is_certain(self, row: PupilRow, pupil: Pupil, status: str) -> bool:
        """Whether nobody need be asked: the same list without UPNs again."""
        return (
            row.upn is None
            and pupil.upn is None
            and pupil.status == status
            and _likeness(pupil) == row.likeness
            and not self.has_twin(row, pupil)
        )


def _likeness(pupil: Pupil) -> tuple[str, str, date]:
    return likeness(pupil.surname, pupil.forename, pupil.date_of_birth)


def _firsts(child: Pupil | PupilRow) -> set[str]:
    """The forename and the name that the child goes by, plainly written."""
    return {_plain(name) for name in (child.forename, child.preferred_name) if name} - {""}


def _plain(name: str) -> str:
    """A name without accents, hyphens, blanks and capitals: `Zoë-Anne` and `ZOE ANNE` alike."""
    apart = unicodedata.normalize("NFKD", name.casefold())
    return "".join(sign for sign in apart if sign.isalnum())
