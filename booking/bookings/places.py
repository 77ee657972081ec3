"""The only code that takes places: under the locking law, all or what fits, never one more than there are.

Every function runs inside the caller's unit of work.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import bindparam, case, func, insert, literal_column, select, update

from booking.bookings.expiry import expire
from booking.bookings.frozen_prices import keep_lines, needed_of_pots, pots_can_pay, price_to_hold
from booking.bookings.holds import BasketIsPaying, HoldIsOver, end_of_hold, held_in, hold_until
from booking.bookings.models import Basket, BasketLine, Place
from booking.bookings.price_facts import read_prices
from booking.bookings.price_parts import Price
from booking.bookings.request_log import note
from booking.bookings.rules import Pair, Refusal, Situation
from booking.bookings.settling import after_booking, new_basket
from booking.bookings.situations import load_situation
from booking.bookings.states import BASKET_MOVES, PLACE_MOVES, check_move
from booking.core.db import db, lock_rows, read_rows, run_statement, table_of
from booking.people.models import FamilyAccount, Pupil
from booking.provision.models import Session
from booking.provision.price_models import Pot

Mode = Literal["all", "what_fits"]


line, basket_row, place = (table_of(model).c for model in (BasketLine, Basket, Place))
LINES = (
    select(basket_row.account_id, line.pupil_id, line.session_id)
    .select_from(table_of(Basket).outerjoin(table_of(BasketLine), line.basket_id == basket_row.id))
    .where(basket_row.id == bindparam("basket_id"))
)
SET_CLOCK = (
    update(table_of(Basket))
    .where(basket_row.id == bindparam("basket_id"), basket_row.state == literal_column("'open'"))
    .values(
        first_held_at=case(
            (
                select(place.id)
                .where(place.basket_id == basket_row.id, place.state == literal_column("'held'"))
                .exists(),
                func.coalesce(basket_row.first_held_at, bindparam("at")),
            ),
            else_=bindparam("starts"),
        )
    )
    .returning(basket_row.first_held_at)
)
"""The clock of a basket goes on while it holds anything, by whichever device, and starts afresh otherwise."""
NEW_PLACES = insert(table_of(Place)).returning(place.id, place.pupil_id, place.session_id)


@dataclass(frozen=True)
class HoldResult:
    """What was held and what could not be, with a sentence for each."""

    held: list[Pair]
    refused: list[Refusal]


def take_holds(
    basket_id: int, mode: Mode, *, at: datetime, user_id: int | None, channel: str = "online"
) -> HoldResult:
    """Hold a place for every line of an open basket; with `all`, one refusal means that nothing is taken.

    Refused lines stay in the basket. The same number of statements for 5 lines as for 60. Raises `BasketIsPaying`.
    """
    rows = read_rows(LINES, basket_id=basket_id)
    account_id = rows[0].account_id
    lines: list[Pair] = [(row.pupil_id, row.session_id) for row in rows if row.pupil_id is not None]
    pupils, sessions = {pupil for pupil, _ in lines}, {session for _, session in lines}
    facts = read_prices(account_id, pupils, at)
    lock_rows((Pupil, pupils), (Session, sessions), (FamilyAccount, [account_id]), (Pot, facts.pots))
    situation = _situation_now(pupils, sessions, at, account_id)
    has = situation.taken_in(basket_id, lines)
    wanted = sorted(set(lines) - has, key=lambda pair: _order(situation, pair))
    held, refused = _choose_whole(situation, wanted, has, account_id)
    if refused and mode == "all":
        held = []
    asked = [("asked", pupil, session, None) for pupil, session in wanted]
    turned_away = [("turned_away", r.pupil_id, r.session_id, r.reason) for r in refused]
    took = [("held", pupil, session, None) for pupil, session in held]
    clock = run_statement(SET_CLOCK, basket_id=basket_id, at=at, starts=at if held else None).one_or_none()
    if clock is None:
        raise BasketIsPaying
    if held:
        until = end_of_hold(clock.first_held_at, at)
        if clock.first_held_at != at:
            hold_until(basket_id, until)
        prices = price_to_hold(situation, facts, account_id, held, beside=has)
        _insert(basket_id, account_id, prices, situation, at, until=until)
    note([*asked, *took, *turned_away], account_id=account_id, at=at, user_id=user_id, channel=channel)
    db.session.flush()
    return HoldResult(held, refused)


def _situation_now(
    pupils: Collection[int], sessions: Collection[int], at: datetime, account_id: int
) -> Situation:
    """What the rules need under the locks, after holds of these sessions that are over have been let go.

    The worker may let them go at the same moment: then there is nothing left to expire here, and room all the same.
    """
    situation = load_situation(pupils, sessions, at, account_id=account_id)
    if situation.has_overdue:
        expire(at, Place.session_id.in_(sessions))
        situation = load_situation(pupils, sessions, at, account_id=account_id)
    return situation


def _order(situation: Situation, pair: Pair) -> tuple[object, ...]:
    session = situation.sessions.get(pair[1])
    return (session is None, session and (session.date, session.starts_at), pair)


def _choose_whole(
    situation: Situation, wanted: list[Pair], has: set[Pair], account_id: int
) -> tuple[list[Pair], list[Refusal]]:
    """Choose, and refuse what would break up a run that is sold as a whole; what that frees is offered to the rest."""
    barred: list[Refusal] = []
    while True:
        out = {(refusal.pupil_id, refusal.session_id) for refusal in barred}
        held, refused = _choose(situation, [pair for pair in wanted if pair not in out], account_id)
        broken = [r for r in situation.broken_blocks([*held, *has]) if (r.pupil_id, r.session_id) not in has]
        if not broken:
            return held, [*refused, *barred]
        barred += broken
        for pair in held:
            situation.give_back(*pair)


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


def _insert(
    basket_id: int,
    account_id: int,
    prices: Mapping[Pair, Price],
    situation: Situation,
    at: datetime,
    *,
    until: datetime,
) -> list[int]:
    """Write held places with the lines of their prices; the ids, in the order of `prices`."""
    rows = [
        {
            "basket_id": basket_id,
            "account_id": account_id,
            "pupil_id": pupil_id,
            "session_id": session_id,
            "state": "held",
            "price_pence": price.pence,
            "credit_until": situation.sessions[session_id].cut_off,
            "held_at": at,
            "held_until": until,
        }
        for (pupil_id, session_id), price in prices.items()
    ]
    if not rows:
        return []
    made = db.session.execute(NEW_PLACES, rows)
    ids = {(row.pupil_id, row.session_id): row.id for row in made}
    keep_lines({ids[pair]: price for pair, price in prices.items()})
    return [ids[pair] for pair in prices]


def hold_for_offer(
    basket_id: int, account_id: int, pairs: Collection[Pair], situation: Situation, *, until: datetime
) -> dict[Pair, int]:
    """Hold places for a party from the waiting list; the caller has locked sessions, pupils and the open pots.

    Gives their ids.
    """
    facts = read_prices(account_id, {pupil_id for pupil_id, _ in pairs}, situation.at)
    prices = price_to_hold(situation, facts, account_id, pairs)
    ids = _insert(basket_id, account_id, prices, situation, situation.at, until=until)
    return dict(zip(prices, ids, strict=True))


def book_at_once(
    account_id: int,
    prices: Mapping[Pair, Price],
    situation: Situation,
    *,
    at: datetime,
    user_id: int | None,
    writes: bool = True,
) -> dict[Pair, int]:
    """Book places that were never held: the other side of a swap, or where children go when a session is called off.

    The caller has locked children, sessions and account, asked the rules, and noted who allowed places beyond the
    usual number. Gives the ids of the places; `writes` sends the confirmation.
    """
    basket = new_basket(account_id, at=at, user_id=user_id, state="ended")
    _insert(basket.id, account_id, prices, situation, at, until=at)
    places = list(db.session.scalars(select(Place).where(Place.basket_id == basket.id)))
    book_offered(places, at=at, user_id=user_id, writes=writes)
    return {(place.pupil_id, place.session_id): place.id for place in places}


def book_basket(basket_id: int, *, at: datetime, user_id: int | None) -> None:
    """Turn every held place of a basket into a booked one, post its price, and write the confirmation.

    Locks the account. Raises `HoldIsOver` when a hold has ended; then nothing is booked.
    """
    lock_rows((FamilyAccount, [db.session.get_one(Basket, basket_id).account_id]))
    book_locked_basket(basket_id, at=at, user_id=user_id)


def book_locked_basket(basket_id: int, *, at: datetime, user_id: int | None) -> None:
    """The same for a caller that has locked the account before it looked at what is held."""
    basket = db.session.get_one(Basket, basket_id)
    check_move(BASKET_MOVES, basket.state, "booked")
    held = held_in(basket_id)
    query = update(Place).where(Place.basket_id == basket_id, Place.state == "held")
    if basket.state == "open":
        query = query.where(Place.held_until > at)
    booked = db.session.execute(query.values(state="booked", booked_at=at, held_until=None))
    if not held or booked.rowcount != len(held):  # type: ignore[attr-defined]
        raise HoldIsOver
    after_booking(basket, held, at=at, user_id=user_id)


def book_offered(places: list[Place], *, at: datetime, user_id: int | None, writes: bool = True) -> None:
    """Book the held places of one offer, of one basket; the caller has locked the account and seen that it lives."""
    for place in places:
        check_move(PLACE_MOVES, place.state, "booked")
        place.state, place.booked_at, place.held_until = "booked", at, None
    db.session.flush()
    pairs = {(place.pupil_id, place.session_id) for place in places}
    after_booking(places[0].basket, pairs, at=at, user_id=user_id, writes=writes)


def book_late(basket_id: int, *, at: datetime) -> HoldResult:
    """Money came after the places were let go: take all of them again if every one can be had, else none.

    They cost what they did, so that a pot which paid a part must be able to pay it still. With nothing held and nothing
    refused there was nothing to take again.
    """
    basket = db.session.get_one(Basket, basket_id)
    if basket.state != "ended":
        return HoldResult([], [])
    rows = db.session.execute(
        select(Place.id, Place.pupil_id, Place.session_id).where(
            Place.basket_id == basket_id,
            Place.state == "expired",
            Place.ended_at == basket.ended_at,
            # A hold that ran out by its own clock at that moment was not paid for, and keeps its end.
            Place.held_until.is_(None),
        )
    ).all()
    pairs = [(row.pupil_id, row.session_id) for row in rows]
    ids = [row.id for row in rows]
    pupils, sessions = {pupil for pupil, _ in pairs}, {session for _, session in pairs}
    needs = needed_of_pots(ids)
    lock_rows((Pupil, pupils), (Session, sessions), (FamilyAccount, [basket.account_id]), (Pot, needs))
    situation = _situation_now(pupils, sessions, at, basket.account_id)
    situation.owed = {}
    held, refused = _choose(situation, pairs, basket.account_id)
    if refused or not held or not pots_can_pay(needs, at):
        note(
            [("turned_away", r.pupil_id, r.session_id, r.reason) for r in refused],
            account_id=basket.account_id,
            at=at,
            user_id=None,
            channel="worker",
        )
        return HoldResult([], refused)
    db.session.execute(
        update(Place).where(Place.id.in_(ids)).values(state="booked", booked_at=at, ended_at=None)
    )
    after_booking(basket, set(pairs), at=at, user_id=None)
    return HoldResult(held, [])
