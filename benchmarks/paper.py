"""How long the paper of a whole school day takes: 12 sessions and 200 children, from the database to PDF."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from pathlib import Path

from sqlalchemy import insert, select

from benchmarks.printing import figure, heading, timed
from benchmarks.school import AT, app_on, fill
from booking.bookings.models import Basket, Place
from booking.core import clock
from booking.core.db import db, unit_of_work
from booking.people.models import CareProfile, Pupil
from booking.provision.models import Activity, Room, Run, Session
from booking.registers.paper_facts import PaperDay, planned_on
from booking.registers.printing import Choice, make_paper
from booking.registers.register_sheets import registers

DAY = date(2026, 8, 3)
"""A day on which `fill` puts nothing."""
SESSIONS, CHILDREN, CLASSES = 12, 200, 7
AFTERNOON = clock.instant(DAY, time(14, 45))


def run(folder: Path) -> None:
    """On SQLite; a child in four has an allergy and a note, two in three stay after class."""
    heading(f"Paper of a day: {SESSIONS} sessions, {CHILDREN} children")
    app = app_on(f"sqlite:///{folder / 'paper.db'}", folder)
    fill(app, families=CHILDREN // 2, days=1)
    with app.app_context():
        _day()
        paper = PaperDay(DAY, planned_on(DAY), AFTERNOON)
        sheets = registers(paper, ("door", "leader")).sheets
        figure("children on the day's registers", str(sum(len(one["rows"]) for one in sheets) // 2))
        timed("door sheets, made and drawn", lambda: _print("door"), times=7, note="Aim under 400.")
        timed("leader’s sheets, made and drawn", lambda: _print("leader"), times=7, note="Aim under 400.")
        timed("door and leader’s sheets together", lambda: _print("door", "leader"), times=7)
        timed("going-home sheets of every class", lambda: _print("going_home"), times=7)
        timed("roll call", lambda: _print("roll_call"), times=7)
        db.session.remove()
        db.engine.dispose()


def _print(*kinds: str) -> bytes:
    """Fresh each time: another minute stands on every page."""
    db.session.remove()
    return make_paper(Choice(DAY, DAY), kinds, planned_on, at=_later()).content


_minutes = iter(range(1_000_000))


def _later() -> datetime:
    return AFTERNOON + timedelta(seconds=60 * (next(_minutes) % 180))


def _day() -> None:
    with unit_of_work() as session:
        session.add(Basket(id=1, reference="BENCH", account_id=1, state="booked", created_at=AT))
        session.flush()
        for number in range(1, SESSIONS + 1):
            session.add(Room(id=100 + number, name=f"Room {number}", capacity=100))
            kind = "breakfast" if number == 1 else "extended_care" if number == 2 else "club"
            session.add(Activity(id=100 + number, name=f"Paper club {number}", kind=kind, seller_id=1))
            session.flush()
            session.add(_run(number))
            session.flush()
            starts, ends = _hours(number)
            session.add(
                Session(
                    id=10_000 + number,
                    run_id=100 + number,
                    date=DAY,
                    starts_at=starts,
                    ends_at=ends,
                    capacity=100,
                )
            )
        session.flush()
        pupils = session.scalars(select(Pupil).order_by(Pupil.id)).all()
        for pupil in pupils:
            pupil.class_name = f"Class {pupil.id % CLASSES}"
        session.execute(insert(Place), [_place(pupil.id) for pupil in pupils])
        session.execute(
            insert(CareProfile),
            [
                CareProfile.row(
                    pupil_id=pupil.id,
                    updated_at=AT,
                    allergies=["peanuts", "sesame"],
                    diet=["halal"],
                    medical="Asthma: blue inhaler in the red bag",
                    support=None,
                )
                for pupil in pupils[::4]
            ],
        )


def _hours(number: int) -> tuple[time, time]:
    return (time(8, 0), time(8, 45)) if number == 1 else (time(15, 30), time(16, 30))


def _run(number: int) -> Run:
    starts, ends = _hours(number)
    return Run(
        id=100 + number,
        activity_id=100 + number,
        period_id=1,
        room_id=100 + number,
        weekdays=[0],
        starts_at=starts,
        ends_at=ends,
        capacity=100,
        price_pence=0,
        year_groups=["3"],
        opens_at=AT,
        closes_at=time(18, 0),
        status="open",
        leader=f"Ms {number}",
    )


def _place(pupil_id: int) -> dict[str, object]:
    return {
        "basket_id": 1,
        "account_id": 1,
        "pupil_id": pupil_id,
        "session_id": 10_001 + pupil_id % SESSIONS,
        "state": "booked",
        "price_pence": 0,
        "credit_until": AT,
        "held_at": AT,
        "booked_at": AT,
    }
