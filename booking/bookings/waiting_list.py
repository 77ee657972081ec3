"""Who waits for a full session: first come, first offered; an offer is a held place with an end."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from booking.bookings.baskets import NotYourChild, bookable_ids
from booking.bookings.expiry import expire_overdue
from booking.bookings.models import Basket, Place, WaitingEntry
from booking.bookings.places import hold_for_offer
from booking.bookings.request_log import note
from booking.bookings.rules import Situation, load_situation
from booking.bookings.settling import booked_places, new_reference
from booking.core import clock, outbox
from booking.core.db import db, lock_rows
from booking.core.errors import BookingError, NotFound
from booking.ledger.posting import post_booking
from booking.people.models import FamilyAccount, Pupil
from booking.people.restrictions import closed_pairs, closed_to_accounts
from booking.provision.models import Run, Session

OFFER_LASTS = timedelta(hours=12)
AT_ONCE = 50


class CannotWait(BookingError):
    """The child cannot wait for this session: it has room, or the child could not go; nothing was changed."""


class OfferIsOver(BookingError):
    """The offer was answered already or has ended; nothing was changed."""

    def __init__(self) -> None:
        super().__init__("This offer has ended or was answered already. Nothing was changed.")


def join_list(
    pupil_id: int, session_id: int, *, account_id: int, at: datetime, user_id: int | None
) -> WaitingEntry:
    """Put a child on the list of a full session; raises `CannotWait` with the reason when it makes no sense."""
    if pupil_id not in bookable_ids(account_id, clock.today(at)):
        raise NotYourChild
    lock_rows((Pupil, [pupil_id]), (Session, [session_id]))
    situation = load_situation([pupil_id], [session_id], at)
    refusal = situation.why_not(pupil_id, session_id, account_id, waits=True)
    if refusal is not None:
        raise CannotWait(refusal.words)
    if not situation.is_full(session_id):
        raise CannotWait("There is room in this session. Tick it in the week to book it.")
    live = WaitingEntry.state.in_(("waiting", "offered"))
    if db.session.scalar(
        select(WaitingEntry.id).where(
            WaitingEntry.pupil_id == pupil_id, WaitingEntry.session_id == session_id, live
        )
    ):
        raise CannotWait("Your child is on this waiting list already.")
    entry = WaitingEntry(
        account_id=account_id, pupil_id=pupil_id, session_id=session_id, user_id=user_id, joined_at=at
    )
    db.session.add(entry)
    db.session.flush()
    note(
        [("asked", pupil_id, session_id, None), ("waiting", pupil_id, session_id, "full")],
        account_id=account_id,
        at=at,
        user_id=user_id,
    )
    return entry


def leave_list(entry_id: int, *, account_id: int, at: datetime, user_id: int | None) -> None:
    """Take a child off the list, or let an offered place go; raises `NotFound` for another family's entry."""
    end_entry(_entry(entry_id, account_id, clock.today(at)), at=at, user_id=user_id)


def end_entry(entry: WaitingEntry, *, at: datetime, user_id: int | None) -> None:
    """End a live entry and let its offered place go; raises `OfferIsOver`."""
    if entry.state not in {"waiting", "offered"}:
        raise OfferIsOver
    if entry.offered_place_id is not None:
        place = db.session.get_one(Place, entry.offered_place_id)
        if place.state == "held":
            place.state, place.ended_at, place.ended_by_id = "cancelled", at, user_id
            place.basket.state = "ended"
    entry.state, entry.ended_at = "left", at
    note(
        [("cancelled", entry.pupil_id, entry.session_id, "left_list")],
        account_id=entry.account_id,
        at=at,
        user_id=user_id,
    )


def accept_offer(entry_id: int, *, account_id: int, at: datetime, user_id: int | None) -> None:
    """Book an offered place; its price is posted to the account. Raises `OfferIsOver` or `NotFound`."""
    entry = _entry(entry_id, account_id, clock.today(at))
    lock_rows((FamilyAccount, [account_id]))
    db.session.refresh(entry)
    place = db.session.get(Place, entry.offered_place_id) if entry.offered_place_id else None
    if entry.state != "offered" or place is None or place.state != "held" or (place.held_until or at) <= at:
        raise OfferIsOver
    place.state, place.booked_at, place.held_until = "booked", at, None
    place.basket.state, place.basket.booked_at = "booked", at
    entry.state, entry.ended_at = "accepted", at
    db.session.flush()
    post_booking(booked_places([place.id]), basket_id=place.basket_id, at=at, user_id=user_id)
    note([("booked", entry.pupil_id, entry.session_id, None)], account_id=account_id, at=at, user_id=user_id)
    for user in db.session.get_one(FamilyAccount, account_id).users:
        outbox.post(
            key=f"confirmation:{place.basket.reference}:{user.id}",
            to_email=user.email,
            template="confirmation",
            context={"basket_id": place.basket_id},
            at=at,
            user_id=user.id,
        )


