"""What families ask of the school in words: support for a child in a place that is kept, or care that is not offered."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from booking.core.db import Base, UtcDateTime
from booking.core.vault import Private, SealedRow
from booking.people.models import FamilyAccount, Pupil, User

REQUEST_KINDS = {"support": "Support in a place", "wraparound": "Care before or after school"}


class FamilyRequest(SealedRow, Base):
    """One request with its answer by a named person; what is said on either side stands sealed.

    For `support`, the child's places stand in `basket_id` until the answer; nothing but a person ends it.
    """

    __tablename__ = "family_request"
    __table_args__ = (
        CheckConstraint(f"kind IN {tuple(REQUEST_KINDS)}", name="kind_known"),
        CheckConstraint("state IN ('asked', 'yes', 'no', 'withdrawn')", name="state_known"),
        CheckConstraint(
            "state NOT IN ('yes', 'no') OR answered_by_id IS NOT NULL", name="answered_by_a_person"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    account_id: Mapped[int] = mapped_column(ForeignKey("family_account.id"), index=True)
    pupil_id: Mapped[int] = mapped_column(ForeignKey("pupil.id"), index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    basket_id: Mapped[int | None] = mapped_column(ForeignKey("basket.id"))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    answer_by: Mapped[date]
    state: Mapped[str] = mapped_column(String(9), default="asked")
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))

    words = Private(str)
    answer = Private(str)

    account: Mapped[FamilyAccount] = relationship()
    pupil: Mapped[Pupil] = relationship()
    answered_by: Mapped[User | None] = relationship(foreign_keys=[answered_by_id])


class NewcomerRequest(SealedRow, Base):
    """Care that a family without a child here asks for; it counts once the address is confirmed.

    No child is named. `starts_on` is the first of the month in which the child is expected. `token` opens the
    family's own page; a digest of it and of the address is all that stands unsealed.
    """

    __tablename__ = "newcomer_request"
    __table_args__ = (
        CheckConstraint("state IN ('unconfirmed', 'asked', 'yes', 'no')", name="state_known"),
        CheckConstraint(
            "state = 'unconfirmed' OR (asked_at IS NOT NULL AND answer_by IS NOT NULL)", name="has_a_day"
        ),
        CheckConstraint(
            "state NOT IN ('yes', 'no') OR (answered_by_id IS NOT NULL AND answered_at IS NOT NULL)",
            name="answered_by_a_person",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(String(11), default="unconfirmed")
    token_digest: Mapped[str] = mapped_column(String(64), unique=True)
    email_digest: Mapped[str] = mapped_column(String(64), index=True)
    starts_on: Mapped[date]
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    asked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answer_by: Mapped[date | None]
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))

    token = Private(str)
    name = Private(str)
    email = Private(str)
    weekdays = Private[list[int]](list)
    hours = Private[list[str]](list)
    words = Private(str)
    answer = Private(str)

    answered_by: Mapped[User | None] = relationship(foreign_keys=[answered_by_id])
