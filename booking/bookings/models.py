"""Tables of who has asked for, holds and has what."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from booking.core.db import Base, UtcDateTime
from booking.people.models import FamilyAccount, Pupil
from booking.provision.models import Session
from booking.provision.price_models import Rate

LIVE = "state IN ('held', 'booked')"


class Basket(Base):
    """A family account's choice; `open` takes nothing until its holds are taken, and is paid or given up once.

    States: open (choosing, or holding), paying (a card page or the office is on the way), booked, ended.
    """

    __tablename__ = "basket"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'paying', 'booked', 'ended')", name="state_known"),
        Index(
            "uq_basket_account_open",
            "account_id",
            unique=True,
            sqlite_where=text("state IN ('open', 'paying')"),
            postgresql_where=text("state IN ('open', 'paying')"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(String(12), unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("family_account.id"), index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    state: Mapped[str] = mapped_column(String(8), default="open")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    first_held_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    booked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    account: Mapped[FamilyAccount] = relationship()
    lines: Mapped[list[BasketLine]] = relationship(back_populates="basket", cascade="all, delete-orphan")
    places: Mapped[list[Place]] = relationship(back_populates="basket")


class BasketLine(Base):
    """One ticked session for one pupil; ticking takes nothing."""

    __tablename__ = "basket_line"
    __table_args__ = (UniqueConstraint("basket_id", "pupil_id", "session_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    basket_id: Mapped[int] = mapped_column(ForeignKey("basket.id", ondelete="CASCADE"))
    pupil_id: Mapped[int] = mapped_column(ForeignKey("pupil.id"))
    session_id: Mapped[int] = mapped_column(ForeignKey("session.id"))

    basket: Mapped[Basket] = relationship(back_populates="lines")
    pupil: Mapped[Pupil] = relationship()
    session: Mapped[Session] = relationship()


class Place(Base):
    """One pupil in one session. Price and the last moment for credit are frozen when the hold is taken.

    `held_until` empty on a held place means that a card page is live: only Stripe's answer ends it.
    """

    __tablename__ = "place"
    __table_args__ = (
        CheckConstraint("state IN ('held', 'booked', 'cancelled', 'expired')", name="state_known"),
        CheckConstraint("price_pence >= 0", name="price_not_negative"),
        Index(
            "uq_place_pupil_session_live",
            "pupil_id",
            "session_id",
            unique=True,
            sqlite_where=text(LIVE),
            postgresql_where=text(LIVE),
        ),
        Index("ix_place_session_live", "session_id", "state"),
        Index(
            "ix_place_held",
            "held_until",
            sqlite_where=text("state = 'held'"),
            postgresql_where=text("state = 'held'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    basket_id: Mapped[int] = mapped_column(ForeignKey("basket.id"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("family_account.id"), index=True)
    pupil_id: Mapped[int] = mapped_column(ForeignKey("pupil.id"))
    session_id: Mapped[int] = mapped_column(ForeignKey("session.id"))
    state: Mapped[str] = mapped_column(String(9))
    price_pence: Mapped[int]
    credit_until: Mapped[datetime] = mapped_column(UtcDateTime)
    held_at: Mapped[datetime] = mapped_column(UtcDateTime)
    held_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    booked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))

    basket: Mapped[Basket] = relationship(back_populates="places")
    pupil: Mapped[Pupil] = relationship()
    session: Mapped[Session] = relationship()


PRICE_KINDS = ("full", "block", "sibling", "staff", "early", "weekday", "child", "funding")


class PriceLine(Base):
    """One part of a place's price, frozen with it: the full price (or its part of a block), then what comes off.

    The lines of a place sum to its price. A place whose price is the full one has no lines.
    """

    __tablename__ = "price_line"
    __table_args__ = (
        UniqueConstraint("place_id", "kind"),
        CheckConstraint(f"kind IN {PRICE_KINDS}", name="kind_known"),
        CheckConstraint("(kind IN ('full', 'block')) = (amount_pence > 0)", name="full_above_off_below"),
        CheckConstraint("amount_pence <> 0", name="amount_not_nothing"),
        CheckConstraint("(kind = 'funding') = (pot_id IS NOT NULL)", name="funding_has_a_pot"),
        CheckConstraint(
            "(kind IN ('full', 'block', 'funding')) = (rate_id IS NULL)", name="discount_has_a_rate"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    place_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    kind: Mapped[str] = mapped_column(String(8))
    amount_pence: Mapped[int]
    rate_id: Mapped[int | None] = mapped_column(ForeignKey("rate.id"))
    pot_id: Mapped[int | None] = mapped_column(ForeignKey("pot.id"), index=True)

    rate: Mapped[Rate | None] = relationship()


class CapacityOverride(Base):
    """Extra places in one session that a named person allowed, with the reason."""

    __tablename__ = "capacity_override"
    __table_args__ = (CheckConstraint("extra > 0", name="adds_places"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("session.id"), index=True)
    extra: Mapped[int]
    reason: Mapped[str] = mapped_column(String(200))
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class WaitingEntry(Base):
    """One pupil waiting for one session, in the school's published order. An offer is a held place with an end.

    Entries of one `party` are offered together or not at all. `fits` says whether the child could take a place if there
    were one (the worker looks); `skipped` counts how often a place went past a party that needs more than there were.
    """

    __tablename__ = "waiting_entry"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'offered', 'accepted', 'left', 'lapsed')", name="state_known"),
        Index(
            "uq_waiting_entry_live",
            "pupil_id",
            "session_id",
            unique=True,
            sqlite_where=text("state IN ('waiting', 'offered')"),
            postgresql_where=text("state IN ('waiting', 'offered')"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("family_account.id"), index=True)
    pupil_id: Mapped[int] = mapped_column(ForeignKey("pupil.id"))
    session_id: Mapped[int] = mapped_column(ForeignKey("session.id"), index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    state: Mapped[str] = mapped_column(String(8), default="waiting")
    joined_at: Mapped[datetime] = mapped_column(UtcDateTime)
    offered_place_id: Mapped[int | None] = mapped_column(ForeignKey("place.id"))
    offer_ends_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    party: Mapped[str | None] = mapped_column(String(12), index=True)
    fits: Mapped[bool] = mapped_column(default=True)
    skipped: Mapped[int] = mapped_column(default=0)

    pupil: Mapped[Pupil] = relationship()
    session: Mapped[Session] = relationship()


class FreeForecast(Base):
    """A family says that a pupil is coming to a free slot; the kitchen counts it, and it caps nothing."""

    __tablename__ = "free_forecast"
    __table_args__ = (UniqueConstraint("pupil_id", "session_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    pupil_id: Mapped[int] = mapped_column(ForeignKey("pupil.id"))
    session_id: Mapped[int] = mapped_column(ForeignKey("session.id"), index=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("family_account.id"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


REQUESTS = (
    "asked",
    "held",
    "booked",
    "offered",
    "waiting",
    "turned_away",
    "expired",
    "cancelled",
    "attended",
    "walk_in",
    "no_show",
)


class RequestFact(Base):
    """The request log, append-only: what unmet demand is read from."""

    __tablename__ = "request_fact"
    __table_args__ = (
        CheckConstraint(f"what IN {REQUESTS}", name="what_known"),
        CheckConstraint(
            "channel IN ('online', 'phone', 'hatch', 'worker', 'register')", name="channel_known"
        ),
        Index("ix_request_fact_session_id_what", "session_id", "what"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    what: Mapped[str] = mapped_column(String(11))
    pupil_id: Mapped[int] = mapped_column(ForeignKey("pupil.id"), index=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("session.id"))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("family_account.id"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    reason: Mapped[str | None] = mapped_column(String(40))
    channel: Mapped[str] = mapped_column(String(8), default="online")
