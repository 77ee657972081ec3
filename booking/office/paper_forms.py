"""Forms of printers, of the hours of paper, and of buses."""

from __future__ import annotations

from wtforms import RadioField, SelectField, StringField
from wtforms.validators import InputRequired, Length

from booking.office.fields import DayField, HourField, NumberField
from booking.registers.bundles import BUNDLES
from booking.web.fields import TicksField
from booking.web.forms import BaseForm

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")


class PrinterForm(BaseForm):
    """A printer on the school's own network."""

    name = StringField("Name", [InputRequired("Enter a name, such as Office printer."), Length(max=60)])
    uri = StringField(
        "Address",
        [InputRequired("Enter the printer’s address."), Length(max=250)],
        description="Like ipp://192.168.1.20/ipp/print, or ipps:// where the printer can keep it secret on the way. "
        "It stands in the printer’s own menu under IPP or AirPrint.",
        render_kw={"autocapitalize": "off", "autocomplete": "off", "spellcheck": "false"},
    )
    prints = TicksField("It prints", choices=list(BUNDLES.items()))
    room_id = SelectField(
        "It stands in", coerce=int, description="Choose a room to print its own sessions there."
    )


class HoursForm(BaseForm):
    """When paper is printed."""

    minutes_before = NumberField(
        "Minutes before each session", missing="Enter the minutes.", least=5, most=120
    )
    going_home_at = HourField(
        "Going home by class at",
        missing="Enter the hour.",
        description="On a day that ends early: half an hour before it ends, if that is sooner.",
    )
    kitchen_at = HourField(
        "Kitchen at", missing="Enter the hour.", description="Once more with going home, for the snack."
    )
    contacts_at = HourField("Emergency contacts at", missing="Enter the hour.")


class SendForm(BaseForm):
    """One bundle on one printer, now."""

    what = RadioField("What", choices=[], validate_choice=True)
    printer_id = SelectField("Printer", coerce=int)


class BusForm(BaseForm):
    """A bus or taxi from school."""

    name = StringField("Name", [InputRequired("Enter a name, such as Valley bus."), Length(max=60)])
    leaves_at = HourField("Leaves school at", missing="Enter the hour.")
    driver = StringField("Driver or firm (optional)", [Length(max=120)])
    phone = StringField("Telephone on the way (optional)", [Length(max=30)])


class SeatForm(BaseForm):
    """A child on a bus."""

    pupil_id = SelectField("Child", coerce=int)
    weekdays = TicksField("Days", choices=[(str(n), name) for n, name in enumerate(WEEKDAYS)])
    stop = StringField("Stop (optional)", [Length(max=80)])
    from_on = DayField("From", missing="Enter the day.")
