"""A whole invented school, the same for the same size, seed and day; nothing is written anywhere."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache

from booking.office.demo.care_profiles import give_care, walking_home
from booking.office.demo.dice import Dice
from booking.office.demo.families import YEAR_GROUPS, Child, Household, make_households
from booking.office.demo.groups import Draft, facts_of, give_groups
from booking.office.demo.names import a_forename, in_script, rows, short_names, surname_for, surnames
from booking.office.demo.records import Care, DemoFamily, DemoPupil, Population
from booking.office.demo.relatives import Grown, Person, make_people, settle
from booking.people.upn import upn_check_letter
from booking.provision.year_plan import plan_year, school_year

AUTHORITY = "999"
"""No real authority has this number, so that no demo UPN is a real child's."""

OWN_SCHOOL, OTHER_SCHOOLS = 2001, (3310, 3342, 5204)
CLASS_SIZE = 30
LEFT, EXPECTED = 0.02, 0.015
"""Shares of the roll that are in the books beside it."""

_NURSERY = (-2, -1)


class UpnSeries:
    """Numbers by school and year of joining; a school with more than 999 joiners goes on as the next one."""

    def __init__(self) -> None:
        self.given: defaultdict[tuple[int, int], int] = defaultdict(int)

    def next(self, school: int, year: int) -> str:
        """The next pupil number of a school, with its check letter."""
        self.given[school, year] = serial = self.given[school, year] + 1
        school += (serial - 1) // 999
        digits = f"{AUTHORITY}{school:04}{year % 100:02}{(serial - 1) % 999 + 1:03}"
        return upn_check_letter(digits) + digits


@dataclass
class Named:
    """A child with names and whether the second grown-up is a parent of it too."""

    forename: str
    surname: str
    preferred: str | None
    is_shared: bool


def make_population(pupils: int, seed: int, today: date) -> Population:
    """A school with this many pupils on the roll, and a few beside it who have left or are expected."""
    school = _School(pupils, seed, today)
    school.add("roll", pupils)
    gone, coming = round(pupils * LEFT), round(pupils * EXPECTED)
    school.add("others", gone + coming)
    dice = Dice("leaving", pupils, seed, today)
    others = school.pupils[pupils:]
    return Population(
        seed=seed,
        today=today,
        pupils=tuple(school.pupils[:pupils]),
        others=tuple(_left(p, today, dice) if n < gone else _expected(p) for n, p in enumerate(others)),
        families=tuple(school.families),
        adults=tuple(school.grown.adults),
        accounts=tuple(school.grown.accounts),
        ties=tuple(school.grown.ties),
        contacts=tuple(school.grown.contacts),
    )


class _School:
    """A school being filled; keys are places in its lists."""

    def __init__(self, size: int, seed: int, today: date) -> None:
        self.names = (size, seed, today)
        self.today = today
        self.first_year = plan_year(today).year.starts_on.year
        self.grown, self.upns = Grown(), UpnSeries()
        self.pupils: list[DemoPupil] = []
        self.families: list[DemoFamily] = []

    def add(self, what: str, count: int) -> None:
        """Add this many pupils with their families."""
        names = (what, *self.names)
        dice = Dice("people", *names)
        households = make_households(count, self.first_year, self.today, *names)
        drafts = [Draft(h, child, self._joined(child, dice)) for h in households for child in h.children]
        give_groups(drafts, self.today, *names)
        cares = dict(zip(map(id, drafts), give_care(drafts, *names), strict=True))
        order = dice.shuffled(households)
        classes = _classes(order)
        by_family: defaultdict[int, list[Draft]] = defaultdict(list)
        for draft in drafts:
            by_family[draft.household.key].append(draft)
        for household in order:
            mine = by_family[household.key]
            self._add_family(household, mine, [cares[id(d)] for d in mine], classes, dice)

    def _joined(self, child: Child, dice: Dice) -> date:
        """The first day of Reception for most, of nursery for some, and any day since for a few; never in the future."""
        if child.year in _NURSERY:
            third = date(child.born.year + 3, child.born.month, min(child.born.day, 28))
            joined = max(_first_day(self.first_year - int(dice.chance(0.25))), third)
        else:
            joined = _first_day(self.first_year - child.year - int(dice.chance(0.4)))
        if dice.chance(0.08):
            joined = dice.day_between(joined, self.today)
        return min(joined, self.today)

    def _add_family(
        self,
        household: Household,
        drafts: list[Draft],
        cares: list[Care],
        classes: dict[int, str],
        dice: Dice,
    ) -> None:
        key, first_pupil = len(self.families), len(self.pupils)
        first_adult, first_account = len(self.grown.adults), len(self.grown.accounts)
        people = make_people(household, dice)
        named = _named(household, people, dice)
        keys = list(range(first_pupil, first_pupil + len(drafts)))
        settle(key, household.form, people, keys, [one.is_shared for one in named], self.grown, dice)
        for draft, care, one in zip(drafts, cares, named, strict=True):
            self.pupils.append(self._pupil(key, draft, care, one, classes, first_adult, dice))
        self.families.append(
            DemoFamily(
                key,
                household.community.key,
                household.form,
                tuple(keys),
                tuple(range(first_adult, len(self.grown.adults))),
                tuple(range(first_account, len(self.grown.accounts))),
            )
        )

    def _pupil(
        self,
        family: int,
        draft: Draft,
        care: Care,
        named: Named,
        classes: dict[int, str],
        adult: int,
        dice: Dice,
    ) -> DemoPupil:
        year = self.first_year - draft.child.year
        came_later = draft.joined_on > _first_day(year)
        school = dice.pick(OTHER_SCHOOLS) if came_later and draft.child.year > 0 else OWN_SCHOOL
        return DemoPupil(
            key=len(self.pupils),
            family=family,
            upn=self.upns.next(school, min(year, draft.joined_on.year)),
            surname=named.surname,
            forename=named.forename,
            preferred_name=named.preferred,
            date_of_birth=draft.child.born,
            sex=draft.child.sex,
            class_name=classes[id(draft.child)],
            year_group=YEAR_GROUPS[draft.child.year + 2],
            status="on_roll",
            joined_on=draft.joined_on,
            left_on=None,
            facts=facts_of(draft, self.today, dice),
            care=care,
            consents=walking_home(draft, adult, self.today, dice),
        )


