"""Kind reminders in steps, written by the worker: each debt and step once, and none where the office said stop."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from booking.bookings.policy import current_policy
from booking.core import clock, outbox
from booking.core.db import db
from booking.ledger.arrears import in_force, note_once
from booking.ledger.arrears_models import PaymentPlan
from booking.ledger.balances import credit_of_all
from booking.ledger.plans import live_plans, standing_of
from booking.ledger.terms import terms_on
from booking.payments.ageing import Debt, debts_of, still_owed
from booking.people.models import FamilyAccount


def send_reminders(at: datetime) -> int:
    """Put every reminder that is due into the outbox, in the caller's unit of work; gives the number of families.

    None for hardship, a promise until its day, or a plan that is kept; of a plan that is missed one letter a part.
    """
    today = clock.today(at)
    owed = {account_id: -pence for account_id, pence in credit_of_all().items() if pence < 0}
    stopped = set(in_force("hardship", today)) | set(in_force("promise", today))
    plans = live_plans(owed.keys())
    debts = debts_of([one for one in owed if one not in plans and one not in stopped])
    told = 0
    for account in _with_readers(owed.keys() - stopped):
        if account.id in plans:
            step = _missed_step(plans[account.id], at)
        else:
            step = _step(account.id, still_owed(debts.get(account.id, []), owed[account.id]), at)
        if step is not None:
            _write(account, step, at=at)
            told += 1
    return told


def _with_readers(account_ids: Collection[int]) -> list[FamilyAccount]:
    """Accounts that somebody signs in to; the others get letters on paper from the office."""
    query = select(FamilyAccount).where(FamilyAccount.id.in_(account_ids), FamilyAccount.users.any())
    return list(
        db.session.scalars(query.options(selectinload(FamilyAccount.users)).order_by(FamilyAccount.id))
    )


def _step(account_id: int, debts: list[Debt], at: datetime) -> tuple[str, int] | None:
    """The key and number of the furthest step that any debt has newly come to, or nothing; all are noted as told."""
    today, furthest = clock.today(at), None
    steps = terms_on(today).reminder_days
    for debt in debts:
        if debt.due_on is None:
            continue
        days = (today - debt.due_on).days
        for number, after in enumerate(steps, start=1):
            key = f"reminder:{account_id}:{debt.key}:{number}"
            is_new = days >= after and note_once(account_id, "reminder", key, at=at)
            if is_new and (furthest is None or number > furthest[1]):
                furthest = (key, number)
    return furthest


def _missed_step(plan: PaymentPlan, at: datetime) -> tuple[str, int] | None:
    """The key of the letter about the first part that did not come, once."""
    missed_on = standing_of(plan, clock.today(at)).missed_on
    if missed_on is None:
        return None
    key = f"plan_missed:{plan.id}:{missed_on.isoformat()}"
    return (key, 0) if note_once(plan.account_id, "plan_missed", key, at=at) else None


def _write(account: FamilyAccount, step: tuple[str, int], *, at: datetime) -> None:
    key, number = step
    for user in account.users:
        outbox.post(
            key=f"{key}:{user.id}",
            to_email=user.email,
            template="owed",
            context={"account_id": account.id, "step": number},
            at=at,
            user_id=user.id,
            not_before=current_policy().heard_at(at),
        )
