"""Baskets that get in each other's way: sixty sessions in opposite orders, siblings, and one child in two baskets."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import date, time, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from booking.bookings import baskets, places
from booking.bookings.baskets import choose_week
from booking.bookings.expiry import expire_overdue
from booking.bookings.invariants import booking_problems
from booking.bookings.models import Place
from booking.bookings.rules import LIVE
from booking.bookings.settling import lines_of
from booking.core.db import db, unit_of_work
from booking.core.errors import Busy
from booking.people.models import FamilyAccount, Guardianship
from booking.provision.models import Session
from tests.bookings.rushes import Act, a_choice, at_once, comes_between, holding, live_in, take_out_the_locks
from tests.builders import AT, Family, a_family, a_run, a_session, a_user, save

WEDNESDAY = date(2026, 11, 25)
DAYS, PLACES, FAMILIES = 60, 3, 8


def _sixty(capacity: int = PLACES) -> list[int]:
    run = a_run(weekdays=[*range(7)])
    return [a_session(WEDNESDAY + timedelta(days=n), run=run, capacity=capacity).id for n in range(DAYS)]


def _opposite(sessions: list[int], number: int = FAMILIES) -> list[Act]:
    """So many families that want all of it, every other one from the end."""
    acts = []
    for n in range(number):
        family = a_family()
        pupil, order = family.pupils[0].id, sessions[:: 1 if n % 2 else -1]
        acts.append(holding(a_choice(family.account, [(pupil, session) for session in order]).id))
    return acts


def _numbers(results: list[Any]) -> list[Any]:
    return sorted(len(one) if isinstance(one, list) else repr(one) for one in results)


def test_sixty_sessions_in_opposite_orders_end_and_every_place_is_sold(app: Flask) -> None:
    """Eight families, three places a day: three get all sixty days, nobody gets half, nobody waits for ever."""
    sessions = _sixty()
    assert _numbers(at_once(app, _opposite(sessions))) == [0] * (FAMILIES - PLACES) + [DAYS] * PLACES
    assert live_in(sessions) == dict.fromkeys(sessions, PLACES)
    assert booking_problems() == []


def test_the_control_sells_sixty_sessions_too_often(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    sessions = _sixty(1)
    acts = _opposite(sessions, 3)
    take_out_the_locks(monkeypatch, 3, [(places, "load_situation")])
    assert _numbers(at_once(app, acts)) == [DAYS] * 3
    assert len(booking_problems()) == DAYS


def test_the_control_that_locks_in_the_order_asked_for_stops_itself(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On SQLite the like of it is a transaction that begins as a reader: one of the two cannot go on."""
    sessions = _sixty()
    acts = _opposite(sessions, 2)
    if db.engine.dialect.name == "sqlite":
        take_out_the_locks(monkeypatch, 2, [(places, "load_situation")], again="BEGIN")
    else:
        monkeypatch.setattr(places, "lock_rows", _as_they_come(threading.Barrier(2)))
    results = at_once(app, acts)
    assert sum(isinstance(one, Busy) for one in results) == 1, results
    assert max(live_in(sessions).values()) == 1


def _as_they_come(barrier: threading.Barrier) -> Any:
    """A lock that takes one row after another, half of the callers from the end."""
    turn = iter((1, -1))

    def lock(*wanted: tuple[type[Any], Iterable[int]]) -> None:
        order = sorted(next(ids for model, ids in wanted if model is Session))[:: next(turn)]
        for number, session_id in enumerate(order):
            key = Session.__table__.c.id
            db.session.connection().execute(
                select(key).where(key == session_id).with_for_update(key_share=True)
            )
            if number == 0:
                barrier.wait(20)

    return lock


def _both_children(families: list[Family], session: int) -> list[Act]:
    return [
        holding(a_choice(family.account, [(pupil.id, session) for pupil in family.pupils]).id)
        for family in families
    ]


def _a_second_account(family: Family) -> Family:
    """The other parent, with an account of their own for the same children."""
    other = a_user("parent")
    with unit_of_work():
        account = FamilyAccount(name="The other parent", created_at=AT, users=[other])
        db.session.add(account)
    for pupil in family.pupils:
        save(Guardianship(user_id=other.id, pupil_id=pupil.id, created_at=AT, parental_responsibility="yes"))
    return Family(other, account, family.pupils)


def _places_of(family: Family) -> int:
    number = db.session.scalar(
        select(func.count()).where(
            Place.pupil_id.in_([pupil.id for pupil in family.pupils]), Place.state.in_(LIVE)
        )
    )
    db.session.rollback()
    return int(number or 0)


def test_siblings_get_the_last_two_places_together_or_not_at_all(app: Flask) -> None:
    """Four families with two children, one of them with two telephones and a second basket."""
    session = a_session(WEDNESDAY, capacity=2).id
    families = [a_family(2) for _ in range(4)]
    acts = _both_children([*families, _a_second_account(families[0])], session)
    acts.append(acts[0])
    results = at_once(app, acts)
    assert not any(isinstance(one, Exception) for one in results), results
    assert live_in([session]) == {session: 2}
    assert sorted(_places_of(family) for family in families) == [0, 0, 0, 2]
    assert booking_problems() == []


def test_with_three_places_the_odd_one_goes_to_whoever_takes_what_fits(app: Flask) -> None:
    session = a_session(WEDNESDAY, capacity=3).id
    families = [a_family(2) for _ in range(4)]
    choices = [
        a_choice(family.account, [(pupil.id, session) for pupil in family.pupils]) for family in families
    ]
    acts = [holding(choices[0].id), *(holding(choice.id, "what_fits") for choice in choices[1:])]
    results = at_once(app, acts)
    assert len(results[0]) in {0, 2}
    assert live_in([session]) == {session: 3}


