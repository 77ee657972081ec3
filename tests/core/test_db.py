"""The unit of work: all or nothing, never nested, locks once, and the library's late writes wait their turn."""

from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from booking.core.db import LockedTwice, NestedUnitOfWork, NotInUnitOfWork, db, lock_rows, unit_of_work
from booking.people.models import Pupil, School
from tests.builders import a_pupil, a_school, save


def test_what_fails_half_way_leaves_no_trace(app: Flask) -> None:
    def half() -> None:
        with unit_of_work() as session:
            session.add(School(name="Half"))
            session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half()
    assert db.session.query(School).count() == 0


def test_a_unit_of_work_is_never_opened_inside_another(app: Flask) -> None:
    with unit_of_work(), pytest.raises(NestedUnitOfWork), unit_of_work():
        pass


def test_rows_waiting_to_be_written_outside_are_not_swept_in(app: Flask) -> None:
    db.session.add(School(name="Stray"))
    with pytest.raises(NestedUnitOfWork), unit_of_work():
        pass
    db.session.rollback()


def test_locks_are_taken_once_and_only_inside(app: Flask) -> None:
    pupil = a_pupil()
    with pytest.raises(NotInUnitOfWork):
        lock_rows((Pupil, [pupil.id]))
    with unit_of_work():
        lock_rows((Pupil, [pupil.id]))
        with pytest.raises(LockedTwice):
            lock_rows((Pupil, [pupil.id]))


def test_sqlite_is_durable_and_keeps_foreign_keys(app: Flask) -> None:
    if db.engine.dialect.name != "sqlite":
        pytest.skip("these are SQLite's own settings")
    found = [
        db.session.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "synchronous", "foreign_keys")
    ]
    assert found == ["wal", 2, 1]


def test_a_write_outside_the_unit_of_work_waits_for_its_turn(app: Flask) -> None:
    school = a_school()
    assert school.name
    school.name = "Renamed by a library"
    db.session.commit()
    assert db.session.query(School).one().name == "Renamed by a library"


def test_a_naive_instant_is_refused(app: Flask) -> None:
    naive = Pupil(
        surname="A", forename="B", date_of_birth=datetime(2019, 1, 1).date(), created_at=datetime(2026, 1, 1)
    )
    with pytest.raises(Exception, match="must know its zone"):
        save(naive)


def test_an_error_of_the_database_names_no_value(app: Flask) -> None:
    with pytest.raises(DatabaseError) as caught:
        db.session.execute(text("SELECT * FROM no_such_table WHERE name = :name"), {"name": "Quillfeather"})
    db.session.rollback()
    assert "Quillfeather" not in str(caught.value)
