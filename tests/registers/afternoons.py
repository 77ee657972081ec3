"""An afternoon for the tests of custody: a club, another beside it, and the care that both hand over to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time

from booking.core import clock
from booking.core.db import unit_of_work
from booking.provision.models import Session
from booking.registers.marks import add_mark
from tests.builders import Family, a_family, a_place, a_run, a_session, an_activity

DAY = date(2026, 11, 23)


def at(hours: int, minutes: int = 0) -> datetime:
    """An instant of the afternoon, by the school's wall clock."""
    return clock.instant(DAY, time(hours, minutes))


def a_session_of(name: str, starts: time, ends: time, kind: str = "club") -> Session:
    """A session of that Monday under a name of its own."""
    run = a_run(
        activity_id=an_activity(kind=kind, name=name).id, starts_at=starts, ends_at=ends, leader="Ms Kaya"
    )
    return a_session(DAY, run=run)


@dataclass
class Afternoon:
    """Two clubs until half past four, and care until six; children booked in the first club and in care."""

    chess: Session
    art: Session
    care: Session
    families: list[Family]

    @property
    def ids(self) -> list[int]:
        """The ids of the children."""
        return [family.pupils[0].id for family in self.families]


def an_afternoon(children: int = 1) -> Afternoon:
    """So many children, each booked in chess and then in care."""
    found = Afternoon(
        a_session_of("Chess club", time(15, 30), time(16, 30)),
        a_session_of("Art club", time(15, 30), time(16, 30)),
        a_session_of("After-school care", time(16, 30), time(18), "extended_care"),
        [a_family(surname=f"Okafor {number:02d}") for number in range(children)],
    )
    for family in found.families:
        a_place(family, found.chess)
        a_place(family, found.care)
    return found


def mark(session: Session, pupil_id: int, what: str, when: datetime, *, user_id: int | None = None) -> None:
    """One mark at a time of the afternoon."""
    session_id = session.id
    with unit_of_work():
        add_mark(session_id, pupil_id, what, at=when, user_id=user_id)
