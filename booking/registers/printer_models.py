"""Tables of paper that leaves by itself: the school's printers, when what is printed, and each sheet that was sent."""

from __future__ import annotations

from datetime import date, datetime, time

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from booking.core.db import Base, UtcDateTime
from booking.provision.models import Room, Session

STATES = ("waiting", "accepted", "printed", "failed", "too_late", "void")
STATE_WORDS = {
    "waiting": "Waiting",
    "accepted": "With the printer",
    "printed": "Printed",
    "failed": "Not printed",
    "too_late": "Not printed in time",
    "void": "Nothing to print",
}


class Printer(Base):
    """A printer on the school's own network, found by an `ipp://` or `ipps://` address; ended by a date.

    `prints` names the bundles of `registers/bundles.py`; with a room it prints the sheets of that room's sessions alone.
    `certificate` is the SHA-256 of what an `ipps` printer showed at the test page: another one gets no sheet.
    """

    __tablename__ = "printer"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    uri: Mapped[str] = mapped_column(String(250))
    prints: Mapped[list[str]] = mapped_column(JSON)
    room_id: Mapped[int | None] = mapped_column(ForeignKey("room.id"))
    certificate: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    room: Mapped[Room | None] = relationship()


class PaperRules(Base):
    """The row behind `Rules` of `registers/bundles.py`; without one the defaults hold. Hours are wall clock."""

    __tablename__ = "paper_rules"
    __table_args__ = (
        CheckConstraint("id = 1", name="only_one"),
        CheckConstraint("minutes_before BETWEEN 5 AND 120", name="minutes_known"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    minutes_before: Mapped[int]
    going_home_at: Mapped[time]
    kitchen_at: Mapped[time]
    contacts_at: Mapped[time]


class SentSheet(Base):
    """One bundle of sheets for one printer: claimed, made, handed over, and followed until it lies in the tray.

    `key` is unique, so that of two workers one sends it; it is the job's name at the printer, so that a worker that fell
    in between finds out whether the paper is there. After `until_at` it is of no use. `digest` is the SHA-256 of the PDF.
    """

    __tablename__ = "sent_sheet"
    __table_args__ = (
        CheckConstraint(f"state IN {STATES}", name="state_known"),
        CheckConstraint("attempts >= 0", name="attempts_not_negative"),
        CheckConstraint(
            "state NOT IN ('accepted', 'printed') OR sent_at IS NOT NULL", name="sent_has_an_instant"
        ),
        CheckConstraint("due_at <= until_at", name="due_before_the_end"),
        Index("ix_sent_sheet_state_next_try_at", "state", "next_try_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    printer_id: Mapped[int] = mapped_column(ForeignKey("printer.id"))
    day: Mapped[date] = mapped_column(index=True)
    bundle: Mapped[str] = mapped_column(String(12))
    session_id: Mapped[int | None] = mapped_column(ForeignKey("session.id"))
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    until_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(String(8), default="waiting")
    next_try_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(default=0)
    job_number: Mapped[int | None]
    digest: Mapped[str | None] = mapped_column(String(64))
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    printed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_error: Mapped[str | None] = mapped_column(String(200))
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))

    printer: Mapped[Printer] = relationship()
    session: Mapped[Session | None] = relationship()
