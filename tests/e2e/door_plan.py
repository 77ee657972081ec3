"""A club and care of today for the tablet at the door, with children of its own; runs inside the app."""

from __future__ import annotations

from datetime import time
from typing import Any

from sqlalchemy import select

from booking.core import clock
from booking.core.db import db, unit_of_work
from booking.people.models import Pupil, User
from booking.provision.models import Period, Session, StaffAssignment
from tests.builders import a_family, a_place, a_restriction, a_run, a_user, an_activity

FIRST = "Zebedee"
"""A name that nobody else here has: what a device must not hold in the open."""


def a_door(children: int, leader: str) -> dict[str, Any]:
    """A club from midnight on and care right after it, both led by the member of staff with this address."""
    today, staff = clock.today(), db.session.scalars(select(User).where(User.email == leader)).one()
    period = db.session.scalars(
        select(Period.id).where(Period.starts_on <= today, Period.ends_on >= today).limit(1)
    ).first()
    period = period or db.session.scalars(select(Period.id).limit(1)).one()
    found = {}
    for name, kind, starts, ends in (
        ("Chess club", "club", time(0, 0), time(23, 0)),
        ("Care until six", "extended_care", time(23, 0), time(23, 59)),
    ):
        activity = an_activity(name=f"{name} {children}", kind=kind)
        run = a_run(activity_id=activity.id, period_id=period, starts_at=starts, ends_at=ends, capacity=200)
        session = Session(run_id=run.id, date=today, starts_at=starts, ends_at=ends, capacity=200)
        with unit_of_work() as writing:
            writing.add(session)
            writing.add(StaffAssignment(user_id=staff.id, run_id=run.id))
        found[kind] = session
    family = a_family(children=children, surname="Quill")
    with unit_of_work():
        for number, pupil in enumerate(family.pupils):
            pupil.forename, pupil.preferred_name = f"{FIRST}{number:02d}", None
    for number, pupil in enumerate(family.pupils):
        a_place(family, found["club"], pupil=pupil)
        if number % 2:
            a_place(family, found["extended_care"], pupil=pupil)
    return {
        "club": found["club"].id,
        "care": found["extended_care"].id,
        "pupils": [pupil.id for pupil in family.pupils],
        "parent": family.user.id,
    }


def restrict(*pupil_ids: int) -> None:
    """From now on somebody must not collect these children."""
    office, second = a_user("manager"), a_user("manager", approves=True)
    other = a_user("parent", name="Barred Person")
    for pupil_id in pupil_ids:
        pupil = db.session.get_one(Pupil, pupil_id)
        a_restriction(pupil, other, by=office, confirmed_by_id=second.id, confirmed_at=clock.now())
