"""The office's pages of pots: budgets and what is left, whom a pot pays for, and a code on paper for one family."""

from __future__ import annotations

from dataclasses import dataclass

from flask import render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import select
from wtforms import SelectField, StringField
from wtforms.validators import InputRequired, Length

from booking.bookings.pots import (
    FundingDetails,
    PotDetails,
    decide_funding,
    end_funding,
    find_funding,
    find_pot,
    funded_by,
    save_pot,
    short_pots,
    used_up_to,
)
from booking.bookings.price_facts import ENTITLEMENTS, PotMoney, pot_money
from booking.core import clock
from booking.core.access_log import GROUPS
from booking.core.db import db, unit_of_work
from booking.core.errors import BookingError
from booking.core.money import format_pence
from booking.office.fields import DayField, NumberField, PenceField
from booking.office.forms import KIND_WORDS
from booking.office.rate_holders import children_to_choose
from booking.people.restrictions import closed_pupils
from booking.provision.price_models import Funding, Pot
from booking.web.audience import for_roles
from booking.web.fields import TicksField
from booking.web.form_pages import answer_form, answer_press
from booking.web.forms import BaseForm
from booking.web.seen import note_seen

POT_WORDS = {
    "pupil_premium": "Pupil premium",
    "hardship": "Hardship",
    "breakfast_grant": "Breakfast grant",
    "other": "Another pot",
}
RULES = {
    "child": "One child",
    "code": "One family, by a code on paper",
    "entitlement": "Every child with an entitlement",
}
PAYS = {"all": "All of it", "percent": "So many in a hundred", "pence": "Pounds of each session"}


class PotForm(BaseForm):
    """A pot: name, budget and days."""

    name = StringField(
        "Name",
        [InputRequired("Write a name."), Length(max=60, message="Use at most 60 characters.")],
        description="Only the office reads it.",
    )
    kind = SelectField("What is it?", choices=list(POT_WORDS.items()))
    budget_pence = PenceField("Budget, in pounds", missing="Enter the budget.")
    starts_on = DayField("First day of sessions that it pays", missing="Enter the first day.")
    ends_on = DayField("Last day", missing="Enter the last day.")


class FundingForm(BaseForm):
    """Whom a pot pays for, how much, for what and when."""

    rule = SelectField("Whom does it pay for?", choices=list(RULES.items()))
    pupil_id = SelectField("Which child?", coerce=int, description="For one child only.")
    entitlement = SelectField(
        "Which entitlement?",
        choices=[(name, f"A child who {words}") for name, words in ENTITLEMENTS.items()],
        description="For every child with an entitlement only.",
    )
    pays = SelectField("How much of what a session costs?", choices=list(PAYS.items()))
    percent = NumberField("In a hundred", is_optional=True, most=100, description="For example 50.")
    pence = PenceField("Pounds", is_optional=True, description="For example 2.00.")
    kinds = TicksField("For what? Tick none for everything", choices=list(KIND_WORDS.items()))
    starts_on = DayField("First day", missing="Enter the first day.")
    ends_on = DayField("Last day", missing="Enter the last day.")


@dataclass(frozen=True)
class PotRow:
    """A pot in figures: what is promised (sessions to come, places that are kept), and what past sessions cost.

    `unpaid_places` went to funded children at the plain price, because the pot had too little left.
    """

    pot: Pot
    money: PotMoney
    spent_pence: int
    unpaid_places: int

    @property
    def committed_pence(self) -> int:
        """What is promised and not used yet."""
        return self.money.spent_pence + self.money.held_pence - self.spent_pence


def _rows(pots: list[Pot]) -> list[PotRow]:
    found = {one.pot_id: one for one in pot_money([pot.id for pot in pots], clock.now())}
    short, today = short_pots(clock.now()), clock.today()
    return [PotRow(pot, found[pot.id], used_up_to(pot.id, today), short.get(pot.id, 0)) for pot in pots]


@for_roles("manager")
def pots() -> ResponseReturnValue:
    """Every pot with its budget, and what is promised, spent and left."""
    found = list(db.session.scalars(select(Pot).order_by(Pot.ends_on.desc(), Pot.name)))
    return render_template("office/pots.html", rows=_rows(found), words=POT_WORDS, today=clock.today())


