"""Forms of the office; choices that come from the database are passed in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wtforms import BooleanField, EmailField, SelectField, StringField, TextAreaField
from wtforms.validators import Email, InputRequired, Length, Optional

from booking.office.fields import DayField, HourField, NumberField, PenceField
from booking.office.people_who_sign_in import GRANTS
from booking.people.models import ROLES
from booking.people.restrictions import KINDS
from booking.provision.areas import AREAS
from booking.provision.models import YEAR_GROUPS
from booking.web.fields import TicksField
from booking.web.forms import BaseForm

KIND_WORDS = {
    "breakfast": "Breakfast",
    "club": "Club",
    "extended_care": "Care until six",
    "study_support": "Study support",
    "family": "Families together",
    "community": "With the community",
}
PERIOD_WORDS = {"half_term": "Half-term", "term": "Term", "year": "School year"}
DAY_WORDS = {
    "inset": "INSET day",
    "early_finish": "Early finish",
    "closure": "School closed",
    "bank_holiday": "Bank holiday",
}
YEAR_WORDS = {
    name: "Reception" if name == "R" else name if name[0] == "N" else f"Year {name}" for name in YEAR_GROUPS
}
Choices = Sequence[tuple[Any, str]]


def _text(label: str, most: int, missing: str = "", **options: Any) -> StringField:
    rules = [InputRequired(missing)] if missing else [Optional()]
    return StringField(
        label, [*rules, Length(max=most, message=f"Use at most {most} characters.")], **options
    )


class PressForm(BaseForm):
    """A button alone; only the token is checked."""


class RestrictionForm(BaseForm):
    """A court order or a safeguarding decision about one adult and one child."""

    adult = SelectField("Which adult is it about?")
    adult_name = _text("Their name, if it is somebody else", 160)
    kind = SelectField("What has the school seen?", choices=list(KINDS.items()))
    evidence = TextAreaField(
        "Which order or decision, of what date, and where the copy is kept",
        [
            InputRequired("Write which order or decision you have seen, with its date."),
            Length(max=2000, message="Use at most 2,000 characters."),
        ],
        description="A guardian’s wish is not enough: tell the safeguarding lead instead.",
    )
    starts_on = DayField("From", missing="Enter the first day.", description="For example 24/11/2026.")
    review_on = DayField(
        "Look at it again on",
        missing="Enter the day of the review.",
        description="It stays in force after that day, until somebody has looked.",
    )


class ReviewForm(BaseForm):
    """What to do with a restriction in force: keep it to a later review, or ask to lift it."""

    act = SelectField("What do you want to do?", choices=[("review", "Keep it"), ("lift", "Ask to lift it")])
    review_on = DayField("If you keep it: look at it again on", is_optional=True)
    reason = TextAreaField(
        "If you ask to lift it: why, and what you have seen",
        [Optional(), Length(max=2000, message="Use at most 2,000 characters.")],
    )


class TieForm(BaseForm):
    """What the school knows of an adult and a child; a blank in a file is not a no."""

    relationship_name = _text("Who they are to the child", 40, "Say who they are to the child.")
    parental_responsibility = SelectField(
        "Parental responsibility", choices=[("not_known", "Not known"), ("yes", "Yes"), ("no", "No")]
    )
    responsibility_source = _text("How do you know? (birth certificate, court order)", 80)
    may_book = BooleanField("May book")
    may_collect = BooleanField("May collect")


class EndTieForm(BaseForm):
    """Why an adult is no longer linked to a child."""

    reason = _text("Why does it end?", 300, "Write why it ends.")


class AccountForm(BaseForm):
    """An account for a family that does not sign in: the office books for it."""

    name = _text("Name of the family", 160, "Enter the name of the family.")
    pupils = TicksField("Their children", coerce=int)


class JointForm(BaseForm):
    """Who shares an account, once both have said yes."""

    adult = SelectField("Who else is to share it?", coerce=int)
    how = _text("When and how did both say yes?", 200, "Write when and how both said yes.")


class ReasonForm(BaseForm):
    """Who asked for it, and when."""

    reason = _text("Who asked for it, and when?", 300, "Write who asked for it, and when.")


class HoldForm(BaseForm):
    """Why everything must be kept, and when somebody looks again."""

    reason = _text("Why must everything be kept?", 300, "Write why everything must be kept.")
    review_on = DayField(
        "Look at it again on", missing="Enter the day.", description="For example 24/11/2027."
    )


class SettleForm(BaseForm):
    """What does not stand of what was said, and why."""

    dropped = TicksField("What does not stand?")
    reason = TextAreaField(
        "Why, and who told you (a doctor’s letter, both parents on the phone)",
        [
            InputRequired("Write why it does not stand."),
            Length(max=1000, message="Use at most 1,000 characters."),
        ],
    )


class ObjectionForm(BaseForm):
    """The day on which a family's letter came, or from which it is withdrawn."""

    on = DayField("Day", missing="Enter the day.", description="For example 24/11/2026.")


