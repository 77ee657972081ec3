"""Which family wants what: invented, but unequal in ways that real schools see."""

from __future__ import annotations

from booking.office.demo.dice import Dice
from booking.office.demo.offer import RUNS, DemoRun
from booking.office.demo.records import DemoPupil

Wish = tuple[str, int]
"""The name of an activity and a weekday (0 is Monday)."""


def wishes_of(pupil: DemoPupil, seed: int) -> list[Wish]:
    """A pupil's weekly pattern: the same for the same seed, and never two things at one time."""
    dice = Dice("wishes", seed, pupil.key)
    facts = {fact.kind: fact.value for fact in pupil.facts if fact.ends_on is None}
    has_premium, sen = "pupil_premium" in facts, facts.get("sen", "N")
    wishes: list[Wish] = []
    if dice.chance(0.42 if has_premium else 0.24):
        wishes += [("Free breakfast", day) for day in _days(dice, 2, 5)]
    if dice.chance(0.09 if has_premium else 0.2):
        wishes += [("Early breakfast", day) for day in _days(dice, 1, 4)]
    keen = (0.3 if has_premium else 0.52) * (1.0 if sen == "N" else 0.6)
    clubs = [run for run in RUNS if run.kind == "club" and pupil.year_group in run.years]
    wishes += [
        (run.name, day) for run in clubs for day in run.weekdays if dice.chance(keen * _appeal(run, facts))
    ]
    club_days = _one_a_day(wishes)
    wishes = [wish for wish in wishes if wish[0] not in _CLUBS or club_days.get(wish[1]) == wish[0]]
    if dice.chance(0.12 if has_premium else 0.26):
        is_late = dice.chance(0.6)
        for day in _days(dice, 1, 4):
            if day in club_days:
                wishes += [("Care after clubs", day)] if is_late else []
            else:
                wishes.append(("Care until six" if is_late else "Care until 16:45", day))
    return [wish for wish in wishes if pupil.year_group in _YEARS[wish[0]]]


_CLUBS = {run.name for run in RUNS if run.kind == "club"}
_YEARS = {run.name: run.years for run in RUNS}


def _appeal(run: DemoRun, facts: dict[str, str]) -> float:
    """Some clubs draw some children more: which is what the mixing figures are there to see."""
    is_eal = facts.get("language", "ENG") not in {"ENG", "ENB", "NOT", "REF"}
    if run.name in {"Cooking club", "Art club"} and is_eal:
        return 1.5
    if run.name in {"Football club", "Coding club"} and facts.get("sex") == "F":
        return 0.5
    return 0.6 if run.name in {"Coding club", "Drama club"} and is_eal else 0.9


def _one_a_day(wishes: list[Wish]) -> dict[int, str]:
    """The first club of each day: all clubs are at the same hour."""
    found: dict[int, str] = {}
    for name, day in wishes:
        if name in _CLUBS:
            found.setdefault(day, name)
    return found


def _days(dice: Dice, low: int, high: int) -> list[int]:
    return sorted(dice.shuffled(range(5))[: dice.between(low, high)])
