"""What families do in the race: each act says before it begins what it asks for, and afterwards what it got."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select

from booking.bookings.baskets import choose_week, open_basket
from booking.bookings.cancellation import cancel_places
from booking.bookings.holds import extend_hold, give_up, hold_for_payment
from booking.bookings.models import Basket, Place, WaitingEntry
from booking.bookings.places import book_basket, book_late, take_holds
from booking.bookings.settling import lines_of
from booking.bookings.swaps import Target, look_at_swap, swap_places
from booking.bookings.waiting_list import accept_offer, join_list, leave_list
from booking.core.db import db, lock_rows
from booking.people.models import FamilyAccount
from tests.races.history import instant, micros
from tests.races.school import School

Effects = list[list[Any]]
A_DAY = 24 * 3_600_000_000


@dataclass(frozen=True)
class Act:
    """One call that is about to be made: its kind, what it asks for, and what makes it inside a unit of work."""

    kind: str
    args: dict[str, Any]
    run: Callable[[datetime], Effects]


class Families:
    """Acts of families, drawn by chance; a method gives nothing when there is nothing of the kind to do."""

    def __init__(self, school: School, chance: random.Random, slot: int, slots: int) -> None:
        self.school, self.chance, self.slot, self.slots = school, chance, slot, slots
        self.sessions = sorted(school.capacity)
        self.accounts = sorted(school.children)

    def hold(self, at: int) -> Act | None:
        """Choose one to three sessions in place of what was chosen, and hold all of them, or what fits."""
        account = self.chance.choice(self.accounts)
        children, mode = self.school.children[account], self.chance.choice(("all", "what_fits"))
        number = self.chance.choice((1, 1, 1, 2, 3))
        pairs = {(self.chance.choice(children), self.chance.choice(self.sessions)) for _ in range(number)}

        def run(now: datetime) -> Effects:
            basket = open_basket(account)
            shown = lines_of(basket.id) if basket is not None and self.chance.random() < 0.7 else set()
            basket = choose_week(account, pairs, shown, at=now, user_id=None)
            return _take(basket.id, mode, now)

        return Act("hold", {"account": account, "pairs": sorted(pairs), "mode": mode}, run)

    def again(self, at: int) -> Act | None:
        """Press once more for what could not be held before."""
        basket = self._basket("open")
        if basket is None:
            return None
        args = {"account": basket.account_id, "basket": basket.id}
        return Act("again", args, lambda now: _take(basket.id, "what_fits", now))

    def extend(self, at: int) -> Act | None:
        """Keep what is held a quarter of an hour longer."""
        basket = self._basket("open")
        if basket is None:
            return None

        def run(now: datetime) -> Effects:
            extend_hold(basket.id, at=now, user_id=None)
            return _kept(_rows(Place.basket_id == basket.id, Place.state == "held"), now)

        return Act("extend", {"account": basket.account_id, "basket": basket.id}, run)

    def pay(self, at: int) -> Act | None:
        """Pay for what is held, at the office or on the open card page."""
        basket = self._basket("open")
        return None if basket is None else self._pay(basket)

    def _pay(self, basket: Any) -> Act:
        def run(now: datetime) -> Effects:
            book_basket(basket.id, at=now, user_id=None)
            return _booked(_rows(Place.basket_id == basket.id, Place.booked_at == now))

        return Act("pay", {"account": basket.account_id, "basket": basket.id}, run)

    def open_page(self, at: int) -> Act | None:
        """A card page opens: what is held has no end of its own from now on."""
        basket = self._basket("open")
        if basket is None:
            return None

        def run(now: datetime) -> Effects:
            lock_rows((FamilyAccount, [basket.account_id]))
            hold_for_payment(basket.id, at=now)
            return _kept(_rows(Place.basket_id == basket.id, Place.state == "held"), now)

        return Act("open_page", {"account": basket.account_id, "basket": basket.id}, run)

    def end_page(self, at: int) -> Act | None:
        """The card page is paid, or runs out; one worker sees to an account, as a payment's row would."""
        basket = self._basket("paying", is_ours=True)
        if basket is None:
            return None
        if self.chance.random() < 0.5:
            return self._pay(basket)

        def run(now: datetime) -> Effects:
            give_up(basket.id, at=now, user_id=None)
            return _ended(_rows(Place.basket_id == basket.id, Place.ended_at == now), now)

        return Act("give_up", {"account": basket.account_id, "basket": basket.id}, run)

    def pay_late(self, at: int) -> Act | None:
        """Money comes for a page that has run out, within a day: everything again, or nothing."""
        basket = self._basket(
            "ended",
            Place.state == "expired",
            Place.ended_at == Basket.ended_at,
            Basket.ended_at > instant(at - A_DAY),
            is_ours=True,
        )
        if basket is None:
            return None

        def run(now: datetime) -> Effects:
            result = book_late(basket.id, at=now)
            refused = [["refused", r.pupil_id, r.session_id, r.reason] for r in result.refused]
            return [*_booked(_rows(Place.basket_id == basket.id, Place.booked_at == now)), *refused]

        return Act("pay_late", {"account": basket.account_id, "basket": basket.id}, run)

    def cancel(self, at: int) -> Act | None:
        """Cancel one or two booked places of one family."""
        ids = self._booked(self.chance.choice((1, 1, 2)))
        if not ids:
            return None

        def run(now: datetime) -> Effects:
            cancel_places(ids, at=now, user_id=None)
            return _ended(_rows(Place.id.in_(ids)), now)

        return Act("cancel", {"places": ids}, run)

    def swap(self, at: int) -> Act | None:
        """One booked place for one in another session."""
        ids = self._booked(1)
        if not ids:
            return None
        to = self.chance.choice(self.sessions)
        place = db.session.get_one(Place, ids[0])
        account, pupil = place.account_id, place.pupil_id
        run_id, weekday, week = self.school.target[to]
        target = Target(run_id, weekday, week - self.school.target[place.session_id][2])
        seen = look_at_swap([place], target, account_id=account, at=instant(at)).rows[0].difference_pence

        def run(now: datetime) -> Effects:
            swap_places(ids, target, account_id=account, seen_pence=seen, at=now, user_id=None)
            new = _rows(Place.pupil_id == pupil, Place.session_id == to, Place.state == "booked")
            return [*_booked(new), *_ended(_rows(Place.id.in_(ids)), now)]

        return Act("swap", {"account": account, "places": ids, "to": to}, run)

    def join(self, at: int) -> Act | None:
        """Wait for a session that has a list."""
        account, session = self.chance.choice(self.accounts), self.chance.choice(self.school.listed)
        pupil = self.chance.choice(self.school.children[account])

        def run(now: datetime) -> Effects:
            entry = join_list(pupil, session, account_id=account, at=now, user_id=None)
            return [["wait", entry.id, pupil, session, account]]

        return Act("join", {"account": account, "pupil": pupil, "session": session}, run)

    def accept(self, at: int) -> Act | None:
        """Take an offer."""
        return self._answer("accept", ("offered",))

    def leave(self, at: int) -> Act | None:
        """Leave a list, or turn an offer down."""
        return self._answer("leave", ("waiting", "offered"))

    def _answer(self, kind: str, states: tuple[str, ...]) -> Act | None:
        found = db.session.execute(
            select(WaitingEntry.id, WaitingEntry.account_id).where(WaitingEntry.state.in_(states))
        ).all()
        if not found:
            return None
        entry, account = self.chance.choice(found)

        def run(now: datetime) -> Effects:
            answer = accept_offer if kind == "accept" else leave_list
            answer(entry, account_id=account, at=now, user_id=None)
            place = db.session.scalar(select(WaitingEntry.offered_place_id).where(WaitingEntry.id == entry))
            rows = _rows(Place.id == place)
            return [["answered", entry, kind], *(_booked(rows) if kind == "accept" else _ended(rows, now))]

        return Act(kind, {"account": account, "entry": entry}, run)

    def _basket(self, state: str, *where: ColumnElement[bool], is_ours: bool = False) -> Any:
        """Some family's basket in a state, its id and account; `is_ours` for what one worker alone does for a family."""
        accounts = [a for a in self.accounts if not is_ours or a % self.slots == self.slot]
        query = select(Basket.id, Basket.account_id).where(
            Basket.account_id == self.chance.choice(accounts), Basket.state == state
        )
        if where:
            query = query.join(Place, Place.basket_id == Basket.id).where(*where)
        return db.session.execute(query.limit(1)).first()

    def _booked(self, number: int) -> list[int]:
        """Some booked places of one family."""
        account = self.chance.choice(self.accounts)
        found = db.session.scalars(
            select(Place.id).where(Place.account_id == account, Place.state == "booked")
        ).all()
        return sorted(self.chance.sample(list(found), min(number, len(found))))


