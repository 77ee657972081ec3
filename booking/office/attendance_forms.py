"""Forms about registers that are over: which days, and what a closed register should say."""

from __future__ import annotations

from wtforms import SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from booking.office.fields import HourField
from booking.registers.disagreements import mark_words
from booking.web.forms import BaseForm

WHATS = ("arrived", "walk_in", "collected", "left_alone", "to_bus", "to_activity", "absent", "undone")


class CorrectionForm(BaseForm):
    """What the register of a closed day should say of one child, and why."""

    session_id = SelectField("Session", coerce=int)
    undoes = SelectField("Mark that is wrong", [Optional()])
    what = SelectField(
        "What the register should say",
        choices=[
            (what, mark_words(what) if what != "undone" else "Only take the wrong mark back")
            for what in WHATS
        ],
    )
    at = HourField("When it happened", is_optional=True, description="By the school’s clock, such as 16:30.")
    detail = StringField("By whom, or why absent", [Optional(), Length(max=160)])
    reason = TextAreaField(
        "Why the register is wrong, and how you know",
        [InputRequired("Write why the register is wrong, and how you know."), Length(max=500)],
    )
