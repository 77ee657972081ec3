"""Finds in a demo school what the story needs; runs inside the app."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from booking.bookings.baskets import bookable_pupils
from booking.core import clock
from booking.core.db import db
from booking.people.models import User
from booking.provision.models import YEAR_GROUPS, Activity, Period, Run, Session

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
        "families": _families(),
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
    return found[:6]
