"""How old each debt is: the oldest is paid first, so what is still owed lies on what fell due last."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from booking.bookings.models import Place
from booking.core.clock import to_school
from booking.core.db import db
from booking.ledger.arrears_models import LateCharge
from booking.ledger.models import EntryLine, LedgerAccount
from booking.ledger.terms import terms_on
from booking.payments.models import Payment
from booking.payments.promises import less_schemes
from booking.provision.models import Activity, Run, Session

IN_TRANSIT = frozenset({"tfc", "voucher"})
LATE = "Late collection"
OTHER = "Other"


@dataclass(frozen=True)
class DebtPart:
    """What a part of a debt is for: a child's session, or a late collection (`pupil_id` and `on` say whose and when)."""

    activity: str
    amount_pence: int
    pupil_id: int | None = None
    on: date | None = None


@dataclass(frozen=True)
class Debt:
    """Something that is to be paid by a day, under a key that stays its own; its parts sum to its amount.

    `due_on` is empty for what nothing was promised for: nobody can say since when it is late.
    """

    key: str
    due_on: date | None
    amount_pence: int
    tender: str
    parts: tuple[DebtPart, ...] = ()
    basket_id: int | None = None


@dataclass(frozen=True)
class Ages:
    """What is owed, in pence, by how long it is due: in transit and not due yet stand apart from what is late."""

    in_transit: int = 0
    not_due: int = 0
    to_30: int = 0
    to_60: int = 0
    to_90: int = 0
    over_90: int = 0

    @property
    def late_pence(self) -> int:
        """What is past its day."""
        return self.to_30 + self.to_60 + self.to_90 + self.over_90

    @property
    def total_pence(self) -> int:
        """All that is owed; the ages sum to it."""
        return self.in_transit + self.not_due + self.late_pence

    def __add__(self, other: Ages) -> Ages:
        return Ages(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(Ages)))


def still_owed(debts: Sequence[Debt], owed_pence: int) -> list[Debt]:
    """What of each debt is open when so much is owed in all, oldest first; it always sums to `owed_pence`.

    Of a debt that is paid in part, what its last parts are for stays open.
    """
    left_pence, found = max(owed_pence, 0), []
    for debt in sorted(debts, key=_turn, reverse=True):
        part_pence = min(debt.amount_pence, left_pence)
        if part_pence > 0:
            found.append(_only(debt, part_pence))
            left_pence -= part_pence
    if left_pence:
        found.append(Debt("rest", None, left_pence, "other", (DebtPart(OTHER, left_pence),)))
    return found[::-1]


def _turn(debt: Debt) -> tuple[date, str, int]:
    """When a debt is paid: by its day, of one day in the order in which they were made, as `promises` has it."""
    kind, _, number = debt.key.partition(":")
    return debt.due_on or date.min, {"payment": ""}.get(kind, kind), int(number or 0)


def _only(debt: Debt, pence: int) -> Debt:
    """The last so many pence of a debt, with what they are for."""
    parts, left_pence = [], pence
    for part in reversed(debt.parts):
        if left_pence:
            parts.append(replace(part, amount_pence=min(part.amount_pence, left_pence)))
            left_pence -= parts[-1].amount_pence
    if left_pence:
        parts.append(DebtPart(OTHER, left_pence))
    return replace(debt, amount_pence=pence, parts=tuple(reversed(parts)))


def ages_of(debts: Sequence[Debt], on: date) -> Ages:
    """Open debts by days since they were due; a debt without a day counts as new."""
    found = Ages()
    for debt in debts:
        found += Ages(**{_band(debt, on): debt.amount_pence})
    return found


def _band(debt: Debt, on: date) -> str:
    days = (on - debt.due_on).days if debt.due_on else 0
    if debt.due_on and days <= 0:
        return "in_transit" if debt.tender in IN_TRANSIT else "not_due"
    return "to_30" if days <= 30 else "to_60" if days <= 60 else "to_90" if days <= 90 else "over_90"


