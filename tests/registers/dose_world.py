"""A child in a session with a medicine that may be given, and two of the staff."""

from __future__ import annotations

from datetime import date, timedelta

from booking.core.db import db
from booking.people.models import Pupil
from booking.provision.models import Session
from booking.registers.dose_models import MedicineGiven
from booking.registers.doses import given_to
from tests.builders import AT, a_family, a_place, a_session, a_user
from tests.registers.reports import a_dose, a_medicine

MONDAY = date(2026, 11, 23)


class DoseWorld:
    """A child in a session, with a medicine that may be given every four hours, and two of the staff."""

    def __init__(self, **medicine: object) -> None:
        self.family = a_family()
        self.session: Session = a_session(MONDAY)
        a_place(self.family, self.session, price_pence=0)
        self.leader, self.other = a_user("staff"), a_user("staff")
        self.medicine = a_medicine(self.pupil, by=self.leader, **medicine)

    @property
    def pupil(self) -> Pupil:
        """The child."""
        return self.family.pupils[0]

    def give(self, minutes: int = 0, **values: object) -> MedicineGiven:
        """A dose so many minutes after nine, by the leader."""
        at = AT + timedelta(minutes=minutes)
        return a_dose(self.medicine, self.session, by=self.leader, at=at, **values)  # type: ignore[arg-type]

    def counted(self) -> int:
        """How many doses count."""
        found = given_to([self.pupil.id], since=AT - timedelta(days=9)).get(self.pupil.id, [])
        db.session.rollback()
        return len(found)
