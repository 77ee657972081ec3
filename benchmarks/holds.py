"""The POST that takes the holds of a basket of 5 sessions, in process, beside the bare driver writing the same rows."""

from __future__ import annotations

import multiprocessing
import sqlite3
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
from flask import Flask
from sqlalchemy import func, select

from benchmarks.printing import figure, heading
from benchmarks.school import AT, app_on, database_urls, drop_postgresql, fill
from booking.bookings.baskets import choose_week
from booking.bookings.models import Place
from booking.bookings.places import take_holds
from booking.core.db import db, unit_of_work

BASKETS = 300
SESSIONS = 5
PROCESSES = 2
LONG = 60


def run(folder: Path) -> None:
    """On each database: the product with two processes, then the floor with two processes, then their ratio."""
    heading(f"The POST that holds a basket of {SESSIONS} sessions, {PROCESSES} processes (aim: 200 a second)")
    for name, url in database_urls(folder):
        fill(app_on(url, folder), families=2 * BASKETS + 5, days=LONG)
        ours = _together(_product, url, folder)
        floor = _together(_bare, url, folder)
        figure(
            f"{name}: baskets held a second",
            f"{ours:.0f} /s",
            f"{ours / floor:.0%} of the bare driver",
        )
        figure(f"{name}: bare driver, the same rows", f"{floor:.0f} /s")
        figure(
            f"{name}: a basket of {2 * LONG} sessions, two children", f"{_long_basket(url, folder):.0f} ms"
        )
        if name == "PostgreSQL":
            drop_postgresql()


def _together(work: Any, url: str, folder: Path) -> float:
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(PROCESSES + 1)
    processes = [context.Process(target=work, args=(url, str(folder), n, barrier)) for n in range(PROCESSES)]
    for process in processes:
        process.start()
    barrier.wait()
    begun = time.perf_counter()
    for process in processes:
        process.join()
    return BASKETS * PROCESSES / (time.perf_counter() - begun)


def _product(url: str, folder: str, number: int, barrier: Any) -> None:
    app: Flask = app_on(url, Path(folder))
    with app.app_context():
        sessions, baskets = _first_sessions(), []
        for n in range(BASKETS):
            account = number * BASKETS + n + 1
            wanted = {(2 * account, session_id) for session_id in sessions}
            with unit_of_work():
                baskets.append((account, choose_week(account, wanted, wanted, at=AT, user_id=account).id))
        barrier.wait()
        for account, basket_id in baskets:
            with unit_of_work():
                take_holds(basket_id, "all", at=AT, user_id=account)
            db.session.remove()
        held = db.session.scalar(select(func.count()).select_from(Place))
        assert held >= BASKETS * SESSIONS


def _long_basket(url: str, folder: Path) -> float:
    """Milliseconds for 60 sessions of two children in one go: the middle of five families."""
    app, took = app_on(url, folder), []
    with app.app_context():
        sessions = _first_sessions(LONG)
        for account in range(2 * BASKETS + 1, 2 * BASKETS + 6):
            wanted = {(pupil, session) for pupil in (2 * account, 2 * account - 1) for session in sessions}
            with unit_of_work():
                basket_id = choose_week(account, wanted, wanted, at=AT, user_id=account).id
            begun = time.perf_counter()
            with unit_of_work():
                held = take_holds(basket_id, "all", at=AT, user_id=account).held
            assert len(held) == 2 * LONG, "the long basket is held whole"
            took.append(1000 * (time.perf_counter() - begun))
        db.session.remove()
        db.engine.dispose()
    return sorted(took)[2]


def _first_sessions(number: int = SESSIONS) -> list[int]:
    from booking.provision.models import Session

    rows = db.session.scalars(
        select(Session.id).where(Session.run_id == 2).order_by(Session.date).limit(number)
    )
    return list(rows)


BASKET = (
    "INSERT INTO basket (reference, account_id, user_id, state, created_at, first_held_at) "
    "VALUES ({p}, {p}, {p}, 'ended', {p}, {p}) RETURNING id"
)

PLACE = (
    "INSERT INTO place (basket_id, account_id, pupil_id, session_id, state, price_pence, credit_until, held_at, "
    "held_until) VALUES ({p}, {p}, {p}, {p}, 'expired', 450, {p}, {p}, {p})"
)
FACT = (
    "INSERT INTO request_fact (at, what, pupil_id, session_id, account_id, user_id, channel) "
    "VALUES ({p}, {p}, {p}, {p}, {p}, {p}, 'online')"
)


def _bare(url: str, folder: str, number: int, barrier: Any) -> None:
    """The same rows in one transaction a basket, with locks taken and places counted, and nothing else."""
    is_sqlite = url.startswith("sqlite")
    if is_sqlite:
        connection: Any = sqlite3.connect(url.removeprefix("sqlite:///"), timeout=30, isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")
    else:
        connection = psycopg.connect(url.replace("+psycopg", ""), autocommit=True)
    mark = "?" if is_sqlite else "%s"
    at = AT.isoformat(sep=" ").removesuffix("+00:00") if is_sqlite else AT
    until = (
        (AT + timedelta(minutes=15)).isoformat(sep=" ").removesuffix("+00:00")
        if is_sqlite
        else AT + timedelta(minutes=15)
    )
    find = f"SELECT id FROM session WHERE run_id = 3 ORDER BY date LIMIT {SESSIONS}"
    sessions = [row[0] for row in connection.execute(find).fetchall()]
    marks = ", ".join(str(s) for s in sessions)
    barrier.wait()
    for n in range(BASKETS):
        account = number * BASKETS + n + 1
        pupil = 2 * account
        cursor = connection.cursor()
        cursor.execute("BEGIN IMMEDIATE" if is_sqlite else "BEGIN")
        if not is_sqlite:
            cursor.execute(f"SELECT id FROM pupil WHERE id = {pupil} FOR UPDATE")
            cursor.execute(f"SELECT id FROM session WHERE id IN ({marks}) ORDER BY id FOR UPDATE")
        cursor.execute(
            f"SELECT session_id, count(*) FROM place WHERE session_id IN ({marks}) GROUP BY 1"
        ).fetchall()
        basket = cursor.execute(BASKET.format(p=mark), (f"B{account}", account, account, at, at)).fetchone()[
            0
        ]
        cursor.executemany(
            PLACE.format(p=mark), [(basket, account, pupil, s, at, at, until) for s in sessions]
        )
        facts = [(at, what, pupil, s, account, account) for s in sessions for what in ("asked", "held")]
        cursor.executemany(FACT.format(p=mark), facts)
        cursor.execute("COMMIT")
