"""Forms of this room: which way to pay, several ways at once, a child's reference, and the totals that the parent saw."""

from __future__ import annotations

from typing import cast

from wtforms import BooleanField, HiddenField, IntegerField, RadioField, SelectField, StringField
from wtforms.validators import AnyOf, InputRequired, Length, NumberRange, Optional
from wtforms.widgets import HiddenInput

from booking.core.money import format_pence
from booking.payments.several_ways import ORDERS, Ways
from booking.payments.splitting import Choice
from booking.web.fields import PenceField
from booking.web.forms import BaseForm

TENDERS = ("card", "credit", "office", "free")


class DebtForm(BaseForm):
    """The act of paying; a total that is not the server's own only leads to a refusal, never to an amount."""

    seen_pence = IntegerField(
        widget=HiddenInput(),
        validators=[
            InputRequired("Load the page again, then choose a way to pay."),
            NumberRange(min=0, message="That total cannot be right. Load the page again."),
        ],
    )


class PayForm(DebtForm):
    """Paying a basket in one way."""

    tender = HiddenField(validators=[AnyOf(TENDERS, message="Choose one of the ways to pay.")])
    reference = HiddenField(validators=[Length(max=20)])
    """The basket that the parent saw: pressing twice leads to its confirmation."""


class ReferenceForm(BaseForm):
    """A child's reference for Tax-Free Childcare."""

    reference = StringField(
        "Reference",
        validators=[InputRequired("Enter the reference."), Length(max=40, message="That is too long.")],
        description="Four letters, five numbers and TFC, like AJON12345TFC.",
    )


class WaysForm(BaseForm):
    """Several ways at once; a field for each child comes from `ways_form`. `act` is the button that was pressed."""

    voucher_firm_id = SelectField("Voucher firm", coerce=int)
    voucher_pence = PenceField("In vouchers, in pounds", is_optional=True)
    keeps_credit = BooleanField("Keep my credit for later")
    rest = RadioField("How do you pay the rest?")
    order = RadioField(
        "If money you promise does not come, which places go first?",
        choices=list(ORDERS.items()),
        default="last_days",
    )
    seen_pence = IntegerField(widget=HiddenInput(), validators=[Optional(), NumberRange(min=0)])
    seen_card_pence = IntegerField(widget=HiddenInput(), validators=[Optional(), NumberRange(min=0)])
    reference = HiddenField(validators=[Length(max=20)])
    act = HiddenField(validators=[AnyOf(("look", "change", "pay"))], default="look")

    ways: Ways

    def choice(self) -> Choice:
        """What the parent said; an empty amount in vouchers is all that they may pay."""
        named = {child.pupil_id: self[f"tfc_{child.pupil_id}"].data or 0 for child in self.ways.children}
        return Choice(
            tfc={pupil_id: pence for pupil_id, pence in named.items() if pence},
            voucher_firm_id=self.voucher_firm_id.data or None,
            voucher_pence=self.voucher_pence.data,
            keeps_credit=self.keeps_credit.data,
            rest=self.rest.data,
        )


def ways_form(ways: Ways, *, has_cards: bool) -> WaysForm:
    """The form for one basket: an amount for each child for whom Tax-Free Childcare may pay, firms, the rest."""
    children = {
        f"tfc_{child.pupil_id}": PenceField(
            f"By Tax-Free Childcare for {child.name}, in pounds",
            is_optional=True,
            description=f"At most {format_pence(child.most_pence)}. Leave empty for none.",
        )
        for child in ways.children
    }
    form = cast(WaysForm, type("WaysForm", (WaysForm,), children)())
    form.ways = ways
    form.voucher_firm_id.choices = [(0, "No vouchers"), *((firm.id, firm.name) for firm in ways.firms)]
    form.voucher_pence.description = (
        f"At most {format_pence(ways.most_voucher_pence)}. Leave empty for as much as possible."
    )
    rests = [("card", "By card, now"), ("office", "At the school office, within a week")]
    form.rest.choices = rests if has_cards else rests[1:]
    form.rest.data = form.rest.data or form.rest.choices[0][0]
    return form
