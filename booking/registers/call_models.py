"""Tables of custody: who was rung and what they said, steps that were done, and children passed from hand to hand."""

from __future__ import annotations

from datetime import date, datetime, time

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from booking.core.db import Base, UtcDateTime
from booking.core.vault import Private, SealedRow

ABOUT = ("not_here", "nobody_came", "nowhere", "two_places", "not_handed_over", "release", "other")
ACTS = ("step", "settled")
ENDS = ("sent", "received")


class CallLog(SealedRow, Base):
    """One ring about a child: who was rung and what they said stand sealed; a wrong line is put right by another."""

    __tablename__ = "call_log"
    __table_args__ = (
        CheckConstraint(f"about IN {ABOUT}", name="about_known"),
        Index("ix_call_log_pupil_id_at", "pupil_id", "at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    pupil_id: Mapped[int] = mapped_column(ForeignKey("pupil.id", ondelete="CASCADE"))
    session_id: Mapped[int | None] = mapped_column(ForeignKey("session.id"), index=True)
    about: Mapped[str] = mapped_column(String(15), default="other")
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))

    whom = Private(str)
    outcome = Private(str)


class CustodyAct(SealedRow, Base):
    """A step of the school's own that was done about an alarm, or what a person found who ends it; never changed."""

    __tablename__ = "custody_act"
    __table_args__ = (
        CheckConstraint(f"kind IN {ABOUT}", name="kind_known"),
        CheckConstraint(f"what IN {ACTS}", name="what_known"),
        CheckConstraint("(what = 'step') = (minutes IS NOT NULL)", name="step_has_minutes"),
        Index("ix_custody_act_session_id_pupil_id", "session_id", "pupil_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    pupil_id: Mapped[int] = mapped_column(ForeignKey("pupil.id", ondelete="CASCADE"), index=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("session.id"))
    kind: Mapped[str] = mapped_column(String(15))
    what: Mapped[str] = mapped_column(String(7))
    minutes: Mapped[int | None]
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))

    words = Private(str)


class Handover(Base):
    """One end of a child's way from one session to the next: `sent` by who had it, `received` by who has it now."""

    __tablename__ = "handover"
    __table_args__ = (
        CheckConstraint(f"end_of IN {ENDS}", name="end_known"),
        CheckConstraint("from_id <> to_id", name="goes_somewhere_else"),
        Index("ix_handover_from_id_pupil_id", "from_id", "pupil_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    pupil_id: Mapped[int] = mapped_column(ForeignKey("pupil.id"), index=True)
    from_id: Mapped[int] = mapped_column(ForeignKey("session.id"))
    to_id: Mapped[int] = mapped_column(ForeignKey("session.id"), index=True)
    end_of: Mapped[str] = mapped_column(String(8))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))


class CustodyTerms(Base):
    """The school's own steps and clock from a day on, until the next row; without any those of `custody_rules` hold.

    Steps are pairs of minutes and words. A child waits `collect_minutes` after a session to be collected before
    anybody is rung, and not at all from `closes_at` on.
    """

    __tablename__ = "custody_terms"
    __table_args__ = (
        CheckConstraint("not_here_minutes BETWEEN 0 AND 120", name="not_here_known"),
        CheckConstraint("way_minutes BETWEEN 1 AND 60", name="way_known"),
        CheckConstraint("collect_minutes BETWEEN 0 AND 60", name="collect_known"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    from_on: Mapped[date] = mapped_column(unique=True)
    not_here_minutes: Mapped[int]
    way_minutes: Mapped[int]
    collect_minutes: Mapped[int]
    closes_at: Mapped[time]
    not_here_steps: Mapped[list[list[int | str]]] = mapped_column(JSON)
    nobody_came_steps: Mapped[list[list[int | str]]] = mapped_column(JSON)
    set_at: Mapped[datetime] = mapped_column(UtcDateTime)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
