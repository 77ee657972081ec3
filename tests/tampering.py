"""Changes behind the product's back, past the triggers that refuse them, for checks that must find them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, text

from booking.core.db import db, unit_of_work


@contextmanager
def guards_down(connection: Connection) -> Iterator[None]:
    """No trigger refuses anything on this connection, inside its transaction."""
    if connection.dialect.name != "sqlite":
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        yield
        connection.execute(text("SET LOCAL session_replication_role = origin"))
        return
    guards = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")).all()
    for name, _ in guards:
        connection.execute(text(f'DROP TRIGGER "{name}"'))
    yield
    for _, statement in guards:
        connection.exec_driver_sql(statement)


def tamper(*statements: str, **values: object) -> None:
    """Run these statements with the guards down, in a unit of work."""
    with unit_of_work(), guards_down(db.session.connection()):
        for statement in statements:
            db.session.execute(text(statement), {k: v for k, v in values.items() if f":{k}" in statement})
