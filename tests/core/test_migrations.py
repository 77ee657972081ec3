"""A school with children in it is brought to the next version: nothing is lost, and a half-done step leaves nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import op
from flask import Flask
from flask_migrate import Migrate, downgrade, upgrade
from sqlalchemy import inspect, text

from booking.app import MIGRATIONS, create_app
from booking.core.db import db
from booking.core.settings import read_settings
from tests.builders import a_family, a_place, a_session

BEFORE_PLACES = "0011_add_corrections"


@pytest.fixture
def school(tmp_path: Path) -> Flask:
    """A school of its own on SQLite, with a family, a session and a place."""
    app = create_app(
        read_settings(
            {
                "DATABASE_URL": f"sqlite:///{tmp_path / 'school.db'}",
                "BOOKING_INSTANCE": str(tmp_path),
                "SECRET_KEY": "a secret of this test alone, long enough",
            }
        )
    )
    Migrate(app, db, directory=str(MIGRATIONS))
    return app


def _counts() -> dict[str, int]:
    tables = ("family_account", "pupil", "run", "session", "place", "room", "basket")
    with db.engine.connect() as connection:
        return {
            name: connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one() for name in tables
        }


def test_a_school_with_bookings_goes_back_and_forth_and_keeps_every_row(school: Flask) -> None:
    with school.app_context():
        upgrade()
        a_place(a_family(2), a_session())
        db.session.remove()
        before = _counts()
        assert before["place"] == 1
        downgrade(revision=BEFORE_PLACES)
        assert "booking_rules" not in inspect(db.engine).get_table_names()
        assert _counts() == before
        upgrade()
        assert _counts() == before
        with db.engine.connect() as connection:
            assert connection.execute(text("PRAGMA foreign_key_check")).all() == []
            assert connection.execute(text("PRAGMA foreign_keys")).scalar_one() == 1
        db.engine.dispose()


def test_a_migration_that_fails_half_way_leaves_the_database_as_it_was(
    school: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    with school.app_context():
        upgrade(revision=BEFORE_PLACES)
        before = inspect(db.engine).get_table_names()
        monkeypatch.setattr(op, "create_index", _broken)
        with pytest.raises(OSError, match="disk is full"):
            upgrade()
        assert inspect(db.engine).get_table_names() == before
        monkeypatch.undo()
        upgrade()
        assert "preference_round" in inspect(db.engine).get_table_names()
        db.engine.dispose()


def _broken(*_arguments: object, **_options: object) -> None:
    raise OSError("the disk is full")
