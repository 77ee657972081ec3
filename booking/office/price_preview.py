"""What families pay by the rates as they stand, for the office to look at before families do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from booking.bookings.price_facts import read_prices
from booking.bookings.price_parts import Item, PriceFacts
from booking.bookings.prices import price_basket
from booking.core import clock
from booking.core.db import db
from booking.provision.models import Period, Run

ELDER, YOUNGER = 1, 2


@dataclass(frozen=True)
class WeekPrice:
    """One run for a whole week of its days, in pence: one child, two children in full, and two children by the rates."""

    run: Run
    one_pence: int
    two_full_pence: int
    two_pence: int


def week_prices(at: datetime) -> list[WeekPrice]:
    """Every paid activity that is open, in its first whole week from next Monday on; rates by decision are left out."""
    today = clock.today(at)
    facts = read_prices(0, [], at)
    born = {ELDER: today - timedelta(days=3650), YOUNGER: today - timedelta(days=2190)}
    facts = PriceFacts(facts.on, facts.rates, born=born)
    runs = db.session.scalars(
        select(Run)
        .join(Period, Period.id == Run.period_id)
        .where(Run.status == "open", Run.price_pence > 0, Period.ends_on >= today)
        .options(joinedload(Run.activity), joinedload(Run.period))
        .order_by(Period.starts_on, Run.starts_at, Run.id)
    )
    first: dict[int, Run] = {}
    for run in runs:
        first.setdefault(run.activity_id, run)
    return [_week(run, today, facts) for run in first.values()]


def _week(run: Run, today: date, facts: PriceFacts) -> WeekPrice:
    first = max(run.period.starts_on, today + timedelta(days=1))
    monday = first + timedelta(days=-first.weekday() % 7)

    def total(*pupils: int) -> int:
        items = [_item(run, pupil, monday + timedelta(days=day)) for pupil in pupils for day in run.weekdays]
        return sum(price.pence for price in price_basket(items, facts).values())

    full = run.price_pence * len(run.weekdays) * 2
    return WeekPrice(run, total(ELDER), full, total(ELDER, YOUNGER))


def _item(run: Run, pupil_id: int, on: date) -> Item:
    return Item(
        pupil_id,
        on.toordinal(),
        on,
        run.starts_at,
        run.activity_id,
        run.id,
        run.activity.kind,
        run.price_pence,
    )
