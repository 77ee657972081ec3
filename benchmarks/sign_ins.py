"""Signing in, apart from everything else: with argon2 it costs more than a booking does, and that is meant."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from flask_security import hash_password
from sqlalchemy import update

from benchmarks.printing import figure, heading
from benchmarks.school import app_on, database_urls, drop_postgresql, fill
from benchmarks.site import THREADS, WORKERS, a_site
from booking.core.db import db, unit_of_work
from booking.people.models import User

PEOPLE, AT_ONCE = 40, 8
PASSWORD = "seven clubs and a breakfast"  # noqa: S105 - of people who are made up for this run


def run(folder: Path) -> None:
    """On each database: e-mail and password through the page, eight at a time."""
    heading(f"Sign-ins over HTTP, {WORKERS} workers, {AT_ONCE} at a time")
    for name, url in database_urls(folder):
        app = app_on(url, folder)
        fill(app, families=PEOPLE, days=1)
        cost = app.config["SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS"]
        with app.app_context():
            with unit_of_work() as session:
                session.execute(update(User).values(password=hash_password(PASSWORD)))
            db.session.remove()
            db.engine.dispose()
        with a_site(url, folder) as address:
            begun = time.perf_counter()
            with ThreadPoolExecutor(AT_ONCE) as pool:
                answers = list(pool.map(partial(_sign_in, address), range(1, PEOPLE + 1)))
            took = time.perf_counter() - begun
        memory, passes, lanes = (
            cost[f"argon2__{what}"] for what in ("memory_cost", "time_cost", "parallelism")
        )
        figure(
            f"{name}: sign-ins a second",
            f"{PEOPLE / took:.0f} /s",
            f"argon2id, {memory // 1024} MiB, {passes} passes, {lanes} lane; {answers.count(302)} of {PEOPLE} good; "
            f"{THREADS} threads a worker",
        )
    drop_postgresql()


def _sign_in(address: str, number: int) -> int:
    """Load the page and send it; the status."""
    with closing(HTTPConnection(urlsplit(address).netloc, timeout=60)) as connection:
        connection.request("GET", "/login")
        answer = connection.getresponse()
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', answer.read().decode())
        assert token is not None
        cookie = answer.headers["Set-Cookie"].split(";")[0]
    fields = {"csrf_token": token[1], "email": f"p{number}@bench.example", "password": PASSWORD}
    headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
    with closing(HTTPConnection(urlsplit(address).netloc, timeout=60)) as connection:
        connection.request("POST", "/login", urlencode(fields), headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status
