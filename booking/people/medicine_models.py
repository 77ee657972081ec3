"""The table of medicines that staff may give a child: what an adult agreed to, for which days, and how often."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from booking.core.db import Base, UtcDateTime
from booking.core.vault import Private, SealedRow
from booking.people.care_models import SOURCES
from booking.people.models import Pupil


class Medicine(SealedRow, Base):
    """One medicine of a child, as an adult agreed to it; another dose is another agreement. Words stand sealed.

    `every_minutes` is the least time between two doses, `most_a_day` how many a school day may have.
    """

    __tablename__ = "medicine"
    __table_args__ = (
        CheckConstraint(f"source IN {SOURCES}", name="source_known"),
        CheckConstraint("every_minutes >= 0", name="every_not_negative"),
        CheckConstraint("most_a_day > 0", name="most_positive"),
        CheckConstraint("ends_on IS NULL OR starts_on <= ends_on", name="ends_after_start"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    pupil_id: Mapped[int] = mapped_column(ForeignKey("pupil.id"), index=True)
    said_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    source: Mapped[str] = mapped_column(String(6))
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    agreed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    expires_on: Mapped[date | None]
    every_minutes: Mapped[int]
    most_a_day: Mapped[int]
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))

    name = Private(str)
    dose = Private(str)
    when = Private(str)
    kept_where = Private(str)

    pupil: Mapped[Pupil] = relationship()

    def is_living(self, on: date) -> bool:
        """Whether it may be given on a day: agreed from then on, not over, and not stopped."""
        is_over = self.ends_on is not None and self.ends_on < on
        return self.ended_at is None and self.starts_on <= on and not is_over
