"""Unpaid holds whose time is over; one with a card page open has no end of its own and is never touched."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select, update

from booking.bookings.models import Basket, Place
from booking.bookings.request_log import note
from booking.core.db import db


def expire_overdue(at: datetime) -> int:
    """Expire every unpaid hold whose time is over; never one with a card page open. How many there were."""
    return expire(at, True)


def expire(at: datetime, where: object) -> int:
    """Expire overdue holds that meet a condition; inside a unit of work, and under the caller's locks if it counts."""
    gone = db.session.execute(
        update(Place)
        .where(Place.state == "held", Place.held_until <= at, where)  # type: ignore[arg-type]
        .values(state="expired", ended_at=at)
        .returning(Place.basket_id, Place.account_id, Place.pupil_id, Place.session_id)
        .execution_options(synchronize_session=False)
    ).all()
    if gone:
        for account_id in {row.account_id for row in gone}:
            facts = [("expired", r.pupil_id, r.session_id, None) for r in gone if r.account_id == account_id]
            note(facts, account_id=account_id, at=at, user_id=None, channel="worker")
        _restart_clock({row.basket_id for row in gone})
    return len(gone)


def _restart_clock(basket_ids: Collection[int]) -> None:
    """A basket that holds nothing any more may be held for an hour again."""
    holding = select(Place.basket_id).where(Place.state == "held", Place.basket_id.in_(basket_ids))
    db.session.execute(
        update(Basket)
        .where(Basket.id.in_(basket_ids), Basket.state == "open", Basket.id.not_in(holding))
        .values(first_held_at=None)
        .execution_options(synchronize_session=False)
    )
