"""A child in a club on a Wednesday, with a leader, a colleague, the office, and a medicine that may be given."""

from __future__ import annotations

from datetime import date

from flask import Flask
from sqlalchemy import select

from booking.core.db import db
from booking.people.models import User
from booking.provision.models import StaffAssignment
from tests.browser import Browser
from tests.builders import (
    AT,
    a_care_profile,
    a_family,
    a_place,
    a_school,
    a_session,
    a_user,
    an_activity,
    save,
)
from tests.registers.reports import a_medicine

WEDNESDAY = date(2026, 11, 25)
NOW = AT.replace(day=25, hour=15, minute=40)


class DoorWorld:
    """A child in a club with a leader and a colleague, and a medicine that may be given."""

    def __init__(self, app: Flask, **activity: object) -> None:
        a_school()
        self.app, self.family = app, a_family()
        self.child, self.parent = self.family.pupils[0], self.family.user
        a_care_profile(self.child)
        self.session = a_session(WEDNESDAY, activity_id=an_activity(**activity).id)
        a_place(self.family, self.session, price_pence=0)
        self.leader, self.other, self.office = a_user("staff"), a_user("staff"), a_user("manager")
        for user in (self.leader, self.other):
            save(StaffAssignment(user_id=user.id, run_id=self.session.run_id))
        self.medicine = a_medicine(self.child, by=self.office, said_by=self.parent)
        self.here = {"session_id": self.session.id, "pupil_id": self.child.id}

    def as_(self, user: User) -> Browser:
        """A browser of its own for somebody."""
        return Browser(self.app).sign_in(user)


def all_of(model: type) -> list[object]:
    """Every row of a table, in order."""
    found = list(db.session.scalars(select(model).order_by(model.id)))  # type: ignore[attr-defined]
    return found
