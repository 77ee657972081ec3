"""Forms of medicine, accidents, near misses and notes, made for a phone at the door."""

from __future__ import annotations

import re
import uuid
from datetime import date, time
from typing import Any

from wtforms import (
    BooleanField,
    DateField,
    HiddenField,
    IntegerField,
    PasswordField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
    TimeField,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from booking.people.dates import NotADate, parse_date
from booking.people.medicines import MOST_DOSES, MOST_HOURS, Agreed
from booking.registers.incident_words import (
    ADDED_WORDS,
    AFTERWARDS,
    DANGERS,
    INJURIES,
    KIND_WORDS,
    PARTS,
    SIDES,
    TOLD,
)
from booking.web.fields import TicksField
from booking.web.forms import BaseForm

NO_OTHER_CHILD = "Name no other child: this child’s family reads it."


class ClockField(TimeField):
    """A time of the school's clock, by the device's own picker; 15.30 is read as well."""

    data: Any

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read it, or say how it is written."""
        self.data = None
        try:
            self.data = time.fromisoformat(" ".join(valuelist).strip().replace(".", ":").zfill(5))
        except ValueError:
            raise ValueError("Enter the time, like 15:30.") from None


class PickedDayField(DateField):
    """A day by the device's own picker, or as people write it; blank where it may be."""

    data: Any

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read it, or say how it is written."""
        text, self.data = " ".join(valuelist).strip(), None
        if not text and self.flags.optional:
            return
        try:
            self.data = date.fromisoformat(text)
        except ValueError:
            try:
                self.data = parse_date(text)
            except NotADate as error:
                raise ValueError(str(error) if text else "Enter the day, like 24/11/2026.") from error


def _line(label: str, most: int, missing: str = "", **options: object) -> StringField:
    rules = [InputRequired(missing)] if missing else [Optional()]
    return StringField(
        label, [*rules, Length(max=most, message=f"Use at most {most} characters.")], **options
    )


def _text(label: str, missing: str = "", **options: object) -> TextAreaField:
    rules = [InputRequired(missing)] if missing else [Optional()]
    return TextAreaField(
        label,
        [*rules, Length(max=2000, message="Use at most 2,000 characters.")],
        render_kw={"rows": 4},
        **options,
    )


class OnceForm(BaseForm):
    """A form that makes something once, however often it is sent: each page of it has a number of its own."""

    once = HiddenField(default=lambda: uuid.uuid4().hex)

    @property
    def once_key(self) -> str | None:
        """That number, if it is one."""
        return self.once.data if re.fullmatch(r"[0-9a-f]{32}", self.once.data or "") else None


class AccidentForm(OnceForm):
    """What happened to a child, where they are hurt, what was done and by whom."""

    happened_on = PickedDayField("Day")
    happened_at = ClockField("Time")
    where = _line("Where was it?", 120, "Write where it was.")
    what = _text("What happened?", "Write what happened.", description=NO_OTHER_CHILD)
    parts = TicksField("Where is the child hurt?", choices=list(PARTS.items()))
    side = RadioField("Which side?", choices=list(SIDES.items()), default="")
    injuries = TicksField("How?", choices=list(INJURIES.items()))
    first_aid = _text("What first aid was given?", "Write what was done, or “None needed”.")
    first_aid_by = _line("By whom?", 120, "Write who gave it.")
    seen_by = _line("Which adult saw it? (optional)", 120)
    afterwards = RadioField("And then?", choices=list(AFTERWARDS.items()), default="stayed")
    told = RadioField("Was the family told?", choices=list(TOLD.items()), default="not_yet")
    told_whom = _line("Whom did you tell? (optional)", 120)

    def validate(self, extra_validators: object = None) -> bool:
        """The two lists of ticks need one each."""
        is_valid = bool(super().validate(extra_validators))
        for field, words in (
            (self.parts, "Choose where the child is hurt, or “No one part”."),
            (self.injuries, "Choose how, or “Nothing to see”."),
        ):
            if not field.data:
                field.errors = [*field.errors, words]
                is_valid = False
        return is_valid


class NearMissForm(OnceForm):
    """What nearly went wrong; it goes to the office alone."""

    happened_on = PickedDayField("Day")
    happened_at = ClockField("Time")
    where = _line("Where was it?", 120, "Write where it was.")
    what = _text(
        "What happened, and what could have?",
        "Write what happened.",
        description="The office reads it, and nobody else.",
    )
    pupil_id = SelectField("Was it about one child? (optional)", coerce=int)
    danger = RadioField("Was it one of these?", choices=list(DANGERS.items()), default="")


class AdditionForm(BaseForm):
    """What is added to a report; the report itself stays as it was written."""

    kind = RadioField("What do you add?", choices=list(ADDED_WORDS.items()))
    words = _text("In words", "Write what is added.")


class NoteForm(OnceForm):
    """A note on a child's day."""

    words = _text("Note", "Write the note.", description=NO_OTHER_CHILD)
    for_family = BooleanField("The family reads it too, in their account")


class GiveForm(OnceForm):
    """One dose: when, what was checked, who checked it as well, and the reason to go past a stop."""

    given_at = ClockField("Given at")
    checked = BooleanField(
        "I have read the child’s name, the medicine, the dose and the date on the box",
        [InputRequired("Read the box first, then tick this.")],
    )
    second = SelectField("Second person, who has checked it too")
    pin = PasswordField(
        "Their PIN on this tablet",
        render_kw={"autocomplete": "off", "inputmode": "numeric", "maxlength": "6"},
    )
    why = _text("Why do you go on? Whom did you ring, and what did they say?")


class TakeBackForm(BaseForm):
    """Why a dose is taken back."""

    why = _line("Why was it not given after all?", 300, "Write why it is taken back.")


class MedicineForm(BaseForm):
    """A medicine that staff may give, as it stands on the box."""

    name = _line("Name of the medicine, as it stands on the box", 120, "Write the name of the medicine.")
    dose = _line(
        "How much at a time?",
        80,
        "Write how much is given at a time.",
        description="For example 5 ml, or 2 puffs.",
    )
    when = _line(
        "When, and what for?", 300, "Write when it is needed.", description="Words that staff can act on."
    )
    hours = IntegerField(
        "Hours between two doses, at least",
        [
            InputRequired("Enter the hours; 0 means as often as it is needed."),
            NumberRange(0, MOST_HOURS, message=f"Enter a number of hours from 0 to {MOST_HOURS}."),
        ],
        description="0 means as often as it is needed.",
        render_kw={"inputmode": "numeric"},
    )
    most_a_day = IntegerField(
        "Doses a day at the clubs, at most",
        [
            InputRequired("Enter how many doses a day may have."),
            NumberRange(1, MOST_DOSES, message=f"Enter a number from 1 to {MOST_DOSES}."),
        ],
        render_kw={"inputmode": "numeric"},
    )
    kept_where = _line("Where is it kept? (optional)", 120)
    starts_on = PickedDayField("From")
    ends_on = PickedDayField("Last day (optional)", [Optional()])
    expires_on = PickedDayField("Use before, as it stands on the box (optional)", [Optional()])

    @property
    def agreed(self) -> Agreed:
        """The answers as one agreement."""
        return Agreed(
            name=self.name.data or "",
            dose=self.dose.data or "",
            when=self.when.data or "",
            kept_where=self.kept_where.data or "",
            every_minutes=60 * (self.hours.data or 0),
            most_a_day=self.most_a_day.data or 0,
            starts_on=self.starts_on.data,
            ends_on=self.ends_on.data,
            expires_on=self.expires_on.data,
        )


class ToldMedicineForm(MedicineForm):
    """The same, as the office writes it down for an adult."""

    told_by = SelectField("Who agreed to it?", coerce=int)
    source = RadioField(
        "How?", choices=[("paper", "Signed on paper"), ("phone", "On the telephone")], default="paper"
    )


class ListForm(BaseForm):
    """Which reports the office looks at."""

    class Meta(BaseForm.Meta):
        """A list is asked for by its address, and changes nothing."""

        csrf = False

    kind = SelectField("Show", choices=[("", "All"), *KIND_WORDS.items()], default="")
    first = PickedDayField("From", [Optional()])
    last = PickedDayField("To", [Optional()])
