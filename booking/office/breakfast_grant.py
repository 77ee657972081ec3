"""The free-breakfast grant: for each day how many pupils came to the free slot, by year group, and what that is in pence.

Counted from the register: Reception to Year 6 of this school, each child once a day. A day on which nobody was marked is
not counted, and is named. Rates are dated data, never constants; a school may set its own.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from pathlib import Path

from sqlalchemy import select

from booking.core.audit import record
from booking.core.csv_cells import Cell
from booking.core.db import db
from booking.core.errors import BookingError
from booking.office.income import pounds
from booking.office.money_models import GrantRate
from booking.people.models import Pupil
from booking.people.school_years import school_year_start, year_of_birth
from booking.provision.models import Activity, Run, Session
from booking.registers.events import not_undone
from booking.registers.marks import INS
from booking.registers.models import Mark

RATES = Path(__file__).with_name("data") / "grant_rates.csv"
YEARS = ("R", "1", "2", "3", "4", "5", "6")


class RateThere(BookingError):
    """There is a rate from that day already; nothing was saved."""

    def __init__(self) -> None:
        super().__init__("There is a rate from that day already. Nothing was saved. Choose another day.")


@dataclass(frozen=True)
class GrantDay:
    """One day on which the free slot ran; amounts in pence, all 0 when nobody was marked or no rate holds."""

    on: date
    by_year: Counter[str] = field(default_factory=Counter)
    day_pence: int = 0
    pupil_pence: int = 0

    @property
    def pupils(self) -> int:
        """How many came."""
        return self.by_year.total()

    @property
    def pence(self) -> int:
        """What the grant pays for this day."""
        return self.day_pence + self.pupils * self.pupil_pence if self.pupils else 0


@cache
def _published() -> tuple[tuple[date, int, int], ...]:
    with RATES.open(encoding="utf-8", newline="") as file:
        return tuple(
            (date.fromisoformat(row["from_on"]), int(row["day_pence"]), int(row["pupil_pence"]))
            for row in csv.DictReader(file)
        )


def rates() -> list[GrantRate]:
    """All rates, newest first: those published, and the school's own in place of one of the same day."""
    known = {on: GrantRate(from_on=on, day_pence=day, pupil_pence=pupil) for on, day, pupil in _published()}
    known |= {rate.from_on: rate for rate in db.session.scalars(select(GrantRate))}
    return sorted(known.values(), key=lambda rate: rate.from_on, reverse=True)


def add_rate(from_on: date, day_pence: int, pupil_pence: int, *, at: datetime, user_id: int | None) -> None:
    """Write down what the grant pays from a day on; raises `RateThere`."""
    if db.session.get(GrantRate, from_on) is not None:
        raise RateThere
    db.session.add(GrantRate(from_on=from_on, day_pence=day_pence, pupil_pence=pupil_pence))
    db.session.flush()
    record("grant_rate_added", "grant_rate", None, at=at, user_id=user_id, from_on=from_on.isoformat())


def grant_days(first: date, last: date, *, today: date) -> list[GrantDay]:
    """Each day of the free slot from one day to another, up to today."""
    ran = (
        select(Session.date)
        .join(Run, Run.id == Session.run_id)
        .join(Activity, Activity.id == Run.activity_id)
        .where(Activity.is_free_slot, Session.status == "planned")
        .where(Session.date.between(first, min(last, today)))
    )
    counts: dict[date, Counter[str]] = {on: Counter() for on in sorted(set(db.session.scalars(ran)))}
    known = rates()
    for on, year in _came(first, last, today):
        if on in counts and year in YEARS:
            counts[on][year] += 1
    return [_day(on, by_year, known) for on, by_year in counts.items()]


def _day(on: date, by_year: Counter[str], known: list[GrantRate]) -> GrantDay:
    rate = next((one for one in known if one.from_on <= on), None)
    if rate is None:
        return GrantDay(on, by_year)
    return GrantDay(on, by_year, rate.day_pence, rate.pupil_pence)


def _came(first: date, last: date, today: date) -> Iterator[tuple[date, str | None]]:
    """Each child who came on a day, once, with the year group of that day."""
    rows = db.session.execute(
        select(Session.date, Pupil.id, Pupil.year_group, Pupil.date_of_birth)
        .select_from(Mark)
        .join(Session, Session.id == Mark.session_id)
        .join(Run, Run.id == Session.run_id)
        .join(Activity, Activity.id == Run.activity_id)
        .join(Pupil, Pupil.id == Mark.pupil_id)
        .where(Activity.is_free_slot, Mark.what.in_(INS), not_undone())
        .where(Session.date.between(first, last), Pupil.status != "visitor")
        .distinct()
    )
    this_year = school_year_start(today)
    for on, _, year_group, born in rows:
        yield on, year_group if school_year_start(on) == this_year else year_of_birth(born, on)


def grant_rows(days: list[GrantDay]) -> Iterator[tuple[Cell, ...]]:
    """The days as rows of a file, heading and total with them."""
    years = tuple("reception" if year == "R" else f"year_{year}" for year in YEARS)
    yield ("date", *years, "pupils", "daily_rate", "per_pupil_rate", "amount")
    for day in days:
        counts = tuple(day.by_year[year] for year in YEARS)
        yield (
            day.on,
            *counts,
            day.pupils,
            *(pounds(pence) for pence in (day.day_pence, day.pupil_pence, day.pence)),
        )
    totals = tuple(sum(day.by_year[year] for day in days) for year in YEARS)
    whole_pence = sum(day.pence for day in days)
    yield ("total", *totals, sum(day.pupils for day in days), "", "", pounds(whole_pence))