class PeriodForm(BaseForm):
    """A half-term, term or year with the school's own dates."""

    kind = SelectField("What it is", choices=list(PERIOD_WORDS.items()))
    name = _text("Name", 60, "Enter a name, like Autumn 1.", description="For example Autumn 1.")
    starts_on = DayField("First day", missing="Enter the first day.", description="For example 2/9/2026.")
    ends_on = DayField("Last day", missing="Enter the last day.")


class DayForm(BaseForm):
    """A day that differs from the others."""

    date = DayField("Day", missing="Enter the day.", description="For example 27/11/2026.")
    kind = SelectField("What is different", choices=list(DAY_WORDS.items()))
    finishes_at = HourField(
        "School finishes at", is_optional=True, description="For an early finish only. For example 13:30."
    )
    note = _text("Note", 120, description="Families see this. You can leave it empty.")


class ActivityForm(BaseForm):
    """What is offered, term after term."""

    name = _text("Name", 80, "Enter a name.")
    kind = SelectField("What it is", choices=list(KIND_WORDS.items()))
    area = SelectField("Area of the enrichment framework", choices=[("", "None"), *AREAS.items()])
    seller_id = SelectField("Who sells it", coerce=int)
    description = TextAreaField(
        "What children do", [Optional(), Length(max=2000, message="Use at most 2,000 characters.")]
    )
    is_free_slot = BooleanField("This is the free breakfast: nobody is turned away")
    runs_on_inset = BooleanField("It runs on INSET days")
    runs_on_early_finish = BooleanField("It runs on days when school finishes early")

    def with_choices(self, sellers: Choices) -> ActivityForm:
        """The form with the sellers to choose from."""
        self.seller_id.choices = list(sellers)
        return self


class CopyForm(BaseForm):
    """Last term's runs into a new period."""

    from_period_id = SelectField("Copy the runs of", coerce=int)
    to_period_id = SelectField("into", coerce=int)

    def with_choices(self, periods: Choices) -> CopyForm:
        """The form with the periods to choose from."""
        self.from_period_id.choices = self.to_period_id.choices = list(periods)
        return self


class RoomForm(BaseForm):
    """A place in the school."""

    name = _text("Name", 60, "Enter a name.")
    capacity = NumberField("How many children it holds", least=1, missing="Enter how many children it holds.")
    minutes_away = NumberField(
        "Minutes on foot from the main door", missing="Enter 0 for a room inside the school.", most=120
    )


class LeftForm(BaseForm):
    """The day from which a child is no longer on the roll."""

    left_on = DayField("Left on", missing="Enter the day.", description="For example 23/10/2026.")


class TillForm(BaseForm):
    """Money that a family hands in."""

    amount_pence = PenceField(
        "Amount in pounds", missing="Enter the amount.", description="For example 20.00."
    )


class UserForm(BaseForm):
    """What a user may do."""

    roles = TicksField("Roles", choices=[(role, role.capitalize()) for role in ROLES])
    grants = TicksField("May also", choices=list(GRANTS.items()))
    is_active = BooleanField("May sign in")


class InviteForm(BaseForm):
    """Somebody who is to join as staff, governor, manager or admin."""

    email = EmailField(
        "E-mail address",
        [
            InputRequired("Enter the e-mail address."),
            Email("That is not an e-mail address."),
            Length(max=254, message="That address is too long."),
        ],
        render_kw={"autocomplete": "off"},
    )
    name = _text("Name", 160, render_kw={"autocomplete": "off"})
    role = SelectField("Role", choices=[(role, role.capitalize()) for role in ROLES if role != "parent"])
