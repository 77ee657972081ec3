"""What is still owed of each promise, worked out afresh from what was promised, what came in and the ledger's balance.

Nothing of it is stored: docs/decisions/0017-promises.md says in which order money counts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar

from sqlalchemy import func, select

from booking.bookings.models import Basket
from booking.core.clock import to_school
from booking.core.db import db
from booking.ledger.balances import credit_of_all, credit_pence
from booking.ledger.models import Entry, EntryLine, LedgerAccount
from booking.payments.models import Payment, PaymentLine

SCHEMES = ("tfc", "voucher")
"""Ways in which money comes from outside for a child or from a firm, days after the booking."""
Purse = tuple[str, int | None, int | None]
Row = TypeVar("Row", "Promise", "Incoming")


@dataclass(frozen=True)
class Promise:
    """What a family said that it will pay, by when and how; `amount_pence` is less what was cancelled for credit."""

    payment_id: int
    account_id: int
    tender: str
    pupil_id: int | None
    voucher_firm_id: int | None
    made_at: datetime
    due_at: datetime
    amount_pence: int
    basket_id: int | None = None
    reference: str | None = None

    @property
    def purse(self) -> Purse | None:
        """Which money pays it before any other: by Tax-Free Childcare the child's, by voucher the firm's."""
        return purse_of(self.tender, self.pupil_id, self.voucher_firm_id)


@dataclass(frozen=True)
class OpenPromise(Promise):
    """A promise of which something is still owed, for matching and for asking; `outstanding_pence` is above zero."""

    outstanding_pence: int = 0


@dataclass(frozen=True)
class Incoming:
    """Money that came by Tax-Free Childcare or from a voucher firm."""

    account_id: int
    tender: str
    pupil_id: int | None
    voucher_firm_id: int | None
    at: datetime
    amount_pence: int

    @property
    def purse(self) -> Purse | None:
        """Which promises it pays before any other."""
        return purse_of(self.tender, self.pupil_id, self.voucher_firm_id)


@dataclass(frozen=True)
class Owed:
    """What is still to be paid of one promise, how and by when; `basket_id` is empty for what no promise covers."""

    basket_id: int | None
    reference: str | None
    due_on: date | None
    amount_pence: int
    is_late: bool
    payment_id: int | None = None
    tender: str = "office"
    pupil_id: int | None = None
    voucher_firm_id: int | None = None


def settle_promises(
    promises: Collection[Promise], incoming: Collection[Incoming], credit_pence: int
) -> dict[int, int]:
    """What is still owed of each of one family's promises, in pence by payment; they sum to the debt or less.

    Money for a child (or from a firm) pays what had been promised by that way when it came, the oldest due first.
    Whatever else the ledger knows of pays the oldest due. Debt beyond the promises is covered by none of them.
    """
    left = _less_schemes(promises, incoming)
    beyond_pence = sum(left.values()) - max(-credit_pence, 0)
    for one in _in_turn(promises):
        part_pence = max(min(beyond_pence, left[one.payment_id]), 0)
        left[one.payment_id] -= part_pence
        beyond_pence -= part_pence
    return left


def _in_turn(promises: Collection[Promise]) -> list[Promise]:
    return sorted(promises, key=lambda one: (one.due_at, one.payment_id))


def _less_schemes(promises: Collection[Promise], incoming: Collection[Incoming]) -> dict[int, int]:
    """What scheme money leaves of each promise, in pence by payment."""
    left = {one.payment_id: one.amount_pence for one in promises}
    for money in sorted(incoming, key=lambda one: one.at):
        rest_pence = money.amount_pence
        for one in _in_turn(promises):
            if one.purse == money.purse and one.purse is not None and _was_made(one, money):
                part_pence = min(rest_pence, left[one.payment_id])
                left[one.payment_id] -= part_pence
                rest_pence -= part_pence
    return left


def _was_made(promise: Promise, money: Incoming) -> bool:
    """By the day, for banks tell no hour."""
    return to_school(promise.made_at).date() <= to_school(money.at).date()


def open_promises(account_ids: Collection[int] | None = None) -> list[OpenPromise]:
    """Every promise of which something is owed, the oldest due first; of some family accounts, or of all that owe."""
    if account_ids is None:
        credits = {one: pence for one, pence in credit_of_all().items() if pence < 0}
    else:
        credits = {one: credit_pence(one) for one in account_ids}
    promises, incoming = _by_account(_promises(credits)), _by_account(_incoming(credits))
    found = []
    for account_id, credit in credits.items():
        left = settle_promises(promises[account_id], incoming[account_id], credit)
        found += [
            OpenPromise(**vars(one), outstanding_pence=left[one.payment_id])
            for one in promises[account_id]
            if left[one.payment_id]
        ]
    return sorted(found, key=lambda one: (one.due_at, one.payment_id))


def less_schemes(account_ids: Collection[int]) -> dict[int, int]:
    """What scheme money leaves of each of these families' promises, in pence by payment, before other money pays any."""
    promises, incoming = _by_account(_promises(account_ids)), _by_account(_incoming(account_ids))
    found: dict[int, int] = {}
    for account_id, theirs in promises.items():
        found |= _less_schemes(theirs, incoming[account_id])
    return found


