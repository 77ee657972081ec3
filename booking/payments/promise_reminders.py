"""Reminders of what is to come by Tax-Free Childcare and vouchers, and the school's own rule for what never comes."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime, timedelta

from sqlalchemy import select

from booking.bookings.family_letters import write_to_family
from booking.bookings.policy import current_policy
from booking.core import clock
from booking.core.audit import AuditEntry, record
from booking.core.db import db, lock_rows, unit_of_work
from booking.payments.promises import SCHEMES, OpenPromise, open_promises
from booking.payments.short_promises import NothingToLetGo, let_go
from booking.people.models import FamilyAccount

DAYS_BEFORE = 3
DAYS_AFTER = 1
WRITES_FOR = 14
"""So many days after the due date a first letter may still go out; what is older is for a person."""
SOON, LATE = "promise_soon", "promise_late"


def remind_of_promises(at: datetime) -> int:
    """Write three days before and one day after the due date, once each; gives how many families were written to."""
    policy, written = current_policy(), 0
    for promise in _by_scheme():
        step = _step(promise, clock.today(at))
        if step is None or _noted_at(promise.payment_id, step) is not None:
            continue
        with unit_of_work():
            lock_rows((FamilyAccount, [promise.account_id]))
            if _noted_at(promise.payment_id, step) is not None or not _reads(promise.account_id):
                continue
            write_to_family(
                promise.account_id,
                "promise_reminder",
                {"payment_id": promise.payment_id, "is_late": step == LATE},
                key=f"{step}:{promise.payment_id}",
                at=at,
                not_before=policy.heard_at(at),
            )
            record(step, "payment", promise.payment_id, at=at, user_id=None)
            written += 1
    return written


def let_go_by_rule(at: datetime) -> int:
    """When the school has such a rule: so many days after the due date, and a day after a reminder; gives how many."""
    days, done = current_policy().unpaid_days, 0
    if days is None:
        return 0
    for promise in _by_scheme():
        told_at = _noted_at(promise.payment_id, LATE)
        is_over = _due_on(promise) + timedelta(days=days) <= clock.today(at)
        if is_over and told_at is not None and told_at + timedelta(days=1) <= at:
            with suppress(NothingToLetGo), unit_of_work():
                let_go(promise.payment_id, at=at, user_id=None)
                done += 1
    return done


def _by_scheme() -> list[OpenPromise]:
    found = [one for one in open_promises() if one.tender in SCHEMES]
    db.session.rollback()
    return found


def _due_on(promise: OpenPromise) -> date:
    return clock.to_school(promise.due_at).date()


def _step(promise: OpenPromise, today: date) -> str | None:
    """Which letter a promise is due for."""
    days_left = (_due_on(promise) - today).days
    if 0 <= days_left <= DAYS_BEFORE and clock.to_school(promise.made_at).date() < today:
        return SOON
    return LATE if -WRITES_FOR <= days_left <= -DAYS_AFTER else None


def _noted_at(payment_id: int, step: str) -> datetime | None:
    return db.session.scalar(
        select(AuditEntry.at).where(
            AuditEntry.action == step, AuditEntry.subject == "payment", AuditEntry.subject_id == payment_id
        )
    )


def _reads(account_id: int) -> bool:
    """Whether anybody of the family gets letters; the office rings the others."""
    return any(user.active for user in db.session.get_one(FamilyAccount, account_id).users)
