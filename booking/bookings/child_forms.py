"""Forms of a guardian's own pages: care, contacts, the collection password and consents."""

from __future__ import annotations

from wtforms import BooleanField, EmailField, StringField, TextAreaField
from wtforms.validators import Email, InputRequired, Length, Optional

from booking.people.care import Said
from booking.people.code_lists import DIETS, FOOD_ALLERGENS
from booking.web.fields import TicksField
from booking.web.forms import BaseForm


def _most(count: int) -> Length:
    return Length(max=count, message=f"Use at most {count} characters.")


class CareForm(BaseForm):
    """What staff must know of a child: ticks for what is common, words for the rest."""

    allergies = TicksField("Allergies", choices=[(one, one.capitalize()) for one in FOOD_ALLERGENS])
    other_allergies = StringField(
        "Other allergies (optional)", [Optional(), _most(300)], description="Commas between them."
    )
    diet = TicksField("Food", choices=[(one, one.capitalize()) for one in DIETS])
    other_diet = StringField(
        "Other food that your child does not eat (optional)",
        [Optional(), _most(300)],
        description="Commas between them.",
    )
    medical = TextAreaField(
        "Health and medicine (optional)",
        [Optional(), _most(1500)],
        description="What staff must do, where the pen or inhaler is, and the date of the plan.",
    )
    support = TextAreaField(
        "Support, prayer and festivals (optional)",
        [Optional(), _most(1500)],
        description="What helps your child, and what staff should keep in mind.",
    )

    @property
    def said(self) -> Said:
        """The answers as one statement."""
        return Said(
            allergies=(*(self.allergies.data or ()), *_words(self.other_allergies.data)),
            diet=(*(self.diet.data or ()), *_words(self.other_diet.data)),
            medical=self.medical.data or "",
            support=self.support.data or "",
        )


def care_answers(said: Said) -> dict[str, object]:
    """A statement as the answers of the form."""
    return {
        "allergies": [one for one in said.allergies if one in FOOD_ALLERGENS],
        "other_allergies": ", ".join(one for one in said.allergies if one not in FOOD_ALLERGENS),
        "diet": [one for one in said.diet if one in DIETS],
        "other_diet": ", ".join(one for one in said.diet if one not in DIETS),
        "medical": said.medical,
        "support": said.support,
    }


def _words(text: str | None) -> list[str]:
    return [part.strip() for part in (text or "").split(",") if part.strip()]


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
