"""The unit of work: all or nothing, never nested, locks once, and the library's late writes wait their turn."""

import os
import threading
import time
from datetime import date, datetime

import pytest
from flask import Flask
from sqlalchemy import Connection, TextClause, text
from sqlalchemy.exc import DatabaseError, OperationalError

from booking.core.db import (
    LockedTwice,
    NestedUnitOfWork,
    NotInUnitOfWork,
    db,
    lock_rows,
    unit_of_work,
    writer_options,
)
from booking.people.models import FamilyAccount, Pupil, School
from booking.provision.models import Session
from tests.builders import a_family, a_pupil, a_school, a_session, save


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


@pytest.mark.skipif(os.environ.get("TEST_DATABASE") != "postgresql", reason="SQLite has one writer at a time")
def test_one_kind_of_row_is_locked_only_when_all_of_the_kind_before_it_are(app: Flask) -> None:
    """Whoever waits for a child has locked no session yet; whoever waits for a session has the child already."""
    pupil_id, session_id = a_family().pupils[0].id, a_session(date(2026, 11, 25)).id
    db.session.rollback()
    for held, other, is_locked in (("pupil", "session", False), ("session", "pupil", True)):
        ids = {"pupil": pupil_id, "session": session_id}
        engine = db.engine.execution_options(**writer_options("postgresql"))
        with engine.connect() as holder, engine.connect() as onlooker:
            holder.execute(_for_update(held, ids[held]))
            waiting = threading.Thread(target=_lock_both, args=(app, session_id, pupil_id))
            waiting.start()
            _wait_for_a_waiter(onlooker)
            try:
                onlooker.execute(_for_update(other, ids[other], or_else="NOWAIT"))
                found = False
            except OperationalError:
                found = True
            onlooker.rollback()
            holder.rollback()
            waiting.join()
        assert found is is_locked


@pytest.mark.skipif(os.environ.get("TEST_DATABASE") != "postgresql", reason="SQLite has one writer at a time")
@pytest.mark.parametrize("kinds", [(0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2)])
@pytest.mark.parametrize("others", ["not named", "named without ids", "named with ids that nobody has"])
def test_what_is_named_is_locked_whichever_kinds_have_nothing(
    app: Flask, kinds: tuple[int, ...], others: str
) -> None:
    """Nobody is in the session yet when the office cuts its places: the session is locked all the same."""
    family, session_id = a_family(), a_session(date(2026, 11, 25)).id
    rows = [(Pupil, family.pupils[0].id), (Session, session_id), (FamilyAccount, family.account.id)]
    db.session.rollback()
    nothing = [987_654_321] if others == "named with ids that nobody has" else []
    wanted = [(rows[n][0], [rows[n][1]] if n in kinds else nothing) for n in range(3)]
    if others == "not named":
        wanted = [wanted[n] for n in kinds]
    engine = db.engine.execution_options(**writer_options("postgresql"))
    free = []
    with unit_of_work(), engine.connect() as onlooker:
        lock_rows(*wanted)
        for n, (model, row_id) in enumerate(rows):
            found = onlooker.execute(_for_update(model.__tablename__, row_id, or_else="SKIP LOCKED")).all()
            free += [n] if found else []
        onlooker.rollback()
    assert free == [n for n in range(3) if n not in kinds]


@pytest.mark.skipif(os.environ.get("TEST_DATABASE") != "postgresql", reason="SQLite has one writer at a time")
def test_locks_that_would_be_gone_at_once_are_refused(app: Flask) -> None:
    pupil_id = a_pupil().id
    with unit_of_work() as session:
        session.commit()
        with pytest.raises(NotInUnitOfWork):
            lock_rows((Pupil, [pupil_id]))


def _for_update(table: str, row_id: int, *, or_else: str = "") -> TextClause:
    return text(f"SELECT id FROM {table} WHERE id = {row_id} FOR NO KEY UPDATE {or_else}")


def _lock_both(app: Flask, session_id: int, pupil_id: int) -> None:
    with app.app_context(), unit_of_work():
        lock_rows((Session, [session_id]), (Pupil, [pupil_id]))


def _wait_for_a_waiter(onlooker: Connection) -> None:
    """Until another connection to this database waits for a row."""
    for _ in range(500):
        asked = text(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        if onlooker.scalar(asked):
            onlooker.rollback()
            return
        onlooker.rollback()
        time.sleep(0.01)
    raise AssertionError("nobody waits")
