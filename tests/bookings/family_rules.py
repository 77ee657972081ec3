"""What families can do to the engine, each act beside a plain model; `booking_machine` adds the office and the clock."""

from __future__ import annotations

from datetime import date, time, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from sqlalchemy import select

from booking.bookings.baskets import choose_week, open_basket
from booking.bookings.cancellation import cancel_places
from booking.bookings.holds import BasketIsPaying, HoldIsOver, give_up, hold_for_payment
from booking.bookings.models import Place, WaitingEntry
from booking.bookings.places import book_basket, book_late, take_holds
from booking.bookings.swaps import SwapRefused, Target, swap_places
from booking.bookings.waiting_list import CannotWait, join_list
from booking.core.db import db, unit_of_work
from booking.core.errors import BookingError
from booking.provision.price_models import Pot
from tests.bookings.booking_model import Bill, Club, Pair, School, Waits
from tests.builders import AT, Family, a_family, a_run, a_session, a_user
from tests.conftest import empty_database
from tests.price_builders import a_funding, a_pot, a_rate

FIRST = date(2026, 11, 25)
FAMILIES, CLUBS, CHILDREN = st.integers(0, 2), st.integers(0, 4), st.integers(0, 3)


class FamilyRules(RuleBasedStateMachine):
    """Three families with four children, five sessions of which two overlap, and everything that can happen."""

    @initialize()
    def open_school(self) -> None:
        """A fresh school."""
        db.session.rollback()
        db.session.remove()
        empty_database()
        self.office = a_user("manager").id
        self.families: list[Family] = [a_family(2), a_family(), a_family()]
        self.children = [(f.account.id, p.id) for f in self.families for p in f.pupils]
        hours = [(time(15, 30), time(16, 30)), (time(16, 0), time(17, 0))]
        shapes = [(0, 0, 2, 450), (0, 1, 1, 450), (1, 0, 1, 0), (2, 0, 2, 600), (9, 0, 1, 450)]
        clubs = {}
        for days, hour, capacity, pence in shapes:
            starts, ends = hours[hour]
            run = a_run(price_pence=pence, starts_at=starts, ends_at=ends)
            day = FIRST + timedelta(days=days)
            session = a_session(day, run=run, capacity=capacity)
            clubs[session.id] = Club(session.id, run.id, day, starts, ends, capacity, pence)
        self.ids = list(clubs)
        a_rate()
        funded = self.families[1].pupils[0].id
        self.pot = a_pot(budget_pence=1300).id
        a_funding(db.session.get_one(Pot, self.pot), pupil_id=funded)
        db.session.rollback()
        self.school = School(AT, clubs, funded=funded, budget=1300)
        self.paying: dict[int, tuple[int, list[Pair]]] = {}
        self.lost: list[tuple[int, int, dict[Pair, Bill]]] = []

    def teardown(self) -> None:
        """Leave no transaction open."""
        db.session.rollback()
        db.session.remove()

    def _pairs(self, account: int, picks: set[tuple[int, int]]) -> list[Pair]:
        """(child of the four, session of the five) as ids, those of one account."""
        found = [(self.children[c][1], self.ids[s]) for c, s in picks if self.children[c][0] == account]
        return sorted(set(found))

    def _account(self, family: int) -> int:
        return self.families[family].account.id

    @rule(family=FAMILIES, picks=st.sets(st.tuples(CHILDREN, CLUBS), max_size=5), is_all=st.booleans())
    def choose_and_hold(self, family: int, picks: set[tuple[int, int]], is_all: bool) -> None:
        """A family ticks exactly these and holds them."""
        account, at = self._account(family), self.school.now
        pairs = [pair for pair in self._pairs(account, picks) if pair[0] not in self.school.gone]
        mine = {p for p, one in self.school.held.items() if one.account == account and not one.is_offer}
        everything = {(p, s) for a, p in self.children if a == account for s in self.ids}
        shown = {pair for pair in everything if pair[0] not in self.school.gone}
        try:
            with unit_of_work():
                basket = choose_week(account, pairs, shown, at=at, user_id=None)
                held = take_holds(basket.id, "all" if is_all else "what_fits", at=at, user_id=None).held
        except BasketIsPaying:
            assert account in self.paying
            return
        assert account not in self.paying
        for pair in mine - set(pairs):
            del self.school.held[pair]
        wanted = [pair for pair in pairs if pair not in mine]
        assert sorted(held) == sorted(self.school.take(account, wanted, is_all=is_all))
        self._read_ends()

    def _read_ends(self) -> None:
        """When each hold ends, as the family is told."""
        rows = db.session.execute(
            select(Place.pupil_id, Place.session_id, Place.held_until).where(Place.state == "held")
        )
        for row in rows:
            if (row.pupil_id, row.session_id) in self.school.held:
                self.school.held[row.pupil_id, row.session_id].until = row.held_until

    def _mine(self, account: int) -> list[Pair]:
        return [p for p, one in self.school.held.items() if one.account == account and not one.is_offer]

    @rule(family=FAMILIES)
    def pay(self, family: int) -> None:
        """Pay at once for what is held, or for an open card page."""
        account, mine = self._account(family), self._mine(self._account(family))
        basket = open_basket(account)
        if basket is None:
            return
        basket_id = basket.id
        try:
            with unit_of_work():
                book_basket(basket_id, at=self.school.now, user_id=None)
        except HoldIsOver:
            assert not mine
            return
        self.paying.pop(account, None)
        for pair in mine:
            self.school.book(pair, account)

    @rule(family=FAMILIES)
    def open_card_page(self, family: int) -> None:
        """From now on the holds have no end of their own."""
        account, mine = self._account(family), self._mine(self._account(family))
        basket = open_basket(account)
        if basket is None or account in self.paying:
            return
        basket_id = basket.id
        try:
            with unit_of_work():
                hold_for_payment(basket_id, at=self.school.now)
        except HoldIsOver:
            assert not mine
            return
        self.paying[account] = (basket_id, mine)
        self._read_ends()

    @precondition(lambda self: self.paying)
    @rule(data=st.data())
    def lose_card_page(self, data: st.DataObject) -> None:
        """The page ran out: the places go."""
        account = data.draw(st.sampled_from(sorted(self.paying)))
        basket_id, _ = self.paying.pop(account)
        mine = self._mine(account)
        with unit_of_work():
            give_up(basket_id, at=self.school.now, user_id=None)
        prices = {pair: self.school.held.pop(pair).bill for pair in mine}
        self.lost.append((account, basket_id, prices))

    @precondition(lambda self: self.lost)
    @rule()
    def pay_late(self) -> None:
        """The money comes after all: everything again at the old price, or nothing."""
        account, basket_id, prices = self.lost.pop()
        with unit_of_work():
            held = book_late(basket_id, at=self.school.now).held
        if sum(bill.pot for bill in prices.values()) > self.school.pot_left():
            assert held == []
            return
        expected = self.school.take(account, list(prices), is_all=True)
        assert sorted(held) == sorted(expected)
        for pair in expected:
            self.school.held[pair].bill = prices[pair]
            self.school.book(pair, account)

    @precondition(lambda self: self.school.booked)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        """A family cancels by the terms that it was told."""
        pair = data.draw(st.sampled_from(sorted(self.school.booked)))
        try:
            with unit_of_work():
                cancel_places([self._place(pair)], at=self.school.now, user_id=None)
        except BookingError:
            assert self.school.now >= self.school.clubs[pair[1]].begins
            return
        self.school.let_go(pair, is_whole=False)

    def _place(self, pair: Pair) -> int:
        return db.session.scalars(
            select(Place.id).where(
                Place.pupil_id == pair[0], Place.session_id == pair[1], Place.state.in_(("held", "booked"))
            )
        ).one()

    @precondition(lambda self: self.school.booked)
    @rule(data=st.data(), to=CLUBS)
    def swap(self, data: st.DataObject, to: int) -> None:
        """One booked session for another."""
        pair = data.draw(st.sampled_from(sorted(self.school.booked)))
        school, account = self.school, self.school.booked[pair]
        old, new = school.clubs[pair[1]], school.clubs[self.ids[to]]
        monday = [club.day - timedelta(days=club.day.weekday()) for club in (old, new)]
        target = Target(new.run_id, new.day.weekday(), (monday[1] - monday[0]).days // 7)
        back = school.paid[pair].pence if school.now < school.credit_ends[pair] else 0
        bill = self._bill_of_swap(pair, new.id)
        can = school.now < old.begins and self._could_swap(pair, new.id) and school.has_room(new.id)
        try:
            with unit_of_work():
                swap_places(
                    [self._place(pair)],
                    target,
                    account_id=account,
                    seen_pence=bill.pence - back,
                    at=school.now,
                    user_id=None,
                )
        except SwapRefused:
            assert not can
            return
        assert can
        school.let_go(pair, is_whole=False)
        school.book((pair[0], new.id), account, bill)

    def _bill_of_swap(self, pair: Pair, session: int) -> Bill:
        """What the new place costs once the old one is gone, with what came back to the pot."""
        school, before = self.school, (dict(self.school.owed), self.school.pot_lost)
        account, paid = school.booked[pair], school.paid[pair]
        school.let_go(pair, is_whole=False)
        bill = school.bills(account, [(pair[0], session)])[pair[0], session]
        school.booked[pair], school.paid[pair] = account, paid
        school.owed, school.pot_lost = before
        return bill

    def _could_swap(self, pair: Pair, session: int) -> bool:
        account = self.school.booked.pop(pair)
        can = session != pair[1] and self.school.could((pair[0], session))
        self.school.booked[pair] = account
        return can

    def _full(self) -> list[tuple[int, Pair]]:
        """(Account, pair) of every child that could go to a session which has no room for it."""
        pairs = [(account, (pupil, session)) for account, pupil in self.children for session in self.ids]
        return [one for one in pairs if self.school.could(one[1]) and not self.school.has_room(one[1][1])]

    @rule(data=st.data(), child=CHILDREN, club=CLUBS)
    def join(self, data: st.DataObject, child: int, club: int) -> None:
        """Ask to wait: mostly for a full session, else for any."""
        account, pair = self.children[child][0], (self.children[child][1], self.ids[club])
        if self._full():
            account, pair = data.draw(st.sampled_from(self._full()))
        pupil = pair[0]
        live = db.session.scalar(
            select(WaitingEntry.id).where(
                WaitingEntry.pupil_id == pupil,
                WaitingEntry.session_id == pair[1],
                WaitingEntry.state.in_(("waiting", "offered")),
            )
        )
        can = self.school.could(pair) and not self.school.has_room(pair[1]) and live is None
        try:
            with unit_of_work():
                join_list(pupil, pair[1], account_id=account, at=self.school.now, user_id=None)
        except (CannotWait, BookingError):
            assert not can
            return
        assert can
        self.school.waiting[pair] = Waits(account)
