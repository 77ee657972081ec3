"""Which families there are: their community and form, which years their children are in, and when they were born."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import date, timedelta

from booking.office.demo.dice import Dice
from booking.office.demo.names import Community, communities

YEAR_GROUPS = ("N1", "N2", "R", "1", "2", "3", "4", "5", "6")
NURSERY_SHARE = 26 / 210
FORMS = (("together", 57.0), ("separated", 20.0), ("lone", 20.0), ("grandparents", 1.8), ("foster", 1.2))
SIZES = ((1, 0.64), (2, 0.28), (3, 0.065), (4, 0.015))
TWINS = 0.045
"""Of families with several children at the school."""

_HARD_FORMS = {"together": -4.0, "separated": 4.0, "lone": 14.0, "grandparents": 10.0, "foster": 0.0}
_APART = timedelta(days=300)


@dataclass
class Child:
    """A child being made; `year` counts from Reception as 0."""

    year: int
    born: date
    sex: str


@dataclass
class Household:
    """A family being made; `hardship` is a score that school meals and help follow, not a fact."""

    key: int
    community: Community
    form: str
    size: int
    hardship: float
    has_twins: bool = False
    children: list[Child] = field(default_factory=list)


def make_households(pupils: int, first_year: int, today: date, *names: object) -> list[Household]:
    """Families whose children are together exactly this many, in years of even size; `names` name the chance."""
    dice = Dice("families", *names)
    households = _sized(pupils, dice)
    places = _places(pupils, first_year, today)
    for household in sorted(households, key=lambda h: (-h.size, h.key)):
        for year in _years(household, places, dice):
            places[year] -= 1
            household.children.append(Child(year, date.min, "M" if dice.chance(0.51) else "F"))
        _give_birthdays(household, first_year, today, dice)
    return households


def _sized(pupils: int, dice: Dice) -> list[Household]:
    """Communities along a line as long as their shares, and families laid on it until the school is full."""
    whole = math.fsum(community.share for community in communities())
    sizes: list[tuple[Community, int]] = []
    taken, reach = 0, 0.0
    for community in communities():
        reach += community.share * pupils / whole
        while taken < int(reach + 0.5):
            size = dice.weighted(SIZES) + int(dice.chance(community.large))
            sizes.append((community, min(size, pupils - taken)))
            taken += sizes[-1][1]
    forms = dice.dealt(FORMS, len(sizes))
    twins = dice.spread([TWINS if size > 1 else 0.0 for _, size in sizes])
    return [
        Household(
            key,
            community,
            form,
            size,
            0.6 * community.hardship + _HARD_FORMS[form] + 18 * dice.bell(),
            has_twins,
        )
        for key, ((community, size), form, has_twins) in enumerate(zip(sizes, forms, twins, strict=True))
    ]


def _places(pupils: int, first_year: int, today: date) -> dict[int, int]:
    """How many children each year has: the nursery its share, the others as even as can be."""
    nursery = round(pupils * NURSERY_SHARE)
    youngest = min(nursery // 4, nursery) if _latest_birthday(-2, first_year, today) is not None else 0
    each, more = divmod(pupils - nursery, 7)
    years = {year: each + int(year < more) for year in range(7)}
    return {-2: youngest, -1: nursery - youngest, **years}


def _years(household: Household, places: dict[int, int], dice: Dice) -> list[int]:
    """The years of a family's children, the youngest first; brothers and sisters are one to four years apart."""
    left = [(year, float(count)) for year, count in places.items() if count > 0]
    years = [dice.weighted(left)]
    free = dict(places)
    free[years[0]] -= 1
    twin = household.has_twins and free[years[0]] > 0
    while len(years) < household.size:
        near = [
            (year, (0.2 if gap == 1 else 1.0 if gap == 2 else 0.7 if gap == 3 else 0.3) * free[year])
            for year in free
            if free[year] > 0 and year not in years
            for gap in [min(abs(year - other) for other in years)]
        ]
        if twin or not near:
            rest = [(year, float(count)) for year, count in free.items() if count > 0]
            year, twin = (years[0] if twin else dice.weighted(rest)), False
        else:
            year = dice.weighted(near)
        free[year] -= 1
        years.append(year)
    return sorted(years)


def born_from(year: int, first_year: int) -> date:
    """The first birthday of a year group (0 is Reception) in the school year that begins in `first_year`."""
    return date(first_year - 5 - year, 9, 1)


def _latest_birthday(year: int, first_year: int, today: date) -> date | None:
    """The last birthday of a year group, three years ago at the latest; None if hardly anyone is old enough."""
    last = date(first_year - 4 - year, 8, 31)
    if year > -2:
        return last
    third = date(today.year - 3, today.month, min(today.day, 28))
    return min(last, third) if third - born_from(year, first_year) > timedelta(days=120) else None


def _give_birthdays(household: Household, first_year: int, today: date, dice: Dice) -> None:
    """From the youngest up: twins share a day, all others are ten months apart; a few single children sit a year down."""
    born: date | None = None
    before: int | None = None
    for child in household.children:
        first = born_from(child.year, first_year)
        last = _latest_birthday(child.year, first_year, today) or date(first_year - 4 - child.year, 8, 31)
        if before == child.year and born is not None:
            child.born = born
            continue
        if born is not None:
            last = min(last, born - _APART)
        child.born = dice.day_between(first, last)
        born, before = child.born, child.year
    only = household.children[0]
    if household.size == 1 and only.year > 0 and dice.chance(0.008):
        only.born = dice.day_between(
            date(first_year - 5 - only.year, 4, 1), date(first_year - 5 - only.year, 8, 31)
        )
