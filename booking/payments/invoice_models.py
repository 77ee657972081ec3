"""Tables of invoices and credit notes: issued once, numbered without gaps, never changed (the database refuses it)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from booking.core.db import Base, UtcDateTime

INVOICE_KINDS = ("invoice", "credit_note")


class Invoice(Base):
    """What a seller asks of a family for the care of some days, or takes back whole by a credit note.

    `number` counts from 1 for each seller and year, invoices and credit notes in one row. `content` is all that is
    printed, as it was on the day of issue, and `digest` is its SHA-256: the same paper comes out again.
    """

    __tablename__ = "invoice"
    __table_args__ = (
        UniqueConstraint("seller_id", "year", "number"),
        CheckConstraint(f"kind IN {INVOICE_KINDS}", name="kind_known"),
        CheckConstraint("number > 0", name="number_positive"),
        CheckConstraint("from_on <= to_on", name="from_before_to"),
        CheckConstraint("(kind = 'credit_note') = (corrects_id IS NOT NULL)", name="credit_note_corrects"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    seller_id: Mapped[int] = mapped_column(ForeignKey("seller.id"))
    year: Mapped[int]
    number: Mapped[int]
    kind: Mapped[str] = mapped_column(String(11))
    corrects_id: Mapped[int | None] = mapped_column(ForeignKey("invoice.id"), unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("family_account.id"), index=True)
    from_on: Mapped[date]
    to_on: Mapped[date]
    issued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_on: Mapped[date]
    total_pence: Mapped[int]
    vat_pence: Mapped[int]
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    digest: Mapped[str] = mapped_column(String(64))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))

    lines: Mapped[list[InvoiceLine]] = relationship(order_by="InvoiceLine.id")

    @property
    def name(self) -> str:
        """The number as it is written on paper: `INV 2026-00012`, or `CN 2026-00013` for a credit note."""
        return f"{'INV' if self.kind == 'invoice' else 'CN'} {self.year}-{self.number:05d}"


class InvoiceLine(Base):
    """How much of one place an invoice asks for, in pence; a credit note takes it back with a minus."""

    __tablename__ = "invoice_line"
    __table_args__ = (
        UniqueConstraint("invoice_id", "place_id"),
        CheckConstraint("amount_pence <> 0", name="amount_not_nothing"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"))
    place_id: Mapped[int] = mapped_column(ForeignKey("place.id"), index=True)
    amount_pence: Mapped[int]
