"""The office's pages of paper: what was sent to which printer, the printers, and the hours at which paper is made."""

from __future__ import annotations

from datetime import date, timedelta

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import select

from booking.core import clock
from booking.core.db import db, unit_of_work
from booking.core.errors import BookingError, NotFound
from booking.office import bus_views
from booking.office.paper_forms import HoursForm, PrinterForm, SendForm
from booking.people.models import School
from booking.provision.models import Room
from booking.registers.bundles import BUNDLES, FIELDS, Rules, change_rules, current_rules
from booking.registers.paper_facts import planned_on
from booking.registers.printer_models import STATE_WORDS, Printer
from booking.registers.printers import (
    add_printer,
    end_printer,
    inspect,
    print_test_page,
    send_again,
    send_now,
)
from booking.registers.sending import IS_LATE, living_printers, sheets_on
from booking.web.audience import for_roles
from booking.web.form_pages import answer_form, answer_press
from booking.web.fresh_proof import needs_fresh_proof

blueprint = Blueprint("paper", __name__, url_prefix="/office")
ANY_ROOM = 0


@for_roles("manager")
def sent() -> ResponseReturnValue:
    """What was sent today, and what is in trouble; the printers and the hours beside it."""
    return _sent(clock.today())


@for_roles("manager")
def sent_on(on: date) -> ResponseReturnValue:
    """What was sent on one day."""
    return _sent(on)


def _sent(on: date) -> ResponseReturnValue:
    return render_template(
        "office/paper.html",
        on=on,
        today=clock.today(),
        before=on - timedelta(days=1),
        after=on + timedelta(days=1),
        sheets=sheets_on(on),
        printers=living_printers(),
        rules=current_rules(),
        bundles=BUNDLES,
        states=STATE_WORDS,
        late_before=clock.now() - IS_LATE,
    )


@for_roles("manager")
@needs_fresh_proof()
def new_printer() -> ResponseReturnValue:
    """Add a printer: it is looked at first, and one that takes no PDF or stands elsewhere is refused."""
    form = PrinterForm()
    rooms = db.session.scalars(select(Room).order_by(Room.name)).all()
    form.room_id.choices = [(ANY_ROOM, "Any room"), *((room.id, room.name) for room in rooms)]
    problem = None
    if form.validate_on_submit():
        try:
            uri, look = inspect(form.uri.data)
            with unit_of_work():
                add_printer(
                    form.name.data,
                    uri,
                    form.prints.data,
                    form.room_id.data or None,
                    certificate=look.certificate,
                    at=clock.now(),
                    user_id=current_user.id,
                )
        except BookingError as error:
            problem = str(error)
        else:
            flash(f"{look.model} is ready. Print a test page now.")
            return redirect(url_for("paper.sent"))
    page = render_template("office/printer.html", form=form, problem=problem, has_errors=form.is_submitted())
    return page, 422 if form.is_submitted() else 200


@for_roles("manager")
@needs_fresh_proof()
def printer_ended(printer_id: int) -> ResponseReturnValue:
    """Take a printer out of use."""

    def act() -> str:
        name = end_printer(printer_id, at=clock.now(), user_id=current_user.id).name
        return f"Nothing is sent to “{name}” any more."

    return answer_press(act, done=url_for("paper.sent"))


@for_roles("manager")
def test_page(printer_id: int) -> ResponseReturnValue:
    """Hand a page over that names nobody, and say what the printer answers."""
    printer = db.session.get(Printer, printer_id)
    if printer is None or printer.ended_at is not None:
        raise NotFound
    school = db.session.scalars(select(School)).first()
    try:
        number = print_test_page(printer, school=school.name if school else "Our school", at=clock.now())
    except BookingError as error:
        flash(f"{error} Nothing was printed.")
    else:
        flash(f"“{printer.name}” took the test page as its job {number}. Look into the tray.")
    return redirect(url_for("paper.sent"))


@for_roles("manager")
def send() -> ResponseReturnValue:
    """Send sheets of today to a printer now; the worker does it within seconds."""
    form, today = SendForm(), clock.today()
    sessions = [
        (f"session-{one.id}", f"{one.run.activity.name}, {one.starts_at:%H:%M}") for one in planned_on(today)
    ]
    of_day = [(name, words) for name, words in BUNDLES.items() if name != "session"]
    form.what.choices = [*of_day, *sessions]
    form.printer_id.choices = [(one.id, one.name) for one in living_printers()]

    def act() -> str:
        bundle, _, session_id = form.what.data.partition("-")
        at, user_id = clock.now(), current_user.id
        send_now(
            form.printer_id.data, bundle, int(session_id) if session_id else None, at=at, user_id=user_id
        )
        return "It is on its way to the printer."

    return answer_form(form, act, template="office/send_paper.html", done=url_for("paper.sent"))


@for_roles("manager")
def sent_again(sheet_id: int) -> ResponseReturnValue:
    """Send the same sheets once more."""

    def act() -> str:
        send_again(sheet_id, at=clock.now(), user_id=current_user.id)
        return "It is on its way to the printer."

    return answer_press(act, done=url_for("paper.sent"))


@for_roles("manager")
def hours() -> ResponseReturnValue:
    """See and change when paper is printed."""
    form = HoursForm(obj=current_rules())

    def save() -> str:
        rules = Rules(**{name: getattr(form, name).data for name in FIELDS})
        change_rules(rules, at=clock.now(), user_id=current_user.id)
        return "The hours are changed."

    return answer_form(form, save, template="office/paper_hours.html", done=url_for("paper.sent"))


SHOW, FORM, PRESS = ("GET",), ("GET", "POST"), ("POST",)
ADDRESSES = (
    ("/paper", sent, SHOW),
    ("/paper/<date:on>", sent_on, SHOW),
    ("/paper/hours", hours, FORM),
    ("/paper/send", send, FORM),
    ("/paper/sheets/<int:sheet_id>/again", sent_again, PRESS),
    ("/paper/printers/new", new_printer, FORM),
    ("/paper/printers/<int:printer_id>/end", printer_ended, PRESS),
    ("/paper/printers/<int:printer_id>/test", test_page, PRESS),
    ("/buses", bus_views.buses, FORM),
    ("/buses/<int:bus_id>", bus_views.bus, FORM),
    ("/buses/<int:bus_id>/end", bus_views.bus_ended, PRESS),
    ("/buses/seats/<int:seat_id>/end", bus_views.got_off, PRESS),
)
for address, view, methods in ADDRESSES:
    blueprint.add_url_rule(address, view.__name__, view, methods=methods)
