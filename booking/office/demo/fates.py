"""What happens on a day in the demo: who stays away, who cancels, who comes unasked, and who is collected late.

Each answer stands for itself, from the school's seed, the child and the day, so that history can be written in any
order and in pieces.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from booking.office.demo.dice import Dice
from booking.office.demo.offer import RUNS, DemoRun
from booking.office.demo.records import DemoPupil, Population

CANCELS = 0.035
"""Share of places given up in time; from two to nine days before, so before any cut-off."""

NOT_IN_SCHOOL = 0.045
STAYS_AWAY = 0.025
"""Share of places left empty by a child who is in school."""

WALKS_IN = 0.03
"""Share of the other children who come to the free breakfast on a day."""

COLLECTED_LATE = 0.02
REASONS = ("ill", "family reasons", "went home early", "appointment")


@dataclass(frozen=True)
class Fate:
    """What becomes of one place: `cancels_before` in days, or none; minutes are after the session's end."""

    cancels_before: int | None = None
    comes: bool = True
    reason: str = ""
    minutes_late: int = 0


def is_in_school(school: Population, pupil: DemoPupil, day: date) -> bool:
    """Whether a child is in school on a day; poorer children are away a little more."""
    away = NOT_IN_SCHOOL * (1.4 if pupil.fact("pupil_premium", day) == "yes" else 0.9)
    return not Dice("ill", school.seed, pupil.key, day).chance(away)


def fate_of(school: Population, pupil: DemoPupil, activity: DemoRun, day: date) -> Fate:
    """What becomes of a child's place in an activity on a day; the free slot is never cancelled."""
    dice = Dice("fate", school.seed, pupil.key, activity.name, day)
    if not activity.is_free_slot and dice.chance(CANCELS):
        return Fate(cancels_before=dice.between(2, 9), comes=False)
    if not is_in_school(school, pupil, day):
        return Fate(comes=False, reason="ill" if dice.chance(0.8) else dice.pick(REASONS[1:]))
    if dice.chance(STAYS_AWAY * (4 if activity.is_free_slot else 1)):
        return Fate(comes=False, reason=dice.pick(REASONS) if dice.chance(0.6) else "")
    late = activity.kind == "extended_care" and dice.chance(COLLECTED_LATE)
    return Fate(minutes_late=dice.between(3, 25) if late else 0)


def walk_ins_on(school: Population, day: date, expected: Collection[int]) -> tuple[int, ...]:
    """The children who come to the free breakfast without being expected, more of them poorer."""
    years = {year for run in RUNS if run.is_free_slot for year in run.years}
    dice = Dice("walk in", school.seed, day)
    found = []
    for pupil in school.pupils:
        likely = WALKS_IN * (1.8 if pupil.fact("pupil_premium", day) == "yes" else 0.8)
        comes = dice.chance(likely) and pupil.year_group in years and pupil.key not in expected
        if comes and pupil.joined_on and pupil.joined_on <= day and is_in_school(school, pupil, day):
            found.append(pupil.key)
    return tuple(found)
