"""The school's terms of payment, dated: a debt, a reminder and a late collection charge follow those of their own day."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta

from sqlalchemy import JSON, CheckConstraint, ForeignKey, select
from sqlalchemy.orm import Mapped, mapped_column

from booking.core import clock
from booking.core.audit import record
from booking.core.db import Base, UtcDateTime, db
from booking.core.errors import BookingError


class CannotChangeTerms(BookingError):
    """The new terms do not fit together, or begin in the past; what is wrong is named, and nothing was changed."""


@dataclass(frozen=True)
class LateRule:
    """What being collected late costs: from `grace_minutes` after a session's end so many pence for each started slice.

    Only sessions that end at `ends_from` or later count; `cap_pence` is the most for one child and day.
    """

    ends_from: time
    grace_minutes: int
    slice_pence: int
    slice_minutes: int
    cap_pence: int

    def free_until(self, day: date, ends_at: time) -> datetime:
        """The instant from which a child of this session is late: wall clock, so right on the days when clocks change."""
        return clock.instant(day, ends_at) + timedelta(minutes=self.grace_minutes)

    def charge_pence(self, free_until: datetime, out_at: datetime) -> int:
        """The charge for a child who went out then; nothing up to the last free second."""
        late_seconds = (out_at - free_until).total_seconds()
        if late_seconds <= 0:
            return 0
        slices = -(-int(late_seconds) // (self.slice_minutes * 60)) or 1
        return min(slices * self.slice_pence, self.cap_pence)


@dataclass(frozen=True)
class PayTerms:
    """Days to pay, on which days after that a family is reminded, above what two people decide, and the late charge.

    `late_pence` empty means that no late collection is ever charged. `walk_ins_pay`: a child who comes without a booking
    to a session that costs money is booked and charged the day after.
    """

    days_to_pay: int = 7
    reminder_days: tuple[int, ...] = (7, 14, 28)
    second_yes_pence: int = 5_000
    late_pence: int | None = None
    late_minutes: int = 15
    late_grace_minutes: int = 10
    late_cap_pence: int = 2_000
    late_from: time = time(17, 30)
    walk_ins_pay: bool = False

    @property
    def late_rule(self) -> LateRule | None:
        """The rule of the late collection charge, or nothing while it is off."""
        if self.late_pence is None:
            return None
        return LateRule(
            self.late_from, self.late_grace_minutes, self.late_pence, self.late_minutes, self.late_cap_pence
        )


class MoneyTerms(Base):
    """The row behind `PayTerms`, in force from `starts_on` until the next one; without any the defaults hold."""

    __tablename__ = "money_terms"
    __table_args__ = (
        CheckConstraint("days_to_pay BETWEEN 0 AND 90", name="days_known"),
        CheckConstraint("second_yes_pence >= 0", name="limit_not_negative"),
        CheckConstraint("late_pence IS NULL OR late_pence > 0", name="late_costs_something"),
        CheckConstraint("late_minutes > 0 AND late_grace_minutes >= 0", name="late_minutes_known"),
        CheckConstraint("late_cap_pence > 0", name="late_has_a_cap"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    starts_on: Mapped[date] = mapped_column(unique=True)
    days_to_pay: Mapped[int]
    reminder_days: Mapped[list[int]] = mapped_column(JSON)
    second_yes_pence: Mapped[int]
    late_pence: Mapped[int | None]
    late_minutes: Mapped[int]
    late_grace_minutes: Mapped[int]
    late_cap_pence: Mapped[int]
    late_from: Mapped[time]
    walk_ins_pay: Mapped[bool] = mapped_column(default=False)
    set_at: Mapped[datetime] = mapped_column(UtcDateTime)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))


NAMES = tuple(field.name for field in fields(PayTerms))


def terms_on(day: date) -> PayTerms:
    """What holds on a day."""
    row = db.session.scalars(
        select(MoneyTerms).where(MoneyTerms.starts_on <= day).order_by(MoneyTerms.starts_on.desc()).limit(1)
    ).first()
    if row is None:
        return PayTerms()
    values = {name: getattr(row, name) for name in NAMES}
    return PayTerms(**{**values, "reminder_days": tuple(row.reminder_days)})


def set_terms(terms: PayTerms, starts_on: date, *, at: datetime, user_id: int | None) -> None:
    """Put terms in force from a day on, today at the soonest: what has happened keeps the terms of its own day.

    Raises `CannotChangeTerms`.
    """
    if starts_on < clock.today(at):
        raise CannotChangeTerms("New terms begin today or later. Nothing was changed.")
    if list(terms.reminder_days) != sorted(set(terms.reminder_days)):
        raise CannotChangeTerms("Write the days of reminders in order, each once, like 7, 14, 28.")
    if terms.late_pence is not None and terms.late_cap_pence < terms.late_pence:
        raise CannotChangeTerms("The most for one day is less than one charge. Nothing was changed.")
    row = db.session.scalars(select(MoneyTerms).where(MoneyTerms.starts_on == starts_on)).first()
    row = row or MoneyTerms(starts_on=starts_on)
    for name in NAMES:
        setattr(row, name, getattr(terms, name))
    row.reminder_days, row.set_at, row.user_id = list(terms.reminder_days), at, user_id
    db.session.add(row)
    db.session.flush()
    record("money_terms_set", "money_terms", row.id, at=at, user_id=user_id, from_day=starts_on.isoformat())
