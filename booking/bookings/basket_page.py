"""The basket as it stands on the page: each line with its price, what came off, and whether it is kept or could be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time

from sqlalchemy import select

from booking.bookings.baskets import open_basket
from booking.bookings.frozen_prices import prices_now, shown_lines
from booking.bookings.models import Place
from booking.bookings.price_facts import read_prices
from booking.bookings.price_parts import Discounts
from booking.bookings.situations import load_situation
from booking.core import clock
from booking.core.db import db
from booking.people.restrictions import closed_to_accounts


@dataclass(frozen=True)
class BasketRow:
    """One line as the parent checks it; `problem` says why it cannot be had now, `is_held` that it is kept.

    `discounts` are in the price already: what came off, as the family reads it.
    """

    pupil_id: int
    session_id: int
    child: str
    activity: str
    kind: str
    date: date
    starts_at: time
    ends_at: time
    price_pence: int
    is_held: bool
    problem: str | None
    discounts: Discounts = ()


@dataclass(frozen=True)
class BasketView:
    """The basket page: its rows by date, what is held and until when; pence of all rows that can be had."""

    rows: list[BasketRow]
    held_until: datetime | None
    is_paying: bool

    @property
    def total_pence(self) -> int:
        """What the rows cost together, those with a problem left out."""
        return sum(row.price_pence for row in self.rows if row.problem is None)

    @property
    def off_pence(self) -> int:
        """What discounts take off all of that, below zero."""
        return sum(pence for row in self.rows if row.problem is None for _, pence in row.discounts)

    @property
    def held_count(self) -> int:
        """How many rows are held."""
        return sum(row.is_held for row in self.rows)

    @property
    def held_pence(self) -> int:
        """What the held rows cost together."""
        return sum(row.price_pence for row in self.rows if row.is_held)

    @property
    def to_hold(self) -> int:
        """How many rows are chosen but not held."""
        return len(self.rows) - self.held_count


EMPTY = BasketView([], None, False)


def basket_view(account_id: int, at: datetime) -> BasketView:
    """The basket as it stands; each line that is not held says whether it could be had."""
    basket = open_basket(account_id)
    if basket is None:
        return EMPTY
    closed = closed_to_accounts({account_id}, clock.today(at))
    pairs = [(line.pupil_id, line.session_id) for line in basket.lines if line.pupil_id not in closed]
    held = {
        (row.pupil_id, row.session_id): row
        for row in db.session.execute(
            select(Place.id, Place.pupil_id, Place.session_id, Place.price_pence, Place.held_until).where(
                Place.basket_id == basket.id, Place.state == "held"
            )
        )
        if row.held_until is None or row.held_until > at
    }
    pupils = {pupil_id for pupil_id, _ in pairs}
    situation = load_situation(pupils, {s for _, s in pairs}, at, account_id=account_id)
    facts = read_prices(account_id, pupils, at)
    prices = prices_now(situation, facts, account_id, set(pairs) - held.keys(), beside=held)
    lines = shown_lines({row.id: row.price_pence for row in held.values()})
    rows = []
    for pupil_id, session_id in pairs:
        session, pupil = situation.sessions[session_id], situation.pupils[pupil_id]
        place = held.get((pupil_id, session_id))
        refusal = None
        if place is not None:
            price, off = place.price_pence, lines.get(place.id, ())
        else:
            refusal = situation.why_not(pupil_id, session_id, account_id)
            price, off = prices[pupil_id, session_id].pence, prices[pupil_id, session_id].shown
        rows.append(
            BasketRow(
                pupil_id,
                session_id,
                pupil.first_name,
                session.activity,
                session.kind,
                session.date,
                session.starts_at,
                session.ends_at,
                price,
                place is not None,
                refusal.words if refusal else None,
                off,
            )
        )
    rows.sort(key=lambda row: (row.date, row.starts_at, row.child, row.pupil_id))
    ends = [row.held_until for row in held.values() if row.held_until is not None]
    return BasketView(rows, min(ends, default=None), basket.state == "paying")
