"""A machine that does to the engine whatever families, the office and the clock can do, beside a plain model."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule
from sqlalchemy import select

from booking.bookings.changes import (
    ChangeRefused,
    call_off,
    close_day,
    cut_capacity,
    release_leaver,
    who_would_go,
)
from booking.bookings.expiry import expire_overdue
from booking.bookings.invariants import booking_problems
from booking.bookings.models import Place, WaitingEntry
from booking.bookings.offers import make_offers
from booking.bookings.price_facts import pot_money
from booking.bookings.waiting_list import accept_offer, leave_list
from booking.core.db import db, unit_of_work
from booking.core.errors import BookingError
from booking.ledger.balances import credit_of_all, ledger_problems
from booking.ledger.sealing import seal_ledger, seal_problems
from booking.people.models import Pupil
from booking.provision.models import Run, Session
from tests.bookings.booking_model import Bill, Pair
from tests.bookings.family_rules import CHILDREN, CLUBS, FamilyRules

STEPS = [0]
"""How many steps all machines of this process have taken."""


class BookingMachine(FamilyRules):
    """The families, and with them the worker, the office and the clock."""

    @rule(minutes=st.sampled_from([1, 10, 16, 40, 300, 900]))
    def later(self, minutes: int) -> None:
        """Time goes by, and the worker lets go what is over, and seals what was posted."""
        self.school.now += timedelta(minutes=minutes)
        with unit_of_work():
            expire_overdue(self.school.now)
            seal_ledger(self.school.now)
        assert list(seal_problems()) == []
        self.school.tick()

    @rule()
    def offer(self) -> None:
        """The worker offers what is free."""
        with unit_of_work():
            make_offers(self.school.now)
        self.school.tick()
        self.school.offer()
        self._read_ends()

    @rule(is_yes=st.booleans())
    def answer(self, is_yes: bool) -> None:
        """Whoever has an offer takes it, or leaves the list."""
        entry = db.session.scalars(select(WaitingEntry).where(WaitingEntry.state == "offered")).first()
        if entry is None:
            return
        pair, account = (entry.pupil_id, entry.session_id), entry.account_id
        is_live = pair in self.school.held and self.school.held[pair].is_offer
        act = accept_offer if is_yes else leave_list
        try:
            with unit_of_work():
                act(entry.id, account_id=account, at=self.school.now, user_id=None)
        except BookingError:
            assert not is_live
            return
        if is_yes:
            self.school.book(pair, account)
        else:
            self.school.held.pop(pair, None)

    @rule(club=CLUBS, capacity=st.integers(0, 3))
    def other_places(self, club: int, capacity: int) -> None:
        """The office cuts or adds places; whoever came last goes first."""
        session, at = self.ids[club], self.school.now
        going = [(place.id, (place.pupil_id, place.session_id)) for place in who_would_go(session, capacity)]
        try:
            with unit_of_work():
                ids = [place_id for place_id, _ in going]
                cut_capacity(session, capacity, "Room", expected=ids, at=at, user_id=self.office)
        except ChangeRefused:
            return
        self.school.take_back([pair for _, pair in going])
        self.school.clubs[session].capacity = capacity

    @precondition(lambda self: sum(club.is_off for club in self.school.clubs.values()) < 2)
    @rule(club=CLUBS, other=st.none() | CLUBS)
    def off(self, club: int, other: int | None) -> None:
        """A session is called off; with another one of that day its booked children go there for nothing."""
        session, school = self.ids[club], self.school
        fallback = self.ids[other] if other is not None else None
        booked = {p: a for p, a in school.booked.items() if p[1] == session}
        try:
            with unit_of_work():
                call_off(session, "Ill", fallback_id=fallback, at=school.now, user_id=self.office)
        except ChangeRefused:
            return
        school.call_off(session)
        if fallback is not None:
            self._follow(booked, fallback)

    def _follow(self, booked: dict[Pair, int], fallback: int) -> None:
        """Who has nothing else at that hour is in the fallback now, beyond its places if need be."""
        school, club = self.school, self.school.clubs[fallback]
        go = []
        for pupil, session in booked:
            theirs = [school.clubs[s] for p, s in (*school.booked, *school.held) if p == pupil]
            if not any(one.id == fallback or one.overlaps(club) for one in theirs):
                go.append((pupil, session))
        free = max(0, club.capacity + club.extra - school.taken(fallback))
        club.extra += max(0, len(go) - free)
        for pair in go:
            new = (pair[0], fallback)
            school.booked[new], school.credit_ends[new] = booked[pair], club.cut_off
            school.paid[new] = Bill()

    @precondition(lambda self: sum(club.is_off for club in self.school.clubs.values()) < 1)
    @rule(club=CLUBS)
    def snow(self, club: int) -> None:
        """A whole day is closed."""
        school, day = self.school, self.school.clubs[self.ids[club]].day
        try:
            with unit_of_work():
                close_day(day, "Snow", at=school.now, user_id=self.office)
        except ChangeRefused:
            assert day < school.now.date()
            return
        for session, one in school.clubs.items():
            if one.day == day:
                school.call_off(session)

    @rule(club=CLUBS, pence=st.sampled_from([0, 300, 450, 700]))
    def other_price(self, club: int, pence: int) -> None:
        """The office changes a price: what is held or booked keeps the one that it was taken at."""
        chosen = self.school.clubs[self.ids[club]]
        with unit_of_work():
            db.session.get_one(Run, chosen.run_id).price_pence = pence
        chosen.pence = pence

    @rule(child=CHILDREN)
    def leave_school(self, child: int) -> None:
        """A child leaves: all that is to come goes back whole."""
        _, pupil = self.children[child]
        if pupil in self.school.gone or self.school.gone:
            return
        today = self.school.now.date()
        with unit_of_work():
            found = db.session.get_one(Pupil, pupil)
            found.status, found.left_on = "left", today
        with unit_of_work():
            release_leaver(pupil, today, at=self.school.now, user_id=None)
        coming = [p for p in (*self.school.booked, *self.school.held) if p[0] == pupil]
        self.school.take_back([p for p in coming if self.school.clubs[p[1]].day > today])
        self.school.gone.add(pupil)

    @invariant()
    def agree(self) -> None:
        """The engine has what the model has: places, debts, rooms; and nothing is wrong in its own books."""
        if not hasattr(self, "school"):
            return
        STEPS[0] += 1
        rows = db.session.execute(
            select(Place.pupil_id, Place.session_id, Place.state, Place.account_id).where(
                Place.state.in_(("held", "booked"))
            )
        )
        live = {((row.pupil_id, row.session_id), row.state, row.account_id) for row in rows}
        model = {(pair, "booked", account) for pair, account in self.school.booked.items()}
        model |= {(pair, "held", one.account) for pair, one in self.school.held.items()}
        assert live == model
        owed = {account: -pence for account, pence in credit_of_all().items() if pence}
        assert owed == {account: pence for account, pence in self.school.owed.items() if pence}
        (pot,) = pot_money([self.pot], self.school.now)
        assert pot.left_pence == self.school.pot_left()
        assert booking_problems() == []
        assert ledger_problems() == []
        capacities = {
            row.id: row.capacity for row in db.session.execute(select(Session.id, Session.capacity))
        }
        assert capacities == {club.id: club.capacity for club in self.school.clubs.values()}
