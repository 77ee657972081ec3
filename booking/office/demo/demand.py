"""What the demo's families want in a half-term, unevenly as in life, and in which order they ask for it.

Clubs draw fewer poorer children, fewer with help for learning and, where much is talk, fewer new to English; the free
breakfast draws more of the poorer. Work hours run in families. Every answer follows from the school's seed alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from booking.office.demo.dice import Dice
from booking.office.demo.families import YEAR_GROUPS
from booking.office.demo.offer import EVERY_DAY, RUNS, DemoRun
from booking.office.demo.records import DemoFamily, DemoPupil, Population
from booking.people.code_lists import is_eal
from booking.provision.year_plan import Span, YearPlan

CHANGES_MIND = 0.2
"""Share of club wishes that are thought over afresh in a new half-term."""

KEEN = 0.16
"""Share of the children of its years who would come to a club, before what is known of a child moves it."""

_CLUBS = ("club", "family", "community")
_EARLY, _FREE = "Early breakfast", "Free breakfast"
_CARE, _UNTIL_SIX, _AFTER_CLUB = "Care until 16:45", "Care until six", "Care after clubs"
_DRAWS: Mapping[str, tuple[float, float, float]] = {
    "Football club": (1.9, 0.45, 1.0),
    "Coding club": (1.8, 0.6, 0.8),
    "Art club": (1.2, 1.3, 1.2),
    "Chess club": (0.9, 0.7, 1.0),
    "Drama club": (1.0, 1.5, 0.6),
    "Cooking club": (1.5, 1.1, 1.3),
    "Choir": (1.6, 1.6, 0.8),
    "Multi-skills": (1.5, 0.8, 1.0),
    "School newspaper": (1.1, 1.3, 0.6),
}
"""How keen children are on a club, how much more girls than boys, and how much more those new to English."""

_PATTERNS: tuple[tuple[tuple[int, ...], float], ...] = (
    (EVERY_DAY, 30.0),
    ((0, 1, 2, 3), 15.0),
    ((0, 2, 4), 12.0),
    ((1, 2, 3), 15.0),
    ((0, 1), 10.0),
    ((3, 4), 8.0),
    ((1, 3), 10.0),
)


@dataclass(frozen=True)
class Wish:
    """One child, one activity by name, one weekday (0 is Monday) of a half-term, asked for by one account."""

    account: int
    pupil: int
    activity: str
    weekday: int


@dataclass(frozen=True)
class _Child:
    """What moves a child's wishes, as it stands at the edge of a half-term."""

    pupil: DemoPupil
    year_group: str
    is_poor: bool
    is_eal: bool
    sen: str


@dataclass(frozen=True)
class _Hours:
    """The weekdays on which a family's work needs care; empty for most."""

    early: tuple[int, ...]
    free: tuple[int, ...]
    after: tuple[int, ...]
    until_six: bool


def year_group_in(pupil: DemoPupil, half_term: Span, plan: YearPlan) -> str | None:
    """The year group of a child in a half-term of this, the last or the next school year; None outside the school."""
    years = half_term.starts_on.year - (half_term.starts_on.month < 8) - plan.year.starts_on.year
    place = YEAR_GROUPS.index(pupil.year_group) + years
    return YEAR_GROUPS[place] if 0 <= place < len(YEAR_GROUPS) else None


def wishes_for(school: Population, plan: YearPlan, half_term: Span) -> tuple[Wish, ...]:
    """Everything that families want in a half-term, in the order in which they ask; no child is in two places at once.

    Better-off families ask sooner. A child who is not on the roll by the first day asks for nothing.
    """
    asked: list[tuple[float, int, list[Wish]]] = []
    accounts = _accounts(school)
    for family in school.families:
        children = [
            child
            for key in family.pupils
            if (child := _child(school.pupil(key), half_term, plan)) is not None
        ]
        if not children:
            continue
        dice = Dice("family", school.seed, family.key)
        hours = _hours(family, any(child.is_poor for child in children), dice)
        turn = Dice("turn", school.seed, family.key, half_term.starts_on).random()
        late = 0.35 * any(c.is_poor for c in children) + 0.2 * any(c.is_eal for c in children)
        found = [
            Wish(accounts[child.pupil.key, weekday], child.pupil.key, activity, weekday)
            for child in children
            for activity, weekday in _week(school, child, hours, half_term)
        ]
        asked.append((turn + late, family.key, found))
    return tuple(wish for _, _, found in sorted(asked, key=lambda one: one[:2]) for wish in found)


