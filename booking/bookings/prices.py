"""What a basket costs: frozen facts in, lines out, the same for the grid, the basket, the hold and the office's desk.

The order is published (docs/decisions/0016-prices.md): the full price, then the one rate that saves most, then the one
pot that pays most of the rest. A percentage is rounded half up to a penny on each line.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from booking.bookings.price_parts import FundingFacts, Item, Line, Price, PriceFacts, RateFacts, plain
from booking.bookings.rules import Pair, Situation


def share_of(percent: int, pence: int) -> int:
    """So many in a hundred of an amount, rounded half up to a penny."""
    return (pence * percent + 50) // 100


def items_of(situation: Situation, pairs: Collection[Pair]) -> list[Item]:
    """What is to be priced together: by the session, or as a part of a block when all of it that is to come is there."""
    wanted = set(pairs)
    return [_item(situation, pair, wanted) for pair in sorted(wanted)]


def _item(situation: Situation, pair: Pair, wanted: set[Pair]) -> Item:
    pupil_id, session_id = pair
    session = situation.sessions[session_id]
    item = Item(
        pupil_id,
        session_id,
        session.date,
        session.starts_at,
        session.activity_id,
        session.run_id,
        session.kind,
        session.price_pence,
    )
    block = situation.blocks.get(session.run_id)
    if block is None or session_id not in block.days:
        return item
    if not all((pupil_id, other) in wanted for other in situation.to_come(block, session)):
        return item
    share, before = block.share_pence(session_id), block.before_pence(session_id)
    return replace(item, full_pence=share, before_pence=before, is_block=True)


def price_basket(items: Collection[Item], facts: PriceFacts) -> dict[Pair, Price]:
    """What each of these costs if they are taken together, whatever order they come in.

    Pots pay in the order of the days, for the eldest first; with too little left for a place they pay nothing of it.
    """
    if facts.is_plain:
        return {item.pair: plain(item.full_pence, _kind_of(item)) for item in items}
    ordered = sorted(items, key=lambda i: (i.date, i.starts_at, *_age(i.pupil_id, facts), i.session_id))
    days: dict[date, list[Item]] = {}
    for item in ordered:
        days.setdefault(item.date, []).append(item)
    left = dict(facts.left)
    return {item.pair: _price(item, days[item.date], facts, left) for item in ordered}


def _kind_of(item: Item) -> str:
    return "block" if item.is_block else "full"


def _age(pupil_id: int, facts: PriceFacts) -> tuple[date, int]:
    """Sorts the eldest first; of twins always the same one."""
    return facts.born.get(pupil_id, date.max), pupil_id


def _price(item: Item, same_day: Sequence[Item], facts: PriceFacts, left: dict[int, int]) -> Price:
    if not item.full_pence:
        return Price(())
    lines, rest = [Line(_kind_of(item), item.full_pence)], item.full_pence
    rates = [
        (_off(rate, item), -rate.id, rate) for rate in facts.rates if _has_rate(rate, item, same_day, facts)
    ]
    off, _, rate = max(rates, key=lambda one: one[:2], default=(0, 0, None))
    if rate is not None and off:
        lines.append(Line(rate.kind, -off, rate.name, rate_id=rate.id))
        rest -= off
    paid, pot_id, short = _from_pot(item, rest, facts, left)
    if pot_id is not None:
        left[pot_id] -= paid
        lines.append(Line("funding", -paid, pot_id=pot_id))
    return Price(tuple(lines), short)


def _has_rate(rate: RateFacts, item: Item, same_day: Sequence[Item], facts: PriceFacts) -> bool:
    if not rate.is_for(item.date, item.activity_id, item.run_id):
        return False
    if rate.holders is not None and item.pupil_id not in rate.holders:
        return False
    if rate.days_before is not None and facts.on + timedelta(days=rate.days_before) > item.date:
        return False
    return rate.kind != "sibling" or _is_sibling(rate, item, same_day, facts)


def _is_sibling(rate: RateFacts, item: Item, same_day: Sequence[Item], facts: PriceFacts) -> bool:
    """Whether another child of the family pays in full that day: who does already, or else the eldest in the basket."""
    payers = {
        one.pupil_id
        for one in facts.taken
        if one.date == item.date and not one.is_sibling and rate.is_for(one.date, one.activity_id, one.run_id)
    }
    if payers:
        return item.pupil_id not in payers
    here = {
        one.pupil_id
        for one in same_day
        if one.full_pence and rate.is_for(one.date, one.activity_id, one.run_id)
    }
    return item.pupil_id != min(here, key=lambda pupil_id: _age(pupil_id, facts))


def _off(rate: RateFacts, item: Item) -> int:
    """What a rate takes off, in pence; of a block's parts a percentage sums to that percentage of the block."""
    if rate.takes == "percent":
        to_here = share_of(rate.amount, item.before_pence + item.full_pence)
        return to_here - share_of(rate.amount, item.before_pence)
    if rate.takes == "fixed":
        return max(0, item.full_pence - rate.amount)
    return min(rate.amount, item.full_pence)


def _from_pot(
    item: Item, rest: int, facts: PriceFacts, left: Mapping[int, int]
) -> tuple[int, int | None, frozenset[int]]:
    """What a pot pays of the rest, which pot, and the pots that would have paid but have too little."""
    could = [(_pays(one, rest), -one.id, one.pot_id) for one in facts.fundings if one.is_for(item)]
    could = [one for one in could if one[0]]
    best = max((one for one in could if left.get(one[2], 0) >= one[0]), default=None)
    if best is not None:
        return best[0], best[2], frozenset()
    return 0, None, frozenset(pot_id for _, _, pot_id in could)


def _pays(funding: FundingFacts, rest: int) -> int:
    if funding.pays == "all":
        return rest
    return share_of(funding.amount, rest) if funding.pays == "percent" else min(funding.amount, rest)


def price_one_more(items: Sequence[Item], others: Collection[Item], facts: PriceFacts) -> dict[Pair, Price]:
    """What each of these would cost if it alone were added to `others`, and what the others cost by themselves."""
    found = price_basket(others, facts)
    left = dict(facts.left)
    for price in found.values():
        for line in price.lines:
            if line.pot_id is not None:
                left[line.pot_id] += line.pence
    facts, days = replace(facts, left=left), dict[date, list[Item]]()
    for other in others:
        days.setdefault(other.date, []).append(other)
    for item in items:
        if item.pair not in found:
            found[item.pair] = price_basket([*days.get(item.date, []), item], facts)[item.pair]
    return found
