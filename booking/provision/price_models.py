"""Tables of what makes a price other than the plain one: rates, who has them, pots, and whom a pot pays for."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from booking.core.db import Base, UtcDateTime
from booking.provision.models import Activity, Run

RATE_KINDS = ("sibling", "staff", "early", "weekday", "child")
RATE_TAKES = ("percent", "pence", "fixed")
POT_KINDS = ("pupil_premium", "hardship", "breakfast_grant", "other")
FUNDING_RULES = ("entitlement", "child", "code")
FUNDING_PAYS = ("all", "percent", "pence")


class Rate(Base):
    """A discount that families may read: for one run, for one activity, or for all when neither is named.

    It `takes` so many percent or pence off a session, or puts a `fixed` price in pence in its place. It holds for
    sessions from `starts_on` to `ends_on`. An amount is never changed: a rate ends, and another begins.
    """

    __tablename__ = "rate"
    __table_args__ = (
        CheckConstraint(f"kind IN {RATE_KINDS}", name="kind_known"),
        CheckConstraint(f"takes IN {RATE_TAKES}", name="takes_known"),
        CheckConstraint("amount >= 0 AND (takes <> 'percent' OR amount <= 100)", name="amount_in_bounds"),
        CheckConstraint("activity_id IS NULL OR run_id IS NULL", name="one_scope"),
        CheckConstraint("(kind = 'weekday') = (weekday IS NOT NULL)", name="weekday_has_a_day"),
        CheckConstraint("(kind = 'early') = (days_before IS NOT NULL)", name="early_has_days"),
        CheckConstraint("ends_on IS NULL OR starts_on <= ends_on", name="ends_after_start"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(8))
    name: Mapped[str] = mapped_column(String(60))
    takes: Mapped[str] = mapped_column(String(7))
    amount: Mapped[int]
    activity_id: Mapped[int | None] = mapped_column(ForeignKey("activity.id"))
    run_id: Mapped[int | None] = mapped_column(ForeignKey("run.id"))
    weekday: Mapped[int | None]
    days_before: Mapped[int | None]
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))

    activity: Mapped[Activity | None] = relationship()
    run: Mapped[Run | None] = relationship()


class RateHolder(Base):
    """A family account that has a staff rate, or a child who has a named rate, by the office's decision."""

    __tablename__ = "rate_holder"
    __table_args__ = (
        CheckConstraint("(account_id IS NULL) <> (pupil_id IS NULL)", name="account_or_child"),
        CheckConstraint("ended_at IS NULL OR given_at <= ended_at", name="ends_after_start"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    rate_id: Mapped[int] = mapped_column(ForeignKey("rate.id"), index=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("family_account.id"), index=True)
    pupil_id: Mapped[int | None] = mapped_column(ForeignKey("pupil.id"), index=True)
    given_at: Mapped[datetime] = mapped_column(UtcDateTime)
    given_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Pot(Base):
    """Money that pays for places of some children; what it has spent is summed, never stored.

    It pays for sessions from `starts_on` to `ends_on`, and never more than `budget_pence` in all.
    """

    __tablename__ = "pot"
    __table_args__ = (
        CheckConstraint(f"kind IN {POT_KINDS}", name="kind_known"),
        CheckConstraint("budget_pence >= 0", name="budget_not_negative"),
        CheckConstraint("starts_on <= ends_on", name="ends_after_start"),
    )
    lock_rank = 50

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60), unique=True)
    kind: Mapped[str] = mapped_column(String(15))
    budget_pence: Mapped[int]
    starts_on: Mapped[date]
    ends_on: Mapped[date]


class Funding(Base):
    """Whom a pot pays for: every child with an entitlement, one named child, or the family that enters a code.

    Of a code only the digest is kept; the first family to enter it is its `account_id`. It pays all, so many percent
    or so many pence of what a session costs after its discount; `kinds` are the kinds of activity, all when empty.
    """

    __tablename__ = "funding"
    __table_args__ = (
        CheckConstraint(f"rule IN {FUNDING_RULES}", name="rule_known"),
        CheckConstraint(f"pays IN {FUNDING_PAYS}", name="pays_known"),
        CheckConstraint("amount >= 0 AND (pays <> 'percent' OR amount <= 100)", name="amount_in_bounds"),
        CheckConstraint("(rule = 'entitlement') = (entitlement IS NOT NULL)", name="rule_has_entitlement"),
        CheckConstraint("(rule = 'child') = (pupil_id IS NOT NULL)", name="rule_has_child"),
        CheckConstraint("(rule = 'code') = (code_digest IS NOT NULL)", name="rule_has_code"),
        CheckConstraint("rule = 'code' OR account_id IS NULL", name="account_by_code"),
        CheckConstraint("starts_on <= ends_on", name="ends_after_start"),
        Index("uq_funding_code_digest", "code_digest", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    pot_id: Mapped[int] = mapped_column(ForeignKey("pot.id"), index=True)
    rule: Mapped[str] = mapped_column(String(11))
    entitlement: Mapped[str | None] = mapped_column(String(20))
    pupil_id: Mapped[int | None] = mapped_column(ForeignKey("pupil.id"), index=True)
    code_digest: Mapped[str | None] = mapped_column(String(64))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("family_account.id"), index=True)
    pays: Mapped[str] = mapped_column(String(7))
    amount: Mapped[int] = mapped_column(default=0)
    kinds: Mapped[list[str]] = mapped_column(JSON)
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    decided_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    pot: Mapped[Pot] = relationship()
