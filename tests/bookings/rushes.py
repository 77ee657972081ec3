"""Different acts at one moment, each in a thread of its own; and the same with the locks taken out, as a control."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from types import ModuleType
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, insert, select

from booking.bookings.models import Basket, BasketLine, Place
from booking.bookings.places import Mode, take_holds
from booking.bookings.rules import LIVE, Pair
from booking.core.db import db, unit_of_work
from booking.people.models import FamilyAccount
from tests.builders import AT, a_basket

Act = Callable[[], Any]
START = 60
"""Seconds in which everybody must have come to the start line, or to the place where a control waits."""


def at_once(app: Flask, acts: Sequence[Act]) -> list[Any]:
    """Every act in a thread and a unit of work of its own, begun at one moment; what each gave, or its error."""
    results: list[Any] = [None] * len(acts)
    barrier = threading.Barrier(len(acts))

    def run(number: int) -> None:
        with app.app_context():
            try:
                db.session.connection()
                db.session.rollback()
                barrier.wait(START)
                with unit_of_work():
                    results[number] = acts[number]()
            except Exception as error:
                results[number] = error
            finally:
                db.session.remove()

    db.session.rollback()
    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def a_choice(account: FamilyAccount, pairs: Sequence[Pair]) -> Basket:
    """A basket with these lines, written in this order; nothing of it is held."""
    basket = a_basket(account, state="open")
    with unit_of_work():
        db.session.execute(
            insert(BasketLine),
            [{"basket_id": basket.id, "pupil_id": pupil, "session_id": session} for pupil, session in pairs],
        )
    return basket


def holding(basket_id: int, mode: Mode = "all") -> Act:
    """The act of holding this basket; it gives the pairs that were held."""
    return lambda: take_holds(basket_id, mode, at=AT, user_id=None).held


def live_in(session_ids: Collection[int]) -> dict[int, int]:
    """How many places are held or booked in each of these sessions."""
    rows = db.session.execute(
        select(Place.session_id, func.count())
        .where(Place.session_id.in_(session_ids), Place.state.in_(LIVE))
        .group_by(Place.session_id)
    )
    found = {session_id: int(number) for session_id, number in rows}
    db.session.rollback()
    return {session_id: found.get(session_id, 0) for session_id in session_ids}


def take_out_the_locks(
    monkeypatch: pytest.MonkeyPatch,
    parties: int,
    looks: Collection[tuple[ModuleType, str]],
    *,
    locks: Collection[ModuleType] = (),
    again: str = "BEGIN IMMEDIATE",
) -> None:
    """Nobody locks any more, and whoever has looked waits until all of the parties have, before anything is taken.

    `looks` names, by module, what reads the numbers that decide; `locks` the further modules that lock. On SQLite the
    transaction is let go for the wait, for there BEGIN IMMEDIATE is the lock; `again` is how it goes on.
    """
    everybody_has_looked = threading.Barrier(parties)

    def waits(look: Callable[..., Any]) -> Callable[..., Any]:
        def look_then_wait(*args: Any, **values: Any) -> Any:
            found = look(*args, **values)
            is_sqlite = db.engine.dialect.name == "sqlite"
            if is_sqlite:
                db.session.flush()
                db.session.connection().exec_driver_sql("COMMIT")
            if is_sqlite and again == "BEGIN":
                db.session.connection().exec_driver_sql(again)
                db.session.connection().exec_driver_sql("SELECT count(*) FROM place")
            with suppress(threading.BrokenBarrierError):
                everybody_has_looked.wait(START / 3)
            if is_sqlite and again != "BEGIN":
                db.session.connection().exec_driver_sql(again)
            return found

        return look_then_wait

    for module in {module for module, _ in looks} | set(locks):
        if hasattr(module, "lock_rows"):
            monkeypatch.setattr(module, "lock_rows", lambda *rows: None)
    for module, name in looks:
        monkeypatch.setattr(module, name, waits(getattr(module, name)))


def comes_between(
    app: Flask, monkeypatch: pytest.MonkeyPatch, module: ModuleType, name: str, act: Act
) -> list[Any]:
    """Just before the first call of a function, somebody else does this, whole and committed; gives what came of it.

    Only on PostgreSQL: SQLite lets nobody else write in the middle of a unit of work.
    """
    if db.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer: nothing can come between")
    real, came = getattr(module, name), []

    def after_that(*args: Any, **values: Any) -> Any:
        if not came:
            came.append(None)
            thread = threading.Thread(target=lambda: came.__setitem__(0, alone(app, act)))
            thread.start()
            thread.join()
        return real(*args, **values)

    monkeypatch.setattr(module, name, after_that)
    return came


def alone(app: Flask, act: Act) -> Any:
    """One act in a context and a unit of work of its own; what it gave, or its error."""
    with app.app_context():
        try:
            with unit_of_work():
                return act()
        except Exception as error:
            return error
        finally:
            db.session.remove()
