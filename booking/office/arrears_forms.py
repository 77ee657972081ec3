"""Forms about what families owe: terms, notes, plans; and about money that goes back or is given up."""

from __future__ import annotations

import secrets
from datetime import date

from wtforms import BooleanField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length
from wtforms.widgets import TextArea

from booking.core.money import NotAnAmount, format_pence, parse_pence
from booking.ledger.arrears import BY_HAND
from booking.ledger.plans import Part
from booking.office.fields import DayField, HourField, NumberField, PenceField, TypedField
from booking.people.dates import NotADate, parse_date
from booking.web.forms import BaseForm


class DaysField(TypedField):
    """Whole numbers of days with commas between them, such as 7, 14, 28; none is a good answer too."""

    def read(self, text: str) -> tuple[int, ...]:
        """The numbers in their order."""
        words = [word.strip() for word in text.split(",")]
        if len(words) > 6 or not all(
            word.isascii() and word.isdigit() and int(word) <= 365 for word in words
        ):
            raise ValueError("Write up to six numbers of days with commas, like 7, 14, 28.")
        return tuple(int(word) for word in words)

    def write(self, value: tuple[int, ...]) -> str:
        """With commas again."""
        return ", ".join(map(str, value))


class PartsField(TypedField):
    """The parts of a plan, one a line: a day and an amount, such as 4/12/2026 10.00."""

    widget = TextArea()

    def read(self, text: str) -> list[Part]:
        """A part for each line; the line that cannot be read is named."""
        found = []
        for line in text.splitlines():
            day, _, amount = " ".join(line.split()).rpartition(" ")
            try:
                if line.strip():
                    found.append(Part(parse_date(day), parse_pence(amount)))
            except (NotADate, NotAnAmount) as error:
                raise ValueError(f"“{line.strip()}” is not a part. Write it like 4/12/2026 10.00.") from error
        return found

    def write(self, value: list[Part]) -> str:
        """A line for each part again."""
        return "\n".join(f"{_day(one.due_on)} {format_pence(one.amount_pence)}" for one in value)


def _day(day: date) -> str:
    return f"{day.day}/{day.month}/{day.year}"


def _why(label: str, missing: str, description: str = "") -> StringField:
    rules = [InputRequired(missing), Length(max=300, message="Use at most 300 characters.")]
    return StringField(label, rules, description=description)


class WishForm(BaseForm):
    """Money that goes back or is given up; `key` makes a form that is sent twice one wish."""

    key = HiddenField(default=lambda: secrets.token_urlsafe(18), validators=[InputRequired(), Length(max=40)])


class RefundForm(WishForm):
    """How much goes back to which card payment, and why."""

    amount_pence = PenceField("How much, in pounds", missing="Enter how much goes back.")
    payment_id = SelectField("To which card payment?", coerce=int)
    reason = _why("Why?", "Write why it goes back.")


class WriteOffForm(WishForm):
    """How much of a debt is given up, and why."""

    amount_pence = PenceField("How much, in pounds", missing="Enter how much is given up.")
    reason = _why("Why will it not be paid?", "Write why it will not be paid.", "Only the office reads this.")


class WaiveForm(WishForm):
    """Why a late collection is not charged."""

    reason = _why("Why is it not charged?", "Write why it is not charged.", "Only the office reads this.")


class NoteForm(BaseForm):
    """What was said with a family about its debt, or what the office decided."""

    kind = SelectField("What is it?", choices=list(BY_HAND.items()))
    words = TextAreaField(
        "What was said, or why",
        [
            InputRequired("Write what was said, or why."),
            Length(max=1000, message="Use at most 1,000 characters."),
        ],
        description="Only the office reads this. It is never on the family’s page.",
    )
    until = DayField(
        "Until",
        is_optional=True,
        description="A promise needs its day. Without a day the others hold until you end them.",
    )


class PlanForm(BaseForm):
    """The parts of a plan, and with whom it was agreed."""

    parts = PartsField(
        "The parts, one a line",
        missing="Write the parts.",
        description="For example 4/12/2026 10.00.",
        render_kw={"rows": 6},
    )
    agreed_with = _why("Who in the family agreed to it, and how?", "Write who agreed to it, and how.")


class TermsForm(BaseForm):
    """The school's terms of payment from a day on; an empty late charge means that there is none."""

    starts_on = DayField("From", missing="Enter the first day.", description="Today or later.")
    days_to_pay = NumberField("Days to pay", missing="Enter the days.", most=90)
    reminder_days = DaysField(
        "Remind so many days after the due day",
        is_optional=True,
        description="Up to six steps, like 7, 14, 28. Leave empty for no reminders.",
    )
    second_yes_pence = PenceField(
        "Above this a second person says yes, in pounds",
        missing="Enter the amount.",
        description="For refunds and charges let off. Writing off always needs two.",
    )
    late_pence = PenceField(
        "Late collection: pounds for each slice of time",
        is_optional=True,
        description="Leave empty to charge nobody for being late.",
    )
    late_minutes = NumberField("Minutes in a slice", missing="Enter the minutes.", least=1, most=120)
    late_grace_minutes = NumberField("Free minutes after the end", missing="Enter the minutes.", most=120)
    late_cap_pence = PenceField("At most, for one child and day, in pounds", missing="Enter the most.")
    late_from = HourField("Only where care ends at this hour or later", missing="Enter the hour.")
    walk_ins_pay = BooleanField("A child who comes without a booking is charged the price of the session")
