"""The only code that takes places: under the locking law, all or what fits, never one more than there are.

Every function runs inside the caller's unit of work. A hold lasts 15 minutes, 60 in all with extensions; while a card
page is open it has no end of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import insert, select, update

from booking.bookings.expiry import expire
from booking.bookings.models import Basket, BasketLine, Place
from booking.bookings.request_log import note
from booking.bookings.rules import Refusal, Situation, load_situation
from booking.bookings.settling import after_booking, keep_choices_of
from booking.bookings.states import BASKET_MOVES, check_move
from booking.core.db import db, lock_rows, table_of
from booking.core.errors import BookingError
from booking.people.models import FamilyAccount, Pupil
from booking.provision.models import Session

HOLD_LASTS = timedelta(minutes=15)
LONGEST_HOLD = timedelta(minutes=60)
Mode = Literal["all", "what_fits"]
Pair = tuple[int, int]


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


@dataclass(frozen=True)
class HoldResult:
    """What was held and what could not be, with a sentence for each."""

    held: list[Pair]
    refused: list[Refusal]


def take_holds(
    basket_id: int, mode: Mode, *, at: datetime, user_id: int | None, channel: str = "online"
) -> HoldResult:
    """Hold a place for every line of an open basket; with `all`, one refusal means that nothing is taken.

    Refused lines stay in the basket. The same number of statements for 5 lines as for 60.
    """
    basket = db.session.get_one(Basket, basket_id)
    if basket.state != "open":
        raise BasketIsPaying
    account_id = basket.account_id
    lines: list[Pair] = [
        (row.pupil_id, row.session_id)
        for row in db.session.execute(
            select(BasketLine.pupil_id, BasketLine.session_id).where(BasketLine.basket_id == basket_id)
        )
    ]
    pupils, sessions = {pupil for pupil, _ in lines}, {session for _, session in lines}
    lock_rows((Pupil, pupils), (Session, sessions), (FamilyAccount, [account_id]))
    expire(at, Place.session_id.in_(sessions))
    situation = load_situation(pupils, sessions, at)
    has = _held_in(basket_id)
    wanted = sorted(set(lines) - has, key=lambda pair: _order(situation, pair))
    held, refused = _choose(situation, wanted, account_id)
    if refused and mode == "all":
        held = []
    asked = [("asked", pupil, session, None) for pupil, session in wanted]
    turned_away = [("turned_away", r.pupil_id, r.session_id, r.reason) for r in refused]
    took = [("held", pupil, session, None) for pupil, session in held]
    if not has:
        basket.first_held_at = None
    if held:
        until = _end_of_hold(basket, at)
        if has:
            _hold_until(basket_id, until)
        _insert(basket_id, account_id, held, situation, at, until=until)
    note([*asked, *took, *turned_away], account_id=account_id, at=at, user_id=user_id, channel=channel)
    db.session.flush()
    return HoldResult(held, refused)


def _order(situation: Situation, pair: Pair) -> tuple[object, ...]:
    session = situation.sessions.get(pair[1])
    return (session is None, session and (session.date, session.starts_at), pair)


def _choose(situation: Situation, wanted: list[Pair], account_id: int) -> tuple[list[Pair], list[Refusal]]:
    """Ask the rules for each line in turn; each yes counts for the next question."""
    held, refused = [], []
    for pupil_id, session_id in wanted:
        refusal = situation.why_not(pupil_id, session_id, account_id)
        if refusal is None:
            situation.take(pupil_id, session_id, account_id)
            held.append((pupil_id, session_id))
        else:
            refused.append(refusal)
    return held, refused


def _end_of_hold(basket: Basket, at: datetime) -> datetime:
    """15 minutes on, but never more than 60 after the first hold of this basket."""
    if basket.first_held_at is None:
        basket.first_held_at = at
    return min(at + HOLD_LASTS, basket.first_held_at + LONGEST_HOLD)


def _held_in(basket_id: int) -> set[Pair]:
    rows = db.session.execute(
        select(Place.pupil_id, Place.session_id).where(Place.basket_id == basket_id, Place.state == "held")
    )
    return {(row.pupil_id, row.session_id) for row in rows}


def _insert(
    basket_id: int,
    account_id: int,
    pairs: Iterable[Pair],
    situation: Situation,
    at: datetime,
    *,
    until: datetime,
) -> None:
    rows = [
        {
            "basket_id": basket_id,
            "account_id": account_id,
            "pupil_id": pupil_id,
            "session_id": session_id,
            "state": "held",
            "price_pence": situation.sessions[session_id].price_pence,
            "credit_until": situation.sessions[session_id].cut_off,
            "held_at": at,
            "held_until": until,
        }
        for pupil_id, session_id in pairs
    ]
    if rows:
        db.session.execute(insert(table_of(Place)), rows)


def hold_for_offer(
    basket_id: int,
    account_id: int,
    pupil_id: int,
    session_id: int,
    situation: Situation,
    *,
    at: datetime,
    until: datetime,
) -> int:
    """Hold one place for somebody from the waiting list, whose session and pupil the caller has locked; its id."""
    _insert(basket_id, account_id, [(pupil_id, session_id)], situation, at, until=until)
    place_id = db.session.scalar(
        select(Place.id).where(Place.basket_id == basket_id, Place.session_id == session_id)
    )
    assert place_id is not None
    return place_id


def _hold_until(basket_id: int, until: datetime | None) -> int:
    """Give all held places of a basket the same end; how many there are."""
    found = db.session.execute(
        update(Place).where(Place.basket_id == basket_id, Place.state == "held").values(held_until=until)
    )
    return int(found.rowcount)  # type: ignore[attr-defined]


def extend_hold(basket_id: int, *, at: datetime, user_id: int | None) -> datetime:
    """Keep a basket's places another 15 minutes, 60 in all; raises `HoldIsOver` when there is nothing to keep."""
    basket = db.session.get_one(Basket, basket_id)
    until = _end_of_hold(basket, at)
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
    held = _held_in(basket_id)
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
    _hold_until(basket_id, at + HOLD_LASTS)


