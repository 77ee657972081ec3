"""Forms of staff records, rotas, the staffing rule and outside firms' papers."""

from __future__ import annotations

from wtforms import BooleanField, RadioField, SelectField, StringField
from wtforms.validators import InputRequired, Length, Optional

from booking.office.fields import DayField, NumberField
from booking.office.forms import YEAR_WORDS, Choices
from booking.provision.documents import DOCUMENT_WORDS
from booking.provision.runs import DAY_NAMES
from booking.provision.staff import CERTIFICATE_WORDS, LEVEL_WORDS, RATIO_ROLE_WORDS
from booking.provision.staffing_rules import published
from booking.web.fields import TicksField
from booking.web.forms import BaseForm

NOBODY = (0, "Nobody: they do not sign in")


class StaffForm(BaseForm):
    """What makes somebody count at a session."""

    name = StringField(
        "Name",
        [InputRequired("Enter the name."), Length(max=160, message="Use at most 160 characters.")],
        render_kw={"autocomplete": "off"},
    )
    user_id = SelectField("Signs in as", coerce=int)
    seller_id = SelectField(
        "Works for",
        coerce=int,
        description="People of an outside firm see the firm’s own sessions, and no other page.",
    )
    ratio_role = SelectField("Works as", choices=list(RATIO_ROLE_WORDS.items()))
    counts_in_ratio = BooleanField("Counts in the ratio", default=True)
    level = SelectField("Childcare qualification", coerce=int, choices=list(LEVEL_WORDS.items()))
    dbs_checked_on = DayField(
        "DBS check seen on",
        is_optional=True,
        description="The day only, no certificate number. Without it nobody counts.",
    )
    starts_on = DayField(
        "First day here", missing="Enter the first day.", description="For example 1/9/2026."
    )
    ends_on = DayField(
        "Last day here", is_optional=True, description="Leaves every rota after that day. Leave it empty."
    )

    def with_choices(self, users: Choices, sellers: Choices) -> StaffForm:
        """The form with who signs in and who may employ them."""
        self.user_id.choices = [NOBODY, *users]
        self.seller_id.choices = [(0, "The school"), *sellers]
        return self


class CertificateForm(BaseForm):
    """A certificate that was seen, with its last good day."""

    kind = SelectField("Certificate", choices=list(CERTIFICATE_WORDS.items()))
    expires_on = DayField("Good until", missing="Enter its last day.", description="For example 14/3/2029.")


class RotaLineForm(BaseForm):
    """Somebody who stands on a run's rota from a day on."""

    staff_id = SelectField("Who", coerce=int)
    weekdays = TicksField("On which days? None ticked means all of them.", coerce=int)
    from_on = DayField("From", missing="Enter the first day.")
    is_leader = BooleanField("Leads it")

    def with_choices(self, staff: Choices, weekdays: list[int]) -> RotaLineForm:
        """The form with who can be chosen, and the run's own days."""
        self.staff_id.choices = list(staff)
        self.weekdays.choices = [(day, DAY_NAMES[day]) for day in sorted(weekdays)]
        return self


class EndLineForm(BaseForm):
    """The last day on which somebody stands on a run's rota."""

    last_on = DayField("Last day on this rota", missing="Enter the last day.")


class DayChangeForm(BaseForm):
    """Somebody comes to one session, or stays away from it."""

    staff_id = SelectField("Who comes for this session?", coerce=int)
    is_leader = BooleanField("Leads it")

    def with_choices(self, staff: Choices) -> DayChangeForm:
        """The form with who can be chosen."""
        self.staff_id.choices = list(staff)
        return self


class AwayForm(BaseForm):
    """Which of two buttons was pressed for somebody on a session's rota."""

    is_here = RadioField(choices=[("yes", "Comes"), ("no", "Stays away")])


class RuleForm(BaseForm):
    """The school's published rule from a day on."""

    from_on = DayField("From", missing="Enter the first day.", description="For example 4/1/2027.")
    least_adults = NumberField(
        "Fewest adults in any session", least=1, most=10, missing="Enter 1 or more. 2 means: never alone."
    )
    least_first_aiders = NumberField(
        "Fewest paediatric first-aiders", least=1, most=10, missing="Enter 1 or more."
    )
    first_aider_each_session = BooleanField(
        "In every session, not only where children eat or are away from the site"
    )
    limits_places = BooleanField("The standing rota limits the places on sale")
    decided_by = StringField(
        "Who decided it, and when",
        [
            InputRequired("Write who decided it, and when."),
            Length(max=120, message="Use at most 120 characters."),
        ],
        description="For example: governing body, 12 November 2026.",
    )


def rule_form() -> type[RuleForm]:
    """The rule's form with a number for each year group, held against what the law lets one adult have at most."""
    ratios = {
        f"ratio_{year}": NumberField(
            f"Children for one adult: {YEAR_WORDS[year]}",
            least=1,
            most=one.most,
            missing=f"Enter a number from 1 to {one.most}.",
        )
        for year, one in published().items()
    }
    return type("RuleFormOfYears", (RuleForm,), ratios)


class DocumentForm(BaseForm):
    """A paper of an outside firm that somebody has seen."""

    kind = SelectField(
        "Paper", choices=[(kind, words[0].upper() + words[1:]) for kind, words in DOCUMENT_WORDS.items()]
    )
    reference = StringField(
        "Number, and where the copy is kept",
        [Optional(), Length(max=200, message="Use at most 200 characters.")],
        render_kw={"autocomplete": "off"},
    )
    from_on = DayField("Good from", missing="Enter its first day.")
    good_until = DayField(
        "Good until",
        missing="Enter its last day.",
        description="A paper without an end is good until the day on which you want to look again.",
    )
