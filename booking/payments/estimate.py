"""What childcare may really cost a family: an estimate from published rates, never from what a family earns.

Tax-Free Childcare adds £2 for each £8 that a parent pays in, up to a cap for each child in three months. Universal Credit
pays back a part of what was paid, up to a cap for each month by number of children. The two cannot be had together.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

RATES = Path(__file__).with_name("data") / "childcare_rates.csv"
MONTHS_IN_A_QUARTER = 3


@dataclass(frozen=True)
class Rates:
    """The rates of one tax year; amounts in pence."""

    year: str
    from_on: date
    to_on: date
    tfc_paid_pence: int
    tfc_added_pence: int
    tfc_quarter_pence: int
    tfc_disabled_quarter_pence: int
    uc_percent: int
    uc_one_month_pence: int
    uc_more_month_pence: int


@dataclass(frozen=True)
class CareCost:
    """One place: for whom, when, for how much, and which schemes may pay."""

    pupil_id: int
    on: date
    price_pence: int
    takes_tfc: bool
    takes_universal_credit: bool


@dataclass(frozen=True)
class Estimate:
    """What either scheme may take over of a total; 0 where it cannot pay. `is_old` when no newer rates are known."""

    total_pence: int
    tfc_added_pence: int
    universal_credit_pence: int
    year: str
    is_old: bool

    @property
    def with_tfc_pence(self) -> int:
        """What is left to the family with Tax-Free Childcare."""
        return self.total_pence - self.tfc_added_pence

    @property
    def with_universal_credit_pence(self) -> int:
        """What is left to the family with Universal Credit, which pays back later."""
        return self.total_pence - self.universal_credit_pence


@cache
def all_rates() -> tuple[Rates, ...]:
    """The rates by year as data of this project, the oldest first."""
    with RATES.open(encoding="utf-8", newline="") as file:
        return tuple(
            Rates(
                year=row["year"],
                from_on=date.fromisoformat(row["from_on"]),
                to_on=date.fromisoformat(row["to_on"]),
                **{name: int(row[name]) for name in row if name.endswith(("_pence", "_percent"))},
            )
            for row in csv.DictReader(file)
        )


def rates_on(on: date) -> Rates | None:
    """The rates of a day, or the last ones known before it; nothing for a day before all."""
    return next((rates for rates in reversed(all_rates()) if rates.from_on <= on), None)


def estimate(costs: Sequence[CareCost], *, disabled: Collection[int] = ()) -> Estimate | None:
    """What these places may cost with either scheme; nothing when neither may pay any of them, or no rates are known.

    Months and quarters count from the calendar and from the first place, for a family's own are not ours to know.
    """
    paid = [cost for cost in costs if cost.price_pence]
    if not any(cost.takes_tfc or cost.takes_universal_credit for cost in paid):
        return None
    first = min(cost.on for cost in paid)
    rates = rates_on(first)
    if rates is None:
        return None
    return Estimate(
        total_pence=sum(cost.price_pence for cost in paid),
        tfc_added_pence=_added(paid, first, rates, disabled),
        universal_credit_pence=_paid_back(paid, rates),
        year=rates.year,
        is_old=max(cost.on for cost in paid) > rates.to_on,
    )


def _added(costs: Sequence[CareCost], first: date, rates: Rates, disabled: Collection[int]) -> int:
    quarters: defaultdict[tuple[int, int], int] = defaultdict(int)
    for cost in costs:
        if cost.takes_tfc:
            months = (cost.on.year - first.year) * 12 + cost.on.month - first.month
            quarters[cost.pupil_id, months // MONTHS_IN_A_QUARTER] += cost.price_pence
    whole = rates.tfc_paid_pence + rates.tfc_added_pence
    return sum(
        min(
            pence * rates.tfc_added_pence // whole,
            rates.tfc_disabled_quarter_pence if pupil_id in disabled else rates.tfc_quarter_pence,
        )
        for (pupil_id, _), pence in quarters.items()
    )


def _paid_back(costs: Sequence[CareCost], rates: Rates) -> int:
    months: defaultdict[tuple[int, int], list[CareCost]] = defaultdict(list)
    for cost in costs:
        if cost.takes_universal_credit:
            months[cost.on.year, cost.on.month].append(cost)
    total = 0
    for found in months.values():
        children = {cost.pupil_id for cost in found}
        cap = rates.uc_more_month_pence if len(children) > 1 else rates.uc_one_month_pence
        total += min(sum(cost.price_pence for cost in found) * rates.uc_percent // 100, cap)
    return total
