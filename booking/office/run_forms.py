"""The form of a run."""

from __future__ import annotations

from wtforms import SelectField, StringField
from wtforms.validators import Length, Optional

from booking.office.fields import DayField, HourField, NumberField, PenceField
from booking.office.forms import YEAR_WORDS, Choices
from booking.people.consents import consent_kinds
from booking.provision.runs import DAY_NAMES
from booking.web.fields import TicksField
from booking.web.forms import BaseForm

SOLD = {"session": "By the session", "block": "As a whole run only", "both": "By the session or as a whole"}


class RunForm(BaseForm):
    """An activity in one period: days, hours, room, price and who may book from when."""

    activity_id = SelectField("Activity", coerce=int)
    period_id = SelectField("When", coerce=int)
    weekdays = TicksField("Days", coerce=int, choices=list(enumerate(DAY_NAMES)))
    starts_at = HourField("Starts at", missing="Enter when it starts.", description="For example 15:30.")
    ends_at = HourField("Ends at", missing="Enter when it ends.")
    room_id = SelectField("Room", coerce=int)
    capacity = NumberField(
        "Places", is_optional=True, description="Leave empty for as many as the room holds."
    )
    price_pence = PenceField(
        "Price of one session, in pounds", missing="Enter the price, or 0.", description="For example 4.50."
    )
    sold_as = SelectField("Sold", choices=list(SOLD.items()), default="session")
    block_pence = PenceField(
        "Price of the whole run, in pounds",
        is_optional=True,
        description="Whoever joins part-way pays the part that is still to come.",
    )
    needs_consent = SelectField("Consent that a child must have", choices=[], default="")
    year_groups = TicksField("Who may book", choices=list(YEAR_WORDS.items()))
    leader = StringField("Led by", [Optional(), Length(max=120, message="Use at most 120 characters.")])
    opens_on = DayField("Booking opens on", missing="Enter the day when booking opens.")
    opens_hour = HourField("Booking opens at this time", missing="Enter the time when booking opens.")
    closes_days_before = NumberField(
        "Booking closes this many days before each session", missing="Enter 0 for the same day.", most=60
    )
    closes_at = HourField("Booking closes at this time", missing="Enter the time when booking closes.")

    def with_choices(self, activities: Choices, periods: Choices, rooms: Choices) -> RunForm:
        """The form with what can be chosen."""
        self.activity_id.choices, self.period_id.choices = list(activities), list(periods)
        self.room_id.choices = list(rooms)
        kinds = consent_kinds().values()
        self.needs_consent.choices = [("", "None"), *((one.kind, one.words) for one in kinds)]
        return self
