"""What was earned, by activity and seller: care counts in the month in which it is given, whenever it was booked or paid.

What families paid by a day for care still to come is not earned yet: it is deferred.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, func, select

from booking.bookings.models import Place
from booking.core.clock import instant
from booking.core.csv_cells import Cell
from booking.core.db import db
from booking.ledger.models import Entry, EntryLine, LedgerAccount
from booking.payments.paid_care import standings
from booking.people.models import Pupil
from booking.provision.models import Activity, Run, Seller, Session
from booking.provision.vat import Treatment, all_treatments

EARNS = ("income", "discount", "late")
LATE = "Late collection"
HEAD = ("month", "activity", "seller", "vat_treatment", "gross_pounds", "vat_pounds", "net_pounds")


@dataclass(frozen=True)
class Earned:
    """One activity in one month under one VAT treatment; VAT is worked out once, on the sum."""

    month: date
    activity: str
    seller: str
    treatment: Treatment
    gross_pence: int

    @property
    def vat_pence(self) -> int:
        """The VAT within."""
        return self.treatment.vat_in(self.gross_pence)

    @property
    def net_pence(self) -> int:
        """What is left without it."""
        return self.gross_pence - self.vat_pence


@dataclass(frozen=True)
class Deferred:
    """What families paid for an activity's care that was still to come."""

    activity: str
    seller: str
    pence: int


def earned_between(first: date, last: date) -> list[Earned]:
    """By month, seller (the school first), activity and treatment, for care from one day to another."""
    treatments = all_treatments()
    sums: dict[tuple[Any, ...], int] = {}
    for row in _by_day(first, last):
        treatment = treatments.of(row.activity_id, row.date)
        name = f"{row.activity}: {LATE.lower()}" if row.kind == "late" else row.activity
        key = (row.date.replace(day=1), not row.is_school, row.seller, name, treatment)
        sums[key] = sums.get(key, 0) + int(row.pence)
    found = sorted(sums.items(), key=lambda one: (*one[0][:4], one[0][4].words))
    return [
        Earned(month, name, seller, treatment, pence)
        for (month, _, seller, name, treatment), pence in found
        if pence
    ]


def fees_between(first: date, last: date) -> int:
    """What outside sellers left to the school in these days, in pence: income that belongs to no session."""
    total = db.session.scalar(
        select(func.sum(-EntryLine.amount_pence))
        .join(LedgerAccount, LedgerAccount.id == EntryLine.account_id)
        .join(Entry, Entry.id == EntryLine.entry_id)
        .where(LedgerAccount.kind == "income", EntryLine.place_id.is_(None))
        .where(Entry.at >= instant(first, time()), Entry.at < instant(last + timedelta(days=1), time()))
    )
    return int(total or 0)


def deferred_after(day: date) -> list[Deferred]:
    """What was paid by the end of a day for care after it, by seller and activity."""
    later = (
        select(Place.id, Place.account_id, Activity.name, Seller.name.label("seller"), Seller.is_school)
        .join(Session, Session.id == Place.session_id)
        .join(Run, Run.id == Session.run_id)
        .join(Activity, Activity.id == Run.activity_id)
        .join(Seller, Seller.id == Activity.seller_id)
        .where(Session.date > day, Place.booked_at < instant(day + timedelta(days=1), time()))
    )
    places = {row.id: row for row in db.session.execute(later)}
    sums: dict[tuple[bool, str, str], int] = {}
    until = instant(day + timedelta(days=1), time())
    for standing in standings({row.account_id for row in places.values()}, until).values():
        for part in standing.paid_parts():
            row = places.get(part.place_id or 0)
            if row is not None:
                key = (not row.is_school, row.seller, row.name)
                sums[key] = sums.get(key, 0) + part.paid_pence
    return [Deferred(name, seller, pence) for (_, seller, name), pence in sorted(sums.items())]


@dataclass(frozen=True)
class VisitorCare:
    """Places of children from elsewhere in an activity that is non-business only for the school's own."""

    activity_id: int
    activity: str
    places: int


def visitors_in_non_business(first: date, last: date = date.max) -> list[VisitorCare]:
    """Where visitors are booked in what is treated as non-business: somebody must look at the VAT again."""
    treatments = all_treatments()
    rows = db.session.execute(
        select(Activity.id, Activity.name, Session.date)
        .select_from(Place)
        .join(Pupil, Pupil.id == Place.pupil_id)
        .join(Session, Session.id == Place.session_id)
        .join(Run, Run.id == Session.run_id)
        .join(Activity, Activity.id == Run.activity_id)
        .where(Pupil.status == "visitor", Place.state == "booked", Session.date.between(first, last))
    )
    counts: dict[tuple[str, int], int] = {}
    for activity_id, name, on in rows:
        if treatments.of(activity_id, on).code == "non_business":
            counts[name, activity_id] = counts.get((name, activity_id), 0) + 1
    return [VisitorCare(activity_id, name, places) for (name, activity_id), places in sorted(counts.items())]


def income_rows(first: date, last: date) -> Iterator[tuple[Cell, ...]]:
    """The same as rows of a file, with their heading."""
    yield HEAD
    for one in earned_between(first, last):
        yield (
            f"{one.month:%Y-%m}",
            one.activity,
            one.seller,
            one.treatment.words,
            *(pounds(pence) for pence in (one.gross_pence, one.vat_pence, one.net_pence)),
        )


def pounds(pence: int) -> Decimal:
    """Pence as a number of pounds for a file; never through a float."""
    return Decimal(pence).scaleb(-2)


def _by_day(first: date, last: date) -> list[Row[*tuple[Any, ...]]]:
    activity_id = func.coalesce(LedgerAccount.activity_id, Run.activity_id)
    rows = db.session.execute(
        select(
            Session.date,
            LedgerAccount.kind,
            Activity.id.label("activity_id"),
            Activity.name.label("activity"),
            Seller.name.label("seller"),
            Seller.is_school,
            func.sum(-EntryLine.amount_pence).label("pence"),
        )
        .select_from(EntryLine)
        .join(LedgerAccount, LedgerAccount.id == EntryLine.account_id)
        .join(Place, Place.id == EntryLine.place_id)
        .join(Session, Session.id == Place.session_id)
        .join(Run, Run.id == Session.run_id)
        .join(Activity, Activity.id == activity_id)
        .join(Seller, Seller.id == func.coalesce(LedgerAccount.seller_id, Activity.seller_id))
        .where(LedgerAccount.kind.in_(EARNS), Session.date.between(first, last))
        .group_by(Session.date, LedgerAccount.kind, Activity.id, Activity.name, Seller.name, Seller.is_school)
    )
    return list(rows)