def _child(pupil: DemoPupil, half_term: Span, plan: YearPlan) -> _Child | None:
    """A child who is on the roll in a half-term, with what the record says then or, before its time, first said."""
    if pupil.joined_on is None or pupil.joined_on > half_term.starts_on:
        return None
    if pupil.left_on is not None and pupil.left_on <= half_term.ends_on:
        return None
    year_group = year_group_in(pupil, half_term, plan)
    if year_group is None:
        return None
    on: date = half_term.starts_on
    return _Child(
        pupil,
        year_group,
        pupil.fact("pupil_premium", on) == "yes",
        is_eal(pupil.fact("language", on) or "") is True,
        pupil.fact("sen", on) or "N",
    )


def _accounts(school: Population) -> Mapping[tuple[int, int], int]:
    """Who books for a child on a weekday: where parents share the week, the one whose day it is."""
    tied: defaultdict[int, list[int]] = defaultdict(list)
    for tie in school.ties:
        account = school.adults[tie.adult].account
        if account is not None and account not in tied[tie.pupil]:
            tied[tie.pupil].append(account)
    found = {}
    for pupil, accounts in tied.items():
        for weekday in EVERY_DAY:
            own = [account for account in accounts if weekday in school.accounts[account].weekdays]
            found[pupil, weekday] = (own or accounts)[0]
    return found


def _hours(family: DemoFamily, is_poor: bool, dice: Dice) -> _Hours:
    """Work hours of a family, the same all year: poorer families pay for care less and eat the free breakfast more."""
    lone = 1.3 if family.form == "lone" else 1.0
    pattern, other = dice.weighted(_PATTERNS), dice.weighted(_PATTERNS)
    early = dice.chance((0.1 if is_poor else 0.19) * lone)
    free = dice.chance(0.46 if is_poor else 0.27)
    after = dice.chance((0.15 if is_poor else 0.3) * lone)
    return _Hours(
        pattern if early else (), other if free else (), pattern if after else (), dice.chance(0.55)
    )


def _week(school: Population, child: _Child, hours: _Hours, half_term: Span) -> list[tuple[str, int]]:
    """A child's week: the mornings, then each afternoon a club with or without care after it, or the care alone."""
    can = {run.name for run in RUNS if child.year_group in run.years}
    week = [(_EARLY, day) for day in hours.early] + [
        (_FREE, day) for day in EVERY_DAY if day in hours.early or day in hours.free
    ]
    clubs = _clubs(school, child, half_term)
    for day in EVERY_DAY:
        week += [(run.name, day) for run in clubs.get(day, ())]
        if day not in hours.after:
            continue
        ends = [run.ends_at for run in clubs.get(day, ()) if run.starts_at.hour >= 12]
        if not ends:
            week.append((_UNTIL_SIX if hours.until_six else _CARE, day))
        elif hours.until_six and max(ends) == _STARTS[_AFTER_CLUB]:
            week.append((_AFTER_CLUB, day))
    return [(name, day) for name, day in week if name in can]


_STARTS = {run.name: run.starts_at for run in RUNS}


def _clubs(school: Population, child: _Child, half_term: Span) -> dict[int, list[DemoRun]]:
    """The clubs of each weekday: of several at one time the one that is wanted most."""
    lasting = Dice("clubs", school.seed, child.pupil.key)
    now = Dice("clubs", school.seed, child.pupil.key, half_term.starts_on)
    wanted: list[tuple[float, int, DemoRun]] = []
    for run in RUNS:
        likely = _likely(run, child)
        for day in run.weekdays:
            point, fresh, thinks_again = lasting.random(), now.random(), now.chance(CHANGES_MIND)
            point = fresh if thinks_again else point
            if point < likely:
                wanted.append((point / likely, day, run))
    best: dict[int, list[DemoRun]] = {}
    for _, day, run in sorted(wanted, key=lambda one: one[:2]):
        mine = best.setdefault(day, [])
        if all(run.ends_at <= other.starts_at or other.ends_at <= run.starts_at for other in mine):
            mine.append(run)
    return best


def _likely(run: DemoRun, child: _Child) -> float:
    """How likely a child is to want a club; nothing for other kinds and for years that it is not for."""
    if run.kind not in _CLUBS or child.year_group not in run.years:
        return 0.0
    keen, girls, new_to_english = _DRAWS.get(run.name, (0.7, 1.0, 1.0))
    likely = KEEN * keen
    if child.is_poor:
        likely *= 0.42 if run.pence else 0.95
    else:
        likely *= 1.2
    likely *= (2 * girls if child.pupil.sex == "F" else 2.0) / (1 + girls)
    if child.is_eal:
        likely *= 0.9 * new_to_english
    return min(0.95, likely * {"K": 0.62, "E": 0.4}.get(child.sen, 1.06))
