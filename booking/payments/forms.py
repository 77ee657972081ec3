"""The one form of this room: which way to pay, and the total that the parent saw."""

from __future__ import annotations

from wtforms import HiddenField, IntegerField
from wtforms.validators import AnyOf, InputRequired, Length, NumberRange
from wtforms.widgets import HiddenInput

from booking.web.forms import BaseForm

TENDERS = ("card", "credit", "office", "free")


class PayForm(BaseForm):
    """The act of paying; a total that is not the server's own only leads to a refusal, never to an amount."""

    tender = HiddenField(validators=[AnyOf(TENDERS, message="Choose one of the ways to pay.")])
    seen_pence = IntegerField(
        widget=HiddenInput(),
        validators=[
            InputRequired("Load the page again, then choose a way to pay."),
            NumberRange(min=0, message="That total cannot be right. Load the page again."),
        ],
    )
    reference = HiddenField(validators=[Length(max=20)])
    """The basket that the parent saw: pressing twice leads to its confirmation."""
