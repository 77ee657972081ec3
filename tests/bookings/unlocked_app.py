"""The control of the race over HTTP: the real app, with the lock on places taken out and a wait in its place."""

from __future__ import annotations

import time
from typing import Any

from booking.bookings import places
from booking.core.db import db
from wsgi import app

WAIT = 0.3
real_look = places.load_situation


def look_then_wait(*args: Any, **values: Any) -> Any:
    """What a hold reads, and then time for everybody else to read the same."""
    found = real_look(*args, **values)
    is_sqlite = db.engine.dialect.name == "sqlite"
    if is_sqlite:
        db.session.connection().exec_driver_sql("COMMIT")
    time.sleep(WAIT)
    if is_sqlite:
        db.session.connection().exec_driver_sql("BEGIN IMMEDIATE")
    return found


places.lock_rows = lambda *rows: None
places.load_situation = look_then_wait
__all__ = ["app"]
