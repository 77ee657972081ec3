"""A real server that is killed again and again while three devices send: what was acknowledged is there, and no more."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import uuid
from contextlib import closing, suppress
from datetime import timedelta
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_migrate import Migrate, upgrade
from sqlalchemy import select

from booking.app import MIGRATIONS, create_app
from booking.core import clock
from booking.core.db import db, unit_of_work
from booking.core.settings import read_settings
from booking.people.models import User
from booking.people.sign_ins import start
from booking.registers.child_days import child_days
from booking.registers.events import events_of_day
from booking.registers.models import Mark
from tests.builders import a_family, a_run, a_session, a_user
from tests.serving import free_port, until_it_answers

ROOT = Path(__file__).resolve().parents[2]
KILLS, MARKS = 3, 60
WHATS = ("arrived", "collected", "left_alone", "absent")


class Server:
    """Two workers on one database, which die without a word."""

    def __init__(self, env: dict[str, str], port: int) -> None:
        self.env, self.port = env, port
        self.begin()

    def begin(self) -> None:
        """Serve until killed."""
        command = [sys.executable, "-m", "gunicorn", "wsgi:app", "--no-control-socket"]
        self.process = subprocess.Popen(
            [*command, "--bind", f"127.0.0.1:{self.port}", "--workers", "2", "--log-level", "critical"],
            cwd=ROOT,
            env=self.env,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until_it_answers(self.process, self.port)

    def kill(self) -> None:
        """Take all of its processes away at once."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class Tablet:
    """A device over HTTP that sends its queue until all is acknowledged."""

    def __init__(self, port: int, cookie: str, skew: timedelta, seed: int) -> None:
        self.port, self.cookie, self.skew = port, cookie, skew
        self.dice, self.uuid = random.Random(seed), str(uuid.uuid4())
        self.made: dict[str, dict[str, Any]] = {}
        self.acknowledged: set[str] = set()
        self.token = ""

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
        """One request; raises `OSError` or `HTTPException` when the server is gone."""
        headers = {"Cookie": self.cookie, "X-CSRFToken": self.token, "Content-Type": "application/json"}
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=20)) as connection:
            connection.request(method, path, json.dumps(body) if body else None, headers)
            answer = connection.getresponse()
            content = json.loads(answer.read())
            if fresh := answer.headers.get("Set-Cookie"):
                self.cookie = fresh.split(";")[0]
            self.token = answer.headers.get("X-CSRFToken", self.token)
            return answer.status, content

    def work(self, session_ids: list[int], children: list[int]) -> None:
        """Make marks and send what waits, whole or in part, until the server has all."""
        while len(self.made) < MARKS or self.acknowledged != set(self.made):
            if len(self.made) < MARKS:
                self._make(session_ids, children)
            with suppress(OSError, HTTPException):
                self._send()
            time.sleep(self.dice.random() / 20)

    def _make(self, session_ids: list[int], children: list[int]) -> None:
        uid = str(uuid.uuid4())
        self.made[uid] = {
            "uid": uid,
            "session_id": self.dice.choice(session_ids),
            "pupil_id": self.dice.choice(children),
            "what": self.dice.choice(WHATS),
            "at": (clock.now() + self.skew).isoformat(),
            "sequence": len(self.made) + 1,
        }

    def _send(self) -> None:
        waiting = [mark for uid, mark in self.made.items() if uid not in self.acknowledged]
        some = self.dice.sample(waiting, self.dice.randint(0, len(waiting))) or waiting
        body = {"device": self.uuid, "sent_at": (clock.now() + self.skew).isoformat(), "marks": some}
        status, said = self.ask("POST", "/registers/marks", body)
        if status == 200:
            assert said["refused"] == []
            self.acknowledged |= set(said["kept"])


@pytest.fixture
def school(tmp_path: Path) -> tuple[Flask, dict[str, str]]:
    """A school of its own on SQLite, which a server of its own will serve."""
    values = {
        "DATABASE_URL": f"sqlite:///{tmp_path / 'school.db'}",
        "BOOKING_INSTANCE": str(tmp_path),
        "SECRET_KEY": "a secret of this test alone, long enough",
    }
    app = create_app(read_settings(values))
    Migrate(app, db, directory=str(MIGRATIONS))
    return app, {**os.environ, **values, "PYTHONPATH": str(ROOT)}


def _cookie(app: Flask, user: User) -> str:
    client = app.test_client()
    with unit_of_work():
        _, token = start(user, how="code", stage="whole", device="a test", at=clock.now(), is_strong=True)
    with client.session_transaction() as session:
        session["sign_in"] = token
    found = client.get_cookie("session")
    assert found is not None
    return f"{found.key}={found.value}"


@pytest.mark.long
def test_a_server_that_is_killed_loses_nothing_that_it_acknowledged(
    school: tuple[Flask, dict[str, str]],
) -> None:
    app, env = school
    with app.app_context():
        upgrade()
        session_ids = [a_session(clock.today(), run=a_run()).id for _ in range(3)]
        children = [pupil.id for pupil in a_family(children=8).pupils]
        office = a_user("manager")
        cookies = [_cookie(app, office) for _ in range(3)]
        db.session.remove()
        server = Server(env, free_port())
        skews = (timedelta(minutes=-10), timedelta(), timedelta(minutes=10))
        tablets = [Tablet(server.port, *given, n) for n, given in enumerate(zip(cookies, skews, strict=True))]
        for tablet in tablets:
            tablet.ask("GET", f"/registers/door/{clock.today()}.json")
        threads = [threading.Thread(target=one.work, args=(session_ids, children)) for one in tablets]
        try:
            for thread in threads:
                thread.start()
            for _ in range(KILLS):
                time.sleep(0.6)
                server.kill()
                server.begin()
            for thread in threads:
                thread.join(120)
        finally:
            server.kill()
        _all_is_there_once(tablets)
        db.engine.dispose()


def _all_is_there_once(tablets: list[Tablet]) -> None:
    made = {uid: mark for tablet in tablets for uid, mark in tablet.made.items()}
    rows = db.session.scalars(select(Mark)).all()
    kept = {row.uid: (row.session_id, row.pupil_id, row.what, row.sequence) for row in rows}
    assert len(rows) == len(kept) == 3 * MARKS
    assert kept == {
        uid: (mark["session_id"], mark["pupil_id"], mark["what"], mark["sequence"])
        for uid, mark in made.items()
    }
    events = events_of_day(clock.today())
    assert child_days(events) == child_days(events[::-1] + events)
