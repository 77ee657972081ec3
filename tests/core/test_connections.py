"""A connection that rested is asked whether it lives; one that the server ended meanwhile is replaced unseen."""

from __future__ import annotations

import os

import pytest
from flask import Flask
from sqlalchemy import text

from booking.core import db as database
from booking.core.db import db

pytestmark = pytest.mark.skipif(
    os.environ.get("TEST_DATABASE") != "postgresql", reason="SQLite has no server to lose"
)


def _end_every_other_connection() -> None:
    with db.engine.connect() as connection:
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        here = "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        connection.execute(text(f"{others} {here}"))


def test_a_connection_that_the_server_ended_is_replaced(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    db.session.remove()
    db.engine.dispose()
    with db.engine.connect(), db.engine.connect():
        pass
    monkeypatch.setattr(database, "RESTS_SECONDS", 0)
    _end_every_other_connection()
    with db.engine.connect() as first, db.engine.connect() as second:
        assert (first.scalar(text("SELECT 1")), second.scalar(text("SELECT 1"))) == (1, 1)
