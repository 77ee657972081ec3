"""Places that the school takes back: all of it comes back as credit, and every family is told and answers."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import joinedload

from booking.bookings.change_models import ChangeNotice, SchoolChange
from booking.bookings.family_letters import write_to_family
from booking.bookings.models import Basket, BasketLine, Place, WaitingEntry
from booking.bookings.request_log import note
from booking.bookings.rules import LIVE
from booking.bookings.settling import booked_places
from booking.core.db import Base, Busy, db, lock_rows
from booking.ledger.posting import post_credit
from booking.people.models import FamilyAccount, Pupil
from booking.provision.models import Session

LOG_REASONS = {
    "closure": "school_closed",
    "called_off": "called_off",
    "cut": "fewer_places",
    "moved": "moved",
    "left": "left_school",
}
"""What the request log keeps of a place that the school took back."""


def lock_places(*where: ColumnElement[bool], sessions: Collection[int] = ()) -> list[Place]:
    """Lock the children, sessions and accounts of live places that meet a condition, and `sessions` besides.

    Gives those places as they are under the locks. Raises `Busy` when somebody booked in the moment before.
    """
    rows = db.session.execute(
        select(Place.pupil_id, Place.session_id, Place.account_id)
        .join(Session, Session.id == Place.session_id)
        .where(Place.state.in_(LIVE), *where)
    ).all()
    locked: tuple[tuple[type[Base], set[int]], ...] = (
        (Pupil, {row.pupil_id for row in rows}),
        (Session, {row.session_id for row in rows} | set(sessions)),
        (FamilyAccount, {row.account_id for row in rows}),
    )
    lock_rows(*locked)
    places = list(
        db.session.scalars(
            select(Place)
            .join(Session, Session.id == Place.session_id)
            .where(Place.state.in_(LIVE), *where)
            .options(joinedload(Place.session), joinedload(Place.pupil))
            .order_by(Place.id)
            .execution_options(populate_existing=True)
        )
    )
    pupils, _, accounts = (ids for _, ids in locked)
    if any(place.pupil_id not in pupils or place.account_id not in accounts for place in places):
        raise Busy
    return places


def release(
    change: SchoolChange, places: Iterable[Place], *, at: datetime, user_id: int | None
) -> list[ChangeNotice]:
    """Take these locked live places back: paid ones are credited in full, held ones leave their baskets.

    An offer from the waiting list among them lapses. One notice for each place; the caller sends the letters.
    """
    places = list(places)
    booked = {place.id for place in places if place.state == "booked"}
    credits = {one.place_id: one for one in booked_places(booked)}
    for one in credits.values():
        post_credit(one, at=at, user_id=user_id)
    db.session.execute(
        update(Place)
        .where(Place.id.in_([place.id for place in places]))
        .values(state="cancelled", ended_at=at, ended_by_id=user_id, held_until=None)
    )
    _drop_lines([place for place in places if place.id not in booked])
    db.session.execute(
        update(WaitingEntry)
        .where(WaitingEntry.offered_place_id.in_([place.id for place in places]))
        .where(WaitingEntry.state == "offered")
        .values(state="lapsed", ended_at=at)
    )
    reason = LOG_REASONS[change.kind]
    for account_id in {place.account_id for place in places}:
        facts = [
            ("cancelled", p.pupil_id, p.session_id, reason) for p in places if p.account_id == account_id
        ]
        note(facts, account_id=account_id, at=at, user_id=user_id, channel="worker")
    notices = [
        ChangeNotice(
            change_id=change.id,
            place_id=place.id,
            account_id=place.account_id,
            pupil_id=place.pupil_id,
            credit_pence=credits[place.id].price_pence if place.id in credits else 0,
        )
        for place in places
    ]
    db.session.add_all(notices)
    db.session.flush()
    return notices


def _drop_lines(held: Collection[Place]) -> None:
    """What was held only is not in its basket any more; a basket that held nothing else starts its hour afresh."""
    for place in held:
        db.session.execute(
            delete(BasketLine).where(
                BasketLine.basket_id == place.basket_id,
                BasketLine.pupil_id == place.pupil_id,
                BasketLine.session_id == place.session_id,
            )
        )
    baskets = {place.basket_id for place in held}
    holding = select(Place.basket_id).where(Place.state == "held", Place.basket_id.in_(baskets))
    db.session.execute(
        update(Basket)
        .where(Basket.id.in_(baskets), Basket.state == "open", Basket.id.not_in(holding))
        .values(first_held_at=None)
    )


def end_waiting(session_ids: Collection[int], *, at: datetime) -> int:
    """Nobody waits any more for these sessions; how many did."""
    ended = db.session.execute(
        update(WaitingEntry)
        .where(WaitingEntry.session_id.in_(session_ids), WaitingEntry.state == "waiting")
        .values(state="lapsed", ended_at=at)
    )
    return int(ended.rowcount)  # type: ignore[attr-defined]


def tell(change: SchoolChange, *, at: datetime) -> int:
    """One letter to each adult of each family concerned, at once whatever the hour; how many families there are."""
    accounts = set(
        db.session.scalars(select(ChangeNotice.account_id).where(ChangeNotice.change_id == change.id))
    )
    for account_id in sorted(accounts):
        context = {"change_id": change.id, "account_id": account_id}
        write_to_family(account_id, "change", context, key=f"change:{change.id}:{account_id}", at=at)
    return len(accounts)