def test_the_control_sells_the_last_two_places_to_several_families(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = a_session(WEDNESDAY, capacity=2).id
    acts = _both_children([a_family(2) for _ in range(3)], session)
    take_out_the_locks(monkeypatch, 3, [(places, "load_situation")])
    assert _numbers(at_once(app, acts)) == [2] * 3
    assert live_in([session]) == {session: 6}


def _one_child_twice(sessions: list[int]) -> list[Act]:
    family = a_family()
    pupil, other = family.pupils[0].id, _a_second_account(family)
    return [
        holding(a_choice(account, [(pupil, session)]).id)
        for account, session in zip((family.account, other.account), sessions, strict=True)
    ]


def test_two_accounts_get_one_place_for_their_child(app: Flask) -> None:
    session = a_session(WEDNESDAY).id
    assert _numbers(at_once(app, _one_child_twice([session, session]))) == [0, 1]
    assert live_in([session]) == {session: 1}


def test_without_the_lock_the_unique_key_still_refuses_a_second_place_for_a_child(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: both believe that the child is free, and only the second line of defence stops one of them."""
    session = a_session(WEDNESDAY).id
    acts = _one_child_twice([session, session])
    take_out_the_locks(monkeypatch, 2, [(places, "load_situation")])
    results = at_once(app, acts)
    assert sum(isinstance(one, IntegrityError) for one in results) == 1, results
    assert live_in([session]) == {session: 1}


def test_the_control_puts_a_child_in_two_places(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin of `test_two_parents_of_one_child_cannot_put_it_in_two_places`: two sessions that overlap."""
    club = a_session(WEDNESDAY).id
    care = a_session(WEDNESDAY, starts_at=time(16, 0), ends_at=time(18, 0)).id
    acts = _one_child_twice([club, care])
    take_out_the_locks(monkeypatch, 2, [(places, "load_situation")])
    assert _numbers(at_once(app, acts)) == [1, 1]
    assert any("at the same time" in problem for problem in booking_problems())


def test_what_another_device_holds_in_the_same_basket_meanwhile_is_kept_beside(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One parent presses; before the locks are taken the other ticks another session and holds it."""
    first, second = a_session(WEDNESDAY).id, a_session(WEDNESDAY + timedelta(days=1)).id
    family = a_family()
    account, pupil = family.account.id, family.pupils[0].id
    basket = a_choice(family.account, [(pupil, first)]).id

    def other_device() -> None:
        choose_week(account, {(pupil, second)}, [], at=AT, user_id=None)
        places.take_holds(basket, "what_fits", at=AT, user_id=None)

    came = comes_between(app, monkeypatch, places, "lock_rows", other_device)
    with unit_of_work():
        assert places.take_holds(basket, "all", at=AT, user_id=None).held in ([], [(pupil, first)])
    assert came == [None]
    assert live_in([first, second]) == {first: 1, second: 1}


@pytest.mark.parametrize("same", [False, True])
def test_a_second_device_that_begins_the_basket_at_the_same_moment_stops_nobody(
    app: Flask, monkeypatch: pytest.MonkeyPatch, same: bool
) -> None:
    """Both find no basket and make one; one basket stands in the end, with what was ticked on either device."""
    family = a_family()
    account_id, pupil_id = family.account.id, family.pupils[0].id
    here, there = (a_session(WEDNESDAY + timedelta(days=n)).id for n in range(2))
    there = here if same else there
    db.session.rollback()

    def tick(session_id: int) -> int:
        pairs = {(pupil_id, session_id)}
        return choose_week(account_id, pairs, pairs, at=AT, user_id=None).id

    came = comes_between(app, monkeypatch, baskets, "new_basket", lambda: tick(there))
    with unit_of_work():
        basket_id = tick(here)
    assert came == [basket_id]
    assert lines_of(basket_id) == {(pupil_id, here), (pupil_id, there)}


def test_the_same_tick_on_two_devices_at_one_moment_is_one_line(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    family = a_family()
    account_id, pupil_id = family.account.id, family.pupils[0].id
    first, second = (a_session(WEDNESDAY + timedelta(days=n)).id for n in range(2))
    basket_id = a_choice(family.account, [(pupil_id, first)]).id

    def tick() -> int:
        pairs = {(pupil_id, second)}
        return choose_week(account_id, pairs, pairs, at=AT, user_id=None).id

    came = comes_between(app, monkeypatch, baskets, "_add_lines", tick)
    with unit_of_work():
        assert tick() == basket_id
    assert came == [basket_id]
    assert lines_of(basket_id) == {(pupil_id, first), (pupil_id, second)}


def test_room_that_the_worker_makes_at_the_same_moment_is_not_called_full(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hold of another family has run out; the worker lets it go between our looking and our own letting go."""
    session, later = a_session(WEDNESDAY, capacity=1).id, AT + timedelta(minutes=16)
    first, second = a_family(), a_family()
    in_order = [a_choice(one.account, [(one.pupils[0].id, session)]).id for one in (first, second)]
    with unit_of_work():
        places.take_holds(in_order[0], "all", at=AT, user_id=None)
    came = comes_between(app, monkeypatch, places, "expire", lambda: expire_overdue(later))
    with unit_of_work():
        result = places.take_holds(in_order[1], "all", at=later, user_id=None)
    assert came == [1]
    assert result.held == [(second.pupils[0].id, session)], result.refused
    assert booking_problems() == []
