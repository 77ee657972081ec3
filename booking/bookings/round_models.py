"""Tables of preference rounds: families rank clubs, and places are given by published order and a committed draw."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from booking.core.db import Base, UtcDateTime
from booking.core.vault import Private, SealedRow
from booking.people.models import FamilyAccount, Pupil
from booking.provision.models import Period, Run


class PreferenceRound(SealedRow, Base):
    """One round. The seed stands sealed from the start and in the open once the result is published.

    `criteria` is the published order of grounds; who meets none comes after them. `most` clubs a child. An offered
    place is kept for `confirm_hours`. `digest` is that of the result, for whoever replays it.
    """

    __tablename__ = "preference_round"
    __table_args__ = (
        CheckConstraint("opens_at < closes_at", name="opens_before_close"),
        CheckConstraint("most BETWEEN 1 AND 5", name="most_in_bounds"),
        CheckConstraint("confirm_hours BETWEEN 1 AND 336", name="confirm_in_bounds"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    period_id: Mapped[int] = mapped_column(ForeignKey("period.id"))
    opens_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closes_at: Mapped[datetime] = mapped_column(UtcDateTime)
    most: Mapped[int]
    confirm_hours: Mapped[int]
    criteria: Mapped[list[str]] = mapped_column(JSON)
    commitment: Mapped[str] = mapped_column(String(64))
    open_seed: Mapped[str | None] = mapped_column(String(64))
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    digest: Mapped[str | None] = mapped_column(String(64))
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))

    seed = Private(str)

    period: Mapped[Period] = relationship()
    runs: Mapped[list[RoundRun]] = relationship(back_populates="round", order_by="RoundRun.id")

    def state(self, at: datetime) -> str:
        """announced, open, closed (ranked, not published) or published."""
        if self.published_at is not None:
            return "published"
        if at < self.opens_at:
            return "announced"
        return "open" if at < self.closes_at else "closed"


class RoundRun(Base):
    """A run whose places a round gives out; `reserved` are numbers of places by entitlement."""

    __tablename__ = "round_run"
    __table_args__ = (UniqueConstraint("run_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("preference_round.id"), index=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("run.id"))
    reserved: Mapped[dict[str, int]] = mapped_column(JSON)

    round: Mapped[PreferenceRound] = relationship(back_populates="runs")
    run: Mapped[Run] = relationship()


class Preference(SealedRow, Base):
    """What a family ranked for one child, under a random id; grounds are frozen at the draw, sealed.

    `got` are run ids in the order of liking; empty until the result is published.
    """

    __tablename__ = "preference"
    __table_args__ = (UniqueConstraint("round_id", "pupil_id"), UniqueConstraint("random_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("preference_round.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("family_account.id"), index=True)
    pupil_id: Mapped[int] = mapped_column(ForeignKey("pupil.id"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    random_id: Mapped[str] = mapped_column(String(16))
    ranks: Mapped[list[int]] = mapped_column(JSON)
    got: Mapped[list[int] | None] = mapped_column(JSON)

    grounds = Private(list[str])

    round: Mapped[PreferenceRound] = relationship()
    pupil: Mapped[Pupil] = relationship()
    account: Mapped[FamilyAccount] = relationship()
