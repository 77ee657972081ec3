"""A family's choice: ticking takes nothing; the free breakfast is only told; holding is `places.take_holds`."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, Integer, Select, bindparam, delete, insert, select, update

from booking.bookings.holds import BasketIsPaying, HoldIsOver, extend_hold
from booking.bookings.models import Basket, BasketLine, FreeForecast, Place
from booking.bookings.rules import Pair
from booking.bookings.settling import OPEN_BASKET, lines_of, new_basket
from booking.bookings.situations import load_situation
from booking.core import clock
from booking.core.db import db, insert_new
from booking.core.errors import BookingError
from booking.people.models import Guardianship, Pupil, account_member, account_pupil
from booking.people.restrictions import closed_query
from booking.provision.models import Activity, Run, Session


class NotYourChild(BookingError):
    """The family may not book for that child; nothing in the basket was changed."""

    def __init__(self) -> None:
        super().__init__("You cannot book for that child. Nothing in your basket was changed.")


def open_basket(account_id: int) -> Basket | None:
    """The family's basket that is being filled or paid, if there is one."""
    return db.session.scalars(OPEN_BASKET, {"account_id": account_id}).first()


def _bookable() -> Select[int]:
    by_tie = (
        select(Guardianship.pupil_id)
        .join(account_member, account_member.c.user_id == Guardianship.user_id)
        .where(account_member.c.account_id == bindparam("account_id"), Guardianship.may_book)
    )
    by_office = select(account_pupil.c.pupil_id).where(account_pupil.c.account_id == bindparam("account_id"))
    return (
        select(Pupil.id)
        .where(Pupil.id.in_(by_tie) | Pupil.id.in_(by_office), Pupil.status != "left")
        .where(
            Pupil.id.not_in(
                closed_query(
                    bindparam("accounts", type_=Integer, expanding=True), bindparam("on", type_=Date)
                )
            )
        )
    )


BOOKABLE_IDS = _bookable()
BOOKABLE_PUPILS = (
    select(Pupil).where(Pupil.id.in_(BOOKABLE_IDS)).order_by(Pupil.date_of_birth, Pupil.forename, Pupil.id)
)


def bookable_ids(account_id: int, on: date) -> set[int]:
    """The ids of the children for whom the adults of an account may book, less those that a restriction closes."""
    return set(db.session.scalars(BOOKABLE_IDS, _whose(account_id, on)))


def _whose(account_id: int, on: date) -> dict[str, Any]:
    return {"account_id": account_id, "accounts": [account_id], "on": on}


def bookable_pupils(account_id: int, on: date) -> list[Pupil]:
    """The same children, oldest first."""
    return list(db.session.scalars(BOOKABLE_PUPILS, _whose(account_id, on)))


def choose_week(
    account_id: int, wanted: Collection[Pair], shown: Collection[Pair], *, at: datetime, user_id: int | None
) -> Basket:
    """Make the basket hold, of all that was shown, exactly what is wanted; what was not shown stays as it is.

    A line that was unticked lets its hold go, and so does one of a child whom the family books no more: nobody sees it,
    and it would stand in the way of all the others. Free slots are told to the kitchen at once and never get into the
    basket. Raises `NotYourChild` or `BasketIsPaying`; then nothing is changed.
    """
    wanted, shown = set(wanted), set(shown) | set(wanted)
    bookable = bookable_ids(account_id, clock.today(at))
    if not {pupil for pupil, _ in shown} <= bookable:
        raise NotYourChild
    basket = open_basket(account_id) or new_basket(account_id, at=at, user_id=user_id)
    known, free = _sessions({session for _, session in shown})
    _set_forecasts(
        {p for p in wanted if p[1] in free}, {p for p in shown if p[1] in free}, account_id, at, user_id
    )
    wanted, shown = {p for p in wanted if p[1] in known}, {p for p in shown if p[1] in known}
    has = lines_of(basket.id)
    gone, new = (has & shown) - wanted, wanted - has
    if basket.state == "paying" and (gone or new):
        raise BasketIsPaying
    if basket.state == "open":
        gone |= {pair for pair in has if pair[0] not in bookable}
    for pupil_id, session_id in gone:
        _take_out(basket.id, pupil_id, session_id, at, user_id)
    _add_lines(basket.id, new)
    db.session.expire(basket, ["lines"])
    return basket


