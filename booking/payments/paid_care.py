"""What a family's payments paid for, read from the ledger: the steps that `allocation` plays, and what came of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import aliased

from booking.bookings.models import Place
from booking.core.clock import to_school
from booking.core.db import db
from booking.ledger.models import Entry, EntryLine, LedgerAccount
from booking.payments.allocation import Allocation, Care, Money, Step, allocate, parts_that_were_paid
from booking.payments.models import Payment, PaymentLine

Names = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class PaidPart:
    """One payment's part of one piece of care, in pence: `cost_pence` is what all of it costs the family today."""

    account_id: int
    key: int
    place_id: int | None
    pupil_id: int | None
    payment_id: int
    cost_pence: int
    paid_pence: int
    is_whole: bool
    paid_on: date


@dataclass(frozen=True)
class Standing:
    """How one family's account stands: the play's outcome, and the place and the day of each thing in it."""

    account_id: int
    allocation: Allocation
    place_of: Mapping[int, int | None]
    paid_on: Mapping[int, date]

    def paid_parts(self) -> list[PaidPart]:
        """What was paid, part by part."""
        cost_pence, settled = self.allocation.cost_pence, self.allocation.settled_pence
        return [
            PaidPart(
                account_id=self.account_id,
                key=part.care.key,
                place_id=self.place_of[part.care.key],
                pupil_id=part.care.pupil_id,
                payment_id=part.money.id,
                cost_pence=cost_pence[part.care.key],
                paid_pence=part.pence,
                is_whole=settled[part.care.key] == cost_pence[part.care.key],
                paid_on=self.paid_on[part.money.id],
            )
            for part in parts_that_were_paid(self.allocation)
        ]


def standing_of(account_id: int) -> Standing:
    """How one family's account stands now."""
    return standings([account_id])[account_id]


def standings(account_ids: Collection[int], until: datetime | None = None) -> dict[int, Standing]:
    """How these accounts stand (or stood before an instant), in four queries whatever their number."""
    rows = _lines(account_ids, until)
    payments = _payments(account_ids)
    late = _late_entries(account_ids)
    reader = _Reader(payments, late)
    steps: dict[int, list[Step]] = defaultdict(list)
    for row in rows:
        steps[row.family_account_id].append(reader.step(row))
    return {
        account_id: Standing(account_id, allocate(steps[account_id]), reader.place_of, reader.paid_on)
        for account_id in account_ids
    }


def _lines(account_ids: Collection[int], until: datetime | None) -> list[Row[*tuple[Any, ...]]]:
    query = (
        select(
            LedgerAccount.family_account_id,
            Entry.id,
            Entry.at,
            Entry.payment_id,
            Entry.reverses_id,
            EntryLine.amount_pence,
            EntryLine.place_id,
            Place.pupil_id,
            Place.basket_id,
        )
        .select_from(LedgerAccount)
        .join(EntryLine, EntryLine.account_id == LedgerAccount.id)
        .join(Entry, Entry.id == EntryLine.entry_id)
        .outerjoin(Place, Place.id == EntryLine.place_id)
        .where(LedgerAccount.family_account_id.in_(account_ids))
        .order_by(Entry.at, EntryLine.id)
    )
    return list(db.session.execute(query if until is None else query.where(Entry.at < until)))


@dataclass(frozen=True)
class _Payments:
    """The accounts' payments by id, their lines by payment, and the promises among them."""

    by_id: Mapping[int, Row[*tuple[Any, ...]]]
    lines: Mapping[int, Names]
    promises: list[Row[*tuple[Any, ...]]]


def _payments(account_ids: Collection[int]) -> _Payments:
    wanted = Payment.account_id.in_(account_ids) & Payment.state.in_(("paid", "promised"))
    columns = (
        Payment.id,
        Payment.account_id,
        Payment.basket_id,
        Payment.tender,
        Payment.state,
        Payment.pupil_id,
        Payment.voucher_firm_id,
        Payment.paid_at,
        Payment.due_at,
    )
    rows = db.session.execute(select(*columns).where(wanted).order_by(Payment.due_at, Payment.id)).all()
    lines: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for row in db.session.execute(
        select(PaymentLine.payment_id, PaymentLine.place_id, PaymentLine.amount_pence)
        .join(Payment, Payment.id == PaymentLine.payment_id)
        .where(wanted)
        .order_by(PaymentLine.payment_id, PaymentLine.position)
    ):
        lines[row.payment_id].append((row.place_id, row.amount_pence))
    return _Payments(
        {row.id: row for row in rows},
        {payment_id: tuple(found) for payment_id, found in lines.items()},
        [row for row in rows if row.state == "promised"],
    )


