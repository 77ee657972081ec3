"""A full session of today, somebody who waits, and the worker's ticks."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from booking.bookings.giving_on import give_on
from booking.bookings.models import Place
from booking.bookings.offers import make_offers
from booking.bookings.policy import Policy, change_policy
from booking.bookings.waiting_list import join_list
from booking.core.db import db, unit_of_work
from booking.provision.models import Session
from tests.bookings.saying import MORNING, TODAY
from tests.builders import AT, Family, a_family, a_place, a_session

ONE = datetime(2026, 11, 25, 13, 0, tzinfo=UTC)


TWO = ONE + timedelta(hours=1)


def rule(**values: object) -> None:
    """The school gives places on from 13:00, unless said otherwise."""
    with unit_of_work():
        change_policy(Policy(**{"away_frees_at": time(13), **values}), at=AT, user_id=None)  # type: ignore[arg-type]


def scene() -> tuple[Family, Place, Family, Session]:
    """A full session of today, its one child, and a child who waits."""
    session = a_session(TODAY, capacity=1)
    has, waits = a_family(), a_family()
    place = a_place(has, session, credit_until=MORNING - timedelta(hours=15))
    join(waits, session)
    return has, place, waits, session


def join(family: Family, session: Session) -> None:
    with unit_of_work():
        join_list(
            family.pupils[0].id, session.id, account_id=family.account.id, at=AT, user_id=family.user.id
        )


def tick(at: datetime) -> tuple[int, int]:
    """What the worker does: how many places it lets go, and how many it offers."""
    with unit_of_work():
        given = give_on(at)
    with unit_of_work():
        offered = make_offers(at)
    return given, offered


def state_of(place: Place) -> str:
    db.session.expire_all()
    return db.session.get_one(Place, place.id).state
