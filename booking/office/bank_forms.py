"""Forms of the money that came in by bank; what can be chosen is passed in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from wtforms import FileField, SelectField, StringField
from wtforms.validators import InputRequired, Length, Optional

from booking.office.column_forms import ColumnsForm, columns_form
from booking.office.fields import DayField
from booking.payments.bank_posting import Paid
from booking.payments.models import VoucherFirm
from booking.web.forms import BaseForm

COLUMN_WORDS = {
    "date": "The day",
    "text": "Who paid, and what for",
    "reference": "The payer’s reference",
    "amount": "The amount, in and out in one column",
    "paid_in": "What came in, if it has a column of its own",
    "paid_out": "What went out",
    "balance": "The balance after it",
}
TFC, TRANSFER = "tfc", "office"


class StatementForm(BaseForm):
    """A bank's statement; what is in it is looked at, never its name's ending."""

    file = FileField("Statement from your bank", description="CSV, OFX or CAMT.053, at most 20 MB.")


class RemittanceForm(BaseForm):
    """A voucher firm's remittance, with the day where the file does not say it."""

    firm = SelectField("Which firm is it from?", coerce=int)
    file = FileField("Remittance from the firm", description="CSV, at most 20 MB.")
    paid_on = DayField(
        "Day on which the firm pays",
        is_optional=True,
        description="Only if the file does not say it. For example 24/11/2026.",
    )

    def with_firms(self, firms: Sequence[VoucherFirm]) -> RemittanceForm:
        """The form with the firms that are known."""
        self.firm.choices = [(firm.id, firm.name) for firm in firms]
        return self


class StatementColumns(ColumnsForm):
    """Which column of a bank's statement is which."""

    words = COLUMN_WORDS

    def validate(self, extra_validators: Any = None) -> bool:
        """An amount, or what came in, has to be somewhere."""
        is_good: bool = super().validate(extra_validators)
        if not {"amount", "paid_in"} & set(self.mapping()):
            self["amount"].errors = ["Say which column holds the amount, or what came in."]
            is_good = False
        return is_good


def statement_columns(headings: Sequence[str], known: Mapping[str, str]) -> ColumnsForm:
    """The form for a statement whose headings we do not know."""
    return columns_form(StatementColumns, headings, known, {"date": "Say which column holds the day."})


class DecideForm(BaseForm):
    """How a line was paid; whose it is, and how much, comes with the button or the amounts beside each child."""

    how = SelectField("How was it paid?")

    def with_firms(self, firms: Sequence[VoucherFirm]) -> DecideForm:
        """The form with every way that money comes by bank."""
        self.how.choices = [
            (TFC, "Tax-Free Childcare"),
            (TRANSFER, "Bank transfer by the family"),
            *((f"voucher:{firm.id}", f"Vouchers from {firm.name}") for firm in firms),
        ]
        return self

    def paid(self) -> Paid:
        """The way that was chosen."""
        tender, _, firm = self.how.data.partition(":")
        return Paid(tender, int(firm) if firm else None)


class AsideForm(BaseForm):
    """Why a line is no family's."""

    why = StringField(
        "Why is it not for a family?",
        [
            InputRequired("Write in a few words what it is."),
            Length(max=200, message="Use at most 200 characters."),
        ],
        description="For example: a grant, a letting, sent back by the bank.",
    )


class FirmForm(BaseForm):
    """A voucher firm."""

    name = StringField(
        "Name of the firm",
        [InputRequired("Enter the name of the firm."), Length(max=80, message="Use at most 80 characters.")],
        description="As it stands on your bank statement: then we know its payments.",
    )
    our_number = StringField(
        "Our number there",
        [Optional(), Length(max=40, message="Use at most 40 characters.")],
        description="Families give it to the firm.",
    )
    ended_on = DayField(
        "Ended on",
        is_optional=True,
        description="After this day families cannot choose it. Its money may still come.",
    )
