"""Plans of instalments: agreed for exactly what is owed; whether one is kept follows from what was paid since."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import aliased, selectinload

from booking.core import clock
from booking.core.audit import record
from booking.core.db import db, lock_rows
from booking.core.errors import BookingError, NotFound
from booking.core.money import format_pence
from booking.ledger.arrears_models import PaymentPlan, PlanInstalment
from booking.ledger.balances import credit_pence
from booking.ledger.models import Entry, EntryLine, LedgerAccount
from booking.people.models import FamilyAccount

MOST_INSTALMENTS = 24


class CannotPlan(BookingError):
    """The instalments do not make a plan; what is wrong is named, and nothing was kept."""


@dataclass(frozen=True)
class Part:
    """One instalment: so many pence by the end of a day."""

    due_on: date
    amount_pence: int


@dataclass(frozen=True)
class Standing:
    """How a plan stands on a day: `kept`, `missed` or `done`; of each part, what of it has come.

    `missed_on` is the day of the first part that did not come whole, `next_part` the first that is still to come.
    """

    state: str
    came_pence: tuple[int, ...]
    missed_on: date | None
    next_part: Part | None


def standing(parts: Sequence[Part], paid_pence: int, owed_pence: int, on: date) -> Standing:
    """Hold what came since against the parts, the earliest first; a family that owes nothing has done its plan."""
    came, left_pence = [], max(paid_pence, 0)
    for part in parts:
        came.append(min(part.amount_pence, left_pence))
        left_pence -= came[-1]
    short = [part for part, pence in zip(parts, came, strict=True) if pence < part.amount_pence]
    if owed_pence <= 0 or not short:
        return Standing("done", tuple(came), None, None)
    missed_on = short[0].due_on if short[0].due_on < on else None
    return Standing("kept" if missed_on is None else "missed", tuple(came), missed_on, short[0])


def agree_plan(
    account_id: int, parts: Sequence[Part], agreed_with: str, *, at: datetime, user_id: int | None
) -> PaymentPlan:
    """Write down what was agreed, with the account locked; the parts sum to what is owed now. Raises `CannotPlan`."""
    lock_rows((FamilyAccount, [account_id]))
    owed_pence, today = -credit_pence(account_id), clock.today(at)
    days, total_pence = [part.due_on for part in parts], sum(part.amount_pence for part in parts)
    if owed_pence <= 0:
        raise CannotPlan("This family owes nothing. Nothing was kept.")
    if not 0 < len(parts) <= MOST_INSTALMENTS or any(part.amount_pence <= 0 for part in parts):
        raise CannotPlan(f"A plan has 1 to {MOST_INSTALMENTS} parts, each of at least £0.01.")
    if days != sorted(set(days)) or days[0] < today:
        raise CannotPlan("The days go forwards, each once, and the first is today or later.")
    if total_pence != owed_pence:
        raise CannotPlan(
            f"The parts come to {format_pence(total_pence)}, and {format_pence(owed_pence)} is owed."
        )
    if plan_of(account_id) is not None:
        raise CannotPlan("There is a plan already. End it first.")
    plan = PaymentPlan(
        account_id=account_id,
        agreed_at=at,
        user_id=user_id,
        agreed_with=agreed_with,
        instalments=[PlanInstalment(due_on=p.due_on, amount_pence=p.amount_pence) for p in parts],
    )
    db.session.add(plan)
    db.session.flush()
    record("plan_agreed", "payment_plan", plan.id, at=at, user_id=user_id, pence=total_pence)
    return plan


def end_plan(plan_id: int, *, at: datetime, user_id: int | None) -> PaymentPlan:
    """The plan holds no more, done or not; raises `NotFound` when it had ended."""
    plan = db.session.get(PaymentPlan, plan_id)
    if plan is None or plan.ended_at is not None:
        raise NotFound
    plan.ended_at, plan.ended_by_id = at, user_id
    db.session.flush()
    record("plan_ended", "payment_plan", plan.id, at=at, user_id=user_id)
    return plan


def plan_of(account_id: int) -> PaymentPlan | None:
    """The plan that a family has now."""
    return live_plans({account_id}).get(account_id)


def live_plans(account_ids: Collection[int] | None = None) -> dict[int, PaymentPlan]:
    """Every plan that has not ended, by account."""
    query = select(PaymentPlan).where(PaymentPlan.ended_at.is_(None))
    if account_ids is not None:
        query = query.where(PaymentPlan.account_id.in_(account_ids))
    plans = db.session.scalars(query.options(selectinload(PaymentPlan.instalments)))
    return {plan.account_id: plan for plan in plans}


def standing_of(plan: PaymentPlan, on: date) -> Standing:
    """How a family's plan stands on a day, from the ledger."""
    return standing(parts_of(plan), _paid_since(plan), -credit_pence(plan.account_id), on)


def parts_of(plan: PaymentPlan) -> list[Part]:
    """The instalments of a plan by day."""
    return [Part(one.due_on, one.amount_pence) for one in plan.instalments]


def _paid_since(plan: PaymentPlan) -> int:
    """What came in since the plan was agreed; paying a basket that was booked since is not part of it."""
    booking = aliased(Entry)
    booked_since = (
        select(booking.id)
        .where(booking.basket_id == Entry.basket_id, booking.kind == "booking", booking.at >= plan.agreed_at)
        .exists()
    )
    total = db.session.scalar(
        select(func.coalesce(func.sum(EntryLine.amount_pence), 0))
        .join(Entry, Entry.id == EntryLine.entry_id)
        .join(LedgerAccount, LedgerAccount.id == EntryLine.account_id)
        .where(LedgerAccount.family_account_id == plan.account_id, Entry.kind == "payment")
        .where(Entry.at >= plan.agreed_at, ~booked_since)
    )
    return -int(total or 0)
