"""Table of the places that the school's rule booked for children who came without one."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from booking.bookings.models import Place
from booking.core.db import Base, UtcDateTime

IS_LIVING = "ended_at IS NULL"


class WalkInPlace(Base):
    """A booked place that follows from a walk-in's mark; ended when a corrected mark bears it out no more.

    A place that the office cancelled keeps its row, so that the rule does not book it again.
    """

    __tablename__ = "walk_in_place"
    __table_args__ = (
        Index(
            "uq_walk_in_place_living",
            "pupil_id",
            "session_id",
            unique=True,
            sqlite_where=text(IS_LIVING),
            postgresql_where=text(IS_LIVING),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    pupil_id: Mapped[int] = mapped_column(ForeignKey("pupil.id"))
    session_id: Mapped[int] = mapped_column(ForeignKey("session.id"), index=True)
    place_id: Mapped[int] = mapped_column(ForeignKey("place.id"), unique=True)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    place: Mapped[Place] = relationship()
