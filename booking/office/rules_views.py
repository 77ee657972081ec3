"""The page on which the office sets the school's booking rules; families read the same rules on a page of their own."""

from __future__ import annotations

from flask import url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from wtforms import RadioField

from booking.bookings.policy import FIELDS, ORDERS, Policy, change_policy, current_policy
from booking.core import clock
from booking.office.fields import HourField, NumberField, PenceField
from booking.web.audience import for_roles
from booking.web.form_pages import answer_form
from booking.web.forms import BaseForm


class RulesForm(BaseForm):
    """The school's rules; an empty limit means that debt never stands in the way of booking."""

    waiting_order = RadioField("Who is asked first", choices=list(ORDERS.items()))
    offer_hours = NumberField(
        "Hours that an offered place is kept", missing="Enter the hours.", least=1, most=72
    )
    quiet_from = HourField("No messages from", missing="Enter the hour.")
    quiet_until = HourField("until", missing="Enter the hour.")
    list_ends_hours = NumberField(
        "Hours before bookings close when free places open to everybody", missing="Enter the hours.", most=336
    )
    most_skips = NumberField(
        "How often a place may go past children who wait together", missing="Enter a number.", most=20
    )
    arrears_limit_pence = PenceField(
        "A family may owe up to, in pounds", is_optional=True, description="Leave empty for no limit."
    )
    unpaid_days = NumberField(
        "Days after which unpaid places are let go, when Tax-Free Childcare or vouchers do not come",
        is_optional=True,
        least=1,
        most=90,
        description="Counted from the day they were due, and only after a reminder. Never today’s session. "
        "Leave empty: then only a person decides.",
    )
    support_days = NumberField(
        "School days to answer when a child needs support", missing="Enter the days.", least=1, most=20
    )
    absences_by = HourField("Today’s absences are entered by", missing="Enter the hour.")
    away_frees_at = HourField(
        "Places of children who are away go to the waiting list from",
        is_optional=True,
        description="Only where somebody waits, and never once the session has begun. Families read this before "
        "they say “not coming”. Leave empty: then the places are kept for the children.",
    )
    day_offer_minutes = NumberField(
        "Minutes that such a place is kept for the family that is asked",
        missing="Enter the minutes.",
        least=10,
        most=240,
    )


@for_roles("manager")
def booking_rules() -> ResponseReturnValue:
    """See and change the rules."""
    form = RulesForm(obj=current_policy())

    def save() -> str:
        policy = Policy(**{name: getattr(form, name).data for name in FIELDS})
        change_policy(policy, at=clock.now(), user_id=current_user.id)
        return "The rules are changed. Families read them under “How places are given”."

    return answer_form(form, save, template="office/booking_rules.html", done=url_for("office.booking_rules"))
