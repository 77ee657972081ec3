"""Builders of what is written at the door about one child: an agreement, a dose, an accident, a near miss, a note."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from booking.core.db import unit_of_work
from booking.people.medicine_models import Medicine
from booking.people.medicines import Agreed, agree_at_office
from booking.people.models import Pupil, User
from booking.provision.models import Session
from booking.registers.dose_models import MedicineGiven
from booking.registers.doses import Dose, Second, give
from booking.registers.incident_models import ChildNote, Incident
from booking.registers.incidents import Report, add_note, report
from tests.builders import AT

WHY = "Rang 111: the doctor said go on"


def a_medicine(pupil: Pupil, *, by: User, said_by: User | None = None, **values: Any) -> Medicine:
    """An agreement on paper: 5 ml of a medicine, four hours apart, at most two a day."""
    told = {
        "name": "Calprofen",
        "dose": "5 ml",
        "when": "For fever",
        "kept_where": "Office fridge",
        "every_minutes": 240,
        "most_a_day": 2,
        "starts_on": date(2026, 9, 1),
        **values,
    }
    with unit_of_work():
        return agree_at_office(
            pupil.id,
            Agreed(**told),
            said_by_id=said_by.id if said_by else None,
            source="paper",
            at=AT,
            by_id=by.id,
        )


def a_dose(
    medicine: Medicine,
    session: Session,
    *,
    by: User,
    second: User | None = None,
    at: datetime = AT,
    given_at: datetime | None = None,
    why: str = "",
) -> MedicineGiven:
    """One dose, written down as it is given unless said otherwise."""
    dose = Dose(medicine.id, medicine.pupil_id, session.id, given_at or at, why)
    with unit_of_work():
        return give(dose, second=Second(second.id, "pin") if second else None, at=at, user_id=by.id)


def what_is_told(session: Session, pupil: Pupil | None, **values: Any) -> Report:
    """A fall in the playground with a bump to the head; with `kind` a near miss."""
    told: dict[str, Any] = {
        "kind": "accident",
        "session_id": session.id,
        "pupil_id": pupil.id if pupil else None,
        "happened_at": AT,
        "where": "Playground",
        "what": "Fell from the climbing frame",
        "parts": ("head",),
        "injuries": ("bump",),
        "first_aid": "Cold pack for ten minutes",
        "first_aid_by": "Ms Adeyemi",
        **values,
    }
    if told["kind"] == "near_miss":
        told |= {"parts": (), "injuries": (), "first_aid": "", "first_aid_by": ""}
    return Report(**told)


def an_incident(
    session: Session, pupil: Pupil | None, *, by: User, at: datetime = AT, **values: Any
) -> Incident:
    """A report, as it is written at the door."""
    with unit_of_work():
        return report(what_is_told(session, pupil, **values), at=at, user_id=by.id)


def a_note(
    session: Session,
    pupil: Pupil,
    words: str,
    *,
    by: User,
    for_family: bool = False,
    at: datetime = AT,
) -> ChildNote:
    """A note on a child's day."""
    with unit_of_work():
        return add_note(pupil.id, session.id, words, for_family=for_family, at=at, user_id=by.id)


def report_papers(
    session: Session, pupil: Pupil, *, by: User, word: Callable[[str], str] = str.capitalize
) -> dict[str, int]:
    """One of each for one child, and the ids that addresses are made of."""
    medicine = a_medicine(pupil, by=by, name=word("medicine"))
    accident = an_incident(session, pupil, by=by, what=word("accident"))
    an_incident(session, pupil, by=by, kind="near_miss", what=word("near miss"))
    a_note(session, pupil, "Quiet today", by=by, for_family=True)
    given = a_dose(medicine, session, by=by)
    return {"medicine_id": medicine.id, "incident_id": accident.id, "given_id": given.id}
