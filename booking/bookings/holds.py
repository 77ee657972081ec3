"""Holds that are there: how long they last, kept longer, kept for a card page, and given up. None of it takes a place.

A hold lasts 15 minutes, 60 in all with extensions; while a card page is open it has no end of its own.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, select, update

from booking.bookings.models import Basket, BasketLine, Place
from booking.bookings.request_log import note
from booking.bookings.rules import Pair
from booking.bookings.settling import keep_choices_of, new_basket
from booking.bookings.states import BASKET_MOVES, check_move
from booking.core import clock
from booking.core.db import db, read_rows, table_of
from booking.core.errors import BookingError

HOLD_LASTS = timedelta(minutes=15)
LONGEST_HOLD = timedelta(minutes=60)
place = table_of(Place).c
HELD = select(place.pupil_id, place.session_id).where(
    place.basket_id == bindparam("basket_id"), place.state == "held"
)


class BasketIsPaying(BookingError):
    """A card page is open for this basket, so it cannot be changed; nothing was."""

    def __init__(self) -> None:
        super().__init__(
            "A card payment is open for your basket. Finish or stop it first. Nothing was changed."
        )


class HoldIsOver(BookingError):
    """The hold ended before the act; the choice is kept in the basket and can be held again."""

    def __init__(self) -> None:
        super().__init__(
            "Your places were not kept any longer. Your choice is still in the basket: hold it again."
        )


def end_of_hold(first_held_at: datetime | None, at: datetime) -> datetime:
    """15 minutes on, but never more than 60 after the first hold of a basket."""
    return min(at + HOLD_LASTS, (first_held_at or at) + LONGEST_HOLD)


def held_in(basket_id: int) -> set[Pair]:
    """What a basket holds, as (pupil, session)."""
    return {(row.pupil_id, row.session_id) for row in read_rows(HELD, basket_id=basket_id)}


def hold_until(basket_id: int, until: datetime | None) -> int:
    """Give all held places of a basket the same end; how many there are."""
    found = db.session.execute(
        update(Place).where(Place.basket_id == basket_id, Place.state == "held").values(held_until=until)
    )
    return int(found.rowcount)  # type: ignore[attr-defined]


def extend_hold(basket_id: int, *, at: datetime, user_id: int | None) -> datetime:
    """Keep a basket's places another 15 minutes, 60 in all; raises `HoldIsOver` when there is nothing to keep."""
    basket = db.session.get_one(Basket, basket_id)
    basket.first_held_at = basket.first_held_at or at
    until = end_of_hold(basket.first_held_at, at)
    live = db.session.execute(
        update(Place)
        .where(Place.basket_id == basket_id, Place.state == "held", Place.held_until > at)
        .values(held_until=until)
    )
    if basket.state != "open" or not live.rowcount:  # type: ignore[attr-defined]
        raise HoldIsOver
    return until


def hold_for_payment(basket_id: int, *, at: datetime) -> None:
    """Keep the places for as long as a card page is open; raises `HoldIsOver` when one of them has ended."""
    basket = db.session.get_one(Basket, basket_id)
    check_move(BASKET_MOVES, basket.state, "paying")
    held = held_in(basket_id)
    live = db.session.execute(
        update(Place)
        .where(Place.basket_id == basket_id, Place.state == "held", Place.held_until > at)
        .values(held_until=None)
    )
    if not held or live.rowcount != len(held):  # type: ignore[attr-defined]
        raise HoldIsOver
    basket.state = "paying"


def release_payment_hold(basket_id: int, *, at: datetime) -> None:
    """The card page is closed: the places are held for 15 more minutes, as before."""
    basket = db.session.get_one(Basket, basket_id)
    check_move(BASKET_MOVES, basket.state, "open")
    basket.state = "open"
    basket.first_held_at = at
    hold_until(basket_id, at + HOLD_LASTS)


def give_up(basket_id: int, *, at: datetime, user_id: int | None) -> None:
    """Let a paying basket's places go for good; its choices go on in a new basket of the same family."""
    basket = db.session.get_one(Basket, basket_id)
    check_move(BASKET_MOVES, basket.state, "ended")
    gone = held_in(basket_id)
    db.session.execute(
        update(Place)
        .where(Place.basket_id == basket_id, Place.state == "held")
        .values(state="expired", ended_at=at, ended_by_id=user_id, held_until=None)
    )
    basket.state, basket.ended_at = "ended", at
    keep_choices_of(basket, at=at)
    note(
        [("expired", pupil, session, None) for pupil, session in gone],
        account_id=basket.account_id,
        at=at,
        user_id=user_id,
        channel="worker",
    )


def set_aside(basket_id: int, pupil_id: int, *, at: datetime, user_id: int | None) -> Basket | None:
    """Move a child's live holds into a basket of their own, where nothing but each session's own start ends them.

    Nothing for a basket that is being paid, or that holds nothing for the child.
    """
    basket = db.session.get_one(Basket, basket_id)
    held = db.session.scalars(
        select(Place).where(
            Place.basket_id == basket_id,
            Place.pupil_id == pupil_id,
            Place.state == "held",
            Place.held_until > at,
        )
    ).all()
    if basket.state != "open" or not held:
        return None
    aside = new_basket(basket.account_id, at=at, user_id=user_id, state="ended")
    for one in held:
        one.basket_id = aside.id
        one.held_until = clock.instant(one.session.date, one.session.starts_at)
    db.session.execute(
        delete(BasketLine).where(BasketLine.basket_id == basket_id, BasketLine.pupil_id == pupil_id)
    )
    db.session.flush()
    return aside
