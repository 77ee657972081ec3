"""The table of requests to be linked to a child, by adults who are not on file."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from booking.core.db import Base, UtcDateTime
from booking.core.vault import Private, SealedRow

STATES = ("unconfirmed", "asked", "linked", "refused")


class LinkRequest(SealedRow, Base):
    """Somebody asks to be linked to a child; who and why stands sealed, and nothing on file is shown to them.

    An asker without an account first confirms their address by a link; the ten school days run from then.
    """

    __tablename__ = "link_request"
    __table_args__ = (CheckConstraint(f"state IN {STATES}", name="state_known"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), index=True)
    token_digest: Mapped[str | None] = mapped_column(String(64), unique=True)
    state: Mapped[str] = mapped_column(String(11))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_on: Mapped[date | None]
    pupil_id: Mapped[int | None] = mapped_column(ForeignKey("pupil.id"))
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    name = Private(str)
    email = Private(str)
    child_name = Private(str)
    date_of_birth = Private(str)
    class_name = Private(str)
    relationship_name = Private(str)
    words = Private(str)
    reason = Private(str)
