"""What was released to governors, kept so that the same request gives the same bytes."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from booking.core.db import Base, UtcDateTime


class Release(Base):
    """A protected report for a half-term, term or year, with the frozen counts it was made from.

    `report` is what may be shown; `frozen` holds the counts behind it, for the attacker and for no one else.
    """

    __tablename__ = "release"
    __table_args__ = (
        UniqueConstraint("starts_on", "ends_on", "breakdown", "threshold"),
        CheckConstraint("threshold >= 2", name="threshold_protects"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    breakdown: Mapped[str] = mapped_column(String(200))
    threshold: Mapped[int]
    report: Mapped[dict[str, Any]] = mapped_column(JSON)
    frozen: Mapped[dict[str, Any]] = mapped_column(JSON)
    released_at: Mapped[datetime] = mapped_column(UtcDateTime)
    user_id: Mapped[int | None]
