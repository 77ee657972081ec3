"""What leaves the building, as rows written in the transaction that caused them; the worker sends them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from booking.core.db import Base, UtcDateTime, db


class OutboxMessage(Base):
    """One e-mail or text to one person; `key` is unique, so that one event never writes twice.

    `template` names a folder file under templates/messages/, `context` holds ids and plain values only.
    A text goes to the number on which `user_id` wants texts when it leaves, or nowhere; `to_email` says whose it is.
    """

    __tablename__ = "outbox_message"
    __table_args__ = (
        CheckConstraint("attempts >= 0", name="attempts_not_negative"),
        CheckConstraint("channel IN ('email', 'text')", name="channel_known"),
        CheckConstraint("channel = 'email' OR user_id IS NOT NULL", name="text_has_a_reader"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    channel: Mapped[str] = mapped_column(String(5), default="email", server_default="email")
    to_email: Mapped[str] = mapped_column(String(254))
    user_id: Mapped[int | None] = mapped_column(index=True)
    template: Mapped[str] = mapped_column(String(60))
    context: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    next_try_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_error: Mapped[str | None] = mapped_column(Text)


def post(
    *,
    key: str,
    to_email: str,
    template: str,
    context: dict[str, Any],
    at: datetime,
    user_id: int | None = None,
    not_before: datetime | None = None,
    channel: str = "email",
) -> OutboxMessage:
    """Put a message in the outbox, inside the caller's transaction; it leaves at once, or `not_before` an instant."""
    message = OutboxMessage(
        key=key,
        channel=channel,
        to_email=to_email,
        template=template,
        context=context,
        created_at=at,
        next_try_at=max(at, not_before or at),
        user_id=user_id,
    )
    db.session.add(message)
    return message
