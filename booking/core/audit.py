"""Who did what to which row, append-only; rows hold ids, never names."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, String
from sqlalchemy.orm import Mapped, mapped_column

from booking.core.db import Base, UtcDateTime, db


class AuditEntry(Base):
    """One act; `user_id` is empty when the product itself acted (the worker, Stripe's event)."""

    __tablename__ = "audit_entry"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    user_id: Mapped[int | None] = mapped_column(index=True)
    action: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str] = mapped_column(String(60))
    subject_id: Mapped[int | None]
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


def record(
    action: str, subject: str, subject_id: int | None, *, at: datetime, user_id: int | None, **details: Any
) -> None:
    """Add one line to the audit trail in the caller's transaction."""
    db.session.add(
        AuditEntry(
            at=at, user_id=user_id, action=action, subject=subject, subject_id=subject_id, details=details
        )
    )
