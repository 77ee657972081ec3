"""Tables of what each adult said about a child's care, what the office decided, and who confirmed it when."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from booking.core.db import Base, UtcDateTime
from booking.core.vault import Private, SealedRow
from booking.people.models import Pupil

SOURCES = ("online", "phone", "paper", "school")


class CareStatement(SealedRow, Base):
    """All that one adult (or the school, when `said_by_id` is empty) says of a child's care; the latest counts."""

    __tablename__ = "care_statement"
    __table_args__ = (CheckConstraint(f"source IN {SOURCES}", name="source_known"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    pupil_id: Mapped[int] = mapped_column(ForeignKey("pupil.id", ondelete="CASCADE"), index=True)
    said_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    source: Mapped[str] = mapped_column(String(6))
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)

    allergies = Private[list[str]](list)
    diet = Private[list[str]](list)
    medical = Private(str)
    support = Private(str)

    pupil: Mapped[Pupil] = relationship()


class CareDecision(SealedRow, Base):
    """The office settles a disagreement: what does not stand although somebody said it, and why."""

    __tablename__ = "care_decision"

    id: Mapped[int] = mapped_column(primary_key=True)
    pupil_id: Mapped[int] = mapped_column(ForeignKey("pupil.id", ondelete="CASCADE"), index=True)
    decided_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)

    dropped = Private[list[str]](list)
    reason = Private(str)


class CareConfirmation(Base):
    """A guardian looked at what is held of a child and said that it is still right."""

    __tablename__ = "care_confirmation"

    id: Mapped[int] = mapped_column(primary_key=True)
    pupil_id: Mapped[int] = mapped_column(ForeignKey("pupil.id", ondelete="CASCADE"), index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class CollectionPassword(SealedRow, Base):
    """A word that somebody who collects must know; it belongs to the adult who gave it, and staff see it on tap."""

    __tablename__ = "collection_password"
    __table_args__ = (UniqueConstraint("pupil_id", "given_by_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    pupil_id: Mapped[int] = mapped_column(ForeignKey("pupil.id", ondelete="CASCADE"), index=True)
    given_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)

    word = Private(str)
