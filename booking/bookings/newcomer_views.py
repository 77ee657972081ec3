"""The public page on which a family without a child here asks for care, and its own page behind the link in a letter."""

from __future__ import annotations

from datetime import date

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import EmailField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, Email, InputRequired, Length, Optional

from booking.bookings.forms import PressForm
from booking.bookings.newcomers import (
    HOURS,
    Asked,
    ask_as_newcomer,
    confirm_newcomer,
    newcomer_behind,
    start_months,
    take_back,
)
from booking.bookings.offer import DAYS
from booking.core import clock
from booking.core.db import unit_of_work
from booking.core.words import day, month
from booking.people.limits import account_digest, note_try, refuse_too_many
from booking.web.audience import for_anyone
from booking.web.fields import TicksField
from booking.web.form_pages import answer_form, answer_press
from booking.web.forms import BaseForm


def _month_or_none(value: str | date) -> date | None:
    return date.fromisoformat(str(value)) if value else None


class NewcomerForm(BaseForm):
    """Who asks, from which month, and for which days and hours; no child is named."""

    name = StringField(
        "Your name",
        [InputRequired("Enter your name."), Length(max=160, message="Use at most 160 characters.")],
        render_kw={"autocomplete": "name"},
    )
    email = EmailField(
        "Your e-mail address",
        [InputRequired("Enter your e-mail address."), Email("This is no e-mail address."), Length(max=254)],
        description="The answer goes there. First we send a link, so that we know the address is yours.",
        render_kw={"autocomplete": "email"},
    )
    starts_on = SelectField(
        "When does your child start here?", [InputRequired("Choose the month.")], coerce=_month_or_none
    )
    weekdays = TicksField(
        "Which days?",
        [DataRequired("Tick at least one day.")],
        coerce=int,
        choices=list(enumerate(DAYS)),
    )
    hours = TicksField(
        "When?", [DataRequired("Tick before school, after school or both.")], choices=list(HOURS.items())
    )
    words = TextAreaField(
        "From what time to what time, and anything else we should know (optional)",
        [Optional(), Length(max=2000, message="Use at most 2,000 characters.")],
        description="You need not name your child.",
    )

    @property
    def asked(self) -> Asked:
        """What was filled in."""
        return Asked(
            self.name.data or "",
            self.email.data or "",
            self.starts_on.data,
            tuple(self.weekdays.data or ()),
            tuple(self.hours.data or ()),
            self.words.data or "",
        )


@for_anyone
def ask_for_care() -> ResponseReturnValue:
    """Ask for care that is not offered; limited as signing in is, by address and by network together."""
    form, at, months = NewcomerForm(), clock.now(), start_months(clock.today())
    form.starts_on.choices = [("", "Choose a month")] + [(one.isoformat(), month(one)) for one in months]

    def act() -> str:
        address, digest = request.remote_addr or "", account_digest(form.email.data, "newcomer ")
        refuse_too_many(digest, address=address, at=at)
        note_try(digest, address=address, at=at, succeeded=False)
        ask_as_newcomer(form.asked, at=at)
        return "Nearly done. Open the link in the letter that we have sent to your address: then the school looks at it."

    return answer_form(
        form, act, template="bookings/ask_for_care.html", done=url_for("bookings.offer"), days=DAYS
    )


@for_anyone
def newcomer(token: str) -> ResponseReturnValue:
    """What a family asked and how it stands; a button confirms, so that a mail program that opens links does not."""
    at = clock.now()
    if PressForm().validate_on_submit():
        with unit_of_work():
            found = confirm_newcomer(token, at=at)
            words = f"Thank you. The school decides by {day(found.answer_by)}." if found.answer_by else ""
        flash(words)
        return redirect(url_for("bookings.newcomer", token=token))
    found = newcomer_behind(token, at=at)
    return render_template("bookings/newcomer.html", asked=found, token=token, days=DAYS, hours=HOURS)


@for_anyone
def forget_newcomer(token: str) -> ResponseReturnValue:
    """Take the request back; everything that was told is deleted."""

    def act() -> str:
        take_back(token, at=clock.now())
        return "Your request is taken back, and what you told us is deleted."

    return answer_press(act, done=url_for("bookings.offer"))


ADDRESSES = (
    ("/ask-for-care", ask_for_care, ("GET", "POST")),
    ("/ask-for-care/<token>", newcomer, ("GET", "POST")),
    ("/ask-for-care/<token>/take-back", forget_newcomer, ("POST",)),
)
