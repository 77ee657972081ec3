"""How many adults and first-aiders a session needs: the law's figures as data, and the school's own dated rule.

Children of several year groups together each take their part of an adult, and the sum is rounded up. Exact fractions.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from functools import cache
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from booking.core.audit import record
from booking.core.db import db
from booking.core.errors import BookingError
from booking.provision.models import YEAR_GROUPS
from booking.provision.staff_models import StaffingRatio, StaffingRule

RATIOS = Path(__file__).with_name("data") / "ratios.csv"
NURSERY = frozenset({"N1", "N2"})
USUAL_LEAST = 2
"""Until a school has said otherwise: no adult is alone with children."""


class RuleRefused(BookingError):
    """The rule cannot stand as entered (its day is taken, or it is looser than the law); nothing was saved."""


@dataclass(frozen=True)
class Published:
    """The figures for one year group that the law (or, above Year 2, custom) gives, with the source."""

    per_adult: int
    most: int
    source: str


@dataclass(frozen=True)
class Rule:
    """What holds on a day; `decided_by` is empty where the school has decided nothing yet."""

    per_adult: Mapping[str, int]
    least_adults: int = USUAL_LEAST
    least_first_aiders: int = 1
    first_aider_each_session: bool = False
    limits_places: bool = False
    from_on: date | None = None
    decided_by: str = ""

    def adults_for(self, children: Mapping[str, int]) -> int:
        """Adults that these children (by year group) need; none for nobody.

        Of a year group that is not known the strictest figure holds.
        """
        if not any(children.values()):
            return 0
        strictest = min(self.per_adult.values())
        parts = (Fraction(n, self.per_adult.get(year, strictest)) for year, n in children.items())
        return max(self.least_adults, math.ceil(sum(parts, Fraction(0))))

    def children_for(self, adults: int, years: Iterable[str]) -> int:
        """How many children of any mixture of these year groups so many adults may always have."""
        if adults < self.least_adults:
            return 0
        strictest = min(self.per_adult.values())
        return adults * min((self.per_adult.get(year, strictest) for year in years), default=strictest)


class Rules:
    """All rules of the school, asked by day."""

    def __init__(self, rows: Sequence[StaffingRule]) -> None:
        self._rules = [_read(row) for row in sorted(rows, key=lambda row: row.from_on, reverse=True)]

    def on(self, day: date) -> Rule:
        """What holds on a day: the newest rule that had begun, else the published figures."""
        return next((rule for rule in self._rules if rule.from_on and rule.from_on <= day), PUBLISHED)

    @property
    def newest_first(self) -> list[Rule]:
        """Every rule that the school made."""
        return self._rules


@cache
def published() -> Mapping[str, Published]:
    """The figures of `data/ratios.csv` by year group."""
    with RATIOS.open(encoding="utf-8", newline="") as file:
        return {
            row["year_group"]: Published(
                int(row["children_per_adult"]), int(row["most_per_adult"]), row["source"]
            )
            for row in csv.DictReader(file)
        }


PUBLISHED = Rule({year: one.per_adult for year, one in published().items()})


def all_rules() -> Rules:
    """The school's rules, read once."""
    return Rules(db.session.scalars(select(StaffingRule).options(selectinload(StaffingRule.ratios))).all())


def _read(row: StaffingRule) -> Rule:
    return Rule(
        {**PUBLISHED.per_adult, **{one.year_group: one.children_per_adult for one in row.ratios}},
        row.least_adults,
        row.least_first_aiders,
        row.first_aider_each_session,
        row.limits_places,
        row.from_on,
        row.decided_by,
    )


def add_rule(from_on: date, rule: Rule, *, at: datetime, user_id: int | None) -> StaffingRule:
    """Publish the school's rule from a day on; what held before still holds for the days before. Raises `RuleRefused`."""
    if db.session.scalar(select(StaffingRule.id).where(StaffingRule.from_on == from_on)) is not None:
        raise RuleRefused("There is a rule from that day already. Nothing was saved. Choose another day.")
    if not rule.decided_by:
        raise RuleRefused("Say who decided it. Nothing was saved.")
    for year in YEAR_GROUPS:
        most = published()[year].most
        if rule.per_adult.get(year, most) > most:
            raise RuleRefused(
                f"The law lets one adult have at most {most} children of that age. Nothing was saved."
            )
    made = StaffingRule(
        from_on=from_on,
        least_adults=rule.least_adults,
        least_first_aiders=rule.least_first_aiders,
        first_aider_each_session=rule.first_aider_each_session,
        limits_places=rule.limits_places,
        decided_by=rule.decided_by,
        at=at,
        user_id=user_id,
        ratios=[
            StaffingRatio(year_group=year, children_per_adult=rule.per_adult[year])
            for year in YEAR_GROUPS
            if year in rule.per_adult
        ],
    )
    db.session.add(made)
    db.session.flush()
    record("staffing_rule_made", "staffing_rule", made.id, at=at, user_id=user_id)
    return made