def book_basket(basket_id: int, *, at: datetime, user_id: int | None) -> None:
    """Turn every held place of a basket into a booked one, post its price, and write the confirmation.

    Locks the account. Raises `HoldIsOver` when a hold has ended; then nothing is booked.
    """
    basket = db.session.get_one(Basket, basket_id)
    lock_rows((FamilyAccount, [basket.account_id]))
    check_move(BASKET_MOVES, basket.state, "booked")
    held = _held_in(basket_id)
    query = update(Place).where(Place.basket_id == basket_id, Place.state == "held")
    if basket.state == "open":
        query = query.where(Place.held_until > at)
    booked = db.session.execute(query.values(state="booked", booked_at=at, held_until=None))
    if not held or booked.rowcount != len(held):  # type: ignore[attr-defined]
        raise HoldIsOver
    after_booking(basket, held, at=at, user_id=user_id)


def book_late(basket_id: int, *, at: datetime) -> bool:
    """Money came after the places were let go: take all of them again if every one can be had, else none."""
    basket = db.session.get_one(Basket, basket_id)
    if basket.state != "ended":
        return False
    rows = db.session.execute(
        select(Place.id, Place.pupil_id, Place.session_id).where(
            Place.basket_id == basket_id, Place.state == "expired", Place.ended_at == basket.ended_at
        )
    ).all()
    pairs = [(row.pupil_id, row.session_id) for row in rows]
    pupils, sessions = {pupil for pupil, _ in pairs}, {session for _, session in pairs}
    lock_rows((Pupil, pupils), (Session, sessions), (FamilyAccount, [basket.account_id]))
    expire(at, Place.session_id.in_(sessions))
    situation = load_situation(pupils, sessions, at)
    held, refused = _choose(situation, pairs, basket.account_id)
    if refused or not held:
        note(
            [("turned_away", r.pupil_id, r.session_id, r.reason) for r in refused],
            account_id=basket.account_id,
            at=at,
            user_id=None,
            channel="worker",
        )
        return False
    ids = [row.id for row in rows]
    db.session.execute(
        update(Place).where(Place.id.in_(ids)).values(state="booked", booked_at=at, ended_at=None)
    )
    after_booking(basket, set(pairs), at=at, user_id=None)
    return True


def give_up(basket_id: int, *, at: datetime, user_id: int | None) -> None:
    """Let a paying basket's places go for good; its choices go on in a new basket of the same family."""
    basket = db.session.get_one(Basket, basket_id)
    check_move(BASKET_MOVES, basket.state, "ended")
    gone = _held_in(basket_id)
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


def places_left(session_ids: Collection[int], at: datetime) -> dict[int, int]:
    """Places that are neither held nor booked, by session."""
    situation = load_situation([], session_ids, at)
    return {session_id: situation.left(session_id) for session_id in situation.sessions}
