"""Children, and a list of absences from the paste to the yes, for tests of who is in school."""

from __future__ import annotations

from booking.bookings.day_notes import note_words, notes_on
from booking.people.models import Pupil
from tests.bookings.saying import TODAY
from tests.browser import Browser, Page
from tests.builders import a_family, a_pupil


def children() -> dict[str, Pupil]:
    """Ada, Ben, Cara and Dan."""
    rows = (
        ("Ada", "Okafor", "Oak"),
        ("Ben", "Marsh", "Elm"),
        ("Cara", "Teal", "Oak"),
        ("Dan", "Field", "Elm"),
    )
    return {first: a_pupil(forename=first, surname=last, class_name=room) for first, last, room in rows}


def preview(office: Browser, rows: str, scope: str = "whole") -> tuple[Page, str]:
    """Paste a list and look at what it would change; the page, and the token of the kept list."""
    answer = office.post("office.enter_absences", {"rows": rows, "scope": scope}, on=TODAY)
    assert answer.location is not None
    token = answer.location.rsplit("/", 1)[-1]
    return office.get("office.absences_preview", token=token), token


def enter(office: Browser, rows: str, scope: str = "whole", **answers: str) -> Page:
    """Paste a list, look, and say yes."""
    page, token = preview(office, rows, scope)
    return office.post(
        "office.absences_preview", {"seen": page.field("seen"), **answers}, token=token, follow=True
    )


def standing(known: dict[str, Pupil]) -> dict[str, str]:
    """What stands of each child now, in words."""
    found = notes_on([pupil.id for pupil in known.values()], TODAY)
    return {
        first: ", ".join(note_words(note) for note in found[pupil.id])
        for first, pupil in known.items()
        if pupil.id in found
    }


def family_of(pupil: Pupil):  # type: ignore[no-untyped-def]  # as much of a family as `away` looks at
    family = a_family()
    family.pupils = [pupil]
    return family


SIMS = """Absence report,,,,
Surname,Forename,Reg Group,AM,PM,Comment
Okafor,Ada,Oak,I,I,Chickenpox
Marsh,Ben,Elm,/,\\,
Teal,Cara,Oak,V,V,Museum
Field,Dan,Elm,L,M,Dentist
"""
