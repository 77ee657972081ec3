"""Forms about childcare schemes; choices that come from the database are passed in."""

from __future__ import annotations

from collections.abc import Sequence

from wtforms import BooleanField, SelectField, StringField
from wtforms.validators import InputRequired, Length

from booking.core.money import format_pence
from booking.core.words import full_day
from booking.office.fields import DayField, PenceField
from booking.payments.models import Payment
from booking.provision.models import Activity
from booking.web.forms import BaseForm


class ApprovalForm(BaseForm):
    """With which schemes a seller may be paid, on what evidence, from when."""

    activity_id = SelectField("For", coerce=int)
    takes_tfc = BooleanField("Tax-Free Childcare may pay")
    takes_vouchers = BooleanField("Childcare vouchers may pay")
    takes_universal_credit = BooleanField("Families may claim it with Universal Credit")
    evidence = StringField(
        "What you have seen",
        validators=[
            InputRequired("Say what you have seen."),
            Length(max=200, message="Use at most 200 letters."),
        ],
        description="For example: Ofsted letter EY123456, seen 2 September 2026.",
    )
    starts_on = DayField("From", missing="Enter the first day.", description="For example 1/9/2026.")
    ends_on = DayField("To", is_optional=True, description="Leave empty while it lasts.")

    def with_choices(self, activities: Sequence[Activity]) -> ApprovalForm:
        """The form with the seller's activities to choose from."""
        self.activity_id.choices = [(0, "Everything it offers"), *((one.id, one.name) for one in activities)]
        return self


class EndApprovalForm(BaseForm):
    """The last day of an approval."""

    ends_on = DayField("Last day", missing="Enter the last day.", description="For example 31/8/2027.")


class OfficeReferenceForm(BaseForm):
    """What a family tells the office of a child's Tax-Free Childcare."""

    reference = StringField(
        "Reference",
        validators=[Length(max=40)],
        description="Four letters, five numbers and TFC, like AJON12345TFC.",
    )
    is_disabled = BooleanField("The family has shown that a disability benefit is paid for this child")


class SentBackForm(BaseForm):
    """Money that the school's bank has sent back to a scheme."""

    payment_id = SelectField("Which payment", coerce=int)
    amount_pence = PenceField("Amount in pounds", missing="Enter the amount.")
    sent_on = DayField("Sent by the bank on", missing="Enter the day.", description="For example 27/11/2026.")

    def with_choices(self, rows: Sequence[tuple[Payment, int]]) -> SentBackForm:
        """The form with the payments that may go back, each with its most."""
        self.payment_id.choices = [
            (
                payment.id,
                f"{full_day((payment.paid_at or payment.created_at).date())}: up to {format_pence(most)}",
            )
            for payment, most in rows
        ]
        return self
