"""Tables of tenders: what families paid with, Stripe's events, and refunds."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from booking.bookings.models import Basket
from booking.core.db import Base, UtcDateTime
from booking.people.models import Pupil
from booking.provision.models import Activity

TENDERS = ("card", "credit", "office", "tfc", "voucher")


class Payment(Base):
    """One tender: towards one basket, or money that came in for a family (`basket_id` empty): handed in at the office,
    by Tax-Free Childcare, from a voucher firm, or by card for what it owes.

    A card payment is paid only by Stripe's word; `awaited_since` is set while the parent has done their part and the bank
    has not. `promised` is a booked basket, or a part of one, that the family pays
    by `due_at` at the office, by Tax-Free Childcare (for the child `pupil_id`) or with vouchers; what of it is still owed
    is worked out from the ledger, never stored. A promise is `waiting` while the card payment `waits_for_id` of the same
    basket is open, and comes into force with it. `undone` was another family's: the ledger holds it and its reversal.
    `idempotency_key` is stored before Stripe is first asked, so that asking
    again is the same question.
    """

    __tablename__ = "payment"
    __table_args__ = (
        CheckConstraint(f"tender IN {TENDERS}", name="tender_known"),
        CheckConstraint(
            "state IN ('started', 'waiting', 'promised', 'paid', 'given_up', 'failed', 'undone')",
            name="state_known",
        ),
        CheckConstraint("state <> 'waiting' OR waits_for_id IS NOT NULL", name="waits_for_a_payment"),
        CheckConstraint("amount_pence >= 0", name="amount_not_negative"),
        CheckConstraint("basket_id IS NOT NULL OR tender <> 'credit'", name="credit_pays_a_basket"),
        CheckConstraint("(tender = 'voucher') = (voucher_firm_id IS NOT NULL)", name="voucher_has_a_firm"),
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
    awaited_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    pupil_id: Mapped[int | None] = mapped_column(ForeignKey("pupil.id"), index=True)
    voucher_firm_id: Mapped[int | None] = mapped_column(ForeignKey("voucher_firm.id"))
    waits_for_id: Mapped[int | None] = mapped_column(ForeignKey("payment.id"), index=True)

    basket: Mapped[Basket | None] = relationship()
    pupil: Mapped[Pupil | None] = relationship()
    voucher_firm: Mapped[VoucherFirm | None] = relationship()
    lines: Mapped[list[PaymentLine]] = relationship(order_by="PaymentLine.position")
    refunds: Mapped[list[Refund]] = relationship(back_populates="payment")


class PaymentLine(Base):
    """Which place a tender of a shared basket is for, and how much of it; when money comes short, the last position
    goes without first, in the order that the parent chose.
    """

    __tablename__ = "payment_line"
    __table_args__ = (
        UniqueConstraint("payment_id", "place_id"),
        UniqueConstraint("payment_id", "position"),
        CheckConstraint("amount_pence > 0", name="amount_positive"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    payment_id: Mapped[int] = mapped_column(ForeignKey("payment.id"))
    place_id: Mapped[int] = mapped_column(ForeignKey("place.id"), index=True)
    position: Mapped[int]
    amount_pence: Mapped[int]


class ChildcareApproval(Base):
    """With which schemes a seller's childcare may be paid from a day to a day, on what evidence; an empty `activity_id`
    means all that the seller offers.
    """

    __tablename__ = "childcare_approval"
    __table_args__ = (
        CheckConstraint("ends_on IS NULL OR starts_on <= ends_on", name="ends_after_start"),
        CheckConstraint("evidence <> ''", name="has_evidence"),
        CheckConstraint("takes_tfc OR takes_vouchers OR takes_universal_credit", name="takes_something"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    seller_id: Mapped[int] = mapped_column(ForeignKey("seller.id"), index=True)
    activity_id: Mapped[int | None] = mapped_column(ForeignKey("activity.id"))
    takes_tfc: Mapped[bool]
    takes_vouchers: Mapped[bool]
    takes_universal_credit: Mapped[bool]
    evidence: Mapped[str] = mapped_column(String(200))
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))

    activity: Mapped[Activity | None] = relationship()


class VoucherFirm(Base):
    """A firm that pays childcare vouchers to the school in bulk; closed to new promises when `ended_on` is past."""

    __tablename__ = "voucher_firm"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    our_number: Mapped[str] = mapped_column(String(40), default="")
    """The number under which the firm knows the school, for families to give."""
    ended_on: Mapped[date | None]


class ChildReference(Base):
    """The reference under which a government account pays for a child: four letters, five digits, TFC.

    It belongs to the parent's own childcare account: one family account each, and no two children share one.
    """

    __tablename__ = "child_reference"
    __table_args__ = (UniqueConstraint("pupil_id", "account_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    pupil_id: Mapped[int] = mapped_column(ForeignKey("pupil.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("family_account.id"), index=True)
    reference: Mapped[str] = mapped_column(String(12), unique=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))

    pupil: Mapped[Pupil] = relationship()


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
