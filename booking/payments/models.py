"""Tables of tenders: what families paid with, Stripe's events, and refunds."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from booking.bookings.models import Basket
from booking.core.db import Base, UtcDateTime


class Payment(Base):
    """One tender: towards one basket, or money handed in at the office (`basket_id` empty).

    A card payment is paid only by Stripe's word. `promised` is a booked basket that the family pays at the office
    by `due_at`; what of it is still owed is worked out from the ledger, never stored. `idempotency_key` is stored
    before Stripe is first asked, so that asking again is the same question.
    """

    __tablename__ = "payment"
    __table_args__ = (
        CheckConstraint("tender IN ('card', 'credit', 'office')", name="tender_known"),
        CheckConstraint("state IN ('started', 'promised', 'paid', 'given_up', 'failed')", name="state_known"),
        CheckConstraint("amount_pence >= 0", name="amount_not_negative"),
        CheckConstraint("basket_id IS NOT NULL OR tender = 'office'", name="only_the_office_without_basket"),
        CheckConstraint("state <> 'promised' OR due_at IS NOT NULL", name="promise_has_a_day"),
        Index(
            "uq_payment_basket_started",
            "basket_id",
            unique=True,
            sqlite_where=text("state = 'started'"),
            postgresql_where=text("state = 'started'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    basket_id: Mapped[int | None] = mapped_column(ForeignKey("basket.id"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("family_account.id"), index=True)
    tender: Mapped[str] = mapped_column(String(8))
    state: Mapped[str] = mapped_column(String(9), default="started")
    amount_pence: Mapped[int]
    idempotency_key: Mapped[str] = mapped_column(String(80), unique=True)
    stripe_session_id: Mapped[str | None] = mapped_column(String(120), unique=True)
    stripe_intent_id: Mapped[str | None] = mapped_column(String(120), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    paid_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))

    basket: Mapped[Basket | None] = relationship()
    refunds: Mapped[list[Refund]] = relationship(back_populates="payment")


class Refund(Base):
    """Money on its way back to the card; the row is written first, and the worker asks Stripe."""

    __tablename__ = "refund"
    __table_args__ = (
        CheckConstraint("amount_pence > 0", name="amount_positive"),
        CheckConstraint("state IN ('asked', 'done', 'failed')", name="state_known"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    payment_id: Mapped[int] = mapped_column(ForeignKey("payment.id"), index=True)
    amount_pence: Mapped[int]
    reason: Mapped[str] = mapped_column(String(60))
    state: Mapped[str] = mapped_column(String(8), default="asked")
    idempotency_key: Mapped[str] = mapped_column(String(80), unique=True)
    stripe_refund_id: Mapped[str | None] = mapped_column(String(120), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    next_try_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None] = mapped_column(Text)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))

    payment: Mapped[Payment] = relationship(back_populates="refunds")


class StripeEvent(Base):
    """An event of Stripe's that has had its effect; its id is inserted in the transaction of that effect."""

    __tablename__ = "stripe_event"

    id: Mapped[str] = mapped_column(String(120), primary_key=True)
    type: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    payment_id: Mapped[int | None] = mapped_column(ForeignKey("payment.id"))
