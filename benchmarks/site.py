"""The site as a school runs it, for measuring over HTTP: two workers, the Stripe double, parents who are signed in."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from flask import Flask
from sqlalchemy import insert, select

from booking.core import clock
from booking.core.db import db, unit_of_work
from booking.people.models import Role, User
from booking.people.sign_ins import start
from booking.provision.models import Session
from tests.serving import free_port, until_it_answers

ROOT = Path(__file__).resolve().parents[1]
WORKERS, THREADS = 2, 4


@contextlib.contextmanager
def a_double_on(state: Path, folder: Path, *, secret: str) -> Iterator[str]:
    """Serve the account at Stripe that is kept in a file until the block ends; its address. It delivers nothing."""
    port = free_port()
    arguments = ["--port", str(port), "--state", str(state), "--webhook-secret", secret]
    process = _start(["-m", "stripe_double", *arguments], {**os.environ, "BOOKING_INSTANCE": str(folder)})
    try:
        until_it_answers(process, port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=30)


@contextlib.contextmanager
def a_site(
    url: str, folder: Path, *, with_double: bool = False, stripe_at: str | None = None
) -> Iterator[str]:
    """Serve the school in this database until the block ends; its address. A double of its own, or one that runs."""
    port, double_port = free_port(), free_port()
    address = f"http://127.0.0.1:{port}"
    school = {
        "DATABASE_URL": url,
        "BOOKING_INSTANCE": str(folder),
        "SECRET_KEY": "for measuring alone, long enough",
    }
    env = {**os.environ, **school, "BASE_URL": address}
    running = []
    double = stripe_at or f"http://127.0.0.1:{double_port}"
    if with_double or stripe_at:
        env |= {
            "STRIPE_SECRET_KEY": "sk_test_bench",
            "STRIPE_WEBHOOK_SECRET": "whsec_bench",
            "STRIPE_API_BASE": double,
        }
    if with_double:
        state = folder / f"double-{double_port}.db"
        arguments = [
            "--port",
            str(double_port),
            "--state",
            str(state),
            "--webhook-url",
            f"{address}/webhooks/stripe",
        ]
        running.append(_start(["-m", "stripe_double", *arguments], env))
    web = [
        "-m",
        "gunicorn",
        "wsgi:app",
        "--bind",
        f"127.0.0.1:{port}",
        "--log-level",
        "error",
        "--no-control-socket",
    ]
    web += ["--workers", str(WORKERS), "--threads", str(THREADS), "--backlog", "512"]
    running.append(_start(web, env))
    try:
        for process, its_port in zip(running, (double_port, port)[-len(running) :], strict=True):
            until_it_answers(process, its_port)
        yield address
    finally:
        for process in reversed(running):
            process.terminate()
        for process in running:
            process.wait(timeout=30)


def _start(arguments: list[str], env: dict[str, str]) -> subprocess.Popen[bytes]:
    with (Path(env["BOOKING_INSTANCE"]) / "site.log").open("ab") as log:
        return subprocess.Popen([sys.executable, *arguments], cwd=ROOT, env=env, stdout=log, stderr=log)


def next_week_but_two() -> dt.date:
    """A Monday that is open for booking whenever this runs."""
    return clock.today() + dt.timedelta(days=21 - clock.today().weekday())


def five_days_from(monday: dt.date, *, run_id: int = 2) -> list[int]:
    """The ids of five new sessions of one run, on five days."""
    with unit_of_work() as session:
        rows = [
            {
                "run_id": run_id,
                "date": monday + dt.timedelta(days=n),
                "starts_at": dt.time(12, 0),
                "ends_at": dt.time(12, 59),
                "capacity": 100_000,
                "status": "planned",
                "note": "",
            }
            for n in range(5)
        ]
        session.execute(insert(Session), rows)
    ids = db.session.scalars(select(Session.id).where(Session.run_id == run_id, Session.date >= monday))
    return list(ids)


def signed_in(app: Flask, user_id: int) -> str:
    """The cookie of a parent who has signed in (argon2 is measured apart)."""
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
