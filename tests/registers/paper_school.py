"""A school on paper: breakfast, two clubs and care on one Wednesday, with as many children as a test wants."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from booking.bookings.day_note_models import DayNote
from booking.bookings.models import FreeForecast
from booking.core import clock
from booking.people.models import Contact, Pupil
from booking.provision.models import Session
from booking.registers.models import Mark
from tests.builders import (
    Family,
    a_care_profile,
    a_family,
    a_place,
    a_room,
    a_run,
    a_school,
    a_seller,
    a_session,
    an_activity,
    save,
)

DAY = date(2026, 11, 25)
NOON = clock.instant(DAY, time(12, 0))
SIX_SCRIPTS = (
    ("Nowak-Wiśniewska", "Małgorzata"),
    ("Nguyễn", "Thị Hồng Phượng"),
    ("الزهراء", "فاطمة"),
    ("ڈار", "محمد زبیر"),
    ("李", "小龙"),
    ("முருகன்", "கார்த்திகேயன்"),
)


@dataclass
class PaperSchool:
    """The sessions by name, and the families in the order in which they were made."""

    sessions: dict[str, Session]
    families: list[Family] = field(default_factory=list)

    @property
    def pupils(self) -> list[Pupil]:
        """Each family's one child."""
        return [family.pupils[0] for family in self.families]


def a_paper_school(children: int = 0, **family_values: Any) -> PaperSchool:
    """Breakfast 07:45, chess and art at 15:30, care to six, and children in Oak who are in nothing yet."""
    a_school()
    seller = a_seller()
    plan = {
        "breakfast": ("Breakfast club", "breakfast", time(7, 45), time(8, 45), "Hall"),
        "chess": ("Chess club", "club", time(15, 30), time(16, 30), "Library"),
        "art": ("Art club", "club", time(15, 30), time(16, 15), "Studio"),
        "care": ("Care until six", "extended_care", time(15, 30), time(18, 0), "Den"),
    }
    sessions = {}
    for name, (words, kind, starts, ends, room) in plan.items():
        activity = an_activity(name=words, kind=kind, seller_id=seller.id)
        run = a_run(
            activity_id=activity.id,
            room_id=a_room(name=room, capacity=200).id,
            starts_at=starts,
            ends_at=ends,
            capacity=200,
            leader=f"Ms {words.split()[0]}",
        )
        sessions[name] = a_session(DAY, run=run, capacity=200)
    school = PaperSchool(sessions)
    for _ in range(children):
        school.families.append(a_family(**family_values))
    return school


def a_note(pupil: Pupil, kind: str, *, told: time = time(9, 0), **values: Any) -> DayNote:
    """Something told of a child for the day."""
    note = DayNote(
        pupil_id=pupil.id, day=DAY, kind=kind, source="office", told_at=clock.instant(DAY, told), **values
    )
    save(note)
    return note


def marked(session: Session, pupil: Pupil, what: str, at: time, detail: str | None = None) -> None:
    """Something marked of a child, past the rules of the door."""
    instant = clock.instant(DAY, at)
    save(
        Mark(
            session_id=session.id,
            pupil_id=pupil.id,
            what=what,
            at=instant,
            recorded_at=instant,
            detail=detail,
        )
    )


def forecast(session: Session, pupil: Pupil) -> None:
    """A child who is said to come to the free breakfast."""
    save(FreeForecast(pupil_id=pupil.id, session_id=session.id, at=NOON))


def booked(school: PaperSchool, number: int, *names: str, at: datetime = NOON - timedelta(days=3)) -> None:
    """The child of a family is booked in these sessions."""
    for name in names:
        a_place(school.families[number], school.sessions[name], held_at=at, booked_at=at)


def a_number(pupil: Pupil, name: str, phone: str, **values: Any) -> None:
    """A contact whom the school may ring."""
    save(Contact(pupil_id=pupil.id, name=name, phone=phone, **values))


def cared_for(
    pupil: Pupil, *, allergies: tuple[str, ...] = (), diet: tuple[str, ...] = (), **more: Any
) -> None:
    """What staff must know of a child."""
    a_care_profile(pupil, allergies=list(allergies), diet=list(diet), **more)