def _take(basket_id: int, mode: str, now: datetime) -> Effects:
    result = take_holds(basket_id, mode, at=now, user_id=None)  # type: ignore[arg-type]
    rows = _rows(Place.basket_id == basket_id, (Place.state == "held") | (Place.ended_at == now))
    refused = [["refused", r.pupil_id, r.session_id, r.reason] for r in result.refused]
    return [*_claimed(result.held, rows, now), *_kept(rows, now), *_ended(rows, now), *refused]


def _rows(*where: ColumnElement[bool]) -> list[Place]:
    db.session.flush()
    return list(
        db.session.scalars(
            select(Place).where(*where).order_by(Place.id).execution_options(populate_existing=True)
        )
    )


def _held(word: str, row: Place) -> list[Any]:
    return [word, row.id, row.pupil_id, row.session_id, row.account_id, micros(row.held_until)]


def _claimed(pairs: Iterable[tuple[int, int]], rows: Iterable[Place], now: datetime) -> Effects:
    """What a hold says it got, with the places behind it."""
    new = {(row.pupil_id, row.session_id): row for row in rows if row.state == "held" and row.held_at == now}
    return [_held("hold", new[pair]) if pair in new else ["hold", 0, *pair, 0, 0] for pair in sorted(pairs)]


def _kept(rows: Iterable[Place], now: datetime) -> Effects:
    return [
        ["keep", row.id, micros(row.held_until)] for row in rows if row.state == "held" and row.held_at != now
    ]


def _booked(rows: Iterable[Place]) -> Effects:
    return [["book", row.id, row.pupil_id, row.session_id, row.account_id, row.price_pence] for row in rows]


def _ended(rows: Iterable[Place], now: datetime) -> Effects:
    """What a call says it let go, with what comes back of a place that was booked."""
    return [
        ["end", row.id, row.price_pence if row.booked_at is not None else 0]
        for row in rows
        if row.ended_at == now
    ]
