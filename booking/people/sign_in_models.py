"""Tables of signing in: sign-ins and trusted devices, passkeys, codes, and one-time secrets that leave by letter."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from booking.core.db import Base, UtcDateTime
from booking.core.vault import Private, SealedRow
from booking.people.models import User

STAGES = ("whole", "code", "letter", "set_up")
HOWS = ("password", "passkey", "code", "letter", "recovery", "link", "pin")
PURPOSES = ("new_device", "reset", "email")


class SignIn(Base):
    """One person at one browser; the browser holds only the token, of which the digest stands here.

    `stage` says what is still missing: `whole` is signed in, `code` and `letter` wait for a second step, `set_up` for
    a first passkey or code app. `is_strong` means two factors were shown; `proved_at` is the last fresh proof. A sign-in
    by PIN names its tablet.
    """

    __tablename__ = "sign_in"
    __table_args__ = (
        CheckConstraint(f"stage IN {STAGES}", name="stage_known"),
        CheckConstraint(f"how IN {HOWS}", name="how_known"),
        CheckConstraint("created_at <= expires_at", name="ends_after_start"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    token_digest: Mapped[str] = mapped_column(String(64), unique=True)
    stage: Mapped[str] = mapped_column(String(8))
    how: Mapped[str] = mapped_column(String(10))
    is_strong: Mapped[bool] = mapped_column(default=False)
    device: Mapped[str] = mapped_column(String(80))
    tablet_id: Mapped[int | None] = mapped_column(ForeignKey("register_device.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    proved_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    trusted_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_why: Mapped[str | None] = mapped_column(String(20))

    user: Mapped[User] = relationship()


class TrustedDevice(Base):
    """A browser of which one person said "this is my own": no second step there for 30 days. Never for staff."""

    __tablename__ = "trusted_device"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    token_digest: Mapped[str] = mapped_column(String(64), unique=True)
    device: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Passkey(Base):
    """One credential of one person; `user_handle` is random and the same for all passkeys of that person."""

    __tablename__ = "passkey"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    credential_id: Mapped[str] = mapped_column(String(1400), unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    user_handle: Mapped[str] = mapped_column(String(88))
    sign_count: Mapped[int] = mapped_column(BigInteger)
    transports: Mapped[list[Any]] = mapped_column(JSON, default=list)
    name: Mapped[str] = mapped_column(String(60))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    user: Mapped[User] = relationship()


class PasskeyChallenge(Base):
    """A challenge that was sent to one browser, which knows the token; answered once, within five minutes."""

    __tablename__ = "passkey_challenge"
    __table_args__ = (CheckConstraint("purpose IN ('sign_in', 'add', 'prove')", name="purpose_known"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    token_digest: Mapped[str] = mapped_column(String(64), unique=True)
    challenge: Mapped[bytes] = mapped_column(LargeBinary)
    purpose: Mapped[str] = mapped_column(String(8))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"))
    user_handle: Mapped[str | None] = mapped_column(String(88))
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class CodeApp(SealedRow, Base):
    """A person's code app (TOTP, 30 seconds): the secret is sealed, the last counter keeps each code to one use.

    `next_secret` is one that is being set up; it replaces `secret` when a code of it was typed.
    """

    __tablename__ = "code_app"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_counter: Mapped[int] = mapped_column(BigInteger, default=0)

    secret = Private(str)
    next_secret = Private(str)


class RecoveryCode(Base):
    """One of ten codes on paper; the first four letters find the row, the rest is hashed; used once."""

    __tablename__ = "recovery_code"
    __table_args__ = (UniqueConstraint("user_id", "handle"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"))
    handle: Mapped[str] = mapped_column(String(4))
    code_hash: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class OneTimeSecret(SealedRow, Base):
    """A code or link that goes out by letter, bound to one purpose; sealed, so that only the letter tells it.

    A reset is written for whatever address was typed, known or not: `user_id` is empty, the letter finds out.
    """

    __tablename__ = "one_time_secret"
    __table_args__ = (
        CheckConstraint(f"purpose IN {PURPOSES}", name="purpose_known"),
        CheckConstraint("tries >= 0 AND tries <= 5", name="at_most_five_tries"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    purpose: Mapped[str] = mapped_column(String(10))
    token_digest: Mapped[str | None] = mapped_column(String(64), unique=True)
    email: Mapped[str] = mapped_column(String(254), index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    sign_in_id: Mapped[int | None] = mapped_column(ForeignKey("sign_in.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    tries: Mapped[int] = mapped_column(default=0)

    secret = Private(str)
