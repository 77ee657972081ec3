"""Tables of what happened at the door; marks are events, and the state of a child is derived from them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from booking.core.db import Base, UtcDateTime

MARKS = ("arrived", "absent", "collected", "left_alone", "to_activity", "walk_in", "undone")


class Mark(Base):
    """One mark by one person; a correction is another mark that names the one it undoes."""

    __tablename__ = "mark"
    __table_args__ = (
        CheckConstraint(f"what IN {MARKS}", name="what_known"),
        CheckConstraint("(what = 'undone') = (undoes_id IS NOT NULL)", name="undone_names_a_mark"),
        Index("ix_mark_session_id_pupil_id", "session_id", "pupil_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("session.id"))
    pupil_id: Mapped[int] = mapped_column(ForeignKey("pupil.id"), index=True)
    what: Mapped[str] = mapped_column(String(11))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    detail: Mapped[str | None] = mapped_column(String(160))
    undoes_id: Mapped[int | None] = mapped_column(ForeignKey("mark.id"), unique=True)
