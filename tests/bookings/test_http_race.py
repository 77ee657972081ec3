"""Fifty parents press "Keep these places" at one moment, over HTTP, against two real workers."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from http.client import HTTPConnection
from urllib.parse import urlencode

import pytest
from flask import Flask
from sqlalchemy import func, select

from booking.bookings.invariants import booking_problems
from booking.bookings.models import Place
from booking.core import clock
from booking.core.db import db
from booking.core.settings import Settings
from tests.browser import Browser
from tests.builders import Family, a_family, a_run, a_session
from tests.e2e.school import ROOT
from tests.serving import READY_SECONDS, free_port, until_it_answers

CLIENTS = 50


@contextmanager
def serving(settings: Settings, database_url: str, what: str) -> Iterator[int]:
    """A web server with two workers on the tests' own database; ended by its own process id."""
    number = free_port()
    env = {
        **os.environ,
        "BOOKING_ENV": "test",
        "SECRET_KEY": settings.secret_key,
        "DATABASE_URL": database_url,
        "BOOKING_INSTANCE": str(settings.instance),
    }
    arguments = ["-b", f"127.0.0.1:{number}", "-w", "2", "--threads", "4", "--log-level", "error", what]
    server = subprocess.Popen([sys.executable, "-m", "gunicorn", *arguments], cwd=ROOT, env=env)
    try:
        until_it_answers(server, number)
        yield number
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=30)


@pytest.fixture
def port(app: Flask, settings: Settings, database_url: str) -> Iterator[int]:
    """The product, as it is served."""
    with serving(settings, database_url, "wsgi:app") as number:
        yield number


@pytest.fixture
def unlocked_port(app: Flask, settings: Settings, database_url: str) -> Iterator[int]:
    """The same with the lock taken out."""
    with serving(settings, database_url, "tests.bookings.unlocked_app:app") as number:
        yield number


@dataclass
class Parent:
    """Somebody with the week open: cookie, token, and what is ticked."""

    cookie: str
    token: str
    picks: list[str]

    def hold(self, port: int, monday: str) -> tuple[int, str]:
        """Press the button; the status of the answer and where it leads."""
        fields = [
            ("csrf_token", self.token),
            ("go", "hold"),
            ("week", monday),
            ("kind", "once"),
            ("end", "half_term"),
        ]
        fields += [(name, pick) for pick in self.picks for name in ("pick", "shown")]
        headers = {
            "Cookie": self.cookie,
            "Content-Type": "application/x-www-form-urlencoded",
            "Referer": f"http://127.0.0.1:{port}/book",
        }
        with closing(HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
            connection.request("POST", "/book", urlencode(fields), headers)
            answer = connection.getresponse()
            answer.read()
            return answer.status, answer.headers.get("Location", "")


def at_the_week(app: Flask, port: int, family: Family, picks: list[str]) -> Parent:
    """Sign a parent in and load the week over HTTP, as a telephone would."""
    browser = Browser(app).sign_in(family.user)
    found = browser.client.get_cookie("session") or browser.client.get_cookie("__Host-session")
    assert found is not None
    cookie = f"{found.key}={found.value}"
    with closing(HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        connection.request("GET", "/book", headers={"Cookie": cookie})
        answer = connection.getresponse()
        page = answer.read().decode()
    assert answer.status == 200, page[:300]
    fresh = answer.headers.get("Set-Cookie")
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert token is not None
    return Parent(fresh.split(";")[0] if fresh else cookie, token[1], picks)


def all_at_once(parents: list[Parent], port: int, monday: str) -> Counter[int]:
    """Everybody presses at one moment; how many answers of each status."""
    barrier, statuses = threading.Barrier(len(parents)), Counter[int]()
    lock = threading.Lock()

    def press(parent: Parent) -> None:
        barrier.wait(READY_SECONDS)
        status, _ = parent.hold(port, monday)
        with lock:
            statuses[status] += 1

    threads = [threading.Thread(target=press, args=(parent,)) for parent in parents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return statuses


@pytest.mark.parametrize(("places", "days"), [(1, 1), (10, 5)])
def test_fifty_parents_press_at_once_and_exactly_the_places_are_held(
    app: Flask, port: int, places: int, days: int
) -> None:
    """Never over, never under, no error; whoever got nothing holds nothing at all (the basket is all or none)."""
    monday = clock.today() + timedelta(days=21 - clock.today().weekday())
    run = a_run(capacity=places)
    sessions = [a_session(monday + timedelta(days=n), run=run, capacity=places).id for n in range(days)]
    parents = []
    for _ in range(CLIENTS):
        family = a_family()
        picks = [f"{family.pupils[0].id}:{session_id}" for session_id in sessions]
        parents.append(at_the_week(app, port, family, picks))
    statuses = all_at_once(parents, port, monday.isoformat())
    assert statuses == {303: places, 409: CLIENTS - places}
    db.session.rollback()
    held = db.session.execute(
        select(Place.session_id, func.count()).where(Place.state == "held").group_by(Place.session_id)
    ).all()
    assert {row[0]: row[1] for row in held} == dict.fromkeys(sessions, places)
    per_family = db.session.scalars(select(func.count()).select_from(Place).group_by(Place.account_id)).all()
    assert set(per_family) == {days}
    assert booking_problems() == []


def test_the_control_without_the_lock_oversells_over_http(app: Flask, unlocked_port: int) -> None:
    """The proof that the presses above do meet: the same parents, the same server, no lock."""
    monday = clock.today() + timedelta(days=21 - clock.today().weekday())
    session = a_session(monday, capacity=1).id
    families = [a_family() for _ in range(CLIENTS)]
    parents = [at_the_week(app, unlocked_port, one, [f"{one.pupils[0].id}:{session}"]) for one in families]
    statuses = all_at_once(parents, unlocked_port, monday.isoformat())
    assert statuses[303] > 1, statuses
    db.session.rollback()
    assert db.session.query(Place).filter_by(state="held").count() == statuses[303]
    assert any("1 allowed" in problem for problem in booking_problems())
