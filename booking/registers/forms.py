"""Forms at the door; each button of a row is one of these, with its own values."""

from __future__ import annotations

from wtforms import (
    BooleanField,
    HiddenField,
    IntegerField,
    SelectField,
    StringField,
    SubmitField,
    TimeField,
)
from wtforms.validators import InputRequired, Length, Optional

from booking.registers.marks import OUTS
from booking.registers.pressing import ABSENT, Press
from booking.registers.provider_register import OUTS as PROVIDER_OUTS
from booking.web.forms import BaseForm

WHATS = ("arrived", "absent", *OUTS)


class MarkForm(BaseForm):
    """One mark for one child, or the number of the mark to undo; `detail` says who collected, or why absent.

    A button can send one value only: `collected_by` is a collector's words, and `absent` why a child is not here.
    """

    collected_by = StringField(validators=[Optional(), Length(max=160)])
    absent = SelectField(choices=list(ABSENT.items()), validators=[Optional()], validate_choice=True)
    pupil_id = IntegerField(validators=[Optional()])
    what = SelectField(
        choices=[(what, what) for what in WHATS], validators=[Optional()], validate_choice=True
    )
    detail = StringField(validators=[Optional(), Length(max=160)])
    undo = IntegerField(validators=[Optional()])

    def validate(self, extra_validators: object = None) -> bool:
        """A mark names a child and what happened, unless it only undoes another."""
        is_valid = bool(super().validate(extra_validators))
        what = self.what.data or self.collected_by.data or self.absent.data
        return is_valid and bool(self.undo.data or (self.pupil_id.data and what))

    @property
    def pressed(self) -> Press:
        """What was pressed."""
        if self.collected_by.data:
            return Press(self.pupil_id.data, "collected", self.collected_by.data)
        if self.absent.data:
            return Press(self.pupil_id.data, "absent", self.absent.data)
        return Press(self.pupil_id.data, self.what.data or "", self.detail.data or "", self.undo.data)


class ReleaseForm(BaseForm):
    """Somebody who is not on the list collects: who they are, who was rung, and what that person said."""

    name = StringField(
        "First name and surname of who collects",
        [InputRequired("Write who collects."), Length(max=140, message="Use at most 140 characters.")],
        render_kw={"autocomplete": "off"},
    )
    whom = StringField(
        "Whom did you ring?",
        [InputRequired("Say whom you rang."), Length(max=160, message="Use at most 160 characters.")],
        description="A parent, or somebody on the list.",
        render_kw={"autocomplete": "off"},
    )
    agreed = BooleanField("They said yes: this person may take the child today")
    outcome = StringField(
        "Anything else they said (optional)",
        [Optional(), Length(max=120, message="Use at most 120 characters.")],
        render_kw={"autocomplete": "off"},
    )


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
