"""What every test stands on: an app with an empty migrated database, on SQLite or PostgreSQL.

`TEST_DATABASE=postgresql` runs the same tests on PostgreSQL (server from `TEST_POSTGRESQL`). The schema is made once
a process by the migrations; rows are emptied after each test.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import hypothesis
import pytest
from flask import Flask
from flask_migrate import Migrate, upgrade
from hypothesis import HealthCheck
from sqlalchemy import create_engine, text

from booking.app import MIGRATIONS, create_app
from booking.core.db import Base, db
from booking.core.settings import Settings, read_settings
from tests.browser import Browser
from tests.services import postgresql_url
from tests.tampering import guards_down

os.environ.pop("DATABASE_URL", None)
# How fast examples come and go is the machine's affair: nothing here asserts on time.
hypothesis.settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis.settings.load_profile("any machine")
AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True, scope="session")
def loopback_only() -> Iterator[None]:
    """A test that opens a connection beyond this machine fails."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        if self.family in {socket.AF_INET, socket.AF_INET6}:
            host = str(address[0])  # type: ignore[index]
            assert host in {"127.0.0.1", "::1", "localhost"}, f"a test tried to reach {host}"
        connect(self, address)  # type: ignore[arg-type]

    socket.socket.connect = guarded  # type: ignore[method-assign, assignment]
    yield
    socket.socket.connect = connect  # type: ignore[method-assign]


@pytest.fixture(scope="session")
def database_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of this process's own database, dropped at the end when it is PostgreSQL's."""
    if os.environ.get("TEST_DATABASE", "sqlite") == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('db') / 'booking.db'}"
        return
    server = postgresql_url()
    name = f"booking_test_{os.getpid()}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{name}"'))
        connection.execute(text(f'CREATE DATABASE "{name}"'))
        # The server does not fall in a test, so nothing has to wait for its disk.
        connection.execute(text(f'ALTER DATABASE "{name}" SET synchronous_commit = off'))
    yield server.rsplit("/", 1)[0] + "/" + name
    with engine.connect() as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
    engine.dispose()


@pytest.fixture(scope="session")
def settings(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of a test school on this machine."""
    return read_settings(
        {
            "BOOKING_ENV": "test",
            "SECRET_KEY": "a secret of the tests alone, long enough",
            "DATABASE_URL": database_url,
            "BOOKING_INSTANCE": str(tmp_path_factory.mktemp("instance")),
            "STRIPE_SECRET_KEY": "sk_test_of_the_tests",
            "STRIPE_WEBHOOK_SECRET": "whsec_of_the_tests",
            "STRIPE_API_BASE": "http://127.0.0.1:1",
        }
    )


@pytest.fixture(scope="session")
def migrated_app(settings: Settings) -> Iterator[Flask]:
    """One app a process, its schema made by the migrations."""
    app = create_app(settings)
    app.testing = False
    Migrate(app, db, directory=str(MIGRATIONS))
    with app.app_context():
        upgrade()
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def app(migrated_app: Flask) -> Iterator[Flask]:
    """The app inside an application context, with an empty database."""
    with migrated_app.app_context():
        yield migrated_app
        db.session.rollback()
        db.session.remove()
        empty_database()


IDS_FROM_ONE = """
SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)
FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL
"""


def empty_database() -> None:
    """Delete every row of every table, whatever points where."""
    tables = [table.name for table in reversed(Base.metadata.sorted_tables)]
    with db.engine.connect() as connection:
        if db.engine.dialect.name == "sqlite":
            raw = connection.connection.cursor()
            raw.execute("PRAGMA foreign_keys=OFF")
            raw.execute("BEGIN IMMEDIATE")
            guards = raw.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
            for name, _ in guards:
                raw.execute(f'DROP TRIGGER "{name}"')
            for name in tables:
                raw.execute(f'DELETE FROM "{name}"')
            for _, statement in guards:
                raw.execute(statement)
            raw.execute("COMMIT")
            raw.execute("PRAGMA foreign_keys=ON")
        else:
            # TRUNCATE makes files afresh for every table, which takes most of a second; a few rows go faster.
            filled = " UNION ALL ".join(
                f"SELECT '{name}' WHERE EXISTS (SELECT FROM \"{name}\")" for name in tables
            )
            connection.execution_options(isolation_level="READ COMMITTED")
            with guards_down(connection):
                for name in connection.scalars(text(filled)).all():
                    connection.execute(text(f'DELETE FROM "{name}"'))
            connection.execute(text(IDS_FROM_ONE))
            connection.commit()


@pytest.fixture
def at() -> datetime:
    """The instant at which most tests play: Monday 23 November 2026, nine in the morning."""
    return AT


@pytest.fixture
def browser(app: Flask) -> Browser:
    """Nobody signed in yet; `browser.sign_in(user)` changes that."""
    return Browser(app)


@pytest.fixture
def instance(settings: Settings) -> Path:
    """The folder where this test school keeps its files."""
    return settings.instance
