"""Tables of the office's money pages: codes of the finance system, and the rates of the free-breakfast grant."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from booking.core.db import Base


class FinanceCode(Base):
    """The account code of the finance system for a kind of ledger account (`card`) or one activity (`activity:12`)."""

    __tablename__ = "finance_code"

    subject: Mapped[str] = mapped_column(String(40), primary_key=True)
    code: Mapped[str] = mapped_column(String(20))


class GrantRate(Base):
    """What the free-breakfast grant pays from a day on: so much for each day, and for each pupil who came."""

    __tablename__ = "grant_rate"
    __table_args__ = (
        CheckConstraint("day_pence >= 0", name="day_not_negative"),
        CheckConstraint("pupil_pence >= 0", name="pupil_not_negative"),
    )

    from_on: Mapped[date] = mapped_column(primary_key=True)
    day_pence: Mapped[int]
    pupil_pence: Mapped[int]
