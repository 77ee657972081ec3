"""What the door's tests are made of: who may collect, a yes to going alone, a restriction, a word for today."""

from __future__ import annotations

from datetime import UTC, date, datetime

from booking.bookings.day_note_models import DayNote
from booking.people.models import Consent, Contact, Pupil
from tests.builders import AT, Family, a_restriction, a_user, save

DAY = date(2026, 11, 25)
ON_TIME = datetime(2026, 11, 25, 16, 20, tzinfo=UTC)
"""A Wednesday in winter, when the wall clock shows UTC."""


def a_yes(pupil: Pupil, **values: object) -> Consent:
    """A yes to going home alone until half past four, on every day."""
    details = {"latest": "16:30", **values.pop("details", {})}  # type: ignore[dict-item]
    yes = Consent(
        **{"pupil_id": pupil.id, "kind": "goes_home_alone", "details": details, "given_at": AT, **values}
    )
    save(yes)
    return yes


def a_contact(pupil: Pupil, name: str, **values: object) -> Contact:
    """Somebody who may collect."""
    contact = Contact(**{"pupil_id": pupil.id, "name": name, "may_collect": True, **values})
    save(contact)
    return contact


def barred(family: Family, adult: object = None, **values: object) -> None:
    """A restriction in force; about somebody who does not sign in, unless an adult is given."""
    office = a_user("manager")
    second = a_user("manager", approves=True)
    a_restriction(
        family.pupils[0],
        adult,  # type: ignore[arg-type]
        by=office,
        confirmed_by_id=second.id,
        confirmed_at=AT,
        **values,
    )


def a_note(pupil: Pupil, kind: str, words: str = "", **values: object) -> DayNote:
    """What was told of a child for that day."""
    note = DayNote(
        **{
            "pupil_id": pupil.id,
            "day": DAY,
            "kind": kind,
            "source": "parent",
            "told_at": AT,
            "words": words,
            **values,
        }
    )
    save(note)
    return note
