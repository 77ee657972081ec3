"""Pages of care in the office: what a family told by phone or on paper, and where two adults say different things."""

from __future__ import annotations

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from wtforms import SelectField

from booking.core import clock
from booking.core.access_log import CARE
from booking.core.db import db
from booking.core.errors import NotFound
from booking.office.forms import SettleForm
from booking.people.care import Said, disagreements, profile_of, say, settle, statement_of, statements_of
from booking.people.care_forms import CareForm, care_answers
from booking.people.medicines import dose_disputes
from booking.people.models import Pupil, User
from booking.people.restrictions import closed_pupils
from booking.web.audience import for_roles
from booking.web.form_pages import answer_form
from booking.web.seen import note_seen


class ToldForm(CareForm):
    """The same form with who told it and how."""

    told_by = SelectField("Who told you?", coerce=int)
    source = SelectField(
        "How?", choices=[("phone", "By phone"), ("paper", "On paper"), ("school", "The school knows")]
    )


def _pupil(pupil_id: int) -> Pupil:
    found = db.session.get(Pupil, pupil_id)
    if found is None or pupil_id in closed_pupils(current_user.id, clock.today()):
        raise NotFound
    return found


@for_roles("manager")
def told_care(pupil_id: int) -> ResponseReturnValue:
    """Write down what a guardian told by phone or on paper, or what the school itself knows."""
    pupil, at = _pupil(pupil_id), clock.now()
    if request.method == "GET":
        note_seen([pupil_id], [CARE], reason="office")
    adults = {tie.user_id: tie.user.name for tie in pupil.guardianships}
    said = statement_of(pupil_id, None) if profile_of(pupil_id) else Said()
    form = ToldForm(data={**care_answers(said), "source": "phone"})
    form.told_by.choices = [*adults.items(), (0, "The school, or somebody who does not sign in")]

    def save() -> str:
        by_id = form.told_by.data or None
        say(pupil_id, form.said, by_id=by_id, source=form.source.data, at=at, recorded_by_id=current_user.id)
        return f"Saved. The register shows it for {pupil.first_name} from now."

    return answer_form(
        form,
        save,
        template="office/told_care.html",
        done=url_for("office.pupil", pupil_id=pupil_id),
        pupil=pupil,
    )


@for_roles("manager")
def care_disputes() -> ResponseReturnValue:
    """Children of whom two adults say different things."""
    closed = closed_pupils(current_user.id, clock.today())
    found = [one for one in disagreements() if one.pupil.id not in closed]
    doses = [one for one in dose_disputes() if one.pupil.id not in closed]
    if found or doses:
        note_seen([one.pupil.id for one in (*found, *doses)], [CARE], reason="office")  # type: ignore[attr-defined]
    return render_template("office/care_disputes.html", disagreements=found, doses=doses)


@for_roles("manager")
def settle_care(pupil_id: int) -> ResponseReturnValue:
    """Who said what of one child, and the office's decision about what does not stand, with a reason."""
    pupil, at = _pupil(pupil_id), clock.now()
    if request.method == "GET":
        note_seen([pupil_id], [CARE], reason="office")
    care = profile_of(pupil_id)
    form = SettleForm()
    form.dropped.choices = [
        (item, item.capitalize()) for item in ((*care.allergies, *care.diet) if care else ())
    ]
    said = [(_name(one.said_by_id), one) for one in statements_of(pupil_id)]

    def decide() -> str:
        settle(pupil_id, form.dropped.data or (), form.reason.data or "", by_id=current_user.id, at=at)
        return "Decided. The register shows it from now."

    return answer_form(
        form,
        decide,
        template="office/settle_care.html",
        done=url_for("office.care_disputes"),
        pupil=pupil,
        said=said,
    )


def _name(user_id: int | None) -> str:
    return db.session.get_one(User, user_id).name if user_id else "The school"
