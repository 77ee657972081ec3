"""A school for measuring: migrated, with families and sessions written in bulk."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from flask_migrate import Migrate, upgrade
from sqlalchemy import create_engine, insert, text

from booking.app import MIGRATIONS, create_app
from booking.core.db import db, unit_of_work
from booking.core.settings import read_settings
from booking.people.models import FamilyAccount, Guardianship, Pupil, Role, User, account_member
from booking.provision.models import Activity, Period, Room, Run, Seller, Session

AT = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
POSTGRESQL = "postgresql+psycopg://postgres@127.0.0.1:5432/"
NAME = "booking_bench"


def database_urls(folder: Path) -> list[tuple[str, str]]:
    """SQLite always, PostgreSQL when there is one on this machine; both empty, whatever was measured before."""
    for path in folder.glob("bench.db*"):
        path.unlink()
    found = [("SQLite", f"sqlite:///{folder / 'bench.db'}")]
    try:
        engine = create_engine(POSTGRESQL + "postgres", isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)"))
            connection.execute(text(f"CREATE DATABASE {NAME}"))
        engine.dispose()
        found.append(("PostgreSQL", POSTGRESQL + NAME))
    except Exception as error:
        print(f"(no PostgreSQL: {type(error).__name__})")
    return found


def drop_postgresql() -> None:
    """Take the measuring database away again."""
    engine = create_engine(POSTGRESQL + "postgres", isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)"))
    engine.dispose()


def app_on(url: str, folder: Path) -> Flask:
    """The app on a database, which is migrated when it is new."""
    settings = read_settings(
        {
            "DATABASE_URL": url,
            "BOOKING_INSTANCE": str(folder),
            "SECRET_KEY": "for measuring alone, long enough",
        }
    )
    app = create_app(settings)
    Migrate(app, db, directory=str(MIGRATIONS))
    return app


def fill(app: Flask, *, families: int, days: int = 30) -> None:
    """Families with two children each, and five kinds of session on each weekday; everything is open."""
    with app.app_context():
        upgrade()
        with unit_of_work() as session:
            session.add(Role(name="parent"))
            session.add(Seller(id=1, name="School", is_school=True))
            session.add(Room(id=1, name="Hall", capacity=100_000))
            session.add(
                Period(
                    id=1,
                    kind="half_term",
                    name="Autumn 2",
                    starts_on=date(2026, 11, 2),
                    ends_on=date(2027, 3, 26),
                )
            )
            session.flush()
            _people(session, families)
            _offer(session, days)


def _people(session: Any, families: int) -> None:
    ids = range(1, families + 1)
    session.execute(
        insert(User),
        [
            {
                "id": i,
                "email": f"p{i}@bench.example",
                "name": f"Parent {i}",
                "fs_uniquifier": f"u{i}",
                "created_at": AT,
                "active": True,
                "is_demo": False,
                "sees_groups": False,
                "approves": False,
                "safeguarding": False,
            }
            for i in ids
        ],
    )
    session.execute(insert(FamilyAccount), [{"id": i, "name": f"Family {i}", "created_at": AT} for i in ids])
    session.execute(insert(account_member), [{"account_id": i, "user_id": i} for i in ids])
    session.execute(
        insert(Pupil),
        [
            {
                "id": 2 * i - n,
                "surname": f"Family{i}",
                "forename": f"Child{n}",
                "date_of_birth": date(2018, 10, 5),
                "year_group": "3",
                "class_name": "Oak",
                "status": "on_roll",
                "created_at": AT,
            }
            for i in ids
            for n in (0, 1)
        ],
    )
    session.execute(
        insert(Guardianship),
        [
            {
                "user_id": i,
                "pupil_id": 2 * i - n,
                "relationship_name": "parent",
                "parental_responsibility": "yes",
                "may_book": True,
                "may_collect": True,
                "created_at": AT,
            }
            for i in ids
            for n in (0, 1)
        ],
    )


def _offer(session: Any, days: int) -> None:
    slots = [("breakfast", 7), ("club", 12), ("club", 15), ("extended_care", 16), ("extended_care", 17)]
    for number, (kind, _) in enumerate(slots, start=1):
        session.add(Activity(id=number, name=f"Activity {number}", kind=kind, seller_id=1))
    session.flush()
    for number, (_, hour) in enumerate(slots, start=1):
        session.add(
            Run(
                id=number,
                activity_id=number,
                period_id=1,
                room_id=1,
                weekdays=[0, 1, 2, 3, 4],
                starts_at=time(hour, 0),
                ends_at=time(hour, 59),
                price_pence=450,
                year_groups=["3"],
                opens_at=AT - timedelta(days=9),
                closes_at=time(6, 0),
                closes_days_before=0,
                status="open",
            )
        )
    session.flush()
    dates = [date(2026, 11, 3) + timedelta(days=n) for n in range(days * 2)]
    dates = [day for day in dates if day.weekday() < 5][:days]
    session.execute(
        insert(Session),
        [
            {
                "run_id": number,
                "date": day,
                "starts_at": time(hour, 0),
                "ends_at": time(hour, 59),
                "capacity": 100_000,
                "status": "planned",
                "note": "",
            }
            for number, (_, hour) in enumerate(slots, start=1)
            for day in dates
        ],
    )
