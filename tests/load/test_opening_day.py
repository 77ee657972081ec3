"""A sample of opening day: a dozen parents go through every page at once, and all of it stands afterwards."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from sqlalchemy import func, select

from benchmarks.opening_day import LOAD, Rush, parents_of, play
from benchmarks.school import app_on, fill
from benchmarks.site import a_site
from booking.bookings.invariants import booking_problems
from booking.bookings.models import Place
from booking.core.db import db
from booking.ledger.balances import ledger_problems

PARENTS = 12


def test_a_dozen_parents_book_a_week_at_once_and_pay_by_card(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'load.db'}"
    app = app_on(url, tmp_path)
    fill(app, families=PARENTS, days=1)
    with app.app_context():
        parents = parents_of(app, PARENTS, tmp_path)
        db.session.remove()
        with a_site(url, tmp_path, with_double=True) as address:
            played = play(address, parents, Rush(PARENTS, PARENTS, 0), tmp_path)
        assert (played.failures, played.requests, played.through) == (0, 9 * PARENTS, PARENTS)
        booked = db.session.scalar(select(func.count()).where(Place.state == "booked"))
        assert booked == 5 * PARENTS
        assert booking_problems() == []
        assert ledger_problems() == []
        db.session.remove()
        db.engine.dispose()


def test_a_load_is_aimed_at_this_machine_alone(tmp_path: Path) -> None:
    parents = tmp_path / "parents.json"
    parents.write_text("[]")
    arguments = ["-f", str(LOAD), "--headless", "--host", "http://school.invalid", "--run-time", "1s"]
    env = {**os.environ, "LOAD_PARENTS": str(parents)}
    done = subprocess.run(
        [sys.executable, "-m", "locust", *arguments], env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "this machine alone" in done.stdout + done.stderr
