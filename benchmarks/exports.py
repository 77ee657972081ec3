"""The CSV of 20,000 places, streamed through the product, beside the bare driver reading and writing the same rows."""

from __future__ import annotations

import csv
import io
import time
from datetime import date
from pathlib import Path

from sqlalchemy import insert, text

from benchmarks.printing import figure, heading
from benchmarks.school import AT, app_on, database_urls, drop_postgresql, fill
from booking.bookings.models import Basket, Place
from booking.core.db import db, table_of, unit_of_work
from booking.office.places_csv import places_between, stream_places

PLACES, FAMILIES = 20_000, 1_000
FIRST, LAST = date(2020, 1, 1), date(2030, 1, 1)


def run(folder: Path) -> None:
    """On each database: the whole file, and the floor."""
    heading(f"CSV of {PLACES} places, streamed in one query (aim under 1 s)")
    for name, url in database_urls(folder):
        app = app_on(url, folder)
        fill(app, families=FAMILIES)
        with app.app_context():
            _fill_places()
            begun = time.perf_counter()
            size = sum(len(piece) for piece in stream_places(FIRST, LAST, ()))
            ours = time.perf_counter() - begun
            floor = _bare()
            figure(
                f"{name}: {size / 1e6:.1f} MB", f"{ours:.2f} s", f"{ours / floor:.1f} times the bare driver"
            )
            db.session.remove()
            db.engine.dispose()
        if name == "PostgreSQL":
            drop_postgresql()


def _fill_places() -> None:
    sessions = [row[0] for row in db.session.execute(text("SELECT id FROM session ORDER BY id LIMIT 20"))]
    db.session.rollback()
    with unit_of_work():
        basket = Basket(reference="BENCH", account_id=1, state="booked", created_at=AT)
        db.session.add(basket)
        db.session.flush()
        rows = [
            {
                "basket_id": basket.id,
                "account_id": 1 + n // 20,
                "pupil_id": 2 * (1 + n // 20),
                "session_id": sessions[n % 20],
                "state": "booked",
                "price_pence": 450,
                "credit_until": AT,
                "held_at": AT,
                "booked_at": AT,
            }
            for n in range(PLACES)
        ]
        db.session.execute(insert(table_of(Place)), rows)


def _bare() -> float:
    """The same statement by the driver alone, and csv.writer."""
    compiled = places_between(FIRST, LAST, ()).compile(
        db.engine, compile_kwargs={"literal_binds": True, "render_postcompile": True}
    )
    begun = time.perf_counter()
    with db.engine.connect() as connection:
        cursor = connection.connection.cursor()
        cursor.execute(str(compiled))
        out = io.StringIO()
        csv.writer(out).writerows(cursor.fetchall())
        out.getvalue().encode()
    return time.perf_counter() - begun
