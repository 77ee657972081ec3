"""Tables of keeping and deleting: what was deleted by which rule and when, and what a legal hold keeps."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from booking.core.db import Base, UtcDateTime


class LegalHold(Base):
    """Nothing of this child is deleted while it stands, whatever the rules say."""

    __tablename__ = "legal_hold"
    __table_args__ = (CheckConstraint("length(reason) > 0", name="has_reason"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    pupil_id: Mapped[int] = mapped_column(ForeignKey("pupil.id"), index=True)
    reason: Mapped[str] = mapped_column(String(300))
    review_on: Mapped[date]
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class RetentionRun(Base):
    """Proof of one deletion: the rule, how many rows, and a digest over their ids; `confirmed` is a person's yes."""

    __tablename__ = "retention_run"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    rule: Mapped[str] = mapped_column(String(30))
    rows: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))
    user_id: Mapped[int | None]


class ErasureRequest(Base):
    """A child's or an adult's data is to be erased: asked by one person, confirmed by another, then done at once."""

    __tablename__ = "erasure_request"
    __table_args__ = (
        CheckConstraint("(pupil_id IS NULL) <> (user_id IS NULL)", name="about_one"),
        CheckConstraint(
            "confirmed_by_id IS NULL OR confirmed_by_id <> asked_by_id", name="confirmed_by_another"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    pupil_id: Mapped[int | None] = mapped_column(ForeignKey("pupil.id"), index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), index=True)
    reason: Mapped[str] = mapped_column(String(300))
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    confirmed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
