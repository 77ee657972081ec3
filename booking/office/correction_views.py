"""Pages of rectification: what a parent says is wrong, and the office's answer."""

from __future__ import annotations

from flask import render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from wtforms import SelectField, TextAreaField
from wtforms.validators import InputRequired, Length

from booking.core import clock
from booking.core.db import db
from booking.core.errors import NotFound
from booking.office.corrections import Correction, ask_correction, decide_correction, open_corrections
from booking.people.models import User
from booking.people.restrictions import closed_pupils, open_ties
from booking.web.audience import for_roles
from booking.web.form_pages import answer_form
from booking.web.forms import BaseForm


def _words(label: str, missing: str) -> TextAreaField:
    return TextAreaField(
        label, [InputRequired(missing), Length(max=1000, message="Use at most 1,000 characters.")]
    )


class WrongForm(BaseForm):
    """What is wrong, and what it should be."""

    about = SelectField("Whom is it about?", coerce=int)
    wrong = _words("What is wrong?", "Write what is wrong.")
    right = _words("What should it be?", "Write what it should be.")


class AnswerForm(BaseForm):
    """What the office did, or why not."""

    answer = SelectField("Answer", choices=[("yes", "We have put it right"), ("no", "We do not change it")])
    reason = _words("What you write to them", "Write what you did, or why not.")


@for_roles("parent")
def say_wrong() -> ResponseReturnValue:
    """A parent says what is wrong of what is held about them or their child."""
    at, user_id, form = clock.now(), current_user.id, WrongForm()
    ties = open_ties(current_user, clock.today(at))
    form.about.choices = [(0, "Me"), *((tie.pupil_id, tie.pupil.full_name) for tie in ties)]

    def act() -> str:
        ask_correction(
            db.session.get_one(User, user_id),
            form.about.data or None,
            form.wrong.data,
            form.right.data,
            at=at,
        )
        return "Thank you. The school answers within a month."

    return answer_form(form, act, template="office/say_wrong.html", done=url_for("privacy.my_data"))


@for_roles("manager")
def corrections() -> ResponseReturnValue:
    """What waits for an answer."""
    today = clock.today()
    found = open_corrections(current_user, today)
    return render_template("office/corrections.html", corrections=found, today=today)


@for_roles("manager")
def correction(correction_id: int) -> ResponseReturnValue:
    """One of them, and the answer."""
    found = db.session.get(Correction, correction_id)
    if (
        found is None
        or found.state != "asked"
        or found.pupil_id in closed_pupils(current_user.id, clock.today())
    ):
        raise NotFound
    at, by_id, form = clock.now(), current_user.id, AnswerForm()

    def act() -> str:
        decide_correction(
            correction_id,
            is_right=form.answer.data == "yes",
            reason=form.reason.data,
            at=at,
            by=db.session.get_one(User, by_id),
        )
        return "Answered. They are told."

    return answer_form(
        form, act, template="office/correction.html", done=url_for("privacy.corrections"), found=found
    )


SHOW, FORM = ("GET",), ("GET", "POST")
ADDRESSES = (
    ("/account/data/wrong", say_wrong, FORM),
    ("/office/corrections", corrections, SHOW),
    ("/office/corrections/<int:correction_id>", correction, FORM),
)
