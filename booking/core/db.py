"""The database: base class, column types, the unit of work and the one function that locks.

Readers hold no transaction: each statement sees what is committed, so a late write can never fail with a stale
snapshot. (On PostgreSQL that spares more: psycopg forgets what it has prepared at every ROLLBACK, and that is how
a transaction of reads would end.) What writes opens `unit_of_work()`, which is BEGIN IMMEDIATE on SQLite and READ
COMMITTED on PostgreSQL. See docs/decisions/0001-locking.md.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any, ClassVar, cast

import psycopg
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    CTE,
    CursorResult,
    DateTime,
    Engine,
    Executable,
    MetaData,
    Row,
    ScalarSelect,
    Table,
    TypeDecorator,
    bindparam,
    event,
    func,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DisconnectionError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.pool import Pool

from booking.core.errors import Busy

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
BUSY_MILLISECONDS = 10_000
LOCK_TIMEOUT_MILLISECONDS = 5_000
RESTS_SECONDS = 2


class Base(DeclarativeBase):
    """The base of every table; `lock_rank` orders what the locking law locks (pupils before sessions ...)."""

    metadata = MetaData(naming_convention=NAMING)
    lock_rank: ClassVar[int | None] = None


db = SQLAlchemy(model_class=Base)


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: refuses a naive value, is stored in UTC and read back aware, on both databases."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        """Turn an aware instant into UTC on its way in."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored instant must know its zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        """Give the stored instant back with its zone."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def table_of(model: type[Base]) -> Table:
    """The table of a model, for statements that write many rows without the mapper's costs."""
    return cast(Table, model.__table__)


class NotInUnitOfWork(RuntimeError):
    """A programming error: rows were locked or written outside `unit_of_work()`."""


class NestedUnitOfWork(RuntimeError):
    """A programming error: a unit of work was opened inside another, or with rows waiting to be written."""


class LockedTwice(RuntimeError):
    """A programming error: the locking law allows one call a unit of work, so that no two can deadlock."""


@contextlib.contextmanager
def unit_of_work() -> Iterator[Session]:
    """One transaction for everything inside: commits at the end, or leaves no trace when anything is raised.

    Raises `Busy` when the database stayed locked too long; nothing was changed then and a retry is safe.
    """
    session = db.session()
    if session.info.get("writing") or session.new or session.dirty or session.deleted:
        raise NestedUnitOfWork
    session.rollback()
    try:
        session.connection(execution_options=writer_options(session.get_bind().dialect.name))
        session.info["writing"] = True
        yield session
        session.commit()
    except OperationalError as error:
        session.rollback()
        if _is_contention(error):
            raise Busy from error
        raise
    except BaseException:
        session.rollback()
        raise
    finally:
        session.info.pop("writing", None)
        session.info.pop("locked", None)


@contextlib.contextmanager
def read_snapshot() -> Iterator[Session]:
    """Several reads that all see the database at one moment (reports, checks); nothing may be written."""
    session = db.session()
    session.rollback()
    session.connection(execution_options=snapshot_options(session.get_bind().dialect.name))
    try:
        yield session
    finally:
        session.rollback()


def writer_options(dialect: str) -> dict[str, Any]:
    """What makes a connection begin a transaction that writes."""
    return {"writer": True} | ({"isolation_level": "READ COMMITTED"} if dialect == "postgresql" else {})


def snapshot_options(dialect: str) -> dict[str, Any]:
    """What makes all that a connection reads come from one moment."""
    return {"snapshot": True} | ({"isolation_level": "REPEATABLE READ"} if dialect == "postgresql" else {})


def engine_options(url: str) -> dict[str, Any]:
    """How the engine is made: readers hold no transaction, and an error names no value."""
    is_postgresql = url.startswith("postgresql")
    return {"hide_parameters": True} | ({"isolation_level": "AUTOCOMMIT"} if is_postgresql else {})


def is_writing() -> bool:
    """True inside `unit_of_work()`."""
    return bool(db.session().info.get("writing"))


def lock_rows(*wanted: tuple[type[Base], Iterable[int]]) -> None:
    """Lock all that a change uses up, in one call: pupils, sessions, rooms, accounts, pots; ids in order.

    On PostgreSQL each row is taken FOR NO KEY UPDATE, all in one statement; on SQLite the unit of work already excludes
    other writers. Rows read before are read afresh afterwards. Raises `LockedTwice`, `NotInUnitOfWork` or `Busy`.
    """
    session = db.session()
    if not session.info.get("writing"):
        raise NotInUnitOfWork
    if session.info.get("locked"):
        raise LockedTwice
    session.info["locked"] = True
    if session.get_bind().dialect.name != "postgresql":
        return
    connection = session.connection()
    driver = cast(psycopg.Connection, connection.connection.driver_connection)
    if driver.autocommit:
        raise NotInUnitOfWork  # a lock would be gone with its own statement
    ids = {model: found for model, found in ((model, list(found)) for model, found in wanted) if found}
    if ids:
        models = tuple(sorted(ids, key=lambda model: model.lock_rank or 0))
        connection.execute(
            _lock_statement(models), {model.__tablename__: found for model, found in ids.items()}
        )
    session.expire_all()


