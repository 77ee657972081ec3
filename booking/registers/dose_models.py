"""The table of medicine given: each dose is a fact by one person, seen by a second; taken back by another row."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from booking.core.db import Base, UtcDateTime
from booking.core.vault import Private, SealedRow
from booking.people.models import Pupil, User
from booking.provision.models import Session

SECOND_WAYS = ("pin", "own")


class MedicineGiven(SealedRow, Base):
    """One dose; `second_id` is who checked it, by PIN beside the giver or on their own sign-in. Words stand sealed.

    `why` is what was said when a stop was gone past, or why the row takes another one back.
    """

    __tablename__ = "medicine_given"
    __table_args__ = (
        CheckConstraint("second_id IS NULL OR second_id <> given_by_id", name="second_is_another"),
        CheckConstraint("(second_id IS NULL) = (second_at IS NULL)", name="second_has_a_time"),
        CheckConstraint(f"second_how IS NULL OR second_how IN {SECOND_WAYS}", name="second_how_known"),
        CheckConstraint("given_at <= recorded_at", name="given_before_recorded"),
        Index("ix_medicine_given_pupil_id_given_at", "pupil_id", "given_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    pupil_id: Mapped[int] = mapped_column(ForeignKey("pupil.id"))
    session_id: Mapped[int] = mapped_column(ForeignKey("session.id"), index=True)
    medicine_id: Mapped[int] = mapped_column(ForeignKey("medicine.id"), index=True)
    given_at: Mapped[datetime] = mapped_column(UtcDateTime)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    given_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    second_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    second_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    second_how: Mapped[str | None] = mapped_column(String(3))
    undoes_id: Mapped[int | None] = mapped_column(ForeignKey("medicine_given.id"), unique=True)
    keep_until: Mapped[date]

    name = Private(str)
    dose = Private(str)
    why = Private(str)

    pupil: Mapped[Pupil] = relationship()
    session: Mapped[Session] = relationship()
    given_by: Mapped[User] = relationship(foreign_keys=[given_by_id])
    second: Mapped[User | None] = relationship(foreign_keys=[second_id])
