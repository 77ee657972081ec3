"""What an outside provider may see of its own sessions: dates, places, who is in charge, and its takings."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from booking.bookings.models import Place
from booking.core.db import db
from booking.ledger.models import EntryLine, LedgerAccount
from booking.provision.documents import DOCUMENT_WORDS, papers_of
from booking.provision.models import Activity, Run, Seller, Session


@dataclass(frozen=True)
class ProviderSession:
    """One session of the provider with how many children are booked in it."""

    session: Session
    booked: int


@dataclass(frozen=True)
class ProviderView:
    """The provider's page: the seller, its sessions from today on, what it has taken by activity, in pence.

    `missing` are its papers that are not in date today, in words.
    """

    seller: Seller
    sessions: list[ProviderSession]
    takings: list[tuple[str, int]]
    missing: tuple[str, ...] = ()

    @property
    def total_pence(self) -> int:
        """Everything taken, credits for cancelled sessions taken off."""
        return sum(pence for _, pence in self.takings)


def provider_view(seller_id: int, *, today: date, days: int = 14) -> ProviderView:
    """The next sessions and the takings of one seller."""
    sessions = db.session.scalars(
        select(Session)
        .join(Session.run)
        .join(Run.activity)
        .options(
            joinedload(Session.run).joinedload(Run.activity), joinedload(Session.run).joinedload(Run.room)
        )
        .where(Activity.seller_id == seller_id, Session.date >= today)
        .order_by(Session.date, Session.starts_at)
        .limit(days * 4)
    ).all()
    booked = booked_in([session.id for session in sessions])
    takings = db.session.execute(
        select(Activity.name, func.sum(-EntryLine.amount_pence).label("pence"))
        .join(LedgerAccount, LedgerAccount.activity_id == Activity.id)
        .join(EntryLine, EntryLine.account_id == LedgerAccount.id)
        .where(LedgerAccount.kind == "income", LedgerAccount.seller_id == seller_id)
        .group_by(Activity.name)
        .order_by(Activity.name)
    )
    return ProviderView(
        seller=db.session.get_one(Seller, seller_id),
        sessions=[ProviderSession(s, booked.get(s.id, 0)) for s in sessions],
        takings=[(row.name, int(row.pence)) for row in takings],
        missing=tuple(DOCUMENT_WORDS[kind] for kind in papers_of([seller_id]).missing(seller_id, today)),
    )


def booked_in(session_ids: Collection[int]) -> dict[int, int]:
    """How many children are booked in each session; one without any is not in it."""
    rows = db.session.execute(
        select(Place.session_id, func.count().label("places"))
        .where(Place.session_id.in_(session_ids), Place.state == "booked")
        .group_by(Place.session_id)
    )
    return {row.session_id: int(row.places) for row in rows}
