"""The form of the roll-over; its fields follow from the roll."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from wtforms import StringField
from wtforms.validators import Length, Optional

from booking.office.fields import DayField
from booking.people.roll_over import RollOver, RollOverChoices
from booking.web.fields import TicksField
from booking.web.forms import BaseForm


class RollOverForm(BaseForm):
    """The say of the school before a new year: who leaves, who goes up from nursery, and what classes are called."""

    leavers = TicksField("Year 6: who leaves?", coerce=int)
    left_on = DayField("Their last day", is_optional=True, description="For example 21/7/2027.")
    nursery = TicksField("Nursery: who goes up to Reception?", coerce=int)

    def choices_made(self, groups: Sequence[tuple[str, str]]) -> RollOverChoices:
        """What was said."""
        classes = {
            group: self[class_field(n)].data for n, group in enumerate(groups) if self[class_field(n)].data
        }
        return RollOverChoices(
            classes=classes,
            leavers=frozenset(self.leavers.data or ()),
            left_on=self.left_on.data,
            goes_up=frozenset(self.nursery.data or ()),
        )

    def validate(self, extra_validators: Any = None) -> bool:
        """Who leaves needs a last day."""
        is_good: bool = super().validate(extra_validators)
        if self.leavers.data and self.left_on.data is None and not self.left_on.errors:
            self.left_on.errors = ["Enter the last day of those who leave."]
            is_good = False
        return is_good


def class_field(number: int) -> str:
    """The field of a class, by its place in the list."""
    return f"class_{number}"


def roll_over_form(plan: RollOver, year_words: dict[str, str], last_day: date | None) -> RollOverForm:
    """A field for the new name of each class and year group; every Year 6 child is ticked, as a proposal."""
    fields = {
        class_field(number): StringField(
            f"{name} ({year_words[year]}) becomes",
            [Optional(), Length(max=40, message="Use at most 40 characters.")],
        )
        for number, (name, year) in enumerate(plan.groups)
    }
    form: RollOverForm = type("TheseClassesForm", (RollOverForm,), fields)()
    form.leavers.choices = [(one.pupil_id, one.words) for one in plan.year_six]
    form.nursery.choices = [(one.pupil_id, one.words) for one in plan.nursery]
    if not form.is_submitted():
        form.leavers.data, form.left_on.data = [one.pupil_id for one in plan.year_six], last_day
    return form
