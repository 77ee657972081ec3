"""Cancelling a booked session: what comes back was frozen at booking, and is shown before it is confirmed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from booking.bookings.models import Place
from booking.bookings.request_log import note
from booking.bookings.settling import booked_places
from booking.bookings.states import PLACE_MOVES, check_move
from booking.core import audit, clock
from booking.core.db import db, lock_rows
from booking.core.errors import BookingError, NotFound
from booking.core.money import format_pence
from booking.core.words import moment
from booking.ledger.posting import post_credit
from booking.people.models import FamilyAccount
from booking.people.restrictions import closed_to_accounts
from booking.provision.models import Run, Session


class NotCancellable(BookingError):
    """The session is over or not booked any more; nothing was changed."""

    def __init__(self) -> None:
        super().__init__("This session has begun, is over or is cancelled already. Nothing was changed.")


@dataclass(frozen=True)
class Terms:
    """What cancelling now gives back, in pence and in a sentence before and after.

    `is_in_time` says that whoever paid gets its part back, if the family paid nothing too.
    """

    credit_pence: int
    words: str
    words_after: str
    is_in_time: bool


def place_of(place_id: int, account_ids: Collection[int], on: date) -> Place:
    """A booked or past place of one of these accounts; raises `NotFound` for any other, or for a closed child's."""
    place = db.session.scalars(
        select(Place)
        .where(Place.id == place_id, Place.account_id.in_(account_ids), Place.booked_at.is_not(None))
        .options(
            joinedload(Place.pupil),
            joinedload(Place.session).joinedload(Session.run).joinedload(Run.activity),
        )
    ).first()
    if place is None or place.pupil_id in closed_to_accounts({place.account_id}, on):
        raise NotFound
    return place


def cancellation_terms(place: Place, at: datetime) -> Terms:
    """What the family would get back now; raises `NotCancellable` when it is too late to cancel at all."""
    session = place.session
    if place.state != "booked" or at >= clock.instant(session.date, session.starts_at):
        raise NotCancellable
    is_in_time = at < place.credit_until
    if not place.price_pence:
        words = "This session is free, so there is nothing to give back."
        return Terms(0, words, "The session was free.", is_in_time)
    price = format_pence(place.price_pence)
    if is_in_time:
        words = f"You get {price} back as credit. That holds until {moment(place.credit_until)}."
        return Terms(place.price_pence, words, f"{price} is on your account as credit.", is_in_time)
    words = f"You get nothing back: credit for this session ended on {moment(place.credit_until)}."
    return Terms(0, words, "Nothing comes back, as shown before.", is_in_time)


def cancel_places(
    place_ids: Collection[int], *, at: datetime, user_id: int | None, channel: str = "online"
) -> int:
    """Cancel booked sessions and give back what their terms say, in pence; one that cannot be cancelled stops all.

    Raises `NotCancellable`; then nothing has changed.
    """
    ids = set(place_ids)
    accounts = set(db.session.scalars(select(Place.account_id).where(Place.id.in_(ids))))
    lock_rows((FamilyAccount, accounts))
    return cancel_locked(fresh_places(ids), at=at, user_id=user_id, channel=channel)


def fresh_places(place_ids: Collection[int]) -> list[Place]:
    """These places as they are under the caller's locks, by date."""
    return list(
        db.session.scalars(
            select(Place)
            .join(Place.session)
            .where(Place.id.in_(place_ids))
            .options(
                joinedload(Place.pupil),
                joinedload(Place.session).joinedload(Session.run).joinedload(Run.activity),
            )
            .order_by(Session.date, Session.starts_at, Place.id)
            .execution_options(populate_existing=True)
        )
    )


def cancel_locked(
    places: Sequence[Place],
    *,
    at: datetime,
    user_id: int | None,
    channel: str = "online",
    reason: str | None = None,
    gives_all_back: bool = False,
) -> int:
    """The same for places whose accounts the caller has locked; `reason` is for the request log alone.

    With `gives_all_back` the whole price comes back at any time before the session: the school lets the places go.
    """
    terms = {place.id: cancellation_terms(place, at) for place in places}
    back = [place for place in places if gives_all_back or terms[place.id].is_in_time]
    credits = {place.id: place.price_pence for place in back}
    ledger = {one.place_id: one for one in booked_places(list(credits))}
    for place in places:
        check_move(PLACE_MOVES, place.state, "cancelled")
        place.state, place.ended_at, place.ended_by_id = "cancelled", at, user_id
        if place.id in ledger:
            post_credit(ledger[place.id], at=at, user_id=user_id)
        pence = credits.get(place.id, 0)
        audit.record("cancelled", "place", place.id, at=at, user_id=user_id, credit_pence=pence)
        fact = ("cancelled", place.pupil_id, place.session_id, reason)
        note([fact], account_id=place.account_id, at=at, user_id=user_id, channel=channel)
    db.session.flush()
    return sum(credits.values())


@dataclass(frozen=True)
class BookedDay:
    """One day of a family's bookings."""

    date: date
    places: list[Place]


@dataclass(frozen=True)
class Bookings:
    """What a family has: the next seven days, later, and the last four weeks."""

    soon: list[BookedDay]
    later: list[BookedDay]
    past: list[BookedDay]


def bookings_of(account_id: int, at: datetime) -> Bookings:
    """A family's booked places by day."""
    today = clock.today(at)
    places = db.session.scalars(
        select(Place)
        .join(Place.session)
        .where(Place.account_id == account_id, Place.state == "booked")
        .options(
            joinedload(Place.pupil),
            joinedload(Place.basket),
            joinedload(Place.session).joinedload(Session.run).joinedload(Run.activity),
            joinedload(Place.session).joinedload(Session.run).joinedload(Run.room),
        )
        .order_by(Session.date, Session.starts_at, Place.pupil_id)
    )
    closed = closed_to_accounts({account_id}, today)
    days: dict[date, list[Place]] = {}
    for place in places:
        if place.pupil_id in closed:
            continue
        days.setdefault(place.session.date, []).append(place)
    found = [BookedDay(day, booked) for day, booked in days.items()]
    return Bookings(
        soon=[day for day in found if 0 <= (day.date - today).days < 7],
        later=[day for day in found if (day.date - today).days >= 7],
        past=[day for day in reversed(found) if -28 <= (day.date - today).days < 0],
    )
