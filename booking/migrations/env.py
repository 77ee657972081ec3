"""How Alembic meets the database: the app's own engine, foreign keys off on SQLite while tables are rebuilt."""

from alembic import context
from flask import current_app
from sqlalchemy.types import TypeDecorator

from booking.core.db import Base, writer_options

ENGINE = current_app.extensions["migrate"].db.engine


def render_item(kind, item, _context):
    """Write our own column types as the plain types that they are stored as."""
    if kind == "type" and isinstance(item, TypeDecorator):
        plain = item.impl_instance
        return "sa.DateTime(timezone=True)" if "DateTime" in repr(plain) else "sa.UnicodeText()"
    return False


def run() -> None:
    """Bring the database to the wanted revision in one transaction: all of it, or nothing.

    SQLite changes a table by making it anew; rows that point to it are checked once all of it stands.
    """
    is_sqlite = ENGINE.dialect.name == "sqlite"
    with ENGINE.connect().execution_options(**writer_options(ENGINE.dialect.name)) as connection:
        if is_sqlite:
            connection.connection.driver_connection.execute("PRAGMA foreign_keys=OFF")
        try:
            context.configure(
                connection=connection,
                target_metadata=Base.metadata,
                render_item=render_item,
                render_as_batch=is_sqlite,
                transactional_ddl=True,
            )
            with context.begin_transaction():
                context.run_migrations()
                if is_sqlite:
                    lost = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
                    if lost:
                        raise RuntimeError(
                            f"the migration would leave rows without what they point to: {lost[:5]}"
                        )
            connection.commit()
        finally:
            connection.rollback()
            if is_sqlite:
                connection.connection.driver_connection.execute("PRAGMA foreign_keys=ON")


run()