def _add_lines(basket_id: int, pairs: Collection[Pair]) -> None:
    if pairs:
        db.session.execute(
            insert_new(BasketLine),
            [
                {"basket_id": basket_id, "pupil_id": pupil, "session_id": session}
                for pupil, session in sorted(pairs)
            ],
        )


WHICH_ARE_FREE = (
    select(Session.id, Activity.is_free_slot)
    .join(Run, Run.id == Session.run_id)
    .join(Activity, Activity.id == Run.activity_id)
    .where(Session.id.in_(bindparam("sessions", expanding=True)))
)


def _sessions(session_ids: Collection[int]) -> tuple[set[int], set[int]]:
    """Which of these are sessions that are paid or booked, and which are free slots."""
    rows = db.session.execute(WHICH_ARE_FREE, {"sessions": list(session_ids)}).all()
    return {row.id for row in rows if not row.is_free_slot}, {row.id for row in rows if row.is_free_slot}


def _set_forecasts(
    wanted: set[Pair], shown: set[Pair], account_id: int, at: datetime, user_id: int | None
) -> None:
    """Tell the kitchen who comes to a free slot; a slot that has begun is left as it was."""
    if not shown:
        return
    situation = load_situation({p for p, _ in shown}, {s for _, s in shown}, at)
    open_now = {pair for pair in shown if situation.why_not(*pair, account_id, waits=True) is None}
    rows = db.session.execute(
        select(FreeForecast.pupil_id, FreeForecast.session_id).where(
            FreeForecast.session_id.in_({session for _, session in shown})
        )
    )
    has = {(row.pupil_id, row.session_id) for row in rows}
    for pupil_id, session_id in (has & open_now) - wanted:
        db.session.execute(
            delete(FreeForecast).where(
                FreeForecast.pupil_id == pupil_id, FreeForecast.session_id == session_id
            )
        )
    new = (wanted & open_now) - has
    if new:
        db.session.execute(
            insert(FreeForecast),
            [
                {"pupil_id": p, "session_id": s, "account_id": account_id, "user_id": user_id, "at": at}
                for p, s in sorted(new)
            ],
        )


def _take_out(basket_id: int, pupil_id: int, session_id: int, at: datetime, user_id: int | None) -> None:
    db.session.execute(
        delete(BasketLine).where(
            BasketLine.basket_id == basket_id,
            BasketLine.pupil_id == pupil_id,
            BasketLine.session_id == session_id,
        )
    )
    db.session.execute(
        update(Place)
        .where(
            Place.basket_id == basket_id,
            Place.pupil_id == pupil_id,
            Place.session_id == session_id,
            Place.state == "held",
        )
        .values(state="cancelled", ended_at=at, ended_by_id=user_id, held_until=None)
    )


def remove_line(
    account_id: int, pupil_id: int, session_id: int, *, at: datetime, user_id: int | None
) -> None:
    """Take one line out of the basket and let its hold go; nothing happens when it is not there."""
    basket = open_basket(account_id)
    if basket is None:
        return
    if basket.state == "paying":
        raise BasketIsPaying
    _take_out(basket.id, pupil_id, session_id, at, user_id)


def give_up_basket(account_id: int, *, at: datetime, user_id: int | None) -> None:
    """Empty the basket and let every hold go."""
    basket = open_basket(account_id)
    for line in list(basket.lines) if basket is not None else []:
        remove_line(account_id, line.pupil_id, line.session_id, at=at, user_id=user_id)


def keep_longer(account_id: int, *, at: datetime, user_id: int | None) -> datetime:
    """Keep the holds 15 minutes longer, 60 in all; raises `HoldIsOver`."""
    basket = open_basket(account_id)
    if basket is None:
        raise HoldIsOver
    return extend_hold(basket.id, at=at, user_id=user_id)
