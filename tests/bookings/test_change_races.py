"""The office cuts places while families press, and families swap into one last place; each with its control."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from flask import Flask

from booking.bookings import changes, places, releasing, swaps
from booking.bookings.changes import ChangeRefused, cut_capacity, who_would_go
from booking.bookings.invariants import booking_problems
from booking.bookings.models import Place
from booking.bookings.swaps import Swap, SwapRefused, Target, swap_places
from booking.core.db import db, unit_of_work, writer_options
from booking.core.errors import Busy
from booking.ledger.balances import ledger_problems
from booking.provision.models import Session
from tests.bookings.rushes import Act, a_choice, at_once, live_in, take_out_the_locks
from tests.bookings.test_list_races import wanting
from tests.builders import AT, Family, a_family, a_run, a_session, a_user

WEDNESDAY = date(2026, 11, 25)


def cutting(session_id: int, capacity: int, office: int, *, times: int = 40) -> Act:
    """The office looks at who would go and presses, and again while somebody came between."""

    def once() -> int:
        going = [place.id for place in who_would_go(session_id, capacity)]
        cut_capacity(session_id, capacity, "Room", expected=going, at=AT, user_id=office)
        return len(going)

    def act() -> int:
        for _ in range(times):
            try:
                return once()
            except (ChangeRefused, Busy):
                db.session.commit()
                db.session.info.pop("locked", None)
                db.session.connection(execution_options=writer_options(db.engine.dialect.name))
        raise AssertionError("the office never came to its turn")

    return act


def test_a_cut_in_a_rush_leaves_exactly_the_places_that_there_are(app: Flask) -> None:
    """Six places, eight families, and the office cuts to three: three are taken, whoever came last has gone."""
    session, office = a_session(WEDNESDAY, capacity=6).id, a_user("manager").id
    acts = [*wanting(session, 4), cutting(session, 3, office), *wanting(session, 4)]
    results = at_once(app, acts)
    assert not any(isinstance(one, Exception) for one in results), results
    assert live_in([session]) == {session: 3}
    assert sum(results[:4]) + sum(results[5:]) == 3 + results[4]
    assert booking_problems() == []


def test_places_added_in_a_rush_are_all_sold(app: Flask) -> None:
    session, office = a_session(WEDNESDAY, capacity=1).id, a_user("manager").id
    results = at_once(app, [*wanting(session, 4), cutting(session, 5, office), *wanting(session, 4)])
    assert not any(isinstance(one, Exception) for one in results), results
    got = sum(results[:4]) + sum(results[5:])
    assert got + sum(at_once(app, wanting(session, 8))) == 5
    assert live_in([session]) == {session: 5}


def test_the_control_cuts_under_the_feet_of_families(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    session, office = a_session(WEDNESDAY, capacity=4).id, a_user("manager").id
    acts = wanting(session, 4)

    def cut() -> None:
        cut_capacity(session, 1, "Room", expected=[], at=AT, user_id=office)

    looks = [(places, "load_situation"), (changes, "who_would_go")]
    take_out_the_locks(monkeypatch, 5, looks, locks=[releasing])
    assert at_once(app, [*acts, cut]) == [1, 1, 1, 1, None]
    assert live_in([session]) == {session: 4}
    assert any("1 allowed" in problem for problem in booking_problems())


def _booked(session: Session) -> tuple[Family, int]:
    """A family with a booked place in a session, as the engine books it."""
    family = a_family()
    basket = a_choice(family.account, [(family.pupils[0].id, session.id)])
    with unit_of_work():
        places.take_holds(basket.id, "all", at=AT, user_id=None)
    with unit_of_work():
        places.book_basket(basket.id, at=AT, user_id=None)
    place = db.session.query(Place).filter_by(basket_id=basket.id).one().id
    db.session.rollback()
    return family, place


def _swapping(family: Family, place: int, target: Target) -> Act:
    account = family.account.id

    def act() -> Swap:
        return swap_places([place], target, account_id=account, seen_pence=0, at=AT, user_id=None)

    return act


def _a_last_place(number: int) -> tuple[int, int, list[Act]]:
    """A full-enough club, another one with one place, and so many families that swap from the first to the second."""
    run, other = a_run(), a_run()
    old = a_session(WEDNESDAY, run=run, capacity=number)
    new = a_session(WEDNESDAY + timedelta(days=1), run=other, capacity=1)
    booked = [_booked(old) for _ in range(number)]
    target = Target(other.id, new.date.weekday())
    acts = [_swapping(family, place, target) for family, place in booked]
    return old.id, new.id, acts


def test_one_of_those_who_swap_gets_the_last_place_and_the_others_keep_their_own(app: Flask) -> None:
    old, new, acts = _a_last_place(6)
    results = at_once(app, [*acts, *wanting(new, 2)])
    refused = [one for one in results if isinstance(one, Exception)]
    assert all(isinstance(one, SwapRefused) for one in refused), results
    swapped = sum(isinstance(one, Swap) for one in results)
    assert live_in([old, new]) == {old: 6 - swapped, new: 1}
    assert booking_problems() == []
    assert ledger_problems() == []


def test_the_control_lets_all_of_them_swap_into_it(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new, acts = _a_last_place(3)
    take_out_the_locks(monkeypatch, 3, [(swaps, "load_situation")])
    assert all(isinstance(one, Swap) for one in at_once(app, acts))
    assert live_in([old, new]) == {old: 0, new: 3}
    assert any("1 allowed" in problem for problem in booking_problems())
