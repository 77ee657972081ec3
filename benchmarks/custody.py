"""How long the live figures and the roll call take with 300 children on site, and how many queries they ask."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import time_machine
from flask import Flask
from sqlalchemy import event, insert, select

from benchmarks.printing import figure, heading, timed
from benchmarks.school import AT, app_on, fill
from booking.bookings.models import Basket, Place
from booking.core import clock
from booking.core.db import db, unit_of_work
from booking.people.models import Role, User
from booking.people.sign_ins import start
from booking.provision.models import Session
from booking.registers.live import live_of
from booking.registers.marks import NewMark, add_marks
from booking.registers.roll_call import roll_call_of

DAY = date(2026, 11, 3)
CHILDREN = 300


def run(folder: Path) -> None:
    """On SQLite: 300 children in the afternoon's sessions, each marked in, a third of them passed on to care."""
    heading("Custody, SQLite, 300 children on site")
    app = app_on(f"sqlite:///{folder / 'custody.db'}", folder)
    fill(app, families=CHILDREN // 2)
    with app.app_context():
        at = _afternoon()
        user = db.session.scalars(select(User).where(User.name == "Office")).one()
        seen: list[str] = []
        event.listen(db.engine, "before_cursor_execute", lambda *args: seen.append(args[2]))
        live_of(DAY, at)
        figure("queries of the live figures", str(len(seen)), "the same for 3 children as for 300")
        timed("live figures", lambda: _afresh(live_of, DAY, at), note="Aim under 100.")
        timed("roll call", lambda: _afresh(roll_call_of, user, DAY, at), note="Aim under 100.")
    _pages(app, at)


def _afresh(act: Any, *arguments: Any) -> object:
    db.session.rollback()
    return act(*arguments)


def _pages(app: Flask, at: datetime) -> None:
    """The same as pages, with signing in, template and compression."""
    client = app.test_client()
    with time_machine.travel(at, tick=True):
        with app.app_context(), unit_of_work():
            user = db.session.scalars(select(User).where(User.name == "Office")).one()
            _, token = start(
                user, how="code", stage="whole", device="a bench", at=clock.now(), is_strong=True
            )
        with client.session_transaction() as session:
            session["sign_in"] = token
        for words, path in (
            ("live.json", "/registers/live.json"),
            ("roll call page", "/registers/roll-call"),
        ):
            answer = client.get(path)
            if answer.status_code != 200:
                raise RuntimeError(f"{path} answers {answer.status_code}")
            timed(words, partial(client.get, path), note="Aim under 100.")
            figure(f"weight of {words}", f"{len(answer.data) / 1024:.1f} KiB", "not compressed")


def _afternoon() -> datetime:
    """Every child has a club and the care after it; all came, and every third went on to care."""
    sessions = db.session.scalars(
        select(Session).where(Session.date == DAY).order_by(Session.starts_at)
    ).all()
    club = next(one for one in sessions if one.starts_at >= time(15))
    care = next(one for one in sessions if one.starts_at >= club.ends_at)
    club_id, care_id, ends_at = club.id, care.id, clock.instant(DAY, club.ends_at)
    with unit_of_work() as session:
        session.add(Role(name="manager"))
        session.flush()
        role = session.scalars(select(Role).where(Role.name == "manager")).one()
        session.add(
            User(
                name="Office",
                email="office@bench.example",
                fs_uniquifier="office",
                created_at=AT,
                roles=[role],
            )
        )
        session.add(Basket(id=1, reference="BENCH001", account_id=1, state="booked", created_at=AT))
        session.flush()
        rows = [
            {
                "basket_id": 1,
                "account_id": 1,
                "pupil_id": pupil_id,
                "session_id": session_id,
                "state": "booked",
                "price_pence": 0,
                "credit_until": AT,
                "held_at": AT,
                "booked_at": AT,
            }
            for pupil_id in range(1, CHILDREN + 1)
            for session_id in (club_id, care_id)
        ]
        session.execute(insert(Place), rows)
    _mark(club_id, range(1, CHILDREN + 1), clock.instant(DAY, time(15, 31)))
    _mark(care_id, range(1, CHILDREN + 1, 3), ends_at + timedelta(minutes=2))
    return ends_at + timedelta(minutes=3)


def _mark(session_id: int, pupil_ids: range, at: datetime) -> None:
    with unit_of_work():
        add_marks(
            [NewMark(session_id, one, "arrived", at) for one in pupil_ids], recorded_at=at, user_id=None
        )
