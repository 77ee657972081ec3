"""The office's pages of prices: rates, who has one by decision, and what a family of two pays for a week."""

from __future__ import annotations

from flask import render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import select
from wtforms import SelectField, StringField
from wtforms.validators import InputRequired, Length

from booking.core import clock
from booking.core.db import db
from booking.office.fields import DayField, NumberField, PenceField
from booking.office.price_preview import week_prices
from booking.office.rate_holders import end_holding, find_holder, give_rate, holders_of, who_may_have
from booking.people.restrictions import closed_pupils
from booking.provision.models import Activity
from booking.provision.price_models import Rate
from booking.provision.rates import SIBLING_RULE, RateDetails, add_rate, end_rate, find_rate, rate_in_words
from booking.provision.runs import DAY_NAMES
from booking.web.audience import for_roles
from booking.web.form_pages import answer_form, answer_press
from booking.web.forms import BaseForm

RATE_WORDS = {
    "sibling": "Brothers and sisters",
    "staff": "Families of our staff",
    "early": "Booked early",
    "weekday": "One day of the week",
    "child": "Named children",
}
TAKES = {"percent": "So many in a hundred off", "pence": "Pounds off each session", "fixed": "Another price"}


class RateForm(BaseForm):
    """A new rate; of percent and pounds the one is read that the choice above names."""

    kind = SelectField("Who or what is it for?", choices=list(RATE_WORDS.items()))
    name = StringField(
        "Name that families read",
        [InputRequired("Write a name."), Length(max=60, message="Use at most 60 characters.")],
        description="For example: Second child.",
    )
    takes = SelectField("What it does", choices=list(TAKES.items()))
    percent = NumberField("In a hundred", is_optional=True, most=100, description="For example 10.")
    pence = PenceField("Pounds", is_optional=True, description="For example 1.20.")
    activity_id = SelectField("For which activity?", coerce=int)
    weekday = SelectField(
        "Day of the week", coerce=int, choices=list(enumerate(DAY_NAMES[:5])), description="For one day only."
    )
    days_before = NumberField(
        "Days before the session", is_optional=True, most=365, description="For “Booked early” only."
    )
    starts_on = DayField("First day", missing="Enter the first day.")
    ends_on = DayField("Last day", is_optional=True, description="Leave empty for no end.")


class HolderForm(BaseForm):
    """Who is to have a rate."""

    chosen = SelectField("Who?", coerce=int)


@for_roles("manager")
def prices() -> ResponseReturnValue:
    """The rates that hold, those that are over, and what a family of two pays for a week."""
    today = clock.today()
    rates = db.session.scalars(select(Rate).order_by(Rate.starts_on, Rate.id)).all()
    return render_template(
        "office/prices.html",
        now=[rate for rate in rates if rate.ends_on is None or rate.ends_on >= today],
        over=[rate for rate in rates if rate.ends_on is not None and rate.ends_on < today],
        weeks=week_prices(clock.now()),
        words=RATE_WORDS,
        rate_in_words=rate_in_words,
        rule=SIBLING_RULE,
        day_names=DAY_NAMES,
    )


@for_roles("manager")
def add_price() -> ResponseReturnValue:
    """Add a rate."""
    form = RateForm()
    if not form.is_submitted():
        form.starts_on.data = clock.today()
    activities = db.session.scalars(
        select(Activity).where(Activity.is_free_slot.is_(False)).order_by(Activity.name)
    )
    form.activity_id.choices = [(0, "Everything"), *((one.id, one.name) for one in activities)]

    def save() -> str:
        amount = form.percent.data if form.takes.data == "percent" else form.pence.data
        details = RateDetails(
            form.kind.data,
            form.name.data,
            form.takes.data,
            amount or 0,
            form.starts_on.data,
            form.ends_on.data,
            activity_id=form.activity_id.data or None,
            weekday=form.weekday.data,
            days_before=form.days_before.data,
        )
        add_rate(details, at=clock.now(), user_id=current_user.id)
        return "The rate is in force for places that are taken from now on."

    return answer_form(form, save, template="office/price_new.html", done=url_for("office.prices"))


@for_roles("manager")
def price(rate_id: int) -> ResponseReturnValue:
    """One rate; for staff and named children also who has it, and giving it to somebody."""
    rate, form, hidden = find_rate(rate_id), HolderForm(), closed_pupils(current_user.id, clock.today())
    is_given = rate.kind in {"staff", "child"}
    form.chosen.choices = who_may_have(rate, hidden=hidden) if is_given else []

    def give() -> str:
        give_rate(rate_id, form.chosen.data, at=clock.now(), user_id=current_user.id)
        return "They have the rate from now on."

    return answer_form(
        form,
        give,
        template="office/price.html",
        done=url_for("office.price", rate_id=rate_id),
        rate=rate,
        words=RATE_WORDS[rate.kind],
        does=rate_in_words(rate.takes, rate.amount),
        is_given=is_given,
        holders=holders_of(rate_id, hidden=hidden),
        is_over=rate.ends_on is not None and rate.ends_on < clock.today(),
    )


@for_roles("manager")
def end_price(rate_id: int) -> ResponseReturnValue:
    """End a rate."""

    def act() -> str:
        end_rate(rate_id, at=clock.now(), user_id=current_user.id)
        return "The rate has ended. What is kept or booked keeps its price."

    return answer_press(act, done=url_for("office.prices"))


@for_roles("manager")
def end_price_holding(holder_id: int) -> ResponseReturnValue:
    """Take a rate from somebody."""
    done = url_for("office.price", rate_id=find_holder(holder_id).rate_id)

    def act() -> str:
        end_holding(holder_id, at=clock.now(), user_id=current_user.id)
        return "They do not have the rate any more. What is kept or booked keeps its price."

    return answer_press(act, done=done)
