"""Tables of accidents, near misses and notes on a child's day: written once, put right by adding, words sealed.

The database refuses to change what was reported (triggers); retention alone takes a row away, after `keep_until`.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from booking.core.db import Base, UtcDateTime
from booking.core.vault import Private, SealedRow
from booking.people.models import Pupil, User
from booking.provision.models import Session

KINDS = ("accident", "near_miss")
FOR_FAMILY = ("correction", "follow_up")
RIDDOR_ENDS = ("riddor_told", "riddor_not")
ADDED = (*FOR_FAMILY, "office", *RIDDOR_ENDS)


class Incident(SealedRow, Base):
    """An accident of one child, or a near miss (of one child or of none); `may_be_riddor` is the hint of that day."""

    __tablename__ = "incident"
    __table_args__ = (
        CheckConstraint(f"kind IN {KINDS}", name="kind_known"),
        CheckConstraint("kind = 'near_miss' OR pupil_id IS NOT NULL", name="accident_has_a_child"),
        CheckConstraint("happened_at <= reported_at", name="happened_before_reported"),
        Index("ix_incident_kind_happened_at", "kind", "happened_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(9))
    pupil_id: Mapped[int | None] = mapped_column(ForeignKey("pupil.id"), index=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("session.id"), index=True)
    happened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reported_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reported_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    may_be_riddor: Mapped[bool]
    keep_until: Mapped[date]

    where = Private(str)
    what = Private(str)
    parts = Private[list[str]](list)
    side = Private(str)
    injuries = Private[list[str]](list)
    first_aid = Private(str)
    first_aid_by = Private(str)
    seen_by = Private(str)
    afterwards = Private(str)
    told = Private(str)
    told_whom = Private(str)
    danger = Private(str)

    pupil: Mapped[Pupil | None] = relationship()
    session: Mapped[Session] = relationship()
    reported_by: Mapped[User] = relationship()


class IncidentAddition(SealedRow, Base):
    """What somebody added to a report later; `correction` and `follow_up` reach the family too, the rest does not."""

    __tablename__ = "incident_addition"
    __table_args__ = (CheckConstraint(f"kind IN {ADDED}", name="kind_known"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id", ondelete="CASCADE"), index=True)
    pupil_id: Mapped[int | None] = mapped_column(ForeignKey("pupil.id"), index=True)
    kind: Mapped[str] = mapped_column(String(11))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))

    words = Private(str)

    user: Mapped[User] = relationship()


class IncidentReading(Base):
    """A guardian has read an accident as it stood then, and says so."""

    __tablename__ = "incident_reading"

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id", ondelete="CASCADE"), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)

    user: Mapped[User] = relationship()


class ChildNote(SealedRow, Base):
    """A few words on a child's day; with `for_family` the guardians read them too. Another note puts one right."""

    __tablename__ = "child_note"

    id: Mapped[int] = mapped_column(primary_key=True)
    pupil_id: Mapped[int] = mapped_column(ForeignKey("pupil.id"), index=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("session.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    for_family: Mapped[bool]

    words = Private(str)

    user: Mapped[User] = relationship()
    session: Mapped[Session] = relationship()
