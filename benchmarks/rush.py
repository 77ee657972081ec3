"""Opening day over HTTP: signed-in parents press at one moment; two workers, the load on the same cores."""

from __future__ import annotations

import datetime as dt
import re
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlencode

from sqlalchemy import func, select

from benchmarks.printing import figure, heading
from benchmarks.school import app_on, database_urls, drop_postgresql, fill
from benchmarks.site import a_site, five_days_from, next_week_but_two, signed_in
from booking.bookings.models import Place
from booking.core.db import db

PARENTS, SESSIONS = 200, 5
Answer = TypeVar("Answer")


def run(folder: Path) -> None:
    """On each database: loading the week, then from basket to held, all at once."""
    heading(
        f"{PARENTS} parents at once over HTTP, 2 workers, {SESSIONS} sessions each (aim: 100 a second, p99 under 1 s)"
    )
    for name, url in database_urls(folder):
        app = app_on(url, folder)
        fill(app, families=PARENTS, days=1)
        with app.app_context():
            monday = next_week_but_two()
            sessions = five_days_from(monday)
            cookies = [signed_in(app, n) for n in range(1, PARENTS + 1)]
            db.session.remove()
            with a_site(url, folder) as address:
                port = int(address.rpartition(":")[2])
                weeks, took = _together([partial(_week, port, cookie, monday) for cookie in cookies])
                _tell(f"{name}: the week loaded", weeks, took)
                presses = [
                    partial(_hold, port, *page, 2 * n, sessions, monday)
                    for n, (page, _) in enumerate(weeks, start=1)
                ]
                answers, took = _together(presses)
                _tell(f"{name}: from basket to held", answers, took)
                good = sum(status == 303 for status, _ in answers)
                held = db.session.scalar(select(func.count()).select_from(Place))
                figure(
                    f"{name}: held", f"{held} of {PARENTS * SESSIONS}", f"{good} of {PARENTS} answers good"
                )
            db.session.remove()
            db.engine.dispose()
        if name == "PostgreSQL":
            drop_postgresql()


def _week(port: int, cookie: str, monday: dt.date) -> tuple[str, str]:
    """Load the week; the cookie and the form's token."""
    with closing(HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        connection.request("GET", f"/book?week={monday.isoformat()}", headers={"Cookie": cookie})
        answer = connection.getresponse()
        page = answer.read().decode()
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    if answer.status != 200 or token is None:
        raise RuntimeError(f"the week answered {answer.status}")
    fresh = answer.headers.get("Set-Cookie")
    return (fresh.split(";")[0] if fresh else cookie), token[1]


def _hold(port: int, cookie: str, token: str, pupil: int, sessions: list[int], monday: dt.date) -> int:
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
    with closing(HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
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
