"""What follows when a basket is booked or let go: ledger, log, letters, and the choices that live on."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Select, bindparam, case, delete, func, insert, select

from booking.bookings.family_letters import write_to_family
from booking.bookings.models import Basket, BasketLine, Place, PriceLine
from booking.bookings.request_log import note
from booking.core.db import db, insert_new
from booking.ledger.posting import BookedPlace, post_booking
from booking.provision.models import Activity, Run, Session

LETTERS = "ABCDEFGHJKLMNPQRTUVWXY346789"


OPEN_BASKET = select(Basket).where(
    Basket.account_id == bindparam("account_id"), Basket.state.in_(("open", "paying"))
)
"""The family's basket that is being filled or paid, if there is one: there is never a second."""


def new_reference() -> str:
    """Eight letters and figures that cannot be misread for one another."""
    return "".join(secrets.choice(LETTERS) for _ in range(8))


def new_basket(account_id: int, *, at: datetime, user_id: int | None, state: str = "open") -> Basket:
    """A basket with a reference of its own; open, or `ended` for places that go past the family's own basket.

    When another device has just made the family's open basket, it is that one.
    """
    row = {"account_id": account_id, "user_id": user_id, "state": state, "created_at": at}
    made = insert_new(Basket).values(reference=new_reference(), **row).returning(Basket)
    basket = db.session.scalars(made).one_or_none()
    return basket or db.session.scalars(OPEN_BASKET, {"account_id": account_id}).one()


def booked_places(place_ids: Collection[int] | Select[int]) -> list[BookedPlace]:
    """What the ledger needs of these places (or of those that a query finds), by id."""
    off = (
        select(
            PriceLine.place_id,
            func.sum(case((PriceLine.rate_id.is_not(None), -PriceLine.amount_pence), else_=0)).label("rate"),
            func.sum(case((PriceLine.pot_id.is_not(None), -PriceLine.amount_pence), else_=0)).label("pot"),
            func.max(PriceLine.pot_id).label("pot_id"),
        )
        .where(PriceLine.place_id.in_(place_ids))
        .group_by(PriceLine.place_id)
        .subquery()
    )
    rows = db.session.execute(
        select(
            Place.id,
            Place.account_id,
            Activity.id,
            Activity.seller_id,
            Place.price_pence,
            func.coalesce(off.c.rate, 0),
            func.coalesce(off.c.pot, 0),
            off.c.pot_id,
        )
        .join(Session, Session.id == Place.session_id)
        .join(Run, Run.id == Session.run_id)
        .join(Activity, Activity.id == Run.activity_id)
        .outerjoin(off, off.c.place_id == Place.id)
        .where(Place.id.in_(place_ids))
        .order_by(Place.id)
    )
    return [BookedPlace(*row) for row in rows]


def after_booking(
    basket: Basket,
    pairs: Collection[tuple[int, int]],
    *,
    at: datetime,
    user_id: int | None,
    writes: bool = True,
) -> None:
    """Post the prices, note the bookings, take the lines out of the basket, and write to each adult of the account."""
    ids = db.session.scalars(
        select(Place.id).where(Place.basket_id == basket.id, Place.state == "booked", Place.booked_at == at)
    ).all()
    post_booking(booked_places(ids), basket_id=basket.id, at=at, user_id=user_id)
    basket.state, basket.booked_at = "booked", at
    left_over = lines_of(basket.id) - set(pairs)
    db.session.execute(delete(BasketLine).where(BasketLine.basket_id == basket.id))
    note(
        [("booked", pupil, session, None) for pupil, session in pairs],
        account_id=basket.account_id,
        at=at,
        user_id=user_id,
    )
    db.session.flush()
    if left_over:
        _keep(basket, left_over, at)
    if writes:
        key, context = f"confirmation:{basket.reference}", {"basket_id": basket.id}
        write_to_family(basket.account_id, "confirmation", context, key=key, at=at)


def keep_choices_of(basket: Basket, *, at: datetime) -> None:
    """A basket that has ended hands its lines to a new open one, so that the family's choice is not lost."""
    lines = lines_of(basket.id)
    db.session.execute(delete(BasketLine).where(BasketLine.basket_id == basket.id))
    db.session.flush()
    _keep(basket, lines, at)


def lines_of(basket_id: int) -> set[tuple[int, int]]:
    """The lines of a basket as (pupil, session)."""
    rows = db.session.execute(
        select(BasketLine.pupil_id, BasketLine.session_id).where(BasketLine.basket_id == basket_id)
    )
    return {(row.pupil_id, row.session_id) for row in rows}


def _keep(basket: Basket, lines: Collection[tuple[int, int]], at: datetime) -> None:
    fresh = new_basket(basket.account_id, at=at, user_id=basket.user_id)
    if lines:
        db.session.execute(
            insert(BasketLine),
            [
                {"basket_id": fresh.id, "pupil_id": pupil, "session_id": session}
                for pupil, session in sorted(lines)
            ],
        )
