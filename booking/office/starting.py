"""Before the first request: the database must be there, and a real school has no demo accounts."""

from __future__ import annotations

from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError

from booking.core.db import db
from booking.core.errors import SettingsError
from booking.core.settings import Settings
from booking.people.models import User


def refuse_unsafe_start(settings: Settings) -> None:
    """Raise `SettingsError`, in one line, when the database cannot be used as it is."""
    try:
        db.session.execute(text("SELECT version_num FROM alembic_version"))
        has_demo = settings.is_production and db.session.scalar(select(User.id).where(User.is_demo).limit(1))
    except SQLAlchemyError as error:
        reason = str(error.__cause__ or error).splitlines()[0]
        raise SettingsError(
            f"DATABASE_URL: the database cannot be used ({reason}). Run booking db upgrade."
        ) from error
    finally:
        db.session.remove()
    if has_demo:
        raise SettingsError("BOOKING_ENV=production refuses to start: the database holds demo accounts.")
