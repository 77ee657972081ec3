"""Opening day over HTTP: signed-in parents press at one moment; two workers, the load on the same cores."""

from __future__ import annotations

import datetime as dt
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlencode

from flask import Flask
from sqlalchemy import func, insert, select

from benchmarks.printing import figure, heading
from benchmarks.school import app_on, database_urls, drop_postgresql, fill
from booking.bookings.models import Place
from booking.core import clock
from booking.core.db import db, unit_of_work
from booking.people.models import Role, User
from booking.people.sign_ins import start
from booking.provision.models import Session

PARENTS, SESSIONS = 200, 5
PORT = 8197
Answer = TypeVar("Answer")
ROOT = Path(__file__).resolve().parents[1]


def run(folder: Path) -> None:
    """On each database: loading the week, then from basket to held, all at once."""
    heading(
        f"{PARENTS} parents at once over HTTP, 2 workers, {SESSIONS} sessions each (aim: 100 a second, p99 under 1 s)"
    )
    for name, url in database_urls(folder):
        app = app_on(url, folder)
        fill(app, families=PARENTS, days=1)
        with app.app_context():
            monday = clock.today() + dt.timedelta(days=21 - clock.today().weekday())
            sessions = _sessions(monday)
            cookies = [_cookie(app, n) for n in range(1, PARENTS + 1)]
            db.session.remove()
            server = _serve(url, folder)
            try:
                weeks, took = _together([partial(_week, cookie, monday) for cookie in cookies])
                _tell(f"{name}: the week loaded", weeks, took)
                presses = [
                    partial(_hold, *page, 2 * n, sessions, monday)
                    for n, (page, _) in enumerate(weeks, start=1)
                ]
                answers, took = _together(presses)
                _tell(f"{name}: from basket to held", answers, took)
                good = sum(status == 303 for status, _ in answers)
                held = db.session.scalar(select(func.count()).select_from(Place))
                figure(
                    f"{name}: held", f"{held} of {PARENTS * SESSIONS}", f"{good} of {PARENTS} answers good"
                )
            finally:
                server.terminate()
                server.wait(timeout=30)
            db.session.remove()
            db.engine.dispose()
        if name == "PostgreSQL":
            drop_postgresql()


def _sessions(monday: dt.date) -> list[int]:
    with unit_of_work() as session:
        rows = [
            {
                "run_id": 2,
                "date": monday + dt.timedelta(days=n),
                "starts_at": dt.time(12, 0),
                "ends_at": dt.time(12, 59),
                "capacity": 100_000,
                "status": "planned",
                "note": "",
            }
            for n in range(SESSIONS)
        ]
        session.execute(insert(Session), rows)
    ids = db.session.scalars(select(Session.id).where(Session.run_id == 2, Session.date >= monday))
    return list(ids)


def _cookie(app: Flask, user_id: int) -> str:
    """A parent who is signed in (argon2 is measured apart)."""
    client = app.test_client()
    with unit_of_work():
        user = db.session.get_one(User, user_id)
        user.roles = [db.session.scalars(select(Role)).one()]
        _, token = start(user, how="code", stage="whole", device="bench", at=clock.now(), is_strong=True)
    with client.session_transaction() as session:
        session["sign_in"] = token
    found = client.get_cookie("session")
    assert found is not None
    return f"{found.key}={found.value}"


def _serve(url: str, folder: Path) -> subprocess.Popen[bytes]:
    env = {
        **os.environ,
        "DATABASE_URL": url,
        "BOOKING_INSTANCE": str(folder),
        "SECRET_KEY": "for measuring alone, long enough",
    }
    arguments = [
        "-b",
        f"127.0.0.1:{PORT}",
        "-w",
        "2",
        "--threads",
        "4",
        "--backlog",
        "512",
        "--log-level",
        "error",
    ]
    server = subprocess.Popen([sys.executable, "-m", "gunicorn", *arguments, "wsgi:app"], cwd=ROOT, env=env)
    for _ in range(300):
        try:
            with closing(HTTPConnection("127.0.0.1", PORT, timeout=5)) as connection:
                connection.request("GET", "/healthz")
                connection.getresponse().read()
                return server
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the web server did not come up")


def _week(cookie: str, monday: dt.date) -> tuple[str, str]:
    """Load the week; the cookie and the form's token."""
    with closing(HTTPConnection("127.0.0.1", PORT, timeout=60)) as connection:
        connection.request("GET", f"/book?week={monday.isoformat()}", headers={"Cookie": cookie})
        answer = connection.getresponse()
        page = answer.read().decode()
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    if answer.status != 200 or token is None:
        raise RuntimeError(f"the week answered {answer.status}")
    fresh = answer.headers.get("Set-Cookie")
    return (fresh.split(";")[0] if fresh else cookie), token[1]


def _hold(cookie: str, token: str, pupil: int, sessions: list[int], monday: dt.date) -> int:
    """Press "Keep these places"; the status."""
    fields = [
        ("csrf_token", token),
        ("go", "hold"),
        ("week", monday.isoformat()),
        ("kind", "once"),
        ("end", "half_term"),
    ]
    fields += [(name, f"{pupil}:{session}") for session in sessions for name in ("pick", "shown")]
    headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
    with closing(HTTPConnection("127.0.0.1", PORT, timeout=60)) as connection:
        connection.request("POST", "/book", urlencode(fields), headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status


def _together(acts: Sequence[Callable[[], Answer]]) -> tuple[list[tuple[Answer, float]], float]:
    """Run all in threads that start at one moment: (answer, seconds) of each, and the seconds of all."""
    barrier, found = threading.Barrier(len(acts) + 1), dict[int, tuple[Answer, float]]()

    def one(n: int) -> None:
        barrier.wait()
        begun = time.perf_counter()
        answer = acts[n]()
        found[n] = (answer, time.perf_counter() - begun)

    threads = [threading.Thread(target=one, args=(n,)) for n in range(len(acts))]
    for thread in threads:
        thread.start()
    barrier.wait()
    begun = time.perf_counter()
    for thread in threads:
        thread.join()
    return [found[n] for n in range(len(acts))], time.perf_counter() - begun


def _tell(name: str, rows: Sequence[tuple[object, float]], took: float) -> None:
    times = sorted(seconds for _, seconds in rows)
    at = {p: times[min(len(times) - 1, int(len(times) * p / 100))] for p in (50, 95, 99)}
    figure(name, f"{len(rows) / took:.0f} /s", f"p50 {at[50]:.2f} s, p95 {at[95]:.2f} s, p99 {at[99]:.2f} s")
