"""Forms about money: who sells, VAT, invoices, payouts, account codes and grant rates."""

from __future__ import annotations

import re

from wtforms import BooleanField, EmailField, SelectField, StringField
from wtforms.validators import Email, InputRequired, Length, Optional, ValidationError

from booking.office.fields import DayField, PenceField, TypedField
from booking.provision.vat import WORDS
from booking.web.forms import BaseForm

REGISTRATIONS = {"none": "None", "ofsted": "Ofsted number", "urn": "School’s URN"}


class PercentField(TypedField):
    """A rate in hundredths of a per cent: 20, 17.5 and 12.25 % alike."""

    def read(self, text: str) -> int:
        """Basis points of what was typed."""
        match = re.fullmatch(r"(\d{1,3})(?:\.(\d{1,2}))?\s*%?", text)
        points = int(match[1]) * 100 + int((match[2] or "0").ljust(2, "0")) if match else -1
        if not 0 <= points <= 10_000:
            raise ValueError(f"“{text}” is not a rate. Write it like 20 or 17.5.")
        return points

    def write(self, value: int) -> str:
        """Without blanks or noughts that say nothing."""
        return f"{value // 100}.{value % 100:02d}".rstrip("0").rstrip(".")


def _text(label: str, most: int, missing: str = "", hint: str = "") -> StringField:
    rule = InputRequired(missing) if missing else Optional()
    return StringField(
        label, [rule, Length(max=most, message=f"Use at most {most} characters.")], description=hint
    )


class SellerForm(BaseForm):
    """What a receipt says of who was paid, and what the finance system needs."""

    name = _text("Legal name", 120, "Enter the name.", "As it stands on the registration.")
    is_school = BooleanField("This is the school itself")
    address = _text("Address", 250, hint="With the postcode. Receipts must have it.")
    phone = _text("Phone", 30, hint="Receipts must have it.")
    email = EmailField(
        "E-mail address", [Optional(), Email("That is not an e-mail address."), Length(max=254)]
    )
    registration_kind = SelectField("Registration", default="none", choices=list(REGISTRATIONS.items()))
    registration = _text(
        "Registration number", 40, hint="Universal Credit and Tax-Free Childcare ask for it. Empty if none."
    )
    vat_number = _text("VAT number", 20, hint="Only if registered for VAT.")
    account_code = _text("Account code for income", 20, hint="As the finance system calls it.")
    fee_basis_points = PercentField(
        "Fee to the school, in per cent", is_optional=True, description="Of an outside seller’s takings."
    )

    def validate_registration_kind(self, field: SelectField) -> None:
        """A number and its kind come together."""
        if bool(self.registration.data) == (field.data == "none"):
            raise ValidationError(
                "Say which kind the registration number is."
                if self.registration.data
                else "Enter the registration number, or choose “None” here."
            )


class VatForm(BaseForm):
    """How VAT looks at one activity from a day on."""

    from_on = DayField("From", missing="Enter the day.", description="For example 1/9/2026.")
    treatment = SelectField("Treatment", choices=list(WORDS.items()))
    rate = PercentField("Rate in per cent", is_optional=True, description="Only when standard-rated: 20.")
    decided_by = _text("Decided by", 120, "Enter who decided.", "The finance officer’s name.")
    evidence = _text("On what evidence", 300, "Enter what it rests on.", "A letter, a notice, advice.")

    def validate_treatment(self, field: SelectField) -> None:
        """A rate belongs to standard-rated care, and to nothing else."""
        if bool(self.rate.data) != (field.data == "standard"):
            raise ValidationError(
                "Leave the rate empty." if self.rate.data else "Enter the rate of standard-rated care."
            )


class IssueForm(BaseForm):
    """Invoices for all families of one seller at once."""

    seller_id = SelectField("Who sells", coerce=int)
    from_on = DayField("Care from", missing="Enter the first day.", description="For example 1/11/2026.")
    to_on = DayField("Care up to", missing="Enter the last day.")
    due_on = DayField("To be paid by", missing="Enter the day.")


class CreditNoteForm(BaseForm):
    """Why an invoice is taken back."""

    reason = _text(
        "Why it is taken back", 200, "Enter the reason.", "The family reads it on the credit note."
    )


class PayoutForm(BaseForm):
    """Money that went to an outside seller's bank."""

    paid_on = DayField("Paid on", missing="Enter the day.", description="The day on the bank’s statement.")
    reference = _text("Reference of the payment", 40)


class GrantRateForm(BaseForm):
    """What the free-breakfast grant pays from a day on."""

    from_on = DayField("From", missing="Enter the day.", description="For example 1/4/2027.")
    day_pence = PenceField("For each day, in pounds", missing="Enter the amount.")
    pupil_pence = PenceField("For each pupil who came, in pounds", missing="Enter the amount.")
