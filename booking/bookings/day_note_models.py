"""Tables of what the office and families say of one child on one day, and of the lists of absences that were entered."""

from __future__ import annotations

from datetime import date, datetime, time

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from booking.core.db import Base, UtcDateTime
from booking.core.vault import Private, SealedRow
from booking.people.models import Pupil, User
from booking.provision.models import Session

NOTE_KINDS = ("away", "leaves_early", "not_coming", "late", "collected_by")
NOTE_SOURCES = ("office", "parent")
LIST_SOURCES = ("pasted", "file", "nobody")


class AbsenceList(Base):
    """Today's absences as the office entered them in one go; taken back whole. `nobody` says that all are in."""

    __tablename__ = "absence_list"
    __table_args__ = (CheckConstraint(f"source IN {LIST_SOURCES}", name="source_known"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(index=True)
    source: Mapped[str] = mapped_column(String(6))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    taken_back_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    taken_back_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))

    user: Mapped[User | None] = relationship(foreign_keys=[user_id])


class DayNote(SealedRow, Base):
    """One thing that is so of one child on one day, until it is taken back; nothing is overwritten.

    `away` is not in school at all; `not_coming` is to one session, or to all of the day without one. `at_time` is when
    a child leaves early, or when somebody comes late. `told_by_id` is an adult of the family, `entered_by_id` somebody
    in the office. `words` say why, or who collects (`collected_by`), and stand sealed. `cleared_by_id` is who in the
    office said that a name like that of a barred adult means another. A list that made or ended a note is named, so
    that it can be taken back whole.
    """

    __tablename__ = "day_note"
    __table_args__ = (
        CheckConstraint(f"kind IN {NOTE_KINDS}", name="kind_known"),
        CheckConstraint(f"source IN {NOTE_SOURCES}", name="source_known"),
        CheckConstraint("kind <> 'leaves_early' OR at_time IS NOT NULL", name="leaving_has_an_hour"),
        CheckConstraint(
            "kind NOT IN ('away', 'leaves_early') OR session_id IS NULL", name="of_school_has_no_session"
        ),
        Index("ix_day_note_day_pupil_id", "day", "pupil_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    pupil_id: Mapped[int] = mapped_column(ForeignKey("pupil.id", ondelete="CASCADE"), index=True)
    day: Mapped[date]
    kind: Mapped[str] = mapped_column(String(12))
    session_id: Mapped[int | None] = mapped_column(ForeignKey("session.id"), index=True)
    at_time: Mapped[time | None]
    source: Mapped[str] = mapped_column(String(6))
    told_at: Mapped[datetime] = mapped_column(UtcDateTime)
    told_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    entered_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    list_id: Mapped[int | None] = mapped_column(ForeignKey("absence_list.id"), index=True)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    ended_by_list_id: Mapped[int | None] = mapped_column(ForeignKey("absence_list.id"), index=True)
    cleared_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cleared_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))

    words = Private(str)

    pupil: Mapped[Pupil] = relationship()
    session: Mapped[Session | None] = relationship()
    told_by: Mapped[User | None] = relationship(foreign_keys=[told_by_id])
