"""Forms about children who are not where they should be, and about those who pass from one session to the next."""

from __future__ import annotations

from wtforms import IntegerField, SelectField, StringField
from wtforms.validators import InputRequired, Length, Optional

from booking.web.fields import TicksField
from booking.web.forms import BaseForm

ANSWERS = {
    "coming": "On the way",
    "answered": "Answered",
    "message": "Left a message",
    "no_answer": "No answer",
}


class CallForm(BaseForm):
    """Who was rung, and what came of it: the button says it, words may say more."""

    whom = StringField(
        "Who was rung?",
        [InputRequired("Say who was rung."), Length(max=160)],
        render_kw={"autocomplete": "off"},
    )
    answer = SelectField(choices=list(ANSWERS.items()), validators=[InputRequired("Press what came of it.")])
    words = StringField("What they said", [Optional(), Length(max=200)], render_kw={"autocomplete": "off"})

    @property
    def outcome(self) -> str:
        """The answer and the words as one line of the log."""
        answer = ANSWERS[self.answer.data]
        return f"{answer}: {self.words.data}" if self.words.data else answer


class StepForm(BaseForm):
    """One step of the school's own that was done."""

    minutes = IntegerField(validators=[InputRequired()])
    words = StringField("A word about it", [Optional(), Length(max=200)])


class FoundForm(BaseForm):
    """Where a child was found who was looked for."""

    words = StringField(
        "Where is the child, and who said so?",
        [InputRequired("Say where the child is, and who said so."), Length(max=200)],
        render_kw={"autocomplete": "off"},
    )


class PassForm(BaseForm):
    """The children who were ticked at one end of a handover."""

    pupil_ids = TicksField("Children", coerce=int)
    end_of = SelectField(choices=[("sent", "sent"), ("received", "received")])
