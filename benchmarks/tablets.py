"""Twenty tablets at the door over HTTP: each sends a mark a second and fetches the day; two workers, one machine."""

from __future__ import annotations

import datetime as dt
import json
import threading
import time
import uuid
from collections.abc import Sequence
from contextlib import closing
from functools import partial
from http.client import HTTPConnection
from pathlib import Path

from sqlalchemy import func, insert, select, update

from benchmarks.printing import figure, heading
from benchmarks.school import app_on, database_urls, drop_postgresql, fill
from benchmarks.site import a_site, signed_in
from booking.bookings.models import FreeForecast
from booking.core import clock
from booking.core.db import db, unit_of_work
from booking.people.models import Role
from booking.provision.models import Session
from booking.registers.models import Mark

TABLETS, MARKS, CHILDREN = 20, 15, 300


def run(folder: Path) -> None:
    """On each database: how long until a mark is acknowledged, and until the day is there."""
    heading(
        f"{TABLETS} tablets, a mark a second each, {CHILDREN} children (aim: acknowledged in 100 ms at p99)"
    )
    for name, url in database_urls(folder):
        app = app_on(url, folder)
        fill(app, families=CHILDREN // 2, days=1)
        with app.app_context():
            session_id = _a_session_today()
            cookies = [signed_in(app, n) for n in range(1, TABLETS + 1)]
            with unit_of_work():
                db.session.execute(update(Role).values(name="manager"))
            db.session.remove()
            with a_site(url, folder) as address:
                port = int(address.rpartition(":")[2])
                acknowledged, days = _all_at_once(port, cookies, session_id)
            _tell(f"{name}: a mark acknowledged", acknowledged)
            _tell(f"{name}: the day of {CHILDREN} children fetched", days)
            figure(
                f"{name}: marks kept",
                f"{db.session.scalar(select(func.count(Mark.id)))} of {TABLETS * MARKS}",
            )
            db.session.remove()
            db.engine.dispose()
        if name == "PostgreSQL":
            drop_postgresql()


def _a_session_today() -> int:
    """One session that goes on all day, in which every child is expected."""
    today = clock.today()
    with unit_of_work() as session:
        session.execute(
            insert(Session),
            [
                {
                    "run_id": 3,
                    "date": today,
                    "starts_at": dt.time(0, 1),
                    "ends_at": dt.time(23, 59),
                    "capacity": CHILDREN,
                    "status": "planned",
                    "note": "",
                }
            ],
        )
        found = select(Session.id).where(Session.date == today, Session.starts_at == dt.time(0, 1))
        session_id = session.scalars(found).one()
        session.execute(
            insert(FreeForecast),
            [{"session_id": session_id, "pupil_id": n, "at": clock.now()} for n in range(1, CHILDREN + 1)],
        )
    return session_id


def _all_at_once(port: int, cookies: Sequence[str], session_id: int) -> tuple[list[float], list[float]]:
    """Every tablet in a thread of its own; the seconds of each mark and of each day."""
    acknowledged: list[float] = []
    days: list[float] = []
    act = partial(_tablet, port, session_id, acknowledged, days)
    threads = [threading.Thread(target=act, args=(n, cookie)) for n, cookie in enumerate(cookies)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return acknowledged, days


def _tablet(
    port: int, session_id: int, acknowledged: list[float], days: list[float], number: int, cookie: str
) -> None:
    """Fetch the day, then send a mark each second, one by one, as a hand presses them."""
    device = str(uuid.uuid4())
    with closing(HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        begun = time.perf_counter()
        connection.request("GET", f"/registers/door/{clock.today()}.json", headers={"Cookie": cookie})
        answer = connection.getresponse()
        answer.read()
        days.append(time.perf_counter() - begun)
        token, fresh = answer.headers["X-CSRFToken"], answer.headers.get("Set-Cookie")
        headers = {
            "Cookie": fresh.split(";")[0] if fresh else cookie,
            "X-CSRFToken": token,
            "Content-Type": "application/json",
        }
        time.sleep(number / TABLETS)
        for sequence in range(MARKS):
            now = clock.now().isoformat()
            mark = {
                "uid": str(uuid.uuid4()),
                "session_id": session_id,
                "pupil_id": number * MARKS + sequence + 1,
                "what": "arrived",
                "at": now,
                "sequence": sequence,
            }
            body = json.dumps({"device": device, "sent_at": now, "marks": [mark]})
            begun = time.perf_counter()
            connection.request("POST", "/registers/marks", body, headers)
            answer = connection.getresponse()
            if mark["uid"] not in json.loads(answer.read())["kept"]:
                raise RuntimeError(f"a mark was answered with {answer.status}")
            took = time.perf_counter() - begun
            acknowledged.append(took)
            time.sleep(max(0.0, 1 - took))


def _tell(name: str, times: list[float]) -> None:
    times = sorted(times)
    at = {p: times[min(len(times) - 1, int(len(times) * p / 100))] * 1000 for p in (50, 95, 99)}
    figure(name, f"p99 {at[99]:.0f} ms", f"p50 {at[50]:.0f} ms, p95 {at[95]:.0f} ms, {len(times)} of them")
