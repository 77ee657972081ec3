"""Tables of what happens to card payments afterwards: disputes, kept cards, and what the office must look at."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from booking.core.db import Base, UtcDateTime
from booking.payments.models import Payment
from booking.people.models import User


class Dispute(Base):
    """A cardholder's bank took money of a card payment back (`opened`); it came again (`won`), or is gone (`lost`)."""

    __tablename__ = "dispute"
    __table_args__ = (
        CheckConstraint("amount_pence > 0", name="amount_positive"),
        CheckConstraint("state IN ('opened', 'won', 'lost')", name="state_known"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    payment_id: Mapped[int] = mapped_column(ForeignKey("payment.id"), index=True)
    stripe_dispute_id: Mapped[str] = mapped_column(String(120), unique=True)
    amount_pence: Mapped[int]
    state: Mapped[str] = mapped_column(String(6), default="opened")
    at: Mapped[datetime] = mapped_column(UtcDateTime)

    payment: Mapped[Payment] = relationship()


class CardCustomer(Base):
    """Under which number Stripe knows a parent, so that it can offer to keep their card; nothing of a card is here.

    `forget_at` is set when the parent wants it forgotten, or leaves: the worker deletes it at Stripe, and then the row.
    """

    __tablename__ = "card_customer"

    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), primary_key=True)
    stripe_customer_id: Mapped[str] = mapped_column(String(120), unique=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    forget_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class MoneyWorry(Base):
    """Something about money that a person must look at; never deleted.

    `key` is the same each time that the same thing is found. What is found by comparing has `gone_at` once it is found
    no more; what only a person can settle stays until somebody says that it is done (`seen_by`).
    """

    __tablename__ = "money_worry"
    __table_args__ = (
        CheckConstraint("kind IN ('difference', 'stuck', 'dispute', 'refund')", name="kind_known"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(160), unique=True)
    kind: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(String(20))
    """Which sort of thing it is: what to do about it stands on the page."""
    subject: Mapped[str] = mapped_column(String(120))
    what: Mapped[str] = mapped_column(String(200))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("family_account.id"), index=True)
    found_at: Mapped[datetime] = mapped_column(UtcDateTime)
    gone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    seen_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))

    seen_by: Mapped[User | None] = relationship()