def ages_by_activity(debts: Sequence[Debt], on: date) -> dict[str, Ages]:
    """The same by what the debts are for, by name; the sums are the same."""
    found: defaultdict[str, Ages] = defaultdict(Ages)
    for debt in debts:
        for part in debt.parts:
            found[part.activity] += ages_of([replace(debt, amount_pence=part.amount_pence)], on)
    return dict(sorted(found.items()))


@dataclass
class _Bought:
    """What an account bought and was not given back, by basket and by place."""

    by_basket: defaultdict[int, list[DebtPart]] = field(default_factory=lambda: defaultdict(list))
    by_place: dict[int, DebtPart] = field(default_factory=dict)


def debts_of(account_ids: Collection[int]) -> dict[int, list[Debt]]:
    """Every promise and late collection charge of these families, each with what it was for.

    What was given back of a promise (a place that was cancelled), and what its own scheme has paid, is not in it. As many
    queries for one family as for all.
    """
    bought, left = _bought(account_ids), less_schemes(account_ids)
    found: defaultdict[int, list[Debt]] = defaultdict(list)
    promises = db.session.scalars(
        select(Payment)
        .where(Payment.account_id.in_(account_ids), Payment.state == "promised")
        .options(selectinload(Payment.lines))
        .order_by(Payment.due_at, Payment.id)
    )
    for payment in promises:
        parts = _parts(payment, bought)
        amount_pence = min(left[payment.id], sum(part.amount_pence for part in parts))
        if amount_pence > 0 and payment.due_at is not None:
            due_on = to_school(payment.due_at).date()
            debt = Debt(
                f"payment:{payment.id}",
                due_on,
                sum(p.amount_pence for p in parts),
                payment.tender,
                parts,
                payment.basket_id,
            )
            found[payment.account_id].append(_only(debt, amount_pence))
    charges = select(LateCharge).where(LateCharge.account_id.in_(account_ids), LateCharge.ended_at.is_(None))
    for charge in db.session.scalars(charges.order_by(LateCharge.id)):
        posted_on = to_school(charge.posted_at).date()
        due_on = posted_on + timedelta(days=terms_on(posted_on).days_to_pay)
        part = DebtPart(LATE, charge.amount_pence, charge.pupil_id, charge.date)
        found[charge.account_id].append(
            Debt(f"late:{charge.id}", due_on, charge.amount_pence, "late", (part,))
        )
    return found


def _parts(payment: Payment, bought: _Bought) -> tuple[DebtPart, ...]:
    """What a promise is for: the places that its lines name, or all of its basket."""
    if not payment.lines:
        return tuple(bought.by_basket.get(payment.basket_id or 0, ()))
    found = []
    for line in payment.lines:
        part = bought.by_place.get(line.place_id)
        if part is not None:
            found.append(replace(part, amount_pence=min(line.amount_pence, part.amount_pence)))
    return tuple(found)


def _bought(account_ids: Collection[int]) -> _Bought:
    found = _Bought()
    rows = db.session.execute(
        select(
            Place.id,
            Place.basket_id,
            Place.pupil_id,
            Session.date,
            Activity.name,
            func.sum(EntryLine.amount_pence),
        )
        .select_from(EntryLine)
        .join(LedgerAccount, LedgerAccount.id == EntryLine.account_id)
        .join(Place, Place.id == EntryLine.place_id)
        .join(Session, Session.id == Place.session_id)
        .join(Run, Run.id == Session.run_id)
        .join(Activity, Activity.id == Run.activity_id)
        .where(LedgerAccount.family_account_id.in_(account_ids))
        .group_by(Place.id, Place.basket_id, Place.pupil_id, Session.date, Activity.name)
        .having(func.sum(EntryLine.amount_pence) > 0)
        .order_by(Session.date, Place.id)
    )
    for place_id, basket_id, pupil_id, on, activity, pence in rows:
        part = DebtPart(activity, int(pence), pupil_id, on)
        found.by_basket[basket_id].append(part)
        found.by_place[place_id] = part
    return found
