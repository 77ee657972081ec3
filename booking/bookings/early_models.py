"""Tables of early windows: some families book before others, by a published rule and a personal link."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from booking.core.db import Base, UtcDateTime
from booking.core.vault import Private, SealedRow
from booking.people.models import FamilyAccount, Pupil
from booking.provision.models import Run


class EarlyWindow(Base):
    """A rule as it is published: its grounds together, from when, and what share of each session it may take.

    `share` is in per cent of a session's places. `ended_at` is when the office took the whole window back.
    """

    __tablename__ = "early_window"
    __table_args__ = (CheckConstraint("share BETWEEN 1 AND 100", name="share_in_bounds"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    opens_at: Mapped[datetime] = mapped_column(UtcDateTime)
    grounds: Mapped[list[str]] = mapped_column(JSON)
    share: Mapped[int]
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_reason: Mapped[str | None] = mapped_column(String(200))

    runs: Mapped[list[EarlyRun]] = relationship(back_populates="window", order_by="EarlyRun.id")

    def state(self, at: datetime) -> str:
        """announced (no link has left), sent, open (for some), over (for everybody), or taken back."""
        if self.ended_at is not None:
            return "taken back"
        if at >= max(link.run.opens_at for link in self.runs):
            return "over"
        if self.sent_at is None:
            return "announced"
        return "open" if at >= self.opens_at else "sent"


class EarlyRun(Base):
    """A run that an early window is for."""

    __tablename__ = "early_run"
    __table_args__ = (UniqueConstraint("window_id", "run_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    window_id: Mapped[int] = mapped_column(ForeignKey("early_window.id"))
    run_id: Mapped[int] = mapped_column(ForeignKey("run.id"), index=True)

    window: Mapped[EarlyWindow] = relationship(back_populates="runs")
    run: Mapped[Run] = relationship()


class EarlyAccess(SealedRow, Base):
    """One child of one family account in a window; no ground is kept, so that nothing can tell why.

    The rows of a family share one link, of which the digest stands here and the link itself sealed, for the letter.
    It counts once an adult of the account has opened it.
    """

    __tablename__ = "early_access"
    __table_args__ = (
        UniqueConstraint("window_id", "account_id", "pupil_id"),
        CheckConstraint("opened_at IS NULL OR sent_at <= opened_at", name="opened_after_sent"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    window_id: Mapped[int] = mapped_column(ForeignKey("early_window.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("family_account.id"), index=True)
    pupil_id: Mapped[int] = mapped_column(ForeignKey("pupil.id"), index=True)
    token_digest: Mapped[str] = mapped_column(String(64), index=True)
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime)
    opened_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    opened_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    withdrawn_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))

    token = Private(str)
    reason = Private[str | None](lambda: None)

    window: Mapped[EarlyWindow] = relationship()
    account: Mapped[FamilyAccount] = relationship()
    pupil: Mapped[Pupil] = relationship()
