"""Prices at the moment when places are taken: worked out under the locks, and frozen line by line."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy import func, insert, select

from booking.bookings.expiry import expire
from booking.bookings.models import PriceLine
from booking.bookings.price_facts import in_pots, pot_money, read_prices, with_money
from booking.bookings.price_parts import Discounts, Price, PriceFacts
from booking.bookings.prices import items_of, price_basket, price_one_more
from booking.bookings.rules import Pair, Situation
from booking.core import audit
from booking.core.db import db, table_of
from booking.provision.price_models import Rate


def prices_now(
    situation: Situation,
    facts: PriceFacts,
    account_id: int,
    pairs: Collection[Pair],
    *,
    beside: Collection[Pair] = (),
    instead_of: Collection[int] = (),
    paid_back: Collection[int] = (),
) -> dict[Pair, Price]:
    """What these cost if they are taken now, with what the pots have left; nothing is written.

    `beside` is in the same basket already; `instead_of` are places that go at the same moment, and of those that are
    `paid_back` too the pots' part is free for the new ones.
    """
    days = {situation.sessions[session_id].date for _, session_id in pairs}
    facts = with_money(facts, account_id, days, situation.at, without=instead_of)
    if facts.pots and paid_back:
        left = dict(facts.left)
        for pot_id, pence in needed_of_pots(paid_back).items():
            left[pot_id] = left.get(pot_id, 0) + pence
        facts = replace(facts, left=left)
    wanted = set(pairs)
    return price_basket(
        [item for item in items_of(situation, [*pairs, *beside]) if item.pair in wanted], facts
    )


def prices_beside(ticked: Collection[Pair], account_id: int, situation: Situation) -> dict[Pair, int]:
    """What each session would cost each child, beside what is ticked, in pence; empty where all prices are plain."""
    facts = read_prices(account_id, list(situation.pupils), situation.at)
    if facts.is_plain:
        return {}
    days = {session.date for session in situation.sessions.values()}
    facts = with_money(facts, account_id, days, situation.at)
    pairs = [(pupil_id, session_id) for pupil_id in situation.pupils for session_id in situation.sessions]
    cells = [item for pair in pairs for item in items_of(situation, [pair])]
    prices = price_one_more(cells, [item for item in cells if item.pair in ticked], facts)
    return {pair: price.pence for pair, price in prices.items()}


def price_to_hold(
    situation: Situation,
    facts: PriceFacts,
    account_id: int,
    pairs: Collection[Pair],
    *,
    beside: Collection[Pair] = (),
    instead_of: Collection[int] = (),
) -> dict[Pair, Price]:
    """The same for places that are about to be taken by a caller that has locked the pots.

    A pot that runs short is on record.
    """
    free_pots(facts.pots, situation.at)
    prices = prices_now(
        situation, facts, account_id, pairs, beside=beside, instead_of=instead_of, paid_back=instead_of
    )
    for pot_id in sorted({pot_id for price in prices.values() for pot_id in price.short}):
        number = sum(pot_id in price.short for price in prices.values())
        audit.record("ran_short", "pot", pot_id, at=situation.at, user_id=None, places=number)
    return prices


def free_pots(pot_ids: Collection[int], at: datetime) -> None:
    """Let go the holds that are over and keep money of these locked pots, so that nobody keeps them on afterwards."""
    if pot_ids:
        expire(at, in_pots(pot_ids))


def keep_lines(prices: Mapping[int, Price]) -> None:
    """Freeze the lines of each place from whose price something comes off."""
    rows = [
        {
            "place_id": place_id,
            "kind": line.kind,
            "amount_pence": line.pence,
            "rate_id": line.rate_id,
            "pot_id": line.pot_id,
        }
        for place_id, price in prices.items()
        if not price.is_plain
        for line in price.lines
    ]
    if rows:
        db.session.execute(insert(table_of(PriceLine)), rows)


def shown_lines(prices: Mapping[int, int]) -> dict[int, Discounts]:
    """The discounts of frozen prices as the family reads them, by place, given what each place costs.

    Who pays besides is no line, and what costs nothing has none.
    """
    costs = [place_id for place_id, pence in prices.items() if pence]
    rows = db.session.execute(
        select(PriceLine.place_id, Rate.name, PriceLine.amount_pence)
        .join(Rate, Rate.id == PriceLine.rate_id)
        .where(PriceLine.place_id.in_(costs))
        .order_by(PriceLine.id)
    )
    found: dict[int, Discounts] = {}
    for place_id, name, pence in rows:
        found[place_id] = (*found.get(place_id, ()), (name, pence))
    return found


def needed_of_pots(place_ids: Collection[int]) -> dict[int, int]:
    """What pots pay of these places as their prices were frozen, in pence by pot."""
    rows = db.session.execute(
        select(PriceLine.pot_id, func.sum(PriceLine.amount_pence))
        .where(PriceLine.place_id.in_(place_ids), PriceLine.pot_id.is_not(None))
        .group_by(PriceLine.pot_id)
    )
    return {pot_id: -int(pence) for pot_id, pence in rows if pot_id is not None}


def pots_can_pay(needs: Mapping[int, int], at: datetime) -> bool:
    """Whether every one of these locked pots has that much left."""
    free_pots(needs, at)
    return all(needs[one.pot_id] <= one.left_pence for one in pot_money(needs, at))
