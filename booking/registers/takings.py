"""What a seller took for care on some days, by activity and month, and what it is to be paid out; no family is named.

Read from the income accounts of the ledger by the date of the care, so that a late credit finds its way into the next
payout (`carried`). The school's fee is a part of what is paid out, half a penny up.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, func, select

from booking.bookings.models import Place
from booking.core import clock
from booking.core.audit import record
from booking.core.db import db, lock_rows
from booking.core.errors import BookingError, NotFound
from booking.ledger.afterwards import post_payout
from booking.ledger.models import Entry, EntryLine, LedgerAccount, SellerPayout
from booking.provision.models import Activity, Seller, Session

WHOLE = 10_000


class NothingToPayOut(BookingError):
    """Nothing is left to pay out up to that day; nothing was posted."""

    def __init__(self) -> None:
        super().__init__("There is nothing to pay out up to that day. Nothing was posted.")


@dataclass(frozen=True)
class Taken:
    """What one activity took for care in one month: sold, what came back of it, and how many places, in pence."""

    month: date
    activity: str
    places: int
    sold_pence: int
    refunded_pence: int

    @property
    def pence(self) -> int:
        """What stays."""
        return self.sold_pence - self.refunded_pence


@dataclass(frozen=True)
class Payable:
    """What a seller would be paid for care up to a day; `amount_pence` may be below zero, and then it waits."""

    from_on: date
    to_on: date
    sold_pence: int
    refunded_pence: int
    carried_pence: int
    fee_pence: int

    @property
    def amount_pence(self) -> int:
        """Sold, less what came back, with what changed for earlier days, less the fee."""
        return self.sold_pence - self.refunded_pence + self.carried_pence - self.fee_pence


def takings_of(seller_id: int, first: date, last: date) -> list[Taken]:
    """By month and activity, for care from one day to another."""
    found: dict[tuple[date, str], list[int]] = {}
    for row in _movements(seller_id, last):
        if row.date >= first:
            sums = found.setdefault((row.date.replace(day=1), row.name), [0, 0, 0])
            sums[0] += row.places
            sums[1] += row.sold
            sums[2] += row.refunded
    return [Taken(*key, *sums) for key, sums in sorted(found.items())]


def payable(seller_id: int, to_on: date) -> Payable:
    """What is to be paid out for care up to a day, after all that was paid out before."""
    rows, before = _movements(seller_id, to_on), payouts_of(seller_id)
    first = min((row.date for row in rows), default=to_on)
    from_on = before[0].to_on + timedelta(days=1) if before else first
    sold_pence, refunded_pence = _sums(row for row in rows if row.date >= from_on)
    all_sold, all_refunded = _sums(rows)
    gone = sum(one.amount_pence + one.fee_pence for one in before)
    carried_pence = all_sold - all_refunded - gone - (sold_pence - refunded_pence)
    due_pence = sold_pence - refunded_pence + carried_pence
    points = db.session.get_one(Seller, seller_id).fee_basis_points
    fee_pence = max(2 * due_pence * points + WHOLE, 0) // (2 * WHOLE)
    return Payable(from_on, to_on, sold_pence, refunded_pence, carried_pence, fee_pence)


def pay_out(
    seller_id: int, to_on: date, *, paid_on: date, reference: str, at: datetime, user_id: int | None
) -> SellerPayout:
    """Write down and post that an outside seller was paid for care up to a day that is over.

    Raises `NothingToPayOut`; the seller's row is locked, so that nobody pays twice.
    """
    lock_rows((Seller, [seller_id]))
    seller = db.session.get(Seller, seller_id)
    if seller is None or seller.is_school:
        raise NotFound
    due = payable(seller_id, to_on)
    if due.amount_pence <= 0 or due.from_on > to_on or to_on > clock.today(at):
        raise NothingToPayOut
    payout = SellerPayout(
        seller_id=seller_id,
        from_on=due.from_on,
        to_on=to_on,
        sold_pence=due.sold_pence,
        refunded_pence=due.refunded_pence,
        carried_pence=due.carried_pence,
        fee_pence=due.fee_pence,
        amount_pence=due.amount_pence,
        paid_on=paid_on,
        reference=reference,
        at=at,
        user_id=user_id,
    )
    db.session.add(payout)
    db.session.flush()
    post_payout(seller_id, payout.id, due.amount_pence, due.fee_pence, at=at, user_id=user_id)
    record("paid_out", "seller", seller_id, at=at, user_id=user_id, pence=due.amount_pence)
    return payout


def payouts_of(seller_id: int) -> list[SellerPayout]:
    """What a seller was paid out, newest first."""
    rows = select(SellerPayout).where(SellerPayout.seller_id == seller_id)
    return list(db.session.scalars(rows.order_by(SellerPayout.to_on.desc())))


def _sums(rows: Iterable[Row[*tuple[Any, ...]]]) -> tuple[int, int]:
    found = list(rows)
    return sum(row.sold for row in found), sum(row.refunded for row in found)


def _movements(seller_id: int, last: date) -> list[Row[*tuple[Any, ...]]]:
    """Sold and given back by activity and date of care, up to a day; a discount lessens what was sold."""
    amount = -EntryLine.amount_pence
    is_back = Entry.kind.in_(("credit", "refund"))
    rows = db.session.execute(
        select(
            Activity.name,
            Session.date,
            func.count(Place.id.distinct()).label("places"),
            func.coalesce(func.sum(amount).filter(~is_back), 0).label("sold"),
            func.coalesce(func.sum(-amount).filter(is_back), 0).label("refunded"),
        )
        .select_from(EntryLine)
        .join(Entry, Entry.id == EntryLine.entry_id)
        .join(LedgerAccount, LedgerAccount.id == EntryLine.account_id)
        .join(Place, Place.id == EntryLine.place_id)
        .join(Session, Session.id == Place.session_id)
        .join(Activity, Activity.id == LedgerAccount.activity_id)
        .where(LedgerAccount.kind.in_(("income", "discount")), LedgerAccount.seller_id == seller_id)
        .where(Session.date <= last)
        .group_by(Activity.name, Session.date)
        .order_by(Session.date, Activity.name)
    )
    return list(rows)
