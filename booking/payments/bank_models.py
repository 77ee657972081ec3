"""Tables of money that came in outside the card: files that were taken up, their lines, and whose each line is."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from booking.core.db import Base, UtcDateTime
from booking.core.vault import Private, SealedRow
from booking.payments.models import Payment, VoucherFirm
from booking.people.models import FamilyAccount, Pupil, User

KINDS = ("csv", "ofx", "camt", "remittance")
STATES = ("waiting", "matched", "split", "set_aside")


class BankFile(Base):
    """A statement, or a voucher firm's remittance, as it was taken up; the same bytes are never taken twice.

    `line_count` is how many lines of money that came in were new, `known_count` how many stood in an earlier file,
    `out_count` how many were money that went out, of which nothing is kept. `problems` holds what was wrong, as pairs of
    line and words, without what stood there.
    """

    __tablename__ = "bank_file"
    __table_args__ = (
        CheckConstraint(f"kind IN {KINDS}", name="kind_known"),
        CheckConstraint(
            "(kind = 'remittance') = (voucher_firm_id IS NOT NULL)", name="remittance_has_a_firm"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    kind: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(String(120))
    bank: Mapped[str] = mapped_column(String(40), default="")
    first_on: Mapped[date | None]
    last_on: Mapped[date | None]
    line_count: Mapped[int]
    known_count: Mapped[int]
    out_count: Mapped[int]
    total_pence: Mapped[int]
    problems: Mapped[list[Any]] = mapped_column(JSON, default=list)
    columns: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    """Which column somebody said is which, for the next file with the same headings."""
    voucher_firm_id: Mapped[int | None] = mapped_column(ForeignKey("voucher_firm.id"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)

    voucher_firm: Mapped[VoucherFirm | None] = relationship()
    user: Mapped[User | None] = relationship()


class BankLine(SealedRow, Base):
    """Money that came in: one line of a statement, or of a remittance, whose lines are the parts of one payment.

    `digest` is of the line's own content and which of its equals in the file it is, so that no file and no order
    brings it in twice. `double_of_id` is a line of another file of the same day and amount in other words: a person
    looks whether it is the same money. `split_by_id` is the remittance whose lines this payment is made of.
    """

    __tablename__ = "bank_line"
    __table_args__ = (
        CheckConstraint(f"state IN {STATES}", name="state_known"),
        CheckConstraint("amount_pence > 0", name="amount_positive"),
        CheckConstraint("(state = 'split') = (split_by_id IS NOT NULL)", name="split_has_its_remittance"),
        Index("ix_bank_line_on_amount_pence", "on", "amount_pence"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    file_id: Mapped[int] = mapped_column(ForeignKey("bank_file.id"), index=True)
    number: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    on: Mapped[date]
    amount_pence: Mapped[int]
    state: Mapped[str] = mapped_column(String(9), default="waiting", index=True)
    double_of_id: Mapped[int | None] = mapped_column(ForeignKey("bank_line.id"))
    split_by_id: Mapped[int | None] = mapped_column(ForeignKey("bank_file.id"), unique=True)

    text: Private[str] = Private(str)
    reference: Private[str] = Private(str)
    why: Private[str] = Private(str)
    """Why somebody set it aside."""

    file: Mapped[BankFile] = relationship(foreign_keys=[file_id])
    split_by: Mapped[BankFile | None] = relationship(foreign_keys=[split_by_id])
    matches: Mapped[list[LineMatch]] = relationship(back_populates="line", order_by="LineMatch.id")


class LineMatch(Base):
    """A person's yes: so much of a line is this family's, for this child where one is meant, and its payment.

    Undone, the payment was reversed in the ledger and the line waits again; the row stays.
    """

    __tablename__ = "line_match"
    __table_args__ = (
        CheckConstraint("amount_pence > 0", name="amount_positive"),
        CheckConstraint("score BETWEEN 0 AND 100", name="score_is_of_hundred"),
        CheckConstraint("tender IN ('tfc', 'voucher', 'office')", name="tender_known"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    line_id: Mapped[int] = mapped_column(ForeignKey("bank_line.id"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("family_account.id"), index=True)
    pupil_id: Mapped[int | None] = mapped_column(ForeignKey("pupil.id"))
    tender: Mapped[str] = mapped_column(String(8))
    amount_pence: Mapped[int]
    score: Mapped[int]
    payment_id: Mapped[int] = mapped_column(ForeignKey("payment.id"), unique=True)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    undone_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))

    line: Mapped[BankLine] = relationship(back_populates="matches")
    account: Mapped[FamilyAccount] = relationship()
    pupil: Mapped[Pupil | None] = relationship()
    payment: Mapped[Payment] = relationship()
