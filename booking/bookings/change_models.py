"""Tables of what the school changes after families have booked, and of who has been told and has read it."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from booking.bookings.models import Place
from booking.core.db import Base, UtcDateTime
from booking.people.models import FamilyAccount, Pupil
from booking.provision.models import Session

CHANGE_WORDS = {
    "closure": "School closed",
    "called_off": "Called off",
    "cut": "Fewer places",
    "moved": "New hours",
    "left": "Left the school",
}
CHANGE_KINDS = tuple(CHANGE_WORDS)
ANSWERS = ("read", "stays", "collected")


class SchoolChange(Base):
    """One thing that the school (or, for a child who left, the worker) changed, with its reason in a person's words."""

    __tablename__ = "school_change"
    __table_args__ = (CheckConstraint(f"kind IN {CHANGE_KINDS}", name="kind_known"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    date: Mapped[date] = mapped_column(index=True)
    session_id: Mapped[int | None] = mapped_column(ForeignKey("session.id"))
    reason: Mapped[str] = mapped_column(String(200))

    session: Mapped[Session | None] = relationship()
    notices: Mapped[list[ChangeNotice]] = relationship(back_populates="change", order_by="ChangeNotice.id")


class ChangeNotice(Base):
    """What one change means for one place; `fallback_place_id` is where the child goes instead.

    `answer` stays empty until an adult of the family has read it or was rung: `read`, or, where there is a fallback,
    `stays` in it or is `collected` at the end of school. `channel` says how the answer came: page, phone or hatch.
    """

    __tablename__ = "change_notice"
    __table_args__ = (
        UniqueConstraint("change_id", "place_id"),
        CheckConstraint(f"answer IN {ANSWERS}", name="answer_known"),
        CheckConstraint("channel IN ('online', 'phone', 'hatch')", name="channel_known"),
        CheckConstraint("credit_pence >= 0", name="credit_not_negative"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    change_id: Mapped[int] = mapped_column(ForeignKey("school_change.id"))
    place_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("family_account.id"), index=True)
    pupil_id: Mapped[int] = mapped_column(ForeignKey("pupil.id"))
    fallback_place_id: Mapped[int | None] = mapped_column(ForeignKey("place.id"))
    credit_pence: Mapped[int] = mapped_column(default=0)
    answer: Mapped[str | None] = mapped_column(String(9))
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    channel: Mapped[str | None] = mapped_column(String(6))

    change: Mapped[SchoolChange] = relationship(back_populates="notices")
    account: Mapped[FamilyAccount] = relationship()
    pupil: Mapped[Pupil] = relationship()
    place: Mapped[Place] = relationship(foreign_keys=[place_id])
    fallback: Mapped[Place | None] = relationship(foreign_keys=[fallback_place_id])
