"""The rota against the children who are really expected, on the day of the session."""

from __future__ import annotations

from datetime import date

import pytest

from booking.bookings.models import FreeForecast
from booking.core.db import unit_of_work
from booking.registers.marks import add_mark
from booking.registers.staffing import expected_years, staffing_with_children
from tests.builders import AT, a_family, a_place, a_pupil, a_session, save
from tests.staff_builders import a_staffed_run

pytestmark = pytest.mark.usefixtures("app")
TODAY = date(2026, 11, 23)


def test_booked_held_forecast_and_walked_in_children_count_once_and_cancelled_ones_do_not() -> None:
    session = a_session()
    family = a_family(4, year_group="3")
    for pupil, state in zip(family.pupils, ("booked", "held", "cancelled", "booked"), strict=True):
        a_place(family, session, pupil=pupil, state=state)
    forecast, stranger = a_pupil(year_group="R"), a_pupil(year_group="1")
    for pupil in (forecast, family.pupils[0]):
        save(FreeForecast(session_id=session.id, pupil_id=pupil.id, at=AT))
    with unit_of_work():
        add_mark(session.id, stranger.id, "walk_in", at=AT, user_id=None)
    with unit_of_work():
        add_mark(session.id, family.pupils[0].id, "arrived", at=AT, user_id=None)
    assert expected_years([session.id], today=TODAY)[session.id] == {"3": 3, "R": 1, "1": 1}


def test_a_child_booked_for_next_september_counts_in_the_year_of_that_day() -> None:
    session = a_session(date(2027, 9, 8))
    a_place(a_family(year_group="N2"), session)
    assert expected_years([session.id], today=date(2027, 6, 1))[session.id] == {"R": 1}


def test_the_children_who_are_booked_decide_how_many_adults_are_needed() -> None:
    session = a_session(capacity=60)
    a_staffed_run(session.run)
    family = a_family(1)
    a_place(family, session)
    found = staffing_with_children([session.id], today=TODAY)[session.id]
    assert (found.children, found.required, found.problems) == (1, 2, ())
