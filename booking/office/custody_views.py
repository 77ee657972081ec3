"""The page of the school's own steps and clock: when a child is missed, on the way too long, or not collected."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from wtforms.widgets import TextArea

from booking.core import clock
from booking.office.fields import DayField, HourField, NumberField
from booking.registers.custody_rules import (
    NUMBERS,
    STEPS,
    CannotSetCustody,
    CustodyRules,
    Step,
    custody_rules_on,
    read_steps,
    set_custody_rules,
    write_steps,
)
from booking.web.audience import for_roles
from booking.web.fields import TypedField
from booking.web.form_pages import answer_form
from booking.web.forms import BaseForm

blueprint = Blueprint("custody_rules", __name__, url_prefix="/office")


class StepsField(TypedField):
    """Steps, one a line: minutes, a colon and what to do."""

    widget = TextArea()

    def read(self, text: str) -> tuple[Step, ...]:
        """A step for each line; the line that cannot be read is named."""
        try:
            return read_steps(text)
        except CannotSetCustody as error:
            raise ValueError(str(error)) from error

    def write(self, value: tuple[Step, ...]) -> str:
        """A line for each step again."""
        return write_steps(value)


class CustodyForm(BaseForm):
    """The rules from a day on."""

    from_on = DayField("From which day?", missing="Say from which day.", description="Today or later.")
    not_here_minutes = NumberField(
        "After how many minutes is a child missed who is booked and not here?",
        most=60,
        missing="Say how many minutes.",
    )
    not_here_steps = StepsField(
        "What to do when a child is not here",
        missing="Write at least one step.",
        description="One step a line, with the minutes after the session’s start. Like 15: Ring the parents.",
        render_kw={"rows": 6},
    )
    way_minutes = NumberField(
        "How many minutes may a child be on the way between two sessions?",
        least=1,
        most=60,
        missing="Say how many minutes.",
    )
    closes_at = HourField(
        "By when has every child gone home?", missing="Say the hour.", description="Like 18:00."
    )
    collect_minutes = NumberField(
        "After a session that ends before that hour, how many minutes may a child wait to be collected?",
        most=60,
        missing="Say how many minutes.",
    )
    nobody_came_steps = StepsField(
        "What to do when nobody comes for a child",
        missing="Write at least one step.",
        description="Put the number of children’s social care into its step, so that nobody has to look for it.",
        render_kw={"rows": 6},
    )


@for_roles("manager")
def steps() -> ResponseReturnValue:
    """What holds today, and the form for what is to hold from a day on."""
    at, user_id = clock.now(), current_user.id
    today = clock.today(at)
    now = custody_rules_on(today)
    form = CustodyForm(data={"from_on": today, **vars(now)})

    def act() -> str:
        values: dict[str, Any] = {name: getattr(form, name).data for name in (*NUMBERS, *STEPS)}
        set_custody_rules(CustodyRules(**values), form.from_on.data, at=at, user_id=user_id)
        return "The steps are kept."

    return answer_form(
        form,
        act,
        template="office/custody_steps.html",
        done=url_for("custody_rules.steps"),
        rules=now,
        today=today,
    )


blueprint.add_url_rule("/custody-steps", steps.__name__, steps, methods=("GET", "POST"))
