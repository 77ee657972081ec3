"""The last place goes to one family only; with the lock taken away, the same race oversells."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.exc import IntegrityError

from booking.bookings import places
from booking.bookings.baskets import choose_week
from booking.bookings.invariants import booking_problems
from booking.bookings.models import Place
from booking.bookings.rules import Situation
from booking.bookings.situations import load_situation
from booking.core.db import db, lock_rows, unit_of_work
from booking.people.models import FamilyAccount, Guardianship
from booking.provision.models import Session
from tests.bookings.racers import Racer, at_the_start, families, race_in_processes, race_in_threads
from tests.builders import AT, a_family, a_place, a_run, a_session, a_user, save

WEDNESDAY = date(2026, 11, 25)


def _sold() -> int:
    count = db.session.query(Place).filter(Place.state.in_(("held", "booked"))).count()
    db.session.rollback()
    return count


def test_eight_threads_race_for_the_last_place_and_one_gets_it(app: Flask) -> None:
    racers = at_the_start(families(8), [a_session(WEDNESDAY, capacity=1).id])
    assert sorted(race_in_threads(app, racers)) == [0] * 7 + [1]
    assert _sold() == 1


def test_four_processes_race_for_the_last_place_and_one_gets_it(
    app: Flask, database_url: str, tmp_path: Path
) -> None:
    racers = at_the_start(families(8), [a_session(WEDNESDAY, capacity=1).id])
    assert sorted(race_in_processes(database_url, tmp_path, racers)) == [0] * 7 + [1]
    assert _sold() == 1


def test_with_more_demand_than_places_every_place_is_sold(app: Flask) -> None:
    racers = at_the_start(families(16), [a_session(WEDNESDAY, capacity=5).id])
    assert sum(race_in_threads(app, racers)) == 5
    assert _sold() == 5
    assert booking_problems() == []


def test_baskets_in_opposite_orders_do_not_stop_each_other(app: Flask) -> None:
    run = a_run()
    sessions = [a_session(WEDNESDAY + timedelta(days=n), run=run).id for n in range(6)]
    ours = families(8)
    racers = at_the_start(ours[:4], sessions) + at_the_start(ours[4:], sessions[::-1])
    assert race_in_threads(app, racers) == [6] * 8


def test_rows_are_locked_in_one_order_whatever_order_they_are_asked_for(app: Flask) -> None:
    """Half of the threads ask forwards and half backwards; without one order for all they would deadlock."""
    run = a_run()
    sessions = [a_session(WEDNESDAY + timedelta(days=n), run=run).id for n in range(6)]
    barrier, errors = threading.Barrier(8), []

    def lock(order: list[int]) -> None:
        with app.app_context():
            barrier.wait(timeout=20)
            try:
                for _ in range(10):
                    with unit_of_work():
                        lock_rows((Session, order))
            except Exception as error:
                errors.append(error)
            finally:
                db.session.remove()

    workers = [threading.Thread(target=lock, args=(sessions[:: 1 if n % 2 else -1],)) for n in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert errors == []


def test_choosing_and_holding_in_one_transaction_does_not_deadlock(app: Flask) -> None:
    """A basket line's foreign key takes a share lock on its session; it must not stop the hold of another basket."""
    run = a_run()
    sessions = [a_session(WEDNESDAY + timedelta(days=n), run=run).id for n in range(5)]
    ours = families(8)
    pairs = [(f.account.id, {(f.pupils[0].id, s) for s in sessions}) for f in ours]
    db.session.rollback()
    barrier, errors = threading.Barrier(len(pairs)), []

    def both(account_id: int, wanted: set[tuple[int, int]]) -> None:
        with app.app_context():
            barrier.wait()
            try:
                with unit_of_work():
                    basket = choose_week(account_id, wanted, wanted, at=AT, user_id=None)
                    places.take_holds(basket.id, "all", at=AT, user_id=None)
            except Exception as error:
                errors.append(error)
            finally:
                db.session.remove()

    workers = [threading.Thread(target=both, args=pair) for pair in pairs]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert errors == []
    assert _sold() == 40


def _two_parents_and_one_child() -> list[Racer]:
    """Each wants another session for the child, at hours that overlap."""
    first = a_family()
    other_user = a_user("parent")
    pupil = first.pupils[0]
    with unit_of_work():
        account = FamilyAccount(name="Other", created_at=AT, users=[other_user])
        db.session.add(account)
    save(Guardianship(user_id=other_user.id, pupil_id=pupil.id, created_at=AT, parental_responsibility="yes"))
    second = type(first)(other_user, account, [pupil])
    club = a_session(WEDNESDAY)
    care = a_session(WEDNESDAY, starts_at=time(16, 0), ends_at=time(18, 0))
    return [*at_the_start([first], [club.id]), *at_the_start([second], [care.id])]


def test_two_parents_of_one_child_cannot_put_it_in_two_places(app: Flask) -> None:
    racers = _two_parents_and_one_child()
    assert sorted(race_in_threads(app, racers, threads=2)) == [0, 1]
    assert booking_problems() == []


def test_not_even_when_each_waits_for_the_other_to_look(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under the child's lock the second cannot look until the first is done, so the first waits in vain."""
    racers, both_have_looked = _two_parents_and_one_child(), threading.Barrier(2)

    def look_then_wait(*asked: Any, **more: Any) -> Situation:
        situation = load_situation(*asked, **more)
        with contextlib.suppress(threading.BrokenBarrierError):
            both_have_looked.wait(timeout=1.5)
        return situation

    monkeypatch.setattr(places, "load_situation", look_then_wait)
    assert sorted(race_in_threads(app, racers, threads=2)) == [0, 1]
    assert both_have_looked.broken
    assert booking_problems() == []


@pytest.mark.parametrize("state", ["held", "booked"])
def test_the_database_itself_refuses_a_second_live_place(app: Flask, state: str) -> None:
    """Belt and braces: were every lock forgotten, no child would have one session twice; what has ended is no bar."""
    family, session = a_family(), a_session(WEDNESDAY)
    first = a_place(family, session).id
    with pytest.raises(IntegrityError):
        a_place(family, session, state=state)
    with unit_of_work():
        db.session.get_one(Place, first).state = "cancelled"
    a_place(family, session, state=state)
    assert _sold() == 1


def test_the_control_without_the_lock_oversells(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """The proof that the races above are races: look, wait for the others, then take, with no lock in between."""
    racers = at_the_start(families(4), [a_session(WEDNESDAY, capacity=1).id])
    everybody_has_looked = threading.Barrier(len(racers))

    def look_then_wait(
        pupils: Collection[int], sessions: Collection[int], at: datetime, **more: Any
    ) -> Situation:
        situation = load_situation(pupils, sessions, at, **more)
        if db.engine.dialect.name == "sqlite":
            db.session.connection().exec_driver_sql("COMMIT")
        everybody_has_looked.wait(timeout=20)
        if db.engine.dialect.name == "sqlite":
            db.session.connection().exec_driver_sql("BEGIN IMMEDIATE")
        return situation

    monkeypatch.setattr(places, "lock_rows", lambda *rows: None)
    monkeypatch.setattr(places, "load_situation", look_then_wait)
    assert sum(race_in_threads(app, racers, threads=len(racers))) > 1
    assert _sold() > 1
    assert any("1 allowed" in problem for problem in booking_problems())
