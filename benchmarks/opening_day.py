"""Whole journeys through the pages, as locust plays them (`tests/load/opening_day.py`), on each database.

From the week to the confirmation: nine pages and buttons, five sessions, paid by card through the double, which runs
on the same cores as the two web workers, the load and the database.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from flask import Flask
from sqlalchemy import func, select

from benchmarks.printing import figure, heading
from benchmarks.school import app_on, database_urls, drop_postgresql, fill
from benchmarks.site import ROOT, a_site, five_days_from, next_week_but_two, signed_in
from booking.bookings.invariants import booking_problems
from booking.bookings.models import Place
from booking.core.db import db
from booking.ledger.balances import ledger_problems

LOAD = ROOT / "tests" / "load" / "opening_day.py"


@dataclass(frozen=True)
class Rush:
    """How many parents, how many begin in a second, how long they look at a page, and when the run is broken off."""

    parents: int
    begin_a_second: int
    thinks_seconds: float
    ends_after_seconds: int = 180


AT_ONCE = Rush(100, 100, 0)
OPENING_DAY = Rush(300, 5, 3)


@dataclass(frozen=True)
class Played:
    """What locust saw: seconds from the first page to the last, milliseconds at the percentiles, who came through."""

    took_seconds: float
    p50: float
    p95: float
    p99: float
    requests: int
    failures: int
    through: int


def parents_of(app: Flask, number: int, folder: Path) -> Path:
    """Signed-in parents who each want five days for one child; the file that the load reads."""
    monday = next_week_but_two()
    sessions = five_days_from(monday)
    rows = [
        {
            "cookie": signed_in(app, n),
            "picks": [f"{2 * n}:{session}" for session in sessions],
            "monday": monday.isoformat(),
        }
        for n in range(1, number + 1)
    ]
    path = folder / "parents.json"
    path.write_text(json.dumps(rows))
    return path


def play(address: str, parents: Path, rush: Rush, folder: Path) -> Played:
    """Let locust play one rush against a site."""
    arguments = [
        "-f",
        str(LOAD),
        "--headless",
        "--host",
        address,
        "--only-summary",
    ]
    arguments += ["--users", str(rush.parents), "--spawn-rate", str(rush.begin_a_second)]
    arguments += [
        "--run-time",
        f"{rush.ends_after_seconds}s",
        "--loglevel",
        "ERROR",
        "--exit-code-on-error",
        "0",
    ]
    seen = folder / "seen.json"
    env = {**os.environ, "LOAD_PARENTS": str(parents), "LOAD_SEEN": str(seen)}
    env["LOAD_THINKS"] = str(rush.thinks_seconds)
    locust = [sys.executable, "-m", "locust", *arguments]
    done = subprocess.run(locust, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return Played(**json.loads(seen.read_text()))


def run(folder: Path) -> None:
    """Journeys all at once, and the first minute of opening day; nothing may be lost or wrong afterwards."""
    heading("Whole journeys: week, hold, basket, check, card page, confirmation (aim: over 20 a second)")
    for words, rush in (("at once", AT_ONCE), ("in 60 s", OPENING_DAY)):
        for name, url in database_urls(folder):
            _measure(f"{name}: {rush.parents} parents {words}", name, url, folder, rush)
    drop_postgresql()


def _measure(words: str, name: str, url: str, folder: Path, rush: Rush) -> None:
    app = app_on(url, folder)
    fill(app, families=rush.parents, days=1)
    with app.app_context():
        parents = parents_of(app, rush.parents, folder)
        db.session.remove()
        with a_site(url, folder, with_double=True) as address:
            longest = _LongestWait(url) if name == "SQLite" else None
            played = play(address, parents, rush, folder)
            waited = longest.stop() if longest else None
        booked = db.session.scalar(select(func.count()).where(Place.state == "booked"))
        problems = len(booking_problems()) + len(ledger_problems())
        db.session.remove()
        db.engine.dispose()
    figure(
        words,
        f"{played.through / played.took_seconds:.1f} /s",
        f"p50 {played.p50:.0f}, p95 {played.p95:.0f}, p99 {played.p99:.0f} ms a page; "
        f"{played.failures} of {played.requests} failed; {booked} of {5 * rush.parents} booked; {problems} problems",
    )
    if waited is not None:
        figure(f"{words}: longest wait of a writer", f"{waited:.2f} s", "aim: under 2 s")


class _LongestWait:
    """Another writer, ten times a second, for whom it is noted how long he waited for his turn at most."""

    def __init__(self, url: str) -> None:
        self._path, self._longest, self._ends = url.removeprefix("sqlite:///"), 0.0, threading.Event()
        self._thread = threading.Thread(target=self._write)
        self._thread.start()

    def _write(self) -> None:
        connection = sqlite3.connect(self._path, timeout=30, isolation_level=None)
        while not self._ends.wait(0.1):
            begun = time.perf_counter()
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("COMMIT")
            self._longest = max(self._longest, time.perf_counter() - begun)
        connection.close()

    def stop(self) -> float:
        """The longest wait in seconds."""
        self._ends.set()
        self._thread.join()
        return self._longest
