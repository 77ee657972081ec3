"""The step into a new school year: year groups go up by one on 1 September; seen before it is done.

Nobody goes up from nursery to Reception, and nobody leaves Year 6, but by the school's say: an admission is a decision.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import select

from booking.core.db import db
from booking.core.errors import BookingError
from booking.people.import_runs import ImportRun
from booking.people.models import Pupil
from booking.people.school_years import YEAR_ORDER, year_above, year_of_birth

NURSERY, LAST = "N2", YEAR_ORDER[-1]


class RollOverRefused(BookingError):
    """The roll-over cannot be done; nothing was changed, and the sentence says why."""


@dataclass(frozen=True)
class RollOverChoices:
    """The school's say: the new name of each (class, year group), who leaves on which day, who starts Reception."""

    classes: Mapping[tuple[str, str], str] = field(default_factory=dict)
    leavers: frozenset[int] = frozenset()
    left_on: date | None = None
    goes_up: frozenset[int] = frozenset()

    def as_json(self) -> dict[str, Any]:
        """Plain values, for a job's payload."""
        return {
            "classes": [[*group, new] for group, new in sorted(self.classes.items())],
            "leavers": sorted(self.leavers),
            "left_on": self.left_on.isoformat() if self.left_on else None,
            "goes_up": sorted(self.goes_up),
        }

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> RollOverChoices:
        """The choices that `as_json` wrote."""
        return cls(
            {(name, year): new for name, year, new in told["classes"]},
            frozenset(told["leavers"]),
            date.fromisoformat(told["left_on"]) if told["left_on"] else None,
            frozenset(told["goes_up"]),
        )


@dataclass(frozen=True)
class Promotion:
    """One pupil on the day: the year group and class before and after; or one who leaves."""

    pupil_id: int
    name: str
    old_year: str
    new_year: str
    old_class: str | None
    new_class: str | None
    leaves: bool = False
    is_expected: bool = False

    @property
    def words(self) -> str:
        """The name with the class, as a tick shows it."""
        return f"{self.name}, {self.old_class or 'no class'}"

    @property
    def is_move(self) -> bool:
        """Whether anything changes."""
        return self.leaves or (self.old_year, self.old_class) != (self.new_year, self.new_class)


@dataclass(frozen=True)
class RollOver:
    """What would happen on a day, and what the school may say about it."""

    on: date
    pupils: tuple[Promotion, ...]
    without_year: int

    @property
    def moves(self) -> tuple[Promotion, ...]:
        """Those of whom something changes, by year group, class and name."""
        found = [one for one in self.pupils if one.is_move]
        return tuple(sorted(found, key=lambda m: (YEAR_ORDER.index(m.old_year), m.old_class or "", m.name)))

    @property
    def groups(self) -> list[tuple[str, str]]:
        """Each class with each year group in it, of children who go up."""
        found = {(p.old_class, p.old_year) for p in self.pupils if p.old_class and p.old_year != LAST}
        return sorted(found, key=lambda group: (YEAR_ORDER.index(group[1]), group[0]))

    @property
    def year_six(self) -> list[Promotion]:
        """Who is proposed as a leaver."""
        return [one for one in self.pupils if one.old_year == LAST]

    @property
    def nursery(self) -> list[Promotion]:
        """Who goes up to Reception only if the school says so."""
        return [one for one in self.pupils if one.old_year == NURSERY and not one.is_expected]

    @property
    def digest(self) -> str:
        """Changes when the plan does."""
        return hashlib.sha256(repr((self.on, self.pupils)).encode()).hexdigest()


def plan_roll_over(
    on: date, choices: RollOverChoices | None = None, *, run_id: int | None = None
) -> RollOver:
    """What the roll-over of a 1 September would do with this say; raises `RollOverRefused`.

    `run_id` is the run that waits for it, so that it does not stand in its own way.

    A child who joins on that day or later is left alone: their year group is that of their first day.
    """
    choices = choices or RollOverChoices()
    _refuse_twice(on, run_id)
    pupils = [
        pupil
        for pupil in db.session.scalars(
            select(Pupil)
            .where(Pupil.status.in_(("on_roll", "expected")))
            .order_by(Pupil.surname, Pupil.forename)
        )
        if pupil.joined_on is None or pupil.joined_on < on
    ]
    _refuse(on, pupils, choices)
    return RollOver(
        on,
        tuple(_promotion(pupil, choices) for pupil in pupils if pupil.year_group in YEAR_ORDER),
        sum(pupil.year_group not in YEAR_ORDER for pupil in pupils),
    )


def _promotion(pupil: Pupil, choices: RollOverChoices) -> Promotion:
    old, name = pupil.year_group or "", pupil.class_name
    is_expected = pupil.status == "expected"
    leaves = old == LAST and pupil.id in choices.leavers
    stays = old == LAST or (old == NURSERY and not is_expected and pupil.id not in choices.goes_up)
    new = old if stays else year_above(old) or old
    new_class = name if stays else choices.classes.get((name or "", old))
    return Promotion(pupil.id, pupil.full_name, old, new, name, new_class, leaves, is_expected)


def _refuse_twice(on: date, run_id: int | None) -> None:
    if (on.month, on.day) != (9, 1):
        raise RollOverRefused("Year groups go up on 1 September. Choose that day.")
    done = select(ImportRun.id).where(
        ImportRun.kind == "roll_over",
        ImportRun.digest == on.isoformat(),
        ImportRun.state.in_(("waiting", "applied")),
        ImportRun.id != (run_id or 0),
    )
    if db.session.scalars(done).first() is not None:
        raise RollOverRefused(f"The roll-over of {on:%d/%m/%Y} is done, or waits for its day.")


def _refuse(on: date, pupils: Iterable[Pupil], choices: RollOverChoices) -> None:
    known = [pupil for pupil in pupils if pupil.year_group in YEAR_ORDER]
    there = sum(pupil.year_group == year_of_birth(pupil.date_of_birth, on) for pupil in known)
    if known and 2 * there > len(known):
        raise RollOverRefused(
            f"Most pupils are in the year group of {on.year}/{(on.year + 1) % 100:02d} already, going by their "
            "birthdays. Nobody went up twice: nothing was changed."
        )
    if choices.left_on is not None and choices.left_on > on:
        raise RollOverRefused(f"The last day of those who leave must come before {on:%d/%m/%Y}.")
    for pupil in known:
        late = choices.left_on and pupil.joined_on and pupil.joined_on > choices.left_on
        if pupil.id in choices.leavers and late:
            raise RollOverRefused(f"{pupil.full_name} joined after that last day.")
