"""Pages of the buses that children go home by: the list, and who rides on one."""

from __future__ import annotations

from flask import url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import select

from booking.core import clock
from booking.core.db import db
from booking.core.errors import NotFound
from booking.office.paper_forms import WEEKDAYS, BusForm, SeatForm
from booking.people.models import Pupil
from booking.registers.bus_models import Bus
from booking.registers.buses import add_bus, all_buses, end_bus, end_seat, seat, seats_of
from booking.web.audience import for_roles
from booking.web.form_pages import answer_form, answer_press


@for_roles("manager")
def buses() -> ResponseReturnValue:
    """Every bus, and a form for a new one."""
    form = BusForm()

    def act() -> str:
        made = add_bus(
            form.name.data,
            form.leaves_at.data,
            form.driver.data or "",
            form.phone.data or "",
            at=clock.now(),
            user_id=current_user.id,
        )
        return f"“{made.name}” is written down. Now say who goes by it."

    return answer_form(
        form, act, template="office/buses.html", done=url_for("paper.buses"), buses=all_buses()
    )


@for_roles("manager")
def bus(bus_id: int) -> ResponseReturnValue:
    """Who rides on one bus, and a form for one more child."""
    found = db.session.get(Bus, bus_id)
    if found is None or found.ended_on is not None:
        raise NotFound
    today = clock.today()
    form = SeatForm(from_on=today)
    pupils = db.session.scalars(
        select(Pupil).where(Pupil.status == "on_roll").order_by(Pupil.surname, Pupil.forename, Pupil.id)
    )
    form.pupil_id.choices = [
        (one.id, f"{one.surname}, {one.first_name}{f', {one.class_name}' if one.class_name else ''}")
        for one in pupils
    ]

    def act() -> str:
        at, days = clock.now(), [int(day) for day in form.weekdays.data]
        made = seat(
            bus_id,
            form.pupil_id.data,
            days,
            form.stop.data or "",
            form.from_on.data,
            at=at,
            user_id=current_user.id,
        )
        return f"{made.pupil.full_name} goes by this bus."

    return answer_form(
        form,
        act,
        template="office/bus.html",
        done=url_for("paper.bus", bus_id=bus_id),
        bus=found,
        seats=seats_of(bus_id, today),
        weekdays=WEEKDAYS,
    )


@for_roles("manager")
def bus_ended(bus_id: int) -> ResponseReturnValue:
    """The bus runs today for the last time."""

    def act() -> str:
        at = clock.now()
        name = end_bus(bus_id, on=clock.today(at), at=at, user_id=current_user.id).name
        return f"“{name}” runs today for the last time."

    return answer_press(act, done=url_for("paper.buses"))


@for_roles("manager")
def got_off(seat_id: int) -> ResponseReturnValue:
    """A child goes by its bus no more."""

    def act() -> str:
        found = end_seat(seat_id, at=clock.now(), user_id=current_user.id)
        return f"{found.pupil.full_name} does not go by {found.bus.name} any more."

    return answer_press(act, done=url_for("paper.buses"))
