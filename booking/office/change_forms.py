"""Forms of what the office changes after families have booked."""

from __future__ import annotations

from wtforms import HiddenField, SelectField, StringField
from wtforms.validators import InputRequired, Length

from booking.office.fields import HourField, NumberField
from booking.web.forms import BaseForm


def reason_field() -> StringField:
    """Why, as the families will read it."""
    return StringField(
        "Why? Families read this",
        [InputRequired("Write why."), Length(max=160, message="Use at most 160 characters.")],
        description="For example: The coach is ill.",
    )


class CallOffForm(BaseForm):
    """Call one session off, and where its children go."""

    reason = reason_field()
    fallback = SelectField("Where do the children go instead, at no cost?", coerce=int)


class PlacesForm(BaseForm):
    """Another number of places; `seen` holds the ids of the places that the office was shown to go."""

    capacity = NumberField("Places", missing="Enter the number of places.")
    reason = reason_field()
    seen = HiddenField(default="")


class HoursForm(BaseForm):
    """Other hours for one session."""

    starts_at = HourField("Starts at", missing="Enter when it starts.")
    ends_at = HourField("Ends at", missing="Enter when it ends.")
    reason = reason_field()