@cache
def _lock_statement(models: tuple[type[Base], ...]) -> Executable:
    """Each kind of row is locked only when all of the kind before it are: it asks first how many those were.

    PostgreSQL runs only what is asked for: every kind is counted, and none may come without ids (it would see that
    nothing can come of that kind, and ask for nothing before it).
    """
    locked: list[CTE] = []
    for model in models:
        key = table_of(model).c.id
        rows = select(key).where(key.in_(bindparam(model.__tablename__, expanding=True))).order_by(key)
        for before in locked[-1:]:
            rows = rows.where(_number_of(before) >= 0)
        locked.append(rows.with_for_update(key_share=True).cte(f"locked_{model.__tablename__}"))
    return select(*map(_number_of, locked))


def _number_of(rows: CTE) -> ScalarSelect[int]:
    return select(func.count()).select_from(rows).scalar_subquery()


def insert_new(model: type[Base]) -> Any:
    """An insert that leaves out a row which a unique key has already: another device may write the same just now."""
    makes = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    return makes(model).on_conflict_do_nothing()


def read_rows(statement: Executable, **values: Any) -> Sequence[Row[Any]]:
    """Run a ready-made query on tables (not models), past the mapper; what waits to be written is written first."""
    return run_statement(statement, **values).all()


def run_statement(statement: Executable, **values: Any) -> CursorResult[Any]:
    """Run a ready-made statement on tables, past the mapper; rows read before are not told of what it changes."""
    session = db.session()
    if session.new or session.dirty or session.deleted:
        session.flush()
    return session.connection().execute(statement, values)


def _is_contention(error: OperationalError) -> bool:
    original = error.orig
    if isinstance(original, sqlite3.OperationalError):
        return "locked" in str(original) or "busy" in str(original)
    return getattr(original, "sqlstate", None) in {"55P03", "40P01", "40001"}


@event.listens_for(Engine, "connect")
def _prepare_connection(dbapi: Any, _record: Any) -> None:
    if isinstance(dbapi, sqlite3.Connection):
        dbapi.isolation_level = None
        for pragma in (
            f"busy_timeout={BUSY_MILLISECONDS}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
        ):
            dbapi.execute(f"PRAGMA {pragma}")
    else:
        dbapi.execute(f"SET lock_timeout = {LOCK_TIMEOUT_MILLISECONDS}")
        dbapi.commit()


@event.listens_for(Pool, "checkin")
def _note_rest(_dbapi: Any, record: Any) -> None:
    record.info["rests_since"] = time.monotonic()


@event.listens_for(Pool, "checkout")
def _ask_after_a_rest(dbapi: Any, record: Any, _proxy: Any) -> None:
    """A connection that rested is asked whether it lives; the pool makes a new one in place of one that does not.

    Asking at every checkout, several times a request, would cost more than the queries of a small page.
    """
    if time.monotonic() - record.info.get("rests_since", time.monotonic()) < RESTS_SECONDS:
        return
    try:
        dbapi.execute("SELECT 1")
        dbapi.rollback()
    except (sqlite3.Error, psycopg.Error) as error:
        raise DisconnectionError from error


@event.listens_for(Engine, "begin")
def _begin(connection: Any) -> None:
    if connection.dialect.name != "sqlite":
        return
    options = connection.get_execution_options()
    if options.get("writer"):
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    elif options.get("snapshot"):
        connection.exec_driver_sql("BEGIN")


@event.listens_for(Engine, "before_cursor_execute")
def _write_only_immediately(
    connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool
) -> None:
    """A library's own late write starts its transaction as a writer, so it waits its turn and never fails."""
    if context is None or not (context.isinsert or context.isupdate or context.isdelete):
        return
    raw = cursor.connection
    if isinstance(raw, sqlite3.Connection):
        if not raw.in_transaction:
            raw.execute("BEGIN IMMEDIATE")
    elif raw.autocommit and raw.info.transaction_status == psycopg.pq.TransactionStatus.IDLE:
        raw.execute("BEGIN")
