"""Finds in a demo school what the story needs; runs inside the app."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any

from flask_security.utils import hash_password
from sqlalchemy import select

from booking.bookings.baskets import bookable_pupils
from booking.core import clock
from booking.core.db import db, unit_of_work
from booking.people.models import User
from booking.provision.models import YEAR_GROUPS, Activity, Period, Run, Session
from tests.builders import PASSWORD, a_family

WANTED = (
    ("Early breakfast", 0),
    ("Early breakfast", 1),
    ("Early breakfast", 2),
    ("Drama club", 2),
    ("Care until six", 4),
)


def find_plan() -> dict[str, Any]:
    """A week at least a fortnight on with all of `WANTED`, its sessions in that order, and families of two children."""
    names = {name for name, _ in WANTED}
    rows = db.session.execute(
        select(Session.id, Session.date, Activity.name)
        .join(Run, Run.id == Session.run_id)
        .join(Activity, Activity.id == Run.activity_id)
        .where(Session.date > clock.today() + timedelta(days=13), Activity.name.in_(names))
    ).all()
    by_day = {(row.date, row.name): row.id for row in rows}
    mondays = sorted({row.date - timedelta(days=row.date.weekday()) for row in rows})
    monday = next(
        m for m in mondays if all((m + timedelta(days=day), name) in by_day for name, day in WANTED)
    )
    period = db.session.scalars(
        select(Period.id).where(
            Period.kind == "half_term", Period.starts_on <= monday, Period.ends_on >= monday
        )
    ).one()
    return {
        "monday": monday.isoformat(),
        "sessions": [by_day[monday + timedelta(days=day), name] for name, day in WANTED],
        "families": _families()[:6],
        "period": period,
    }


def _families() -> list[dict[str, Any]]:
    """Parents alone on their account with two children from Reception to Year 6."""
    found = []
    for user in db.session.scalars(select(User).where(User.is_demo).order_by(User.id)):
        for account in user.accounts:
            pupils = [
                p for p in bookable_pupils(account.id, clock.today()) if p.year_group in YEAR_GROUPS[2:]
            ]
            if (
                len(pupils) == 2 == len(bookable_pupils(account.id, clock.today()))
                and len(account.users) == 1
            ):
                children = [{"id": p.id, "first": p.first_name, "surname": p.surname} for p in pupils]
                found.append({"email": user.email, "account": account.id, "pupils": children})
    return found


def a_long_run(weeks: int = 12) -> dict[str, Any]:
    """A new activity on every weekday of so many weeks from next Monday, that two families of two children may book."""
    today = clock.today()
    monday = today + timedelta(days=7 - today.weekday())
    with unit_of_work() as session:
        like = session.scalars(select(Run).where(Run.status == "open")).first()
        assert like is not None
        activity = Activity(
            name="Story time", kind="club", seller_id=session.get_one(Activity, like.activity_id).seller_id
        )
        session.add(activity)
        session.flush()
        run = Run(
            activity_id=activity.id,
            period_id=like.period_id,
            room_id=like.room_id,
            weekdays=[0, 1, 2, 3, 4],
            starts_at=time(6, 30),
            ends_at=time(7, 0),
            capacity=20,
            price_pence=450,
            year_groups=list(YEAR_GROUPS),
            opens_at=clock.now() - timedelta(days=1),
            closes_days_before=0,
            closes_at=time(6, 0),
            status="open",
        )
        session.add(run)
        session.flush()
        days = [monday + timedelta(days=7 * week + day) for week in range(weeks) for day in range(5)]
        sessions = [
            Session(run_id=run.id, date=day, starts_at=run.starts_at, ends_at=run.ends_at, capacity=20)
            for day in days
        ]
        session.add_all(sessions)
        session.flush()
        first = [one.id for one in sessions[:5]]
    return {
        "monday": monday.isoformat(),
        "sessions": first,
        "last": days[-1].isoformat(),
        "families": [_a_new_family() for _ in range(2)],
    }


def _a_new_family() -> dict[str, Any]:
    """A parent who can sign in, with two children in Year 3 and nothing booked."""
    family = a_family(children=2)
    with unit_of_work():
        family.user.password, family.user.is_demo = hash_password(PASSWORD), True
    pupils = [{"id": pupil.id, "first": pupil.first_name} for pupil in family.pupils]
    return {"email": family.user.email, "password": PASSWORD, "pupils": pupils}
