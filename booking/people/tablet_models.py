"""Tables of the shared register tablet: the device, staff PINs bound to it, and day passes of agency staff."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from booking.core.db import Base, UtcDateTime
from booking.people.models import User

MOST_PIN_TRIES = 5


class RegisterDevice(Base):
    """A tablet of the school that holds a long random token; PINs work there and nowhere else."""

    __tablename__ = "register_device"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    token_digest: Mapped[str] = mapped_column(String(64), unique=True)
    made_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class StaffPin(Base):
    """The six figures of one person on one tablet; after five wrong ones that person signs in in full again."""

    __tablename__ = "staff_pin"
    __table_args__ = (
        UniqueConstraint("device_id", "user_id"),
        CheckConstraint(f"tries >= 0 AND tries <= {MOST_PIN_TRIES}", name="at_most_five_tries"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    device_id: Mapped[int] = mapped_column(ForeignKey("register_device.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    pin_hash: Mapped[str] = mapped_column(String(255))
    set_at: Mapped[datetime] = mapped_column(UtcDateTime)
    tries: Mapped[int] = mapped_column(default=0)

    user: Mapped[User] = relationship()


class DayPass(Base):
    """One day of one agency worker, whose identity and vetting the office saw; it ends at 18:30."""

    __tablename__ = "day_pass"
    __table_args__ = (
        CheckConstraint(f"tries >= 0 AND tries <= {MOST_PIN_TRIES}", name="at_most_five_tries"),
        CheckConstraint("created_at < ends_at", name="ends_after_start"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    day: Mapped[date] = mapped_column(index=True)
    agency: Mapped[str] = mapped_column(String(120))
    identity_seen: Mapped[str] = mapped_column(String(120))
    vetting_seen: Mapped[str] = mapped_column(String(120))
    seen_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    pin_hash: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    tries: Mapped[int] = mapped_column(default=0)

    user: Mapped[User] = relationship(foreign_keys=[user_id])
    sessions: Mapped[list[DayPassSession]] = relationship(cascade="all, delete-orphan")


class DayPassSession(Base):
    """A session that a day pass opens."""

    __tablename__ = "day_pass_session"

    day_pass_id: Mapped[int] = mapped_column(ForeignKey("day_pass.id", ondelete="CASCADE"), primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("session.id"), primary_key=True, index=True)
