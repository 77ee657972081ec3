"""The school's answers to what families ask: support (head and SENCO alone), and care that is not offered yet."""

from __future__ import annotations

from flask import render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from wtforms import SelectField, TextAreaField
from wtforms.validators import InputRequired, Length

from booking.bookings.newcomers import HOURS, answer_newcomer, care_asked, find_newcomer, newcomers_to_answer
from booking.bookings.offer import DAYS
from booking.bookings.request_models import REQUEST_KINDS, FamilyRequest
from booking.bookings.requests import answer_request, requests_to_answer, sessions_kept
from booking.core import clock
from booking.core.access_log import CARE
from booking.core.db import db
from booking.core.errors import NotFound
from booking.people.restrictions import closed_pupils
from booking.web.audience import for_roles
from booking.web.form_pages import answer_form
from booking.web.forms import BaseForm
from booking.web.seen import note_seen


class DecideForm(BaseForm):
    """Yes with a plan, or no with a reason; there is no field for money, for support never costs a family more."""

    answer = SelectField("Answer", choices=[("yes", "Yes"), ("no", "No")])
    words = TextAreaField(
        "The plan, or the reason; with a no, say what you offer instead",
        [
            InputRequired("Write the plan, or the reason."),
            Length(max=2000, message="Use at most 2,000 characters."),
        ],
    )


def _may_see(request: FamilyRequest) -> bool:
    if request.pupil_id in closed_pupils(current_user.id, clock.today()):
        return False
    return request.kind != "support" or bool(current_user.sees_groups)


@for_roles("manager")
def family_requests() -> ResponseReturnValue:
    """What waits for an answer, by its day."""
    waiting = [request for request in requests_to_answer() if _may_see(request)]
    return render_template(
        "office/requests.html",
        requests=waiting,
        newcomers=newcomers_to_answer(),
        care_asked=care_asked(clock.now()),
        kinds=REQUEST_KINDS,
        today=clock.today(),
    )


@for_roles("manager")
def newcomer_request(newcomer_id: int) -> ResponseReturnValue:
    """What a family without a child here asks for, and the school's answer."""
    found, form = find_newcomer(newcomer_id), DecideForm()

    def act() -> str:
        answer_newcomer(
            newcomer_id,
            is_yes=form.answer.data == "yes",
            words=form.words.data,
            at=clock.now(),
            user_id=current_user.id,
        )
        return "Your answer is on its way by e-mail."

    return answer_form(
        form,
        act,
        template="office/newcomer.html",
        done=url_for("office.family_requests"),
        asked=found,
        days=DAYS,
        hours=HOURS,
    )


@for_roles("manager")
def family_request(request_id: int) -> ResponseReturnValue:
    """One request with its words, and its answer."""
    found = db.session.get(FamilyRequest, request_id)
    if found is None or not _may_see(found):
        raise NotFound
    note_seen([found.pupil_id], [CARE], reason="office")
    form = DecideForm()

    def act() -> str:
        answer_request(
            request_id,
            is_yes=form.answer.data == "yes",
            words=form.words.data,
            at=clock.now(),
            user_id=current_user.id,
        )
        return "Your answer is kept, and the family is told."

    return answer_form(
        form,
        act,
        template="office/request.html",
        done=url_for("office.family_requests"),
        asked=found,
        sessions=sessions_kept(found),
        kinds=REQUEST_KINDS,
    )
