"""All places between two days as CSV, streamed: one query, whatever their number, and never all of them in memory."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date
from typing import Any

from sqlalchemy import Select, func, select

from booking.bookings.models import Basket, Place
from booking.core.clock import to_school
from booking.core.csv_cells import Cell, csv_stream
from booking.core.db import db, snapshot_options, table_of
from booking.people.models import FamilyAccount, Pupil
from booking.provision.models import Activity, Run, Session

HEAD = (
    "date",
    "starts_at",
    "ends_at",
    "activity",
    "pupil_id",
    "surname",
    "first_name",
    "class",
    "family",
    "state",
    "price_pence",
    "reference",
    "booked_at",
)
AT_ONCE = 2_000


def places_between(first: date, last: date, closed: Collection[int]) -> Select[Any]:
    """The query: places of sessions from one day to another, by date; `closed` children are left out."""
    place, session, pupil = (table_of(model).c for model in (Place, Session, Pupil))
    activity, account, basket = (table_of(model).c for model in (Activity, FamilyAccount, Basket))
    joined = (
        table_of(Place)
        .join(table_of(Session), session.id == place.session_id)
        .join(table_of(Run), table_of(Run).c.id == session.run_id)
        .join(table_of(Activity), activity.id == table_of(Run).c.activity_id)
        .join(table_of(Pupil), pupil.id == place.pupil_id)
        .join(table_of(FamilyAccount), account.id == place.account_id)
        .join(table_of(Basket), basket.id == place.basket_id)
    )
    return (
        select(
            session.date,
            session.starts_at,
            session.ends_at,
            activity.name,
            pupil.id,
            pupil.surname,
            func.coalesce(func.nullif(pupil.preferred_name, ""), pupil.forename),
            pupil.class_name,
            account.name,
            place.state,
            place.price_pence,
            basket.reference,
            place.booked_at,
        )
        .select_from(joined)
        .where(session.date.between(first, last), place.pupil_id.not_in(closed))
        .order_by(session.date, session.starts_at, place.id)
    )


def stream_places(first: date, last: date, closed: Collection[int]) -> Iterator[bytes]:
    """The CSV piece by piece, on a connection of its own that ends with it."""
    return csv_stream(_rows(places_between(first, last, closed)))


def _rows(query: Select[Any]) -> Iterator[tuple[Cell, ...]]:
    yield HEAD
    options = snapshot_options(db.engine.dialect.name)
    with db.engine.connect().execution_options(yield_per=AT_ONCE, **options) as connection:
        for row in connection.execute(query):
            booked_at = f"{to_school(row[12]):%Y-%m-%d %H:%M}" if row[12] else ""
            yield (row[0], f"{row[1]:%H:%M}", f"{row[2]:%H:%M}", *row[3:12], booked_at)
