"""Forms of who is in school: a list to paste or choose, its columns, the yes to it, and one child by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from wtforms import FileField, RadioField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from booking.office.absence_matching import NOBODY
from booking.office.absence_plan import AbsencePlan
from booking.office.absence_reading import FIELDS
from booking.office.column_forms import ColumnsForm, columns_form
from booking.office.fields import HourField
from booking.web.forms import BaseForm

LONGEST_LIST = 200_000
SCOPES = (
    ("whole", "All who are away or leave early: who is not on it is expected again"),
    ("more", "Some more: what was entered before stays"),
)
KIND_CHOICES = (
    ("away", "Not in school"),
    ("leaves_early", "Leaves early"),
    ("late", "Late"),
    ("not_coming", "Not coming tonight"),
    ("collected_by", "Somebody else collects"),
)


class AbsenceListForm(BaseForm):
    """A list as it was copied from the school's system, or a file of it."""

    rows = TextAreaField(
        "Paste the list here",
        [Optional(), Length(max=LONGEST_LIST, message="This list is too long. Paste today’s absences only.")],
        description="Copied from your school’s system or a spreadsheet, with its headings; or one name a line.",
        render_kw={"rows": "10", "spellcheck": "false", "autocomplete": "off"},
    )
    file = FileField("Or choose a file", description="CSV, at most 20 MB. Nothing is changed yet.")
    scope = RadioField("What it lists", choices=SCOPES, default="whole")


class AbsenceColumns(ColumnsForm):
    """Which column of a list is which."""

    words = FIELDS

    def validate(self, extra_validators: Any = None) -> bool:
        """Some column has to say which child it is."""
        is_good: bool = super().validate(extra_validators)
        said = set(self.mapping())
        if not {"name", "upn"} & said and not {"surname", "forename"} <= said:
            self["name"].errors = ["Say which column holds the name: whole, or surname and first name."]
            is_good = False
        return is_good


def absence_columns(headings: Sequence[str], known: Mapping[str, str]) -> ColumnsForm:
    """The form for a list whose headings we do not know."""
    return columns_form(AbsenceColumns, headings, known, {})


class YesForm(BaseForm):
    """The yes to a preview that was looked at, with a choice for each name that several children share."""

    seen = StringField("seen", [InputRequired()])

    def answers(self, plan: AbsencePlan) -> dict[int, int]:
        """Which child was meant, by line."""
        said = {line.line: self[name_of(line.line)].data for line, _ in plan.asked}
        return {line: int(answer) for line, answer in said.items() if answer not in {None, ""}}

    def complain(self, plan: AbsencePlan) -> None:
        """Say under each open question that it is open."""
        for line, _ in plan.asked:
            if not self[name_of(line.line)].data:
                self[name_of(line.line)].errors = [f"Say which child “{line.said}” is."]


def name_of(line: int) -> str:
    """The field of a line."""
    return f"line_{line}"


def yes_form(plan: AbsencePlan) -> YesForm:
    """The form for a preview."""
    fields = {
        name_of(line.line): RadioField(
            f"Line {line.line}: who is “{line.said}”?",
            [Optional()],
            choices=[
                *(
                    (str(pupil.id), f"{pupil.full_name}, {pupil.class_name or 'no class'}")
                    for pupil in pupils
                ),
                (str(NOBODY), "None of them"),
            ],
        )
        for line, pupils in plan.asked
    }
    return type("YesToThisForm", (YesForm,), fields)()


class ChildNoteForm(BaseForm):
    """One thing about one child, by hand or by phone."""

    name = StringField(
        "Name of the child",
        [
            InputRequired("Type the child’s name."),
            Length(min=2, max=120, message="Type at least two letters."),
        ],
        render_kw={"autocomplete": "off"},
    )
    kind = RadioField("What is so", choices=KIND_CHOICES, default="away")
    at_time = HourField(
        "When", is_optional=True, description="For leaving early, or being late. Such as 14:15."
    )
    words = StringField(
        "Why, or who collects",
        [Length(max=160, message="Use at most 160 characters.")],
        description="Why stays in the office. Who collects stands on the register.",
        render_kw={"autocomplete": "off"},
    )
