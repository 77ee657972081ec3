"""Two imports at the same moment: the second waits, sees what the first has written, and adds nobody twice."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import nullcontext

import pytest
from flask import Flask
from sqlalchemy import func, select

from booking.core.db import db
from booking.people import import_file
from booking.people.models import Pupil
from tests.people.import_files import a_line, load

ROWS = 40


def race(app: Flask) -> int:
    """Import one list without UPNs from two threads that start together; gives how many pupils there are."""
    ready = threading.Barrier(2)

    def run() -> None:
        with app.app_context():
            ready.wait(10)
            load(*(a_line(forename=f"Child{n}", surname=f"Name{n}") for n in range(ROWS)))
            db.session.remove()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    count = db.session.scalar(select(func.count()).select_from(Pupil)) or 0
    db.session.rollback()
    return count


def test_two_imports_at_once_add_each_child_once(app: Flask) -> None:
    assert race(app) == ROWS


def test_without_taking_turns_they_would_add_some_twice(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    if db.engine.dialect.name != "postgresql":
        pytest.skip("SQLite has one writer: nothing can race")
    read: Callable[..., object] = import_file.read_roll
    together = threading.Barrier(2)

    def read_together(*arguments: object) -> object:
        found = read(*arguments)
        together.wait(10)
        return found

    monkeypatch.setattr(import_file, "take_turn", nullcontext)
    monkeypatch.setattr(import_file, "read_roll", read_together)
    assert race(app) == 2 * ROWS
