"""Pages of erasure and of legal holds: ask, look, and a second person's yes."""

from __future__ import annotations

from flask import render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from booking.core import clock
from booking.core.db import db
from booking.core.errors import NotFound
from booking.office.erasure import ask_erasure, confirm_erasure, open_requests, what_goes
from booking.office.forms import HoldForm, ReasonForm
from booking.office.report_keeping import what_stays
from booking.office.retention import hold
from booking.people.models import Pupil, User
from booking.people.restrictions import closed_pupils
from booking.web.audience import for_roles
from booking.web.form_pages import answer_form, answer_press
from booking.web.fresh_proof import needs_fresh_proof


def _pupil(pupil_id: int) -> Pupil:
    found = db.session.get(Pupil, pupil_id)
    if found is None or pupil_id in closed_pupils(current_user.id, clock.today()):
        raise NotFound
    return found


@for_roles("manager")
@needs_fresh_proof()
def erase_child(pupil_id: int) -> ResponseReturnValue:
    """Ask to erase a child who has left; what would go is shown."""
    pupil, at, form = _pupil(pupil_id), clock.now(), ReasonForm()

    def act() -> str:
        ask_erasure(pupil_id=pupil_id, reason=form.reason.data, at=at, by=current_user.id)
        return "Asked. A second person must say yes."

    return answer_form(
        form,
        act,
        template="office/erase.html",
        done=url_for("office.erasures"),
        name=pupil.full_name,
        goes=what_goes(pupil_id),
        stays=what_stays(pupil_id),
    )


@for_roles("manager", "admin")
@needs_fresh_proof()
def erase_adult(user_id: int) -> ResponseReturnValue:
    """Ask to erase an adult who has no child here any more."""
    user, at, form = db.session.get(User, user_id), clock.now(), ReasonForm()
    if user is None:
        raise NotFound

    def act() -> str:
        ask_erasure(user_id=user_id, reason=form.reason.data, at=at, by=current_user.id)
        return "Asked. A second person must say yes."

    return answer_form(
        form,
        act,
        template="office/erase.html",
        done=url_for("office.users"),
        name=user.name,
        goes={},
        stays={},
    )


@for_roles("manager")
def erasures() -> ResponseReturnValue:
    """What waits for a second yes."""
    found = open_requests()
    names = {one.id: _name(one.pupil_id, one.user_id) for one in found}
    return render_template("office/erasures.html", requests=found, names=names)


def _name(pupil_id: int | None, user_id: int | None) -> str:
    if pupil_id is not None:
        return db.session.get_one(Pupil, pupil_id).full_name
    return db.session.get_one(User, user_id).name


@for_roles("manager", grant="approves")
@needs_fresh_proof()
def confirm_erasing(request_id: int) -> ResponseReturnValue:
    """The second person's yes."""
    at, by_id = clock.now(), current_user.id

    def act() -> str:
        confirm_erasure(request_id, at=at, by=db.session.get_one(User, by_id))
        return "Erased. Numbers stay, so that money and counts stay true."

    return answer_press(act, done=url_for("office.erasures"))


@for_roles("manager", grant="safeguarding")
def hold_child(pupil_id: int) -> ResponseReturnValue:
    """Keep everything of a child, whatever the rules say."""
    pupil, at, form = _pupil(pupil_id), clock.now(), HoldForm()

    def act() -> str:
        hold(pupil_id, form.reason.data, form.review_on.data, at=at, user_id=current_user.id)
        return f"Everything of {pupil.first_name} is kept until somebody ends it."

    return answer_form(
        form, act, template="office/hold.html", done=url_for("office.pupil", pupil_id=pupil_id), pupil=pupil
    )
