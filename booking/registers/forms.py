"""Forms at the door; each button of a row is one of these, with its own values."""

from __future__ import annotations

from wtforms import HiddenField, IntegerField, SelectField, StringField, SubmitField, TimeField
from wtforms.validators import InputRequired, Length, Optional

from booking.registers.marks import OUTS
from booking.registers.provider_register import OUTS as PROVIDER_OUTS
from booking.web.forms import BaseForm

WHATS = ("arrived", "absent", *OUTS)


class MarkForm(BaseForm):
    """One mark for one child, or the number of the mark to undo; `detail` says who collected, or why absent."""

    pupil_id = IntegerField(validators=[Optional()])
    what = SelectField(
        choices=[(what, what) for what in WHATS], validators=[Optional()], validate_choice=True
    )
    detail = StringField(validators=[Optional(), Length(max=160)])
    undo = IntegerField(validators=[Optional()])

    def validate(self, extra_validators: object = None) -> bool:
        """A mark names a child and what happened, unless it only undoes another."""
        is_valid = bool(super().validate(extra_validators))
        return is_valid and bool(self.undo.data or (self.pupil_id.data and self.what.data))


class WalkInForm(BaseForm):
    """A child who was not expected: a name, or the one chosen from several of that name."""

    name = StringField(
        "Name of the child",
        [
            InputRequired("Type the child’s name."),
            Length(min=2, max=120, message="Type at least two letters."),
        ],
        render_kw={"autocomplete": "off"},
    )
    pupil_id = HiddenField()
    submit = SubmitField("Take in")


class ProviderMarkForm(BaseForm):
    """One mark of an outside firm for one child of its own register; `name` is what whoever collects said."""

    pupil_id = IntegerField(validators=[Optional()])
    what = SelectField(
        choices=[(what, what) for what in ("arrived", "absent", *PROVIDER_OUTS)], validators=[Optional()]
    )
    name = StringField(validators=[Optional(), Length(max=160)])
    undo = IntegerField(validators=[Optional()])

    def validate(self, extra_validators: object = None) -> bool:
        """A mark names a child and what happened, unless it only undoes another."""
        is_valid = bool(super().validate(extra_validators))
        return is_valid and bool(self.undo.data or (self.pupil_id.data and self.what.data))


class ProviderCallOffForm(BaseForm):
    """Why an outside firm calls its session off; families read it."""

    reason = StringField(
        "Why? Families read this.",
        [
            InputRequired("Write why, in words for families."),
            Length(max=160, message="Use at most 160 characters."),
        ],
        description="For example: the coach is ill.",
        render_kw={"autocomplete": "off"},
    )


class StaffMarkForm(BaseForm):
    """An adult came or went, now or a little earlier today; or the number of the mark to undo."""

    what = SelectField(choices=[("in", "in"), ("out", "out")], validators=[Optional()])
    happened = TimeField(validators=[Optional()])
    undo = IntegerField(validators=[Optional()])

    def validate(self, extra_validators: object = None) -> bool:
        """What happened, unless it only undoes another mark."""
        return bool(super().validate(extra_validators)) and bool(self.undo.data or self.what.data)