def _late_entries(account_ids: Collection[int]) -> frozenset[int]:
    """Entries that charge for late collection: a charge of its own, not part of what the session costs."""
    other = aliased(EntryLine)
    account = aliased(LedgerAccount)
    return frozenset(
        db.session.scalars(
            select(EntryLine.entry_id)
            .join(LedgerAccount, LedgerAccount.id == EntryLine.account_id)
            .join(other, other.entry_id == EntryLine.entry_id)
            .join(account, account.id == other.account_id)
            .where(LedgerAccount.kind == "late", account.family_account_id.in_(account_ids))
        )
    )


class _Reader:
    """Turns a line of the ledger into a step of the play, remembering what papers ask of it later.

    The price of a session has its place's id as key; below 0 stand a late collection (odd, by place) and a charge
    without a place (even, by entry).
    """

    def __init__(self, payments: _Payments, late: frozenset[int]) -> None:
        self.payments, self.late = payments, late
        self.place_of: dict[int, int | None] = {}
        self.paid_on: dict[int, date] = {}
        self.money: dict[int, Money] = {}
        self.due: dict[int, datetime] = {}
        self.due_of_basket: dict[int, datetime] = {}
        self.promised_pence: dict[int, int] = defaultdict(int)
        for promise in reversed(payments.promises):
            for place_id, _ in payments.lines.get(promise.id, ()):
                self.due[place_id] = promise.due_at
            if promise.id not in payments.lines and promise.basket_id is not None:
                self.due_of_basket[promise.basket_id] = promise.due_at
        for payment_id, lines in payments.lines.items():
            if payments.by_id[payment_id].tender != "credit":
                for place_id, pence in lines:
                    self.promised_pence[place_id] += pence

    def step(self, row: Row[*tuple[Any, ...]]) -> Step:
        """One line: care bought or given back, a payment or its refund, or a debt that was let off."""
        if row.place_id is None and row.payment_id is not None:
            return Step(row.at, -row.amount_pence, money=self._payment(row.payment_id, row.at))
        first_id = row.reverses_id or row.id
        was_bought = (row.amount_pence > 0) == (row.reverses_id is None)
        if row.place_id is None and not was_bought:
            return Step(row.at, -row.amount_pence, money=Money(-first_id, is_payment=False))
        if row.place_id is None:
            return Step(row.at, row.amount_pence, care=self._care(-2 * first_id, row))
        key = row.place_id if row.id not in self.late else -2 * row.place_id - 1
        return Step(row.at, row.amount_pence, care=self._care(key, row))

    def _care(self, key: int, row: Row[*tuple[Any, ...]]) -> Care:
        self.place_of[key] = row.place_id
        due_at = self.due.get(key) or self.due_of_basket.get(row.basket_id) or row.at
        if key < 0:
            return Care(key, row.pupil_id, None, row.at)
        return Care(key, row.pupil_id, row.basket_id, due_at, self.promised_pence.get(key, 0))

    def _payment(self, payment_id: int, at: datetime) -> Money:
        if payment_id not in self.money:
            row = self.payments.by_id.get(payment_id)
            self.paid_on[payment_id] = to_school(row.paid_at if row and row.paid_at else at).date()
            self.money[payment_id] = self._money(payment_id, row)
        return self.money[payment_id]

    def _money(self, payment_id: int, row: Row[*tuple[Any, ...]] | None) -> Money:
        if row is None:
            return Money(payment_id)
        way = (row.account_id, row.tender, row.pupil_id, row.voucher_firm_id)
        promised: Names = ()
        for one in self.payments.promises:
            if (one.account_id, one.tender, one.pupil_id, one.voucher_firm_id) == way:
                promised += self.payments.lines.get(one.id, ())
        return Money(
            payment_id,
            basket_id=row.basket_id,
            only_pupil_id=row.pupil_id if row.tender == "tfc" else None,
            named=self.payments.lines.get(payment_id, ()),
            promised=promised,
        )
