"""Families who all want the same places at the same moment, as threads or as processes of their own."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask

from booking.app import create_app
from booking.bookings.baskets import choose_week
from booking.bookings.places import take_holds
from booking.core.db import db, unit_of_work
from booking.core.settings import read_settings
from tests.builders import AT, Family, a_family

START = 60
"""Seconds in which everybody must have come to the start line."""


@dataclass(frozen=True)
class Racer:
    """One basket at the start line."""

    basket_id: int
    account_id: int


def at_the_start(families: list[Family], sessions: list[int]) -> list[Racer]:
    """Each family has ticked these sessions, one after another, for its first child; nothing is held yet."""
    racers = []
    for family in families:
        account_id, pupil_id = family.account.id, family.pupils[0].id
        with unit_of_work():
            for session_id in sessions:
                wanted = {(pupil_id, session_id)}
                basket = choose_week(account_id, wanted, wanted, at=AT, user_id=None)
            racers.append(Racer(basket.id, account_id))
    db.session.rollback()
    return racers


def families(number: int) -> list[Family]:
    """So many families of one child."""
    return [a_family() for _ in range(number)]


def hold(racer: Racer, ready: Callable[[], object]) -> int:
    """Hold one basket once everybody is ready; how many places it got."""
    ready()
    with unit_of_work():
        return len(take_holds(racer.basket_id, "all", at=AT, user_id=None).held)


def race_in_threads(app: Flask, racers: list[Racer], *, threads: int = 8) -> list[int]:
    """Every racer in a thread of its own, so many at a time; what each got. An error in one is raised here."""
    results: list[int] = []
    errors: list[BaseException] = []

    def run(group: list[Racer], barrier: threading.Barrier) -> None:
        with app.app_context():
            for number, racer in enumerate(group):
                try:
                    results.append(hold(racer, (lambda: barrier.wait(START)) if number == 0 else int))
                except BaseException as error:
                    errors.append(error)
                finally:
                    db.session.remove()

    groups = [racers[n::threads] for n in range(threads) if racers[n::threads]]
    barrier = threading.Barrier(len(groups))
    workers = [threading.Thread(target=run, args=(group, barrier)) for group in groups]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if errors:
        raise errors[0]
    return results


def race_in_processes(url: str, folder: Path, racers: list[Racer], *, processes: int = 4) -> list[int]:
    """The same with processes that each make the app for themselves; an error in one is raised here."""
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(processes), context.Queue()
    groups = [racers[n::processes] for n in range(processes)]
    workers = [
        context.Process(target=_process, args=(url, str(folder), group, barrier, results)) for group in groups
    ]
    for worker in workers:
        worker.start()
    try:
        answers = [results.get(timeout=START) for _ in workers]
    finally:
        for worker in workers:
            worker.join(5)
            worker.kill()
    assert all(isinstance(answer, list) for answer in answers), answers
    return [number for answer in answers for number in answer]


def _process(url: str, folder: str, group: list[Racer], barrier: Any, results: Any) -> None:
    """Put what each racer of the group got, or the words of what went wrong."""
    try:
        settings = read_settings(
            {
                "DATABASE_URL": url,
                "BOOKING_INSTANCE": folder,
                "SECRET_KEY": "a secret of the races alone, long enough",
            }
        )
        with create_app(settings).app_context():
            db.session.connection()
            barrier.wait(START)
            results.put([hold(racer, int) for racer in group])
            db.session.remove()
    except BaseException as error:
        results.put(repr(error))
        raise
