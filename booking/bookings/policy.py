"""The school's own booking rules, as families read them: one row, changed by the office, with the change on record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from booking.core import clock
from booking.core.audit import record
from booking.core.db import Base, db

ORDERS = {
    "joined": "Whoever joined the list first is asked first.",
    "siblings_first": "Children with a brother or sister in the same session are asked first, "
    "then whoever joined the list first.",
    "nothing_first": "Children who have no place in any club this half-term are asked first, "
    "then whoever joined the list first.",
}


@dataclass(frozen=True)
class Policy:
    """What the school has decided: hours of the school's clock, lengths in hours and school days, money in pence."""

    waiting_order: str = "joined"
    offer_hours: int = 12
    quiet_from: time = time(21, 0)
    quiet_until: time = time(7, 0)
    list_ends_hours: int = 24
    most_skips: int = 3
    arrears_limit_pence: int | None = None
    support_days: int = 5
    unpaid_days: int | None = None
    absences_by: time = time(14, 30)
    away_frees_at: time | None = None
    day_offer_minutes: int = 60

    def heard_at(self, at: datetime) -> datetime:
        """When a message written at `at` may reach a family: at once, or when the quiet hours are over."""
        local = clock.to_school(at)
        now, start, end = local.time().replace(tzinfo=None), self.quiet_from, self.quiet_until
        if start == end:
            return at
        is_quiet = start <= now < end if start < end else now >= start or now < end
        if not is_quiet:
            return at
        is_next_day = start > end and now >= start
        return clock.instant(local.date() + timedelta(days=int(is_next_day)), end)

    def list_ends(self, cut_off: datetime) -> datetime:
        """From this moment on what is free is open to all, whoever waits."""
        return cut_off - timedelta(hours=self.list_ends_hours)


class BookingRules(Base):
    """The row behind `Policy`; without one the defaults hold."""

    __tablename__ = "booking_rules"
    __table_args__ = (
        CheckConstraint("id = 1", name="only_one"),
        CheckConstraint("waiting_order IN ('joined', 'siblings_first', 'nothing_first')", name="order_known"),
        CheckConstraint("offer_hours BETWEEN 1 AND 72", name="offer_has_an_end"),
        CheckConstraint("list_ends_hours >= 0 AND most_skips >= 0", name="not_negative"),
        CheckConstraint("day_offer_minutes BETWEEN 10 AND 240", name="day_offer_has_an_end"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    waiting_order: Mapped[str]
    offer_hours: Mapped[int]
    quiet_from: Mapped[time]
    quiet_until: Mapped[time]
    list_ends_hours: Mapped[int]
    most_skips: Mapped[int]
    arrears_limit_pence: Mapped[int | None]
    support_days: Mapped[int]
    unpaid_days: Mapped[int | None]
    """So many days after a promise was due, and a reminder, what is not paid of it is let go; empty: a person decides."""
    absences_by: Mapped[time]
    """Until when the office enters who is not in school; afterwards its page says that it is missing."""
    away_frees_at: Mapped[time | None]
    """From when places of who is away go to those who wait; empty: they are kept for the child."""
    day_offer_minutes: Mapped[int]
    """How long such a place is kept for a family that it was offered to."""


FIELDS = tuple(Policy.__dataclass_fields__)


def current_policy() -> Policy:
    """What holds now."""
    row = db.session.get(BookingRules, 1)
    return Policy() if row is None else Policy(**{name: getattr(row, name) for name in FIELDS})


def change_policy(policy: Policy, *, at: datetime, user_id: int | None) -> None:
    """Put new rules in force from now on, in the caller's unit of work; offers that are out keep their end."""
    row = db.session.get(BookingRules, 1) or BookingRules(id=1)
    for name in FIELDS:
        setattr(row, name, getattr(policy, name))
    db.session.add(row)
    db.session.flush()
    record("rules_changed", "booking_rules", 1, at=at, user_id=user_id, order=policy.waiting_order)
