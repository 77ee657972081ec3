"""Forms of the import; their fields follow from the file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from wtforms import BooleanField, FileField, RadioField, StringField
from wtforms.validators import InputRequired, Optional

from booking.office.column_forms import ColumnsForm, columns_form
from booking.office.fields import DayField
from booking.people.import_headings import REQUIRED
from booking.people.import_matching import NEW
from booking.people.import_plan import FACT_WORDS, FIELDS, ImportPlan
from booking.web.fields import TicksField
from booking.web.forms import BaseForm

LIST_KINDS = (
    ("roll", "The roll: the children who are here now"),
    ("expected", "An admissions list: children who are to come"),
)
CONTACT_WORDS = {"name": "name", "relationship": "relationship", "phone": "phone", "email": "e-mail"}
COLUMN_WORDS = {
    **FIELDS,
    **FACT_WORDS,
    **{
        f"contact_{number}_{part}": f"Contact {number}: {words}"
        for number in (1, 2)
        for part, words in CONTACT_WORDS.items()
    },
}
"""What a column can be, in the words of the page where the office says which one it is."""


class ImportForm(BaseForm):
    """The file of pupils; what is in it is looked at, never its name's ending."""

    file = FileField(
        "File of pupils",
        description="A common transfer file (CTF) or a CSV file, at most 20 MB. Nothing is changed yet.",
    )
    is_for = RadioField("What it lists", choices=LIST_KINDS, default="roll")


class AnswersForm(BaseForm):
    """The yes to a preview that was looked at, and the answers to its questions."""

    seen = StringField("seen", [InputRequired()])
    all_same = BooleanField("Yes to all of them: each is the same child")

    def answers(self, plan: ImportPlan) -> dict[int, int]:
        """What was said of each line; a tick for all of them speaks where a line was left open."""
        found = {}
        for question in plan.questions:
            said = getattr(self, name_of(question.key)).data
            if said not in {None, ""}:
                found[question.key] = int(said)
            elif self.all_same.data:
                found[question.key] = question.pupil_id
        return found

    def complain(self, plan: ImportPlan) -> None:
        """Say under each open question that it is open."""
        for question in plan.open_questions:
            getattr(self, name_of(question.key)).errors = [
                f"Say whether {question.row.full_name} is the same child."
            ]


def name_of(key: int) -> str:
    """The field of a question."""
    return f"child_{key}"


def answers_form(plan: ImportPlan) -> AnswersForm:
    """A form with a question for each child of whom a person must speak."""
    fields = {
        name_of(question.key): RadioField(
            f"Is {question.row.full_name} the same child?",
            [Optional()],
            choices=[(str(question.pupil_id), "Yes, the same child"), (str(NEW), "No, a new child")],
        )
        for question in plan.questions
    }
    return type("QuestionsForm", (AnswersForm,), fields)()


class PupilColumns(ColumnsForm):
    """Which column of a school's list is which."""

    words = COLUMN_WORDS


def pupil_columns(headings: Sequence[str], known: Mapping[str, str]) -> ColumnsForm:
    """The form for a list whose headings we do not know."""
    required = {name: f"Say which column holds: {COLUMN_WORDS[name]}." for name in REQUIRED}
    return columns_form(PupilColumns, headings, known, required)


class LeaversForm(BaseForm):
    """Who of the proposed children has left, and when."""

    pupils = TicksField("Who has left?", coerce=int)
    left_on = DayField("Left on", missing="Enter the day.", description="For example 21/7/2027.")

    def with_choices(self, pupils: Sequence[tuple[int, str]]) -> LeaversForm:
        """The form with the children that are proposed."""
        self.pupils.choices = list(pupils)
        return self

    def validate(self, extra_validators: Any = None) -> bool:
        """At least one tick: a press without any is a slip."""
        is_good: bool = super().validate(extra_validators)
        if not self.pupils.data:
            self.pupils.errors = ["Tick who has left."]
            is_good = False
        return is_good
