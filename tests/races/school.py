"""The school in which the workers race, and its rows when all is over."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from flask_migrate import Migrate, upgrade
from sqlalchemy import select

from booking.app import MIGRATIONS, create_app
from booking.bookings.change_models import SchoolChange
from booking.bookings.invariants import booking_problems
from booking.bookings.models import Place, RequestFact, WaitingEntry
from booking.core.db import db
from booking.core.settings import read_settings
from booking.ledger.balances import credit_of_all, ledger_problems
from booking.provision.models import Session
from tests.builders import AT, a_family, a_run, a_session, a_user
from tests.races.history import micros

FAMILIES, DAYS = 40, 10
FIRST = date(2027, 3, 1)
"""Months ahead, so that no cut-off comes near however fast the clock goes."""
HOURS = ((time(15, 15), time(16, 15)), (time(16, 0), time(17, 0)), (time(17, 0), time(18, 0)))


@dataclass
class School:
    """Who and what there is, by id: children by account, sessions with their places, and which have a waiting list."""

    children: dict[int, list[int]]
    capacity: dict[int, int]
    target: dict[int, tuple[int, int, int]]
    listed: list[int]
    office: int

    def dump(self) -> str:
        """As text, for the folder of the histories."""
        return json.dumps(asdict(self))

    @classmethod
    def load(cls, text: str) -> School:
        """The other way round."""
        found = json.loads(text)
        for name in ("children", "capacity", "target"):
            found[name] = {int(key): value for key, value in found[name].items()}
        return cls(**found)


@dataclass
class Rows:
    """What the database says when all is over; instants in microseconds, rows as plain dictionaries."""

    places: list[dict[str, Any]] = field(default_factory=list)
    entries: list[dict[str, Any]] = field(default_factory=list)
    facts: list[list[Any]] = field(default_factory=list)
    owed: dict[int, int] = field(default_factory=dict)
    capacity: dict[int, int] = field(default_factory=dict)
    changes: list[int] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def app_on(url: str, folder: Path) -> Flask:
    """The app on a database of its own."""
    values = {"BOOKING_ENV": "test", "SECRET_KEY": "a secret of the races alone, long enough"}
    return create_app(read_settings({**values, "DATABASE_URL": url, "BOOKING_INSTANCE": str(folder)}))


def migrate(app: Flask) -> None:
    """Make the tables."""
    Migrate(app, db, directory=str(MIGRATIONS))
    with app.app_context():
        upgrade()


def build(days: int = DAYS, clubs: int = len(HOURS), families: int = FAMILIES) -> School:
    """Families with one, two or three children; up to three clubs a day, of which two overlap, with few places."""
    children = {}
    for n in range(families):
        family = a_family(1 + n % 3)
        children[family.account.id] = [pupil.id for pupil in family.pupils]
    capacity, target = {}, {}
    for number, (starts, ends) in enumerate(HOURS[:clubs]):
        run = a_run(starts_at=starts, ends_at=ends, price_pence=(450, 600, 0)[number], opens_at=AT)
        for day in range(days):
            on = FIRST + timedelta(days=day + 2 * (day // 5))
            session = a_session(on, run=run, capacity=2 + (day + number) % 3)
            capacity[session.id] = session.capacity
            target[session.id] = (run.id, on.weekday(), on.isocalendar().week)
    office = a_user("manager").id
    db.session.rollback()
    return School(children, capacity, target, sorted(capacity)[::2], office)


def read_rows() -> Rows:
    """Everything that the checker holds against the histories."""
    rows = Rows(problems=[*booking_problems(), *ledger_problems()])
    names = ("id", "account_id", "pupil_id", "session_id", "state", "price_pence", "basket_id")
    instants = ("held_at", "held_until", "booked_at", "ended_at")
    rows.places = _dictionaries(Place, names, instants)
    names = ("id", "account_id", "pupil_id", "session_id", "state", "offered_place_id")
    rows.entries = _dictionaries(WaitingEntry, names, ("joined_at", "ended_at"))
    columns = (RequestFact.at, RequestFact.what, RequestFact.pupil_id, RequestFact.session_id)
    rows.facts = [[micros(at), *rest] for at, *rest in db.session.execute(select(*columns))]
    rows.owed = {account: -pence for account, pence in credit_of_all().items()}
    rows.capacity = dict(map(tuple, db.session.execute(select(Session.id, Session.capacity))))
    rows.changes = [micros(at) or 0 for at in db.session.scalars(select(SchoolChange.at))]
    db.session.rollback()
    return rows


def _dictionaries(model: Any, names: Sequence[str], instants: Sequence[str]) -> list[dict[str, Any]]:
    found = db.session.execute(select(*(getattr(model, name) for name in (*names, *instants))))
    rows = [dict(row._mapping) for row in found]
    for row in rows:
        for name in instants:
            row[name] = micros(row[name])
    return rows