@cache
def _first_day(first_year: int) -> date:
    return school_year(first_year).school_days()[0]


def _classes(households: list[Household]) -> dict[int, str]:
    """The class of each child by its id: one a year where the year fits into a room, twins side by side."""
    years: defaultdict[int, list[Child]] = defaultdict(list)
    for household in households:
        for child in household.children:
            years[child.year].append(child)
    trees = [row["name"] for row in rows("classes.csv")]
    found: dict[int, str] = {}
    nursery = [child for year in _NURSERY for child in years.pop(year, [])]
    for place, child in enumerate(nursery):
        found[id(child)] = "Acorns" if len(nursery) <= 39 else f"Acorns {1 + place // 26}"
    for year, children in years.items():
        rooms = -(-len(children) // CLASS_SIZE)
        for place, child in enumerate(children):
            room = place * rooms // len(children)
            again = f" {room // len(trees) + 1}" if room >= len(trees) else ""
            label = YEAR_GROUPS[year + 2]
            found[id(child)] = trees[year] if rooms == 1 else f"{label} {trees[room % len(trees)]}{again}"
    return found


def _named(household: Household, people: list[Person], dice: Dice) -> list[Named]:
    """The children's names: most share a surname, some half-brothers and half-sisters do not."""
    own, shared = people[0], people[-1]
    surname = shared.surname if dice.chance(0.8) else own.surname
    another = dice.pick(surnames(own.pool))
    halves = household.size > 1 and len(people) == 2 and dice.chance(0.16)
    taken: set[str] = set()
    found: list[Named] = []
    for number, child in enumerate(reversed(household.children)):
        pool = household.community.pools[0 if dice.chance(0.65) else -1]
        forename = a_forename(dice, pool, child.sex, "child", taken)
        taken.add(forename)
        is_half = halves and number == 0 and household.children[-1].year != household.children[-2].year
        found.append(
            Named(
                forename,
                surname_for(another if is_half else surname, child.sex),
                _preferred(pool, forename, dice),
                not is_half,
            )
        )
    return found[::-1]


def _preferred(pool: str, forename: str, dice: Dice) -> str | None:
    """A short name, or the name with its form in the family's script beside it; None for most."""
    written = in_script(pool, forename)
    if written and dice.chance(0.45):
        return f"{forename} {written}"
    short = short_names().get(forename)
    return short if short and dice.chance(0.6) else None


def _left(pupil: DemoPupil, today: date, dice: Dice) -> DemoPupil:
    """The child has left in the last months: no class any more."""
    joined = pupil.joined_on or today
    left_on = dice.day_between(max(joined, today - timedelta(days=120)), today)
    return replace(pupil, status="left", left_on=left_on, class_name=None)


def _expected(pupil: DemoPupil) -> DemoPupil:
    """The child will come: from the admissions list, so without number, class and record."""
    return replace(
        pupil,
        status="expected",
        upn=None,
        class_name=None,
        joined_on=None,
        facts=(),
        consents=(),
        care=Care(),
    )
