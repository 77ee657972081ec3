"""How Alembic meets the database: the app's own engine, foreign keys off on SQLite while tables are rebuilt."""

from alembic import context
from flask import current_app
from sqlalchemy.types import TypeDecorator

from booking.core.db import Base

ENGINE = current_app.extensions["migrate"].db.engine


def render_item(kind, item, _context):
    """Write our own column types as the plain types that they are stored as."""
    if kind == "type" and isinstance(item, TypeDecorator):
        plain = item.impl_instance
        return "sa.DateTime(timezone=True)" if "DateTime" in repr(plain) else "sa.UnicodeText()"
    return False


def run() -> None:
    """Bring the database to the wanted revision in one transaction."""
    with ENGINE.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_item=render_item,
            render_as_batch=ENGINE.dialect.name == "sqlite",
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()


run()
