"""Tables of what is offered and when: calendar, sellers, activities, runs and sessions."""

from __future__ import annotations

from datetime import date, datetime, time

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from booking.core.db import Base, UtcDateTime

KINDS = ("breakfast", "club", "extended_care", "study_support", "family", "community")
YEAR_GROUPS = ("N1", "N2", "R", "1", "2", "3", "4", "5", "6")


class Period(Base):
    """An academic year, a term or a half-term: dates that the school enters, never computed."""

    __tablename__ = "period"
    __table_args__ = (
        CheckConstraint("kind IN ('year', 'term', 'half_term')", name="kind_known"),
        CheckConstraint("starts_on <= ends_on", name="starts_before_end"),
        UniqueConstraint("kind", "starts_on"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(String(60))
    starts_on: Mapped[date]
    ends_on: Mapped[date]


class SpecialDay(Base):
    """A day that differs: INSET, early finish (with its hour), closure or bank holiday."""

    __tablename__ = "special_day"
    __table_args__ = (
        CheckConstraint("kind IN ('inset', 'early_finish', 'closure', 'bank_holiday')", name="kind_known"),
        CheckConstraint("kind <> 'early_finish' OR finishes_at IS NOT NULL", name="early_finish_has_an_hour"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    date: Mapped[date] = mapped_column(unique=True)
    kind: Mapped[str] = mapped_column(String(12))
    note: Mapped[str] = mapped_column(String(120), default="")
    finishes_at: Mapped[time | None]


REGISTRATIONS = ("none", "ofsted", "urn")


class Seller(Base):
    """Who the family's contract and money are with: the school or an outside provider; `name` is the legal name.

    `registration` is the number of the kind `registration_kind`. `fee_basis_points` is the hundredths of a per cent of
    its takings that an outside seller leaves to the school. Locked last: its invoices are numbered without gaps.
    """

    __tablename__ = "seller"
    __table_args__ = (
        CheckConstraint(f"registration_kind IN {REGISTRATIONS}", name="registration_kind_known"),
        CheckConstraint("fee_basis_points BETWEEN 0 AND 10000", name="fee_is_a_part"),
    )
    lock_rank = 60

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    is_school: Mapped[bool] = mapped_column(default=False)
    address: Mapped[str] = mapped_column(String(250), default="")
    phone: Mapped[str] = mapped_column(String(30), default="")
    email: Mapped[str] = mapped_column(String(254), default="")
    registration: Mapped[str | None] = mapped_column(String(40))
    registration_kind: Mapped[str] = mapped_column(String(6), default="none")
    vat_number: Mapped[str] = mapped_column(String(20), default="")
    account_code: Mapped[str] = mapped_column(String(20), default="")
    fee_basis_points: Mapped[int] = mapped_column(default=0)


class Room(Base):
    """A place where children are, with how many it holds; `minutes_away` is the walk from the school's main door."""

    __tablename__ = "room"
    __table_args__ = (
        CheckConstraint("capacity > 0", name="holds_somebody"),
        CheckConstraint("minutes_away BETWEEN 0 AND 120", name="not_far"),
    )
    lock_rank = 30

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60), unique=True)
    capacity: Mapped[int]
    minutes_away: Mapped[int] = mapped_column(default=0)


class Activity(Base):
    """What is offered, term after term; a run puts it on the calendar."""

    __tablename__ = "activity"
    __table_args__ = (CheckConstraint(f"kind IN {KINDS}", name="kind_known"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    kind: Mapped[str] = mapped_column(String(15))
    area: Mapped[str | None] = mapped_column(String(20))
    description: Mapped[str] = mapped_column(Text, default="")
    seller_id: Mapped[int] = mapped_column(ForeignKey("seller.id"))
    is_free_slot: Mapped[bool] = mapped_column(default=False)
    runs_on_inset: Mapped[bool] = mapped_column(default=False)
    runs_on_early_finish: Mapped[bool] = mapped_column(default=False)

    seller: Mapped[Seller] = relationship()


VAT_TREATMENTS = ("non_business", "exempt", "standard")


class VatTreatment(Base):
    """How VAT looks at an activity from a day on, who decided it and on what evidence; the next row ends it.

    `rate_basis_points` is the rate in hundredths of a per cent (2000 is 20 %), of standard-rated care alone.
    """

    __tablename__ = "vat_treatment"
    __table_args__ = (
        UniqueConstraint("activity_id", "from_on"),
        CheckConstraint(f"treatment IN {VAT_TREATMENTS}", name="treatment_known"),
        CheckConstraint("rate_basis_points BETWEEN 0 AND 10000", name="rate_is_a_part"),
        CheckConstraint("(treatment = 'standard') = (rate_basis_points > 0)", name="standard_has_a_rate"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    activity_id: Mapped[int] = mapped_column(ForeignKey("activity.id"))
    from_on: Mapped[date]
    treatment: Mapped[str] = mapped_column(String(12))
    rate_basis_points: Mapped[int] = mapped_column(default=0)
    decided_by: Mapped[str] = mapped_column(String(120))
    evidence: Mapped[str] = mapped_column(String(300))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))


class Run(Base):
    """An activity in one half-term or term: its weekdays (0 is Monday), hours, price and who may book.

    `capacity` empty means as many as the room holds. Bookings close at `closes_at` (wall clock)
    `closes_days_before` days before each session; cancelling for credit ends at the same moment. Sold by the `session`,
    as a `block` (all sessions that are still to come, for their part of `block_pence`), or `both`. `needs_consent` is the
    consent without which no child is booked. While it is `in_round`, families rank it and nobody books it directly.
    """

    __tablename__ = "run"
    __table_args__ = (
        CheckConstraint("price_pence >= 0", name="price_not_negative"),
        CheckConstraint("starts_at < ends_at", name="starts_before_end"),
        CheckConstraint("capacity IS NULL OR capacity >= 0", name="capacity_not_negative"),
        CheckConstraint("status IN ('draft', 'open', 'closed')", name="status_known"),
        CheckConstraint("closes_days_before >= 0", name="closes_before_session"),
        CheckConstraint("sold_as IN ('session', 'block', 'both')", name="sold_as_known"),
        CheckConstraint(
            "sold_as = 'session' OR (block_pence IS NOT NULL AND block_pence >= 0)", name="block_has_a_price"
        ),
        Index("ix_run_period_id_activity_id", "period_id", "activity_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    activity_id: Mapped[int] = mapped_column(ForeignKey("activity.id"))
    period_id: Mapped[int] = mapped_column(ForeignKey("period.id"))
    room_id: Mapped[int] = mapped_column(ForeignKey("room.id"))
    weekdays: Mapped[list[int]] = mapped_column(JSON)
    starts_at: Mapped[time]
    ends_at: Mapped[time]
    capacity: Mapped[int | None]
    price_pence: Mapped[int]
    year_groups: Mapped[list[str]] = mapped_column(JSON)
    leader: Mapped[str] = mapped_column(String(120), default="")
    opens_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closes_days_before: Mapped[int] = mapped_column(default=1)
    closes_at: Mapped[time]
    status: Mapped[str] = mapped_column(String(8), default="draft")
    sold_as: Mapped[str] = mapped_column(String(7), default="session")
    block_pence: Mapped[int | None]
    needs_consent: Mapped[str | None] = mapped_column(String(30))
    in_round: Mapped[bool] = mapped_column(default=False)

    activity: Mapped[Activity] = relationship()
    period: Mapped[Period] = relationship()
    room: Mapped[Room] = relationship()
    sessions: Mapped[list[Session]] = relationship(back_populates="run", order_by="Session.date")


class Session(Base):
    """One dated occurrence of a run; its hours are wall-clock. Places left is counted, never stored."""

    __tablename__ = "session"
    __table_args__ = (
        UniqueConstraint("run_id", "date"),
        CheckConstraint("starts_at < ends_at", name="starts_before_end"),
        CheckConstraint("capacity >= 0", name="capacity_not_negative"),
        CheckConstraint("status IN ('planned', 'called_off')", name="status_known"),
    )
    lock_rank = 20

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("run.id"))
    date: Mapped[date] = mapped_column(index=True)
    starts_at: Mapped[time]
    ends_at: Mapped[time]
    capacity: Mapped[int]
    status: Mapped[str] = mapped_column(String(10), default="planned")
    note: Mapped[str] = mapped_column(String(160), default="")

    run: Mapped[Run] = relationship(back_populates="sessions")


class StaffAssignment(Base):
    """A member of staff leads or covers a run, and so sees its registers."""

    __tablename__ = "staff_assignment"
    __table_args__ = (UniqueConstraint("user_id", "run_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    run_id: Mapped[int] = mapped_column(ForeignKey("run.id"), index=True)
