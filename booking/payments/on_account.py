"""What stands beside the statement on a family's money page: money on its way back, a plan, and late collections."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from booking.core import clock
from booking.core.db import db
from booking.ledger.arrears_models import LateCharge
from booking.ledger.plans import Part, Standing, parts_of, plan_of, standing_of
from booking.payments.decision_models import MoneyDecision
from booking.payments.models import Payment, Refund
from booking.people.restrictions import closed_to_accounts

SHOWN_FOR = timedelta(days=60)


@dataclass(frozen=True)
class MoneyBack:
    """Money that goes back to a card: `waiting` for a second person, `asked`, `done` or `failed`, since which day."""

    amount_pence: int
    state: str
    since: date


@dataclass(frozen=True)
class PlanSeen:
    """A plan as the family reads it: each part with what of it has come, and how it stands."""

    parts: list[tuple[Part, int]]
    stands: Standing


@dataclass(frozen=True)
class LateSeen:
    """A late collection as the family reads it; no name for a child whom a restriction closes."""

    child: str
    on: date
    free_until: datetime
    out_at: datetime
    amount_pence: int
    is_waived: bool


def money_back(account_id: int, at: datetime) -> list[MoneyBack]:
    """What goes or went back within two months, newest first; a wish that was refused was never money."""
    since = at - SHOWN_FOR
    waiting = db.session.scalars(
        select(MoneyDecision)
        .where(MoneyDecision.account_id == account_id, MoneyDecision.kind == "refund")
        .where(MoneyDecision.state == "asked")
        .order_by(MoneyDecision.id.desc())
    )
    refunds = db.session.scalars(
        select(Refund)
        .join(Payment, Payment.id == Refund.payment_id)
        .where(Payment.account_id == account_id, Refund.created_at >= since)
        .order_by(Refund.id.desc())
    )
    return [
        *(MoneyBack(one.amount_pence, "waiting", clock.today(one.asked_at)) for one in waiting),
        *(MoneyBack(one.amount_pence, one.state, clock.today(one.created_at)) for one in refunds),
    ]


def plan_seen(account_id: int, on: date) -> PlanSeen | None:
    """The family's plan, while there is one."""
    plan = plan_of(account_id)
    if plan is None:
        return None
    stands, parts = standing_of(plan, on), parts_of(plan)
    return PlanSeen(list(zip(parts, stands.came_pence, strict=True)), stands)


def late_seen(account_id: int, at: datetime) -> list[LateSeen]:
    """Late collections of the last two months, newest first, but for those that a corrected mark took back."""
    today = clock.today(at)
    closed = closed_to_accounts({account_id}, today)
    charges = db.session.scalars(
        select(LateCharge)
        .where(LateCharge.account_id == account_id, LateCharge.date >= today - SHOWN_FOR)
        .where(LateCharge.ended_why.is_distinct_from("corrected"))
        .options(joinedload(LateCharge.pupil))
        .order_by(LateCharge.date.desc(), LateCharge.id.desc())
    )
    return [
        LateSeen(
            child="" if one.pupil_id in closed else one.pupil.first_name,
            on=one.date,
            free_until=one.free_until,
            out_at=one.out_at,
            amount_pence=one.amount_pence,
            is_waived=one.ended_why == "waived",
        )
        for one in charges
    ]
