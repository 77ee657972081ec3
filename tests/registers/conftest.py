"""A printer on this machine, a school on paper with one child in chess, and a door with one child and a device."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine
from flask import Flask

from booking.core import clock
from booking.people.models import Pupil
from booking.provision.models import Session, StaffAssignment
from tests.builders import AT, a_family, a_place, a_session, a_user, save
from tests.registers.devices import Device
from tests.registers.ipp_printer import Tray, a_printer
from tests.registers.paper_school import PaperSchool, a_paper_school, booked


@pytest.fixture
def tray() -> Iterator[Tray]:
    """A printer on this machine."""
    with a_printer() as found:
        yield found


@pytest.fixture
def chess_school(app: Flask) -> PaperSchool:
    """A child in chess."""
    made = a_paper_school(1, class_name="Oak")
    booked(made, 0, "chess")
    return made


@pytest.fixture
def now() -> Iterator[time_machine.Coordinates]:
    """The clock stands at the usual instant; files that want it say so."""
    with time_machine.travel(AT, tick=False) as traveller:
        yield traveller


@pytest.fixture
def session(app: Flask, now: time_machine.Coordinates) -> Session:
    """A session of today."""
    return a_session(clock.today())


@pytest.fixture
def child(session: Session) -> Pupil:
    """A child booked in it."""
    family = a_family()
    a_place(family, session)
    return family.pupils[0]


@pytest.fixture
def device(app: Flask, session: Session) -> Device:
    """A device at its door, in the hands of its leader."""
    leader = a_user("staff")
    save(StaffAssignment(user_id=leader.id, run_id=session.run_id))
    return Device(app, leader)
