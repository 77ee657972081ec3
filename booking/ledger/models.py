"""Tables of the double-entry ledger; rows hold ids, never names, and are never edited or deleted."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from booking.core.db import Base, UtcDateTime

ACCOUNT_KINDS = (
    "family",
    "income",
    "discount",
    "card",
    "cash",
    "bank",
    "tfc",
    "voucher",
    "pot",
    "fees",
    "disputes",
    "late",
    "bad_debt",
    "payout",
)


class LedgerAccount(Base):
    """Where money stands, or what it was for, under a `code` that says which: one for each family, income and discounts
    by activity and seller, the card company's clearing, the cash box, the bank, Tax-Free Childcare, each voucher firm,
    each funding pot, the card company's fees, disputed money, late collection charges, bad debt, what outside
    sellers were paid out.
    """

    __tablename__ = "ledger_account"
    __table_args__ = (CheckConstraint(f"kind IN {ACCOUNT_KINDS}", name="kind_known"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(60), unique=True)
    kind: Mapped[str] = mapped_column(String(10))
    family_account_id: Mapped[int | None] = mapped_column(ForeignKey("family_account.id"), unique=True)
    activity_id: Mapped[int | None] = mapped_column(ForeignKey("activity.id"))
    seller_id: Mapped[int | None] = mapped_column(ForeignKey("seller.id"))


class Entry(Base):
    """One balanced movement of money; `key` makes posting it twice the same as once.

    A correction is another entry that names the one that it reverses, at most once.
    """

    __tablename__ = "ledger_entry"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(80), unique=True)
    kind: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    basket_id: Mapped[int | None] = mapped_column(ForeignKey("basket.id"), index=True)
    payment_id: Mapped[int | None] = mapped_column(ForeignKey("payment.id"), index=True)
    reverses_id: Mapped[int | None] = mapped_column(ForeignKey("ledger_entry.id"), unique=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))

    lines: Mapped[list[EntryLine]] = relationship(back_populates="entry")


class EntryLine(Base):
    """One side of an entry: positive is a debit, negative a credit, in pence; an entry sums to 0."""

    __tablename__ = "ledger_line"
    __table_args__ = (CheckConstraint("amount_pence <> 0", name="amount_not_nothing"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("ledger_entry.id"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("ledger_account.id"), index=True)
    place_id: Mapped[int | None] = mapped_column(ForeignKey("place.id"), index=True)
    amount_pence: Mapped[int]

    entry: Mapped[Entry] = relationship(back_populates="lines")
    account: Mapped[LedgerAccount] = relationship()


class SellerPayout(Base):
    """What an outside seller was paid out for care up to a day: what it sold, less what came back, less the school's fee.

    `carried_pence` is what changed for earlier days after they had been paid out. Sums: what is paid is
    sold - refunded + carried - fee.
    """

    __tablename__ = "seller_payout"
    __table_args__ = (
        UniqueConstraint("seller_id", "to_on"),
        CheckConstraint("from_on <= to_on", name="from_before_to"),
        CheckConstraint("amount_pence > 0", name="amount_positive"),
        CheckConstraint("fee_pence >= 0", name="fee_not_negative"),
        CheckConstraint(
            "amount_pence = sold_pence - refunded_pence + carried_pence - fee_pence", name="adds_up"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    seller_id: Mapped[int] = mapped_column(ForeignKey("seller.id"))
    from_on: Mapped[date]
    to_on: Mapped[date]
    sold_pence: Mapped[int]
    refunded_pence: Mapped[int]
    carried_pence: Mapped[int]
    fee_pence: Mapped[int]
    amount_pence: Mapped[int]
    paid_on: Mapped[date]
    reference: Mapped[str] = mapped_column(String(40), default="")
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