def what_is_owed(account_id: int, *, at: datetime) -> list[Owed]:
    """What a family still owes, by promise, the earliest due first; then what no promise covers."""
    debt_pence = -credit_pence(account_id)
    owed = [
        Owed(
            one.basket_id,
            one.reference,
            to_school(one.due_at).date(),
            one.outstanding_pence,
            is_late=one.due_at < at,
            payment_id=one.payment_id,
            tender=one.tender,
            pupil_id=one.pupil_id,
            voucher_firm_id=one.voucher_firm_id,
        )
        for one in open_promises({account_id})
    ]
    beyond_pence = debt_pence - sum(one.amount_pence for one in owed)
    if beyond_pence > 0:
        owed.insert(0, Owed(None, None, None, beyond_pence, is_late=False))
    return owed


def promised_by_purse(account_id: int) -> dict[Purse, int]:
    """What a family has promised by each child's Tax-Free Childcare and each firm's vouchers, paid or not, in pence."""
    found: defaultdict[Purse, int] = defaultdict(int)
    for one in _promises({account_id}):
        if one.purse is not None:
            found[one.purse] += one.amount_pence
    return found


def lines_in_order(payment_id: int) -> list[PaymentLine]:
    """What a promise is for, in the parent's order: what may go first comes last."""
    return list(
        db.session.scalars(
            select(PaymentLine).where(PaymentLine.payment_id == payment_id).order_by(PaymentLine.position)
        )
    )


def purse_of(tender: str, pupil_id: int | None, voucher_firm_id: int | None) -> Purse | None:
    """Whose scheme money it is: a child's by Tax-Free Childcare, or a voucher firm's; nothing for any other."""
    if tender == "tfc":
        return tender, pupil_id, None
    return (tender, None, voucher_firm_id) if tender == "voucher" else None


def _by_account(rows: Iterable[Row]) -> defaultdict[int, list[Row]]:
    found: defaultdict[int, list[Row]] = defaultdict(list)
    for row in rows:
        found[row.account_id].append(row)
    return found


def _promises(account_ids: Collection[int]) -> list[Promise]:
    """Promises as they stand after what was cancelled for credit."""
    rows = db.session.execute(
        select(Payment, Basket.reference)
        .outerjoin(Basket, Basket.id == Payment.basket_id)
        .where(Payment.account_id.in_(account_ids), Payment.state == "promised")
        .order_by(Payment.id)
    ).all()
    back = credited_pence({payment.id for payment, _ in rows})
    return [
        Promise(
            payment_id=payment.id,
            account_id=payment.account_id,
            tender=payment.tender,
            pupil_id=payment.pupil_id,
            voucher_firm_id=payment.voucher_firm_id,
            made_at=payment.created_at,
            due_at=payment.due_at or payment.created_at,
            amount_pence=payment.amount_pence - back.get(payment.id, 0),
            basket_id=payment.basket_id,
            reference=reference,
        )
        for payment, reference in rows
    ]


def _incoming(account_ids: Collection[int]) -> list[Incoming]:
    rows = db.session.execute(
        select(
            Payment.account_id,
            Payment.tender,
            Payment.pupil_id,
            Payment.voucher_firm_id,
            func.coalesce(Payment.paid_at, Payment.created_at),
            Payment.amount_pence,
        )
        .where(Payment.account_id.in_(account_ids), Payment.state == "paid", Payment.tender.in_(SCHEMES))
        .order_by(Payment.id)
    )
    return [Incoming(*row) for row in rows]


def credited_pence(payment_ids: Collection[int]) -> Mapping[int, int]:
    """By how much each promise has shrunk because places of it were cancelled and their price came back as credit."""
    lines = db.session.execute(
        select(PaymentLine.payment_id, PaymentLine.place_id, PaymentLine.amount_pence)
        .where(PaymentLine.payment_id.in_(payment_ids))
        .order_by(PaymentLine.payment_id)
    ).all()
    back = _credited({line.place_id for line in lines})
    found: defaultdict[int, int] = defaultdict(int)
    for line in lines:
        part_pence = min(line.amount_pence, back.get(line.place_id, 0))
        if part_pence > 0:
            found[line.payment_id] += part_pence
            back[line.place_id] -= part_pence
    return found


def _credited(place_ids: Collection[int]) -> dict[int, int]:
    """What came back to its family for each place, in pence."""
    rows = db.session.execute(
        select(EntryLine.place_id, func.sum(EntryLine.amount_pence))
        .join(Entry, Entry.id == EntryLine.entry_id)
        .join(LedgerAccount, LedgerAccount.id == EntryLine.account_id)
        .where(Entry.kind == "credit", LedgerAccount.kind == "family", EntryLine.place_id.in_(place_ids))
        .group_by(EntryLine.place_id)
    )
    return {place_id: -int(total) for place_id, total in rows if place_id is not None}
