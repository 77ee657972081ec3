"""Forms of a guardian's own pages: contacts, the collection password and consents."""

from __future__ import annotations

from wtforms import BooleanField, EmailField, StringField
from wtforms.validators import Email, InputRequired, Length, Optional

from booking.people.going_alone import WEEKDAYS
from booking.web.fields import TicksField
from booking.web.forms import BaseForm


def _most(count: int) -> Length:
    return Length(max=count, message=f"Use at most {count} characters.")


class ContactForm(BaseForm):
    """An adult whom staff may ring, or who may collect; seen by the guardian who gave them and by staff alone."""

    name = StringField("Name", [InputRequired("Enter a name."), _most(160)])
    relationship_name = StringField("Who they are to your child", [Optional(), _most(40)])
    phone = StringField(
        "Telephone", [InputRequired("Enter a telephone number."), _most(30)], render_kw={"inputmode": "tel"}
    )
    email = EmailField("E-mail (optional)", [Optional(), Email("This is no e-mail address."), _most(254)])
    may_collect = BooleanField("May collect my child")


class WordForm(BaseForm):
    """A word that somebody who collects must know."""

    word = StringField(
        "Password for collecting (optional)",
        [Optional(), _most(60)],
        description="Staff ask for it when they do not know who comes. Leave it empty to have none.",
        render_kw={"autocomplete": "off"},
    )


class ConsentForm(BaseForm):
    """The consents that hold are ticked; unticking one withdraws it."""

    consents = TicksField("I agree that my child")
    latest = StringField(
        "If alone: not later than",
        [Optional(), _most(5)],
        description="An hour, like 16:30.",
        render_kw={"inputmode": "numeric"},
    )
    days = TicksField("If alone: on these days", coerce=int, choices=list(enumerate(WEEKDAYS[:5])))
