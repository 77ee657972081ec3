"""Pages of medicine at the door: give a dose with a second person, say that one was checked, take one back."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from booking.core import clock
from booking.core.access_log import CARE
from booking.core.db import db, unit_of_work
from booking.core.errors import NotFound
from booking.people.medicine_models import Medicine
from booking.people.medicines import same_medicine
from booking.people.models import User
from booking.people.sign_in import fits
from booking.people.tablet_views import this_tablet
from booking.people.tablets import OnTablet, WrongPin, count_try, forget_tries, people_on
from booking.registers.door_access import child_of, dose_of
from booking.registers.dose_models import MedicineGiven
from booking.registers.doses import (
    Dose,
    DoseRefused,
    Second,
    StopFirst,
    confirm_second,
    give,
    given_to,
    stops_for,
    take_back,
)
from booking.registers.incident_forms import GiveForm, TakeBackForm
from booking.web.audience import for_roles
from booking.web.form_pages import answer_form, answer_press
from booking.web.seen import note_seen

LATER = "later"
A_MONTH = timedelta(days=31)


@for_roles("staff", "manager")
def give_medicine(session_id: int, pupil_id: int, medicine_id: int) -> ResponseReturnValue:
    """Write down one dose; on a tablet the second person types their PIN, elsewhere they say yes on their own sign-in."""
    session, pupil = child_of(current_user, session_id, pupil_id)
    at, user_id = clock.now(), current_user.id
    medicine = db.session.get(Medicine, medicine_id)
    if medicine is None or medicine.pupil_id != pupil_id or not medicine.is_living(clock.today(at)):
        raise NotFound
    others = {one.key: one for one in _others(user_id)}
    form, problem = GiveForm(data={"given_at": clock.to_school(at).time()}), None
    form.second.choices = [
        (LATER, "Later, by their own sign-in"),
        *((k, o.name) for k, o in others.items()),
    ]
    stops = stops_for(medicine, at)
    if form.validate_on_submit():
        given_at = clock.instant(clock.today(at), form.given_at.data)
        dose = Dose(medicine_id, pupil_id, session_id, given_at, form.why.data or "")
        try:
            second = _second(others.get(form.second.data), form.pin.data or "")
            with unit_of_work():
                give(dose, second=second, at=at, user_id=user_id, once=form.once_key)
        except StopFirst as error:
            stops, problem = list(error.stops), str(error)
        except (DoseRefused, WrongPin) as error:
            problem = str(error)
        else:
            flash(_kept(pupil.first_name, second))
            return redirect(url_for("registers.child_day", session_id=session_id, pupil_id=pupil_id), 303)
    else:
        note_seen([pupil_id], [CARE], reason="medicine")
    page = render_template(
        "registers/give.html",
        form=form,
        problem=problem,
        session=session,
        pupil=pupil,
        medicine=medicine,
        stops=stops,
        last=_last(medicine, at),
        has_tablet=bool(others),
        has_errors=form.is_submitted(),
    )
    return page, 422 if form.is_submitted() else 200


def _kept(name: str, second: Second | None) -> str:
    if second is not None:
        return f"Written down. The second person’s PIN was right. {name}’s family is told."
    return f"Written down. A second person must still say that they checked it. {name}’s family is told."


def _last(medicine: Medicine, at: datetime) -> MedicineGiven | None:
    """The last dose of this medicine within a month, for the page."""
    found = [
        one
        for one in given_to([medicine.pupil_id], since=at - A_MONTH).get(medicine.pupil_id, [])
        if same_medicine(one.name, medicine.name)
    ]
    return found[-1] if found else None


def _others(user_id: int) -> list[OnTablet]:
    """Who else can show by PIN that it is them, when this browser is a register tablet."""
    device = this_tablet()
    if device is None:
        return []
    return [one for one in people_on(device, at=clock.now()) if one.user.id != user_id]


def _second(chosen: OnTablet | None, pin: str) -> Second | None:
    """The second person behind a right PIN, nobody when they say so later; raises `WrongPin`. Five wrong ones lock it."""
    if chosen is None:
        return None
    with unit_of_work():
        may_try = count_try(chosen.key)
    if not may_try or not fits(pin, chosen.pin_hash):
        raise WrongPin
    with unit_of_work():
        forget_tries(chosen.key)
    return Second(chosen.user.id, "pin")


@for_roles("staff", "manager")
def check_dose(given_id: int) -> ResponseReturnValue:
    """The second person's yes, on their own sign-in."""
    found, at, user_id = dose_of(current_user, given_id), clock.now(), current_user.id
    page = url_for("registers.child_day", session_id=found.session_id, pupil_id=found.pupil_id)

    def act() -> str:
        confirm_second(given_id, at=at, user_id=user_id)
        return "Thank you. You stand as the second person."

    return answer_press(act, done=page)


@for_roles("staff", "manager")
def take_dose_back(given_id: int) -> ResponseReturnValue:
    """Say that a dose was not given after all, with a reason; the first row stays."""
    found, at, user_id, form = dose_of(current_user, given_id), clock.now(), current_user.id, TakeBackForm()

    def act() -> str:
        take_back(given_id, form.why.data, at=at, by=db.session.get_one(User, user_id))
        return "Taken back. Both lines are kept."

    return answer_form(
        form,
        act,
        template="registers/take_dose_back.html",
        done=url_for("registers.child_day", session_id=found.session_id, pupil_id=found.pupil_id),
        given=found,
        pupil=found.pupil,
        session=found.session,
    )


FORM, PRESS = ("GET", "POST"), ("POST",)
ADDRESSES = (
    (
        "/registers/session/<int:session_id>/children/<int:pupil_id>/medicine/<int:medicine_id>",
        give_medicine,
        FORM,
    ),
    ("/registers/doses/<int:given_id>/checked", check_dose, PRESS),
    ("/registers/doses/<int:given_id>/take-back", take_dose_back, FORM),
)
