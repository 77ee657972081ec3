"""Tables about what a family owes: what the office noted, plans of instalments, and charges for late collection."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from booking.core.db import Base, UtcDateTime
from booking.core.vault import Private, SealedRow
from booking.people.models import Pupil

NOTES = ("contact", "promise", "hardship", "let_through", "reminder", "plan_missed")
IS_CHARGED = "ended_why IS NULL OR ended_why <> 'corrected'"


class ArrearsNote(SealedRow, Base):
    """One thing noted about a family's debt: that somebody spoke with it, a promise, hardship, a way past the limit,
    or a reminder that was sent.

    It holds until `until` (for good when that is empty) or until somebody ended it; `key` makes a reminder go once.
    The words stand sealed: only the office reads them.
    """

    __tablename__ = "arrears_note"
    __table_args__ = (
        CheckConstraint(f"kind IN {NOTES}", name="kind_known"),
        CheckConstraint("kind <> 'promise' OR until IS NOT NULL", name="promise_has_a_day"),
        Index("ix_arrears_note_account_id_kind", "account_id", "kind"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("family_account.id"))
    kind: Mapped[str] = mapped_column(String(11))
    key: Mapped[str | None] = mapped_column(String(80), unique=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    until: Mapped[date | None]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))

    words = Private(str)


class PaymentPlan(SealedRow, Base):
    """Instalments agreed with a family that sum to what it owed then; whether it is kept follows from its payments."""

    __tablename__ = "payment_plan"
    __table_args__ = (
        Index(
            "uq_payment_plan_account_live",
            "account_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("family_account.id"), index=True)
    agreed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))

    agreed_with = Private(str)

    instalments: Mapped[list[PlanInstalment]] = relationship(order_by="PlanInstalment.due_on")


class PlanInstalment(Base):
    """One part of a plan: how much by the end of which day."""

    __tablename__ = "plan_instalment"
    __table_args__ = (
        UniqueConstraint("plan_id", "due_on"),
        CheckConstraint("amount_pence > 0", name="amount_positive"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("payment_plan.id"))
    due_on: Mapped[date]
    amount_pence: Mapped[int]


class LateCharge(Base):
    """What one child's late collection on one day costs, with the times that it follows from.

    `ended_why` says why it was taken back: `corrected` with the mark (a new one may follow), or `waived` by the office
    (then none does).
    """

    __tablename__ = "late_charge"
    __table_args__ = (
        CheckConstraint("amount_pence > 0", name="amount_positive"),
        CheckConstraint("out_at > free_until", name="out_after_the_end"),
        CheckConstraint("ended_why IN ('corrected', 'waived')", name="ended_why_known"),
        CheckConstraint("(ended_why IS NULL) = (ended_at IS NULL)", name="ended_with_a_reason"),
        Index(
            "uq_late_charge_pupil_date",
            "pupil_id",
            "date",
            unique=True,
            sqlite_where=text(IS_CHARGED),
            postgresql_where=text(IS_CHARGED),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("family_account.id"), index=True)
    pupil_id: Mapped[int] = mapped_column(ForeignKey("pupil.id"))
    session_id: Mapped[int] = mapped_column(ForeignKey("session.id"), index=True)
    date: Mapped[date]
    free_until: Mapped[datetime] = mapped_column(UtcDateTime)
    out_at: Mapped[datetime] = mapped_column(UtcDateTime)
    amount_pence: Mapped[int]
    posted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_why: Mapped[str | None] = mapped_column(String(9))

    pupil: Mapped[Pupil] = relationship()
