"""Tables of what happened at the door; marks are events, and the state of a child is derived from them."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from booking.core.db import Base, UtcDateTime
from booking.core.vault import Private, SealedRow
from booking.people.models import Pupil, User
from booking.provision.models import Session

MARKS = (
    "arrived",
    "absent",
    "collected",
    "left_alone",
    "to_activity",
    "to_bus",
    "walk_in",
    "undone",
    "settled",
)
SOURCES = ("page", "tablet", "paper", "office")


class Mark(SealedRow, Base):
    """One mark by one person; the database refuses to change it, and a correction is another that names its `uid`.

    `at` is when it happened, bounded by the server; `device_at` what the device's clock said; `recorded_at` when the
    server had it. `browser` is whose `sequence` it is. `sent_by_id`: who was signed in, where that was another person.
    `undone` takes a mark back; `settled` says that a mark stands although another device disagrees.
    """

    __tablename__ = "mark"
    __table_args__ = (
        CheckConstraint(f"what IN {MARKS}", name="what_known"),
        CheckConstraint(f"source IN {SOURCES}", name="source_known"),
        CheckConstraint(
            "(what IN ('undone', 'settled')) = (undoes_uid IS NOT NULL)", name="undone_names_a_mark"
        ),
        Index("ix_mark_session_id_pupil_id", "session_id", "pupil_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(String(36), unique=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("session.id"))
    pupil_id: Mapped[int] = mapped_column(ForeignKey("pupil.id"), index=True)
    what: Mapped[str] = mapped_column(String(11))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    sent_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    source: Mapped[str] = mapped_column(String(6), default="page")
    device_id: Mapped[int | None] = mapped_column(ForeignKey("register_device.id"))
    browser: Mapped[str | None] = mapped_column(String(36))
    sequence: Mapped[int | None]
    device_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    undoes_uid: Mapped[str | None] = mapped_column(String(36), index=True)

    detail: Private[str | None] = Private(lambda: None)

    def __init__(self, **values: Any) -> None:
        """Give the mark a `uid` of its own where whoever makes it brings none."""
        values.setdefault("uid", str(uuid.uuid4()))
        super().__init__(**values)


class ClosedDay(Base):
    """The registers of one day are done: from here on a correction takes two people. `closed_by_id` empty: the worker."""

    __tablename__ = "closed_day"

    day: Mapped[date] = mapped_column(primary_key=True)
    closed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    open_questions: Mapped[int] = mapped_column(default=0)
    no_shows: Mapped[int] = mapped_column(default=0)


class MarkCorrection(SealedRow, Base):
    """A mark that somebody asks for after the day was closed; it is made when another person says yes.

    With `undoes_uid` it takes that mark back: alone (`what` is undone), or to put this one in its place.
    """

    __tablename__ = "mark_correction"
    __table_args__ = (
        CheckConstraint("state IN ('asked', 'made', 'refused')", name="state_known"),
        CheckConstraint(f"what IN {MARKS}", name="what_known"),
        CheckConstraint("what <> 'undone' OR undoes_uid IS NOT NULL", name="undone_names_a_mark"),
        CheckConstraint("decided_by_id IS NULL OR decided_by_id <> asked_by_id", name="decided_by_another"),
        CheckConstraint("(state = 'asked') = (decided_at IS NULL)", name="decided_when_not_asked"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("session.id"), index=True)
    pupil_id: Mapped[int] = mapped_column(ForeignKey("pupil.id"), index=True)
    what: Mapped[str] = mapped_column(String(11))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    undoes_uid: Mapped[str | None] = mapped_column(String(36))
    mark_uid: Mapped[str] = mapped_column(String(36), unique=True)
    state: Mapped[str] = mapped_column(String(7), default="asked")
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    detail: Private[str | None] = Private(lambda: None)
    reason = Private(str)

    pupil: Mapped[Pupil] = relationship()
    session: Mapped[Session] = relationship()
    asked_by: Mapped[User] = relationship(foreign_keys=[asked_by_id])
    decided_by: Mapped[User | None] = relationship(foreign_keys=[decided_by_id])
