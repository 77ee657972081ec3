"""The table of money that the office gives back or gives up: who asked, why, and who said yes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from booking.core.db import Base, UtcDateTime
from booking.core.vault import Private, SealedRow
from booking.ledger.arrears_models import LateCharge
from booking.people.models import FamilyAccount, User

KINDS = ("refund", "write_off", "waive")
STATES = ("asked", "approved", "refused", "withdrawn")


class MoneyDecision(SealedRow, Base):
    """One wish to refund, write off or waive; nothing moves before it is approved.

    `key` comes from the form, so that a form sent twice asks once. A refund without a payment goes back to the newest
    card payments first. Approved without `decided_by_id`: small enough for one person.
    """

    __tablename__ = "money_decision"
    __table_args__ = (
        CheckConstraint(f"kind IN {KINDS}", name="kind_known"),
        CheckConstraint(f"state IN {STATES}", name="state_known"),
        CheckConstraint("amount_pence > 0", name="amount_positive"),
        CheckConstraint("(kind = 'waive') = (late_charge_id IS NOT NULL)", name="waive_has_a_charge"),
        CheckConstraint("kind = 'refund' OR payment_id IS NULL", name="only_refunds_name_a_payment"),
        CheckConstraint(
            "kind <> 'write_off' OR state <> 'approved' OR decided_by_id IS NOT NULL",
            name="written_off_by_two",
        ),
        CheckConstraint("(state = 'asked') = (decided_at IS NULL)", name="decided_has_a_time"),
        CheckConstraint(
            "decided_by_id IS NULL OR decided_by_id <> asked_by_id OR state = 'withdrawn'",
            name="decided_by_another",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(40), unique=True)
    kind: Mapped[str] = mapped_column(String(9))
    account_id: Mapped[int] = mapped_column(ForeignKey("family_account.id"), index=True)
    amount_pence: Mapped[int]
    payment_id: Mapped[int | None] = mapped_column(ForeignKey("payment.id"))
    late_charge_id: Mapped[int | None] = mapped_column(ForeignKey("late_charge.id"))
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(String(9), default="asked", index=True)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    reason = Private(str)

    account: Mapped[FamilyAccount] = relationship()
    late_charge: Mapped[LateCharge | None] = relationship()
    asked_by: Mapped[User] = relationship(foreign_keys=[asked_by_id])
    decided_by: Mapped[User | None] = relationship(foreign_keys=[decided_by_id])