def make_offers(at: datetime) -> int:
    """Close offers that have ended, then offer every free place to whoever waits longest; how many were offered."""
    _close_ended(at)
    sessions = list(
        db.session.scalars(
            select(WaitingEntry.session_id)
            .join(Session, Session.id == WaitingEntry.session_id)
            .where(WaitingEntry.state == "waiting", Session.date >= clock.today(at))
            .distinct()
            .order_by(WaitingEntry.session_id)
            .limit(AT_ONCE)
        )
    )
    if not sessions:
        return 0
    entries = db.session.scalars(
        select(WaitingEntry)
        .where(WaitingEntry.session_id.in_(sessions), WaitingEntry.state == "waiting")
        .order_by(WaitingEntry.joined_at, WaitingEntry.id)
    ).all()
    lock_rows((Pupil, {e.pupil_id for e in entries}), (Session, sessions))
    situation = load_situation({e.pupil_id for e in entries}, sessions, at)
    closed = closed_pairs(clock.today(at))
    return sum(
        _offer(entry, situation, at) for entry in entries if (entry.account_id, entry.pupil_id) not in closed
    )


def _offer(entry: WaitingEntry, situation: Situation, at: datetime) -> int:
    """Hold the place for one entry, if there is one and the child can have it; 1 when it was offered."""
    session = situation.sessions[entry.session_id]
    if at >= session.cut_off:
        entry.state, entry.ended_at = "lapsed", at
        return 0
    if situation.left(session.id) <= 0:
        return 0
    if situation.why_not(entry.pupil_id, session.id, entry.account_id, waits=True) is not None:
        return 0
    until = min(at + OFFER_LASTS, session.cut_off)
    basket = Basket(
        reference=new_reference(),
        account_id=entry.account_id,
        user_id=entry.user_id,
        state="ended",
        created_at=at,
    )
    db.session.add(basket)
    db.session.flush()
    entry.offered_place_id = hold_for_offer(
        basket.id, entry.account_id, entry.pupil_id, session.id, situation, at=at, until=until
    )
    situation.take(entry.pupil_id, session.id, entry.account_id)
    entry.state, entry.offer_ends_at = "offered", until
    note(
        [("offered", entry.pupil_id, session.id, None)],
        account_id=entry.account_id,
        at=at,
        user_id=None,
        channel="worker",
    )
    for user in db.session.get_one(FamilyAccount, entry.account_id).users:
        key = f"offer:{entry.id}:{entry.offered_place_id}:{user.id}"
        outbox.post(
            key=key,
            to_email=user.email,
            template="offer",
            context={"entry_id": entry.id},
            at=at,
            user_id=user.id,
        )
    return 1


def _close_ended(at: datetime) -> None:
    """An offer that nobody took in time lapses; its place is free again."""
    expire_overdue(at)
    ended = db.session.scalars(
        select(WaitingEntry).where(WaitingEntry.state == "offered", WaitingEntry.offer_ends_at <= at)
    )
    for entry in ended:
        entry.state, entry.ended_at = "lapsed", at
    db.session.flush()


def _entry(entry_id: int, account_id: int, on: date) -> WaitingEntry:
    entry = db.session.get(WaitingEntry, entry_id)
    if entry is None or entry.account_id != account_id:
        raise NotFound
    if entry.pupil_id in closed_to_accounts({account_id}, on):
        raise NotFound
    return entry


def entries_of(account_id: int, at: datetime) -> list[tuple[WaitingEntry, int]]:
    """A family's live entries with their position on the list (1 is next)."""
    entries = db.session.scalars(
        select(WaitingEntry)
        .where(WaitingEntry.account_id == account_id, WaitingEntry.state.in_(("waiting", "offered")))
        .options(
            joinedload(WaitingEntry.pupil),
            joinedload(WaitingEntry.session).joinedload(Session.run).joinedload(Run.activity),
        )
        .order_by(WaitingEntry.joined_at, WaitingEntry.id)
    ).all()
    today = clock.today(at)
    closed = closed_to_accounts({account_id}, today)
    return [
        (entry, _position(entry))
        for entry in entries
        if entry.session.date >= today and entry.pupil_id not in closed
    ]


def _position(entry: WaitingEntry) -> int:
    before = db.session.scalar(
        select(func.count())
        .select_from(WaitingEntry)
        .where(
            WaitingEntry.session_id == entry.session_id,
            WaitingEntry.state == "waiting",
            (WaitingEntry.joined_at < entry.joined_at)
            | ((WaitingEntry.joined_at == entry.joined_at) & (WaitingEntry.id < entry.id)),
        )
    )
    return int(before or 0) + 1
