"""What must be true of places at every moment, as sentences that name the rows which break it."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from booking.bookings.models import Basket, CapacityOverride, Place, WaitingEntry
from booking.bookings.rules import LIVE
from booking.core.db import db
from booking.ledger.models import EntryLine
from booking.provision.models import Session


def booking_problems() -> list[str]:
    """Everything that is wrong with places and baskets, one sentence a row."""
    return [*_oversold(), *_called_off(), *_overlapping(), *_not_posted(), *_baskets(), *_offers()]


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


def _not_posted() -> list[str]:
    """A booked place that costs something is charged for; a cancelled one nets to its price or to nothing."""
    posted = (
        select(EntryLine.place_id, func.count().label("lines"))
        .where(EntryLine.place_id.is_not(None))
        .group_by(EntryLine.place_id)
        .subquery()
    )
    rows = db.session.execute(
        select(Place.id, func.coalesce(posted.c.lines, 0).label("lines"))
        .outerjoin(posted, posted.c.place_id == Place.id)
        .where(Place.state == "booked", Place.price_pence > 0, func.coalesce(posted.c.lines, 0) != 2)
        .order_by(Place.id)
    )
    return [f"place {row.id}: booked, but it has {row.lines} lines in the ledger and not 2" for row in rows]


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
