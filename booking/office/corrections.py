"""Rectification: a parent says what is wrong of what is held; the office answers within a month, with a reason."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from booking.core import audit, clock
from booking.core.db import Base, UtcDateTime, db
from booking.core.errors import BookingError, NotFound
from booking.core.outbox import post
from booking.core.vault import Private, SealedRow
from booking.people.models import Pupil, School, User
from booking.people.restrictions import closed_pupils, open_ties

STATES = ("asked", "put right", "refused")


class Correction(SealedRow, Base):
    """Something that a person says is wrong of themselves (`pupil_id` empty) or of their child; words stand sealed."""

    __tablename__ = "correction"
    __table_args__ = (CheckConstraint(f"state IN {STATES}", name="state_known"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    pupil_id: Mapped[int | None] = mapped_column(ForeignKey("pupil.id"))
    state: Mapped[str] = mapped_column(String(10), default="asked")
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_on: Mapped[date]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    wrong = Private(str)
    right = Private(str)
    reason = Private(str)

    user: Mapped[User] = relationship(foreign_keys=[user_id])
    pupil: Mapped[Pupil | None] = relationship()


class CannotCorrect(BookingError):
    """The words do not fit together; what is wrong is said, and nothing was changed."""


def a_month_on(day: date) -> date:
    """The same day of the next month, or its last one: by when the law asks for an answer."""
    year, month = (day.year + 1, 1) if day.month == 12 else (day.year, day.month + 1)
    for last in range(day.day, 27, -1):
        try:
            return date(year, month, last)
        except ValueError:
            continue
    return date(year, month, day.day)


def ask_correction(user: User, pupil_id: int | None, wrong: str, right: str, *, at: datetime) -> Correction:
    """Keep what a person says is wrong; raises `NotFound` for a child who is not theirs, or is closed to them."""
    if pupil_id is not None and pupil_id not in {tie.pupil_id for tie in open_ties(user, clock.today(at))}:
        raise NotFound
    if not wrong.strip() or not right.strip():
        raise CannotCorrect("Write what is wrong, and what it should be.")
    made = Correction(
        user_id=user.id,
        pupil_id=pupil_id,
        made_at=at,
        due_on=a_month_on(clock.today(at)),
        wrong=wrong.strip(),
        right=right.strip(),
    )
    db.session.add(made)
    db.session.flush()
    audit.record("correction_asked", "correction", made.id, at=at, user_id=user.id)
    return made


def open_corrections(viewer: User, on: date) -> list[Correction]:
    """What waits for an answer, the most urgent first; nothing of a child whom a restriction closes to the viewer."""
    closed = closed_pupils(viewer.id, on)
    found = db.session.scalars(
        select(Correction).where(Correction.state == "asked").order_by(Correction.due_on, Correction.id)
    )
    return [one for one in found if one.pupil_id not in closed]


def decide_correction(
    correction_id: int, *, is_right: bool, reason: str, at: datetime, by: User
) -> Correction:
    """The office has put it right, or says why not; the person is told either way. Raises `CannotCorrect`."""
    found = db.session.get(Correction, correction_id)
    if found is None or found.state != "asked" or found.pupil_id in closed_pupils(by.id, clock.today(at)):
        raise NotFound
    if not reason.strip():
        raise CannotCorrect("Write what you did, or why not.")
    found.state = "put right" if is_right else "refused"
    found.reason, found.decided_by_id, found.decided_at = reason.strip(), by.id, at
    db.session.flush()
    audit.record("correction_decided", "correction", found.id, at=at, user_id=by.id, state=found.state)
    school = db.session.scalars(select(School)).first()
    post(
        key=f"correction-{found.id}",
        to_email=found.user.email,
        template="correction_answer",
        context={
            "name": found.user.name,
            "is_right": is_right,
            "reason": reason.strip(),
            "school": school.name if school else "Eight till Six",
            "phone": school.phone if school else "",
        },
        at=at,
        user_id=found.user_id,
    )
    return found
