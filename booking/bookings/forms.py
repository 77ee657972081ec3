"""Forms of booking; which child and which session may be named is the engine's question, never the form's."""

from __future__ import annotations

import re
from datetime import date

from wtforms import DateField, IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from booking.bookings.patterns import KINDS, NoEnd, Repeat
from booking.provision.models import Period
from booking.web.fields import TicksField
from booking.web.forms import BaseForm

Pick = tuple[int, int]
_PICK = re.compile(r"(\d{1,9}):(\d{1,9})")
KIND_WORDS = ("Only this week", "Every week", "Every other week", "Days on, days off (a shift)")
END_WORDS = {"half_term": "The half-term", "term": "The term", "year": "The school year"}


class PressForm(BaseForm):
    """A button that carries nothing but its token."""


class CodeForm(BaseForm):
    """A code that the school gave to a family."""

    code = StringField("Code", [Length(max=40)])


class WaitForm(BaseForm):
    """Which child wants to wait for which session."""

    pupil_id = IntegerField(validators=[InputRequired(), NumberRange(min=1)])
    session_id = IntegerField(validators=[InputRequired(), NumberRange(min=1)])


class RepeatForm(BaseForm):
    """How the week comes again, until when, and for which other children."""

    kind = RadioField("How often", choices=list(zip(KINDS, KIND_WORDS, strict=True)), default="once")
    end = RadioField("Until the end of", choices=[], default="term", validators=[Optional()])
    until = DateField("This day", validators=[Optional()])
    days_on = IntegerField("Days on", default=4, validators=[Optional(), NumberRange(1, 28)])
    days_off = IntegerField("Days off", default=4, validators=[Optional(), NumberRange(1, 28)])
    same_for = TicksField("Same for", coerce=int, choices=[])

    def with_choices(self, ends: dict[str, Period], children: list[tuple[int, str]]) -> RepeatForm:
        """The ends that the calendar knows for this week, and the children who may get what another one has."""
        known = [(kind, words, ends[kind].ends_on) for kind, words in END_WORDS.items() if kind in ends]
        self.end.choices = [(kind, f"{words} ({last.day} {last:%b})") for kind, words, last in known] + [
            ("day", "A day that I choose")
        ]
        self.same_for.choices = children
        return self

    @property
    def is_pattern(self) -> bool:
        """The week is to come again, or to go to another child too."""
        return self.kind.data != "once" or bool(self.same_for.data)

    def repeat(self, ends: dict[str, Period], friday: date) -> Repeat:
        """What was chosen; raises `NoEnd` when a pattern has no day on which it ends."""
        kind = self.kind.data or "once"
        if kind == "once":
            return Repeat(kind, friday)
        until = self.until.data if self.end.data == "day" else None
        if self.end.data in ends:
            until = ends[self.end.data].ends_on
        if until is None or until < friday or (until - friday).days > 400:
            raise NoEnd
        return Repeat(kind, until, self.days_on.data or 4, self.days_off.data or 4)


class KeepForm(BaseForm):
    """The sessions of a pattern that was looked up, and whether to wait for those that are full."""

    wait = RadioField(
        "Full dates",
        choices=[
            ("no", "Leave them out"),
            ("each", "Wait for each of them"),
            ("together", "Wait for them together: all or none"),
        ],
        default="no",
        validators=[Optional()],
    )


def read_picks(values: list[str]) -> set[Pick]:
    """Ticked boxes as (pupil, session), one or several in a value; what does not look like one is left out."""
    found = (_PICK.fullmatch(word) for value in values for word in value.split())
    return {(int(match[1]), int(match[2])) for match in found if match is not None}


class AskForm(BaseForm):
    """What a family asks for one of its children, in its own words."""

    pupil_id = SelectField("Which child?", coerce=int)
    words = TextAreaField(
        "What would help?",
        [
            InputRequired("Write what would help, in your own words."),
            Length(max=2000, message="Use at most 2,000 characters."),
        ],
    )

    def for_children(self, children: list[tuple[int, str]]) -> AskForm:
        """The same form with the children to choose from."""
        self.pupil_id.choices = children
        return self
