"""Tables of the buses that take children home, and of who rides on which."""

from __future__ import annotations

from datetime import date, datetime, time

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from booking.core.db import Base, UtcDateTime
from booking.people.models import Pupil


class Bus(Base):
    """A bus or taxi from school, with the hour (wall clock) at which it leaves; ended by a date."""

    __tablename__ = "bus"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60), unique=True)
    leaves_at: Mapped[time]
    driver: Mapped[str] = mapped_column(String(120), default="")
    phone: Mapped[str] = mapped_column(String(30), default="")
    ended_on: Mapped[date | None]

    seats: Mapped[list[BusSeat]] = relationship(back_populates="bus", order_by="BusSeat.id")


class BusSeat(Base):
    """One child on one bus on some weekdays (0 is Monday), from a day to a day; another seat changes it."""

    __tablename__ = "bus_seat"
    __table_args__ = (CheckConstraint("until_on IS NULL OR from_on <= until_on", name="ends_after_start"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    bus_id: Mapped[int] = mapped_column(ForeignKey("bus.id"), index=True)
    pupil_id: Mapped[int] = mapped_column(ForeignKey("pupil.id", ondelete="CASCADE"), index=True)
    weekdays: Mapped[list[int]] = mapped_column(JSON)
    stop: Mapped[str] = mapped_column(String(80), default="")
    from_on: Mapped[date]
    until_on: Mapped[date | None]
    set_at: Mapped[datetime] = mapped_column(UtcDateTime)
    set_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    bus: Mapped[Bus] = relationship(back_populates="seats")
    pupil: Mapped[Pupil] = relationship()