@for_roles("manager")
def add_pot() -> ResponseReturnValue:
    """Open a pot."""
    form = PotForm()

    def save() -> str:
        save_pot(None, _details(form), at=clock.now(), user_id=current_user.id)
        return "The pot is open. Now say whom it pays for."

    return answer_form(form, save, template="office/pot_new.html", done=url_for("office.pots"))


def _details(form: PotForm) -> PotDetails:
    return PotDetails(
        form.name.data, form.kind.data, form.budget_pence.data, form.starts_on.data, form.ends_on.data
    )


@for_roles("manager")
def pot(pot_id: int) -> ResponseReturnValue:
    """One pot: its figures, its decisions, the children for whom it pays, and its budget to change."""
    found = find_pot(pot_id)
    form, hidden = PotForm(obj=found), closed_pupils(current_user.id, clock.today())
    children = [one for one in funded_by(pot_id) if one.pupil.id not in hidden]
    decisions = db.session.scalars(
        select(Funding).where(Funding.pot_id == pot_id).order_by(Funding.ended_at.is_not(None), Funding.id)
    ).all()
    names = dict(children_to_choose(hidden))
    note_seen(
        {one.pupil.id for one in children} | {one.pupil_id for one in decisions if one.pupil_id in names},
        [GROUPS],
        reason="funding",
    )

    def save() -> str:
        save_pot(pot_id, _details(form), at=clock.now(), user_id=current_user.id)
        return "The pot is changed."

    return answer_form(
        form,
        save,
        template="office/pot.html",
        done=url_for("office.pot", pot_id=pot_id),
        row=_rows([found])[0],
        words=POT_WORDS,
        children=children,
        decisions=decisions,
        names=names,
        in_words=funding_in_words,
        entitlements=ENTITLEMENTS,
    )


def funding_in_words(one: Funding) -> str:
    """How much a decision pays and of what, such as `50% of breakfast, club`."""
    much = {"all": "All", "percent": f"{one.amount}%", "pence": format_pence(one.amount)}[one.pays]
    return f"{much} of " + (", ".join(KIND_WORDS[kind].lower() for kind in one.kinds) or "every session")


@for_roles("manager")
def add_funding(pot_id: int) -> ResponseReturnValue:
    """Decide whom a pot pays for; a code is shown once, on a page to print."""
    found, form, problem = find_pot(pot_id), FundingForm(), None
    form.pupil_id.choices = [
        (0, "Choose"),
        *children_to_choose(closed_pupils(current_user.id, clock.today())),
    ]
    if not form.is_submitted():
        form.starts_on.data, form.ends_on.data, form.kinds.data = found.starts_on, found.ends_on, []
    if form.validate_on_submit():
        try:
            with unit_of_work():
                funding, code = decide_funding(
                    pot_id, _decision(form), at=clock.now(), user_id=current_user.id
                )
                words = funding_in_words(funding)
        except BookingError as error:
            problem = str(error)
        else:
            return render_template(
                "office/funding_done.html",
                pot=find_pot(pot_id),
                code=code,
                words=words,
                ends_on=form.ends_on.data,
            )
    is_wrong = form.is_submitted()
    page = render_template(
        "office/funding_new.html", form=form, problem=problem, has_errors=is_wrong, pot=found
    )
    return page, 422 if is_wrong else 200


def _decision(form: FundingForm) -> FundingDetails:
    amount = {"all": 0, "percent": form.percent.data, "pence": form.pence.data}[form.pays.data]
    return FundingDetails(
        form.rule.data,
        form.starts_on.data,
        form.ends_on.data,
        form.pays.data,
        amount or 0,
        tuple(form.kinds.data),
        form.entitlement.data,
        form.pupil_id.data,
    )


@for_roles("manager")
def end_decision(funding_id: int) -> ResponseReturnValue:
    """End a decision: the pot pays no more by it."""
    done = url_for("office.pot", pot_id=find_funding(funding_id).pot_id)

    def act() -> str:
        end_funding(funding_id, at=clock.now(), user_id=current_user.id)
        return "The decision has ended. What is kept or booked keeps its price."

    return answer_press(act, done=done)
