"""The form of a child's care, as a guardian fills it in, and as the office does for a family on the telephone."""

from __future__ import annotations

from wtforms import StringField, TextAreaField
from wtforms.validators import Length, Optional

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
