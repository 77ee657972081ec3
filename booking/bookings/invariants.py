"""What must be true of places at every moment, as sentences that name the rows which break it."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from booking.bookings.models import Basket, CapacityOverride, Place, PriceLine, WaitingEntry
from booking.bookings.rules import LIVE
from booking.bookings.settling import booked_places
from booking.core.db import db
from booking.ledger.balances import pot_balances
from booking.ledger.models import EntryLine, LedgerAccount
from booking.provision.models import Session
from booking.provision.price_models import Pot


def booking_problems() -> list[str]:
    """Everything that is wrong with places and baskets, one sentence a row."""
    return [
        *_oversold(),
        *_called_off(),
        *_overlapping(),
        *_prices(),
        *_not_posted(),
        *_pots(),
        *_baskets(),
        *_offers(),
    ]


def _oversold() -> list[str]:
    live = (
        select(Place.session_id, func.count().label("live"))
        .where(Place.state.in_(LIVE))
        .group_by(Place.session_id)
        .subquery()
    )
    extra = (
        select(CapacityOverride.session_id, func.sum(CapacityOverride.extra).label("extra"))
        .group_by(CapacityOverride.session_id)
        .subquery()
    )
    allowed = Session.capacity + func.coalesce(extra.c.extra, 0)
    rows = db.session.execute(
        select(Session.id, live.c.live, allowed.label("allowed"))
        .join(live, live.c.session_id == Session.id)
        .outerjoin(extra, extra.c.session_id == Session.id)
        .where(live.c.live > allowed)
        .order_by(Session.id)
    )
    return [f"session {row.id}: {row.live} places held or booked, {row.allowed} allowed" for row in rows]


def _called_off() -> list[str]:
    rows = db.session.scalars(
        select(Place.id)
        .join(Session, Session.id == Place.session_id)
        .where(Place.state.in_(LIVE), Session.status == "called_off")
        .order_by(Place.id)
    )
    return [f"place {place_id}: live in a session that was called off" for place_id in rows]


def _overlapping() -> list[str]:
    one, other, first, second = aliased(Place), aliased(Place), aliased(Session), aliased(Session)
    rows = db.session.execute(
        select(one.id, other.id.label("other_id"), one.pupil_id)
        .join(other, (other.pupil_id == one.pupil_id) & (other.id > one.id))
        .join(first, first.id == one.session_id)
        .join(second, second.id == other.session_id)
        .where(one.state.in_(LIVE), other.state.in_(LIVE), first.date == second.date)
        .where(first.starts_at < second.ends_at, second.starts_at < first.ends_at)
        .order_by(one.id)
    )
    return [f"pupil {row.pupil_id}: places {row.id} and {row.other_id} are at the same time" for row in rows]


def _prices() -> list[str]:
    """The lines of a place sum to its price."""
    rows = db.session.execute(
        select(Place.id, Place.price_pence, func.sum(PriceLine.amount_pence).label("pence"))
        .join(PriceLine, PriceLine.place_id == Place.id)
        .group_by(Place.id, Place.price_pence)
        .having(func.sum(PriceLine.amount_pence) != Place.price_pence)
        .order_by(Place.id)
    )
    return [f"place {row.id}: costs {row.price_pence} pence, its lines sum to {row.pence}" for row in rows]


def _not_posted() -> list[str]:
    """The ledger has of each booked place what its price is made of: family, discounts, pot and income to the penny."""
    by_kind = func.sum(EntryLine.amount_pence).label("pence")
    posted: dict[int, dict[str, int]] = {}
    for place_id, kind, pence in db.session.execute(
        select(EntryLine.place_id, LedgerAccount.kind, by_kind)
        .join(LedgerAccount, LedgerAccount.id == EntryLine.account_id)
        .join(Place, Place.id == EntryLine.place_id)
        .where(Place.state == "booked")
        .group_by(EntryLine.place_id, LedgerAccount.kind)
    ):
        posted.setdefault(place_id or 0, {})[kind] = pence
    booked = select(Place.id).where(Place.state == "booked")
    problems = []
    for one in booked_places(booked):
        parts = {
            "family": one.price_pence,
            "discount": one.discount_pence,
            "pot": one.subsidy_pence,
            "income": -one.full_pence,
        }
        wanted = {kind: pence for kind, pence in parts.items() if pence}
        found = {kind: pence for kind, pence in posted.get(one.place_id, {}).items() if pence}
        if found != wanted:
            problems.append(
                f"place {one.place_id}: booked at {_in_words(wanted)}, the ledger has {_in_words(found)}"
            )
    return problems


def _in_words(parts: Mapping[str, int]) -> str:
    return ", ".join(f"{kind} {pence}" for kind, pence in sorted(parts.items())) or "nothing"


def _pots() -> list[str]:
    """No pot has spent more than its budget, or got more back than it spent."""
    budgets = {row.id: row.budget_pence for row in db.session.execute(select(Pot.id, Pot.budget_pence))}
    spent = pot_balances(budgets)
    return [
        f"pot {pot_id}: {pence} pence spent of {budgets[pot_id]}"
        for pot_id, pence in sorted(spent.items())
        if not 0 <= pence <= budgets[pot_id]
    ]


def _baskets() -> list[str]:
    rows = db.session.execute(
        select(Basket.id, Basket.state, func.count(Place.id).label("held"))
        .join(Place, (Place.basket_id == Basket.id) & (Place.state == "held"))
        .where(Basket.state == "booked")
        .group_by(Basket.id, Basket.state)
        .order_by(Basket.id)
    )
    problems = [f"basket {row.id}: booked, but {row.held} of its places are only held" for row in rows]
    endless = db.session.scalars(
        select(Place.id)
        .join(Basket, Basket.id == Place.basket_id)
        .where(Place.state == "held", Place.held_until.is_(None), Basket.state != "paying")
        .order_by(Place.id)
    )
    return problems + [
        f"place {place_id}: held without an end, and no card page is open" for place_id in endless
    ]


def _offers() -> list[str]:
    rows = db.session.scalars(
        select(WaitingEntry.id)
        .outerjoin(Place, Place.id == WaitingEntry.offered_place_id)
        .where(WaitingEntry.state == "offered", Place.id.is_(None))
        .order_by(WaitingEntry.id)
    )
    return [f"waiting entry {entry_id}: offered, but there is no place behind it" for entry_id in rows]
