"""The rota held against the children who are really expected: booked, held, forecast, and those who walked in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import date

from sqlalchemy import select

from booking.bookings.models import FreeForecast, Place
from booking.bookings.years import year_group_on
from booking.core.db import db
from booking.people.models import Pupil
from booking.provision.models import Session
from booking.provision.rota import Staffing, staffing_of
from booking.registers.marks import states_in


def expected_years(session_ids: Collection[int], *, today: date) -> dict[int, Counter[str]]:
    """How many children of each year group are expected in each session, with walk-ins; every session has a counter.

    A child's year group is that of the session's day: September's sessions are booked in June.
    """
    ids = list(session_ids)
    days = {
        row.id: row.date
        for row in db.session.execute(select(Session.id, Session.date).where(Session.id.in_(ids)))
    }
    pairs: set[tuple[int, int]] = set()
    for model in (Place, FreeForecast):
        query = select(model.session_id, model.pupil_id).where(model.session_id.in_(ids))
        if model is Place:
            query = query.where(Place.state.in_(("held", "booked")))
        pairs |= {(row.session_id, row.pupil_id) for row in db.session.execute(query)}
    pairs |= {key for key, state in states_in(ids).items() if state.state in {"in", "out"}}
    pupils = select(Pupil.id, Pupil.year_group).where(Pupil.id.in_({pupil_id for _, pupil_id in pairs}))
    years = {row.id: row.year_group for row in db.session.execute(pupils)}
    found: dict[int, Counter[str]] = {session_id: Counter() for session_id in days}
    for session_id, pupil_id in pairs:
        found[session_id][year_group_on(years[pupil_id], today, days[session_id]) or ""] += 1
    return found


def staffing_with_children(session_ids: Collection[int], *, today: date) -> dict[int, Staffing]:
    """The staffing of each session for the children who are expected in it, and in the sessions of its days beside it."""
    days = set(db.session.scalars(select(Session.date).where(Session.id.in_(session_ids))))
    beside = db.session.scalars(select(Session.id).where(Session.date.in_(days), Session.status == "planned"))
    ids = set(beside) | set(session_ids)
    return staffing_of(session_ids, expected_years(ids, today=today))
