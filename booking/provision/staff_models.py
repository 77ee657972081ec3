"""Tables of who works here: staff records, certificates, the dated rota, staff's own marks, and outside firms' papers."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from booking.core.db import Base, UtcDateTime
from booking.provision.models import YEAR_GROUPS, Seller

RATIO_ROLES = ("leader", "assistant", "apprentice", "student", "volunteer")
LEVELS = (0, 2, 3, 6)
CERTIFICATES = (
    "paediatric_first_aid",
    "emergency_paediatric_first_aid",
    "first_aid_at_work",
    "food_hygiene",
    "safeguarding",
)
DOCUMENTS = ("dbs_assurance", "insurance", "safeguarding_policy", "first_aid", "agreement")
OWN_MARKS = ("in", "out", "undone")


class StaffRecord(Base):
    """What makes somebody count at a session; `name` stands here because not everybody who works here signs in.

    `user_id` ties the record to whoever signs in, `seller_id` to the outside firm whose person it is (none is the
    school). `counts_in_ratio` is the office's word; `level` is a relevant childcare qualification (0 for none). A record
    of agency staff is for one day: `starts_on` and `ends_on` are that day.
    """

    __tablename__ = "staff_record"
    __table_args__ = (
        CheckConstraint(f"ratio_role IN {RATIO_ROLES}", name="ratio_role_known"),
        CheckConstraint(f"level IN {LEVELS}", name="level_known"),
        CheckConstraint("ends_on IS NULL OR starts_on <= ends_on", name="ends_after_start"),
        Index("ix_staff_record_seller_id", "seller_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), unique=True)
    seller_id: Mapped[int | None] = mapped_column(ForeignKey("seller.id"))
    name: Mapped[str] = mapped_column(String(160))
    ratio_role: Mapped[str] = mapped_column(String(10), default="assistant")
    counts_in_ratio: Mapped[bool] = mapped_column(default=True)
    level: Mapped[int] = mapped_column(default=0)
    dbs_checked_on: Mapped[date | None]
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    is_agency: Mapped[bool] = mapped_column(default=False)

    certificates: Mapped[list[StaffCertificate]] = relationship(
        back_populates="staff", order_by="StaffCertificate.expires_on", cascade="all, delete-orphan"
    )


class StaffCertificate(Base):
    """A certificate that somebody in the office has seen; the last day on which it is good is `expires_on`."""

    __tablename__ = "staff_certificate"
    __table_args__ = (
        CheckConstraint(f"kind IN {CERTIFICATES}", name="kind_known"),
        UniqueConstraint("staff_id", "kind", "expires_on"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff_record.id"))
    kind: Mapped[str] = mapped_column(String(30))
    expires_on: Mapped[date]
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))

    staff: Mapped[StaffRecord] = relationship(back_populates="certificates")


class RotaLine(Base):
    """Somebody's standing place on a run's rota, from a day until a day; `weekdays` empty means all of the run's."""

    __tablename__ = "rota_line"
    __table_args__ = (
        CheckConstraint("to_on IS NULL OR from_on <= to_on", name="ends_after_start"),
        UniqueConstraint("run_id", "staff_id", "from_on"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("run.id"))
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff_record.id"), index=True)
    weekdays: Mapped[list[int]] = mapped_column(JSON, default=list)
    from_on: Mapped[date]
    to_on: Mapped[date | None]
    is_leader: Mapped[bool] = mapped_column(default=False)

    staff: Mapped[StaffRecord] = relationship()


class RotaChange(Base):
    """A day's change of one session's rota: somebody comes who does not stand on it, or stays away. Why is not kept."""

    __tablename__ = "rota_change"
    __table_args__ = (UniqueConstraint("session_id", "staff_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("session.id"))
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff_record.id"), index=True)
    is_here: Mapped[bool]
    is_leader: Mapped[bool] = mapped_column(default=False)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))

    staff: Mapped[StaffRecord] = relationship()


class StaffMark(Base):
    """One mark of an adult: came, went, or took a mark back; an event, and nothing is overwritten.

    `day` is the school's day of `at`. `user_id` is who pressed, which need not be the person whom it is about.
    """

    __tablename__ = "staff_mark"
    __table_args__ = (
        CheckConstraint(f"what IN {OWN_MARKS}", name="what_known"),
        CheckConstraint("(what = 'undone') = (undoes_id IS NOT NULL)", name="undone_names_a_mark"),
        Index("ix_staff_mark_day_staff_id", "day", "staff_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff_record.id"), index=True)
    what: Mapped[str] = mapped_column(String(6))
    day: Mapped[date]
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    undoes_id: Mapped[int | None] = mapped_column(ForeignKey("staff_mark.id"), unique=True)


class StaffingRule(Base):
    """The school's published rule from a day on: how many adults a session has at least, and how many first-aiders.

    `first_aider_each_session` asks for one in every session; else one on the same site at the same time will do, but
    for breakfast and care, where children eat. With `limits_places` the standing rota limits the places on sale.
    """

    __tablename__ = "staffing_rule"
    __table_args__ = (
        CheckConstraint("least_adults BETWEEN 1 AND 10", name="least_adults_in_reason"),
        CheckConstraint("least_first_aiders BETWEEN 1 AND 10", name="first_aiders_in_reason"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    from_on: Mapped[date] = mapped_column(unique=True)
    least_adults: Mapped[int]
    least_first_aiders: Mapped[int] = mapped_column(default=1)
    first_aider_each_session: Mapped[bool] = mapped_column(default=False)
    limits_places: Mapped[bool] = mapped_column(default=False)
    decided_by: Mapped[str] = mapped_column(String(120))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))

    ratios: Mapped[list[StaffingRatio]] = relationship(cascade="all, delete-orphan")


class StaffingRatio(Base):
    """How many children of a year group one adult may have, by one rule."""

    __tablename__ = "staffing_ratio"
    __table_args__ = (
        CheckConstraint(f"year_group IN {YEAR_GROUPS}", name="year_group_known"),
        CheckConstraint("children_per_adult BETWEEN 1 AND 40", name="ratio_in_reason"),
    )

    rule_id: Mapped[int] = mapped_column(ForeignKey("staffing_rule.id", ondelete="CASCADE"), primary_key=True)
    year_group: Mapped[str] = mapped_column(String(2), primary_key=True)
    children_per_adult: Mapped[int]


class SellerDocument(Base):
    """A paper of an outside seller that somebody in the office has seen, and the last day on which it is good.

    A line entered by mistake is taken back by `taken_back_at`; it is never deleted.
    """

    __tablename__ = "seller_document"
    __table_args__ = (
        CheckConstraint(f"kind IN {DOCUMENTS}", name="kind_known"),
        CheckConstraint("from_on <= good_until", name="ends_after_start"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    seller_id: Mapped[int] = mapped_column(ForeignKey("seller.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    reference: Mapped[str] = mapped_column(String(200), default="")
    from_on: Mapped[date]
    good_until: Mapped[date]
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    taken_back_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    seller: Mapped[Seller] = relationship()
