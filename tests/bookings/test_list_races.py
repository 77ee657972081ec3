"""The waiting list in a rush: offers against direct booking, two workers at once, and answers that cross."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from booking.bookings import offers, places
from booking.bookings.cancellation import cancel_places
from booking.bookings.invariants import booking_problems
from booking.bookings.models import Place, WaitingEntry
from booking.bookings.offers import make_offers
from booking.bookings.places import take_holds
from booking.bookings.waiting_list import join_list
from booking.core import clock
from booking.core.db import db, unit_of_work
from tests.bookings.rushes import Act, a_choice, at_once, live_in, take_out_the_locks
from tests.builders import AT, Family, a_family, a_place, a_session

WEDNESDAY = date(2026, 11, 25)
LAST_DAY = clock.instant(WEDNESDAY - timedelta(days=1), time(9, 0))
"""Within a day of the cut-off, when what is free is open to all; a worker still offers."""


def a_full_club(capacity: int, waiting: int) -> tuple[int, list[int], list[Family]]:
    """A session with all of its places booked, their ids, and families that wait for it."""
    session = a_session(WEDNESDAY, capacity=capacity)
    booked = [a_place(a_family(), session, price_pence=0).id for _ in range(capacity)]
    waits = [a_family() for _ in range(waiting)]
    for family in waits:
        with unit_of_work():
            join_list(family.pupils[0].id, session.id, account_id=family.account.id, at=AT, user_id=None)
    db.session.rollback()
    return session.id, booked, waits


def cancelling(place_ids: list[int]) -> Act:
    return lambda: cancel_places(place_ids, at=AT, user_id=None)


def offering(at: datetime = AT) -> Act:
    return lambda: make_offers(at)


def wanting(session_id: int, number: int, at: datetime = AT) -> list[Act]:
    """So many families that are not on the list and press at this moment."""

    def act(basket_id: int) -> Act:
        return lambda: len(take_holds(basket_id, "what_fits", at=at, user_id=None).held)

    families = [a_family() for _ in range(number)]
    return [act(a_choice(one.account, [(one.pupils[0].id, session_id)]).id) for one in families]


def offered(session_id: int) -> set[int]:
    """Whose children have an offer for it that stands."""
    found = db.session.scalars(
        select(WaitingEntry.account_id)
        .join(Place, Place.id == WaitingEntry.offered_place_id)
        .where(WaitingEntry.session_id == session_id, WaitingEntry.state == "offered", Place.state == "held")
    )
    accounts = set(found)
    db.session.rollback()
    return accounts


def test_what_is_freed_in_a_rush_goes_to_the_list_while_somebody_on_it_fits(app: Flask) -> None:
    session, booked, waits = a_full_club(2, waiting=3)
    acts = [cancelling(booked), offering(), offering(), *wanting(session, 6)]
    results = at_once(app, acts)
    assert not any(isinstance(one, Exception) for one in results), results
    assert results[3:] == [0] * 6
    with unit_of_work():
        make_offers(AT)
    assert offered(session) == {family.account.id for family in waits[:2]}
    assert live_in([session]) == {session: 2}
    assert booking_problems() == []


def test_the_control_without_the_list_sells_the_same_place_in_the_same_rush(app: Flask) -> None:
    """Nobody on the list can come, so that whoever presses gets it: the race above does reach the freed places."""
    session, booked, _ = a_full_club(2, waiting=3)
    with unit_of_work():
        db.session.execute(update(WaitingEntry).values(fits=False))
    acts = wanting(session, 6)
    results = at_once(app, [cancelling(booked), *acts])
    got = sum(results[1:])
    if got < 2:
        got += sum(at_once(app, wanting(session, 6)))
    assert got == 2
    assert live_in([session]) == {session: 2}


def test_a_place_open_to_all_goes_to_the_list_or_to_whoever_presses_but_once(app: Flask) -> None:
    session, booked, _ = a_full_club(1, waiting=2)
    with unit_of_work():
        cancel_places(booked, at=AT, user_id=None)
    results = at_once(app, [offering(LAST_DAY), offering(LAST_DAY), *wanting(session, 6, LAST_DAY)])
    assert not any(isinstance(one, Exception) for one in results), results
    assert sum(results) == 1
    assert live_in([session]) == {session: 1}
    assert booking_problems() == []


def test_the_control_gives_it_to_the_list_and_to_whoever_presses(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, booked, _ = a_full_club(1, waiting=1)
    with unit_of_work():
        cancel_places(booked, at=AT, user_id=None)
    acts = [offering(LAST_DAY), *wanting(session, 1, LAST_DAY)]
    take_out_the_locks(monkeypatch, 2, [(places, "load_situation"), (offers, "load_situation")])
    assert at_once(app, acts) == [1, 1]
    assert live_in([session]) == {session: 2}
    assert any("1 allowed" in problem for problem in booking_problems())


def test_two_workers_offer_each_place_once(app: Flask) -> None:
    session, booked, waits = a_full_club(3, waiting=5)
    with unit_of_work():
        cancel_places(booked, at=AT, user_id=None)
    results = at_once(app, [offering() for _ in range(4)])
    assert sorted(results) == [0, 0, 0, 3], results
    assert offered(session) == {family.account.id for family in waits[:3]}
    assert live_in([session]) == {session: 3}
    fits = dict(map(tuple, db.session.execute(select(WaitingEntry.state, WaitingEntry.fits))))
    assert fits == {"offered": True, "waiting": True}


def test_without_the_lock_two_workers_meet_at_the_unique_key(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: both would offer the same place to the same child, and the second line of defence stops one."""
    session, booked, _ = a_full_club(1, waiting=2)
    with unit_of_work():
        cancel_places(booked, at=AT, user_id=None)
    take_out_the_locks(monkeypatch, 2, [(offers, "load_situation")])
    monkeypatch.setattr(offers, "_still_waiting", lambda ids: offers._waiting(AT))
    results = at_once(app, [offering(), offering()])
    assert sum(isinstance(one, IntegrityError) for one in results) == 1, results
    assert live_in([session]) == {session: 1}


@pytest.fixture(autouse=True)
def _no_open_transaction(app: Flask) -> Iterator[None]:
    yield
    db.session.rollback()
