"""The office's pages of preference rounds: announcing, a look at what rules would do, publishing; and the replay."""

from __future__ import annotations

from datetime import time

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import func, select
from wtforms import SelectField, StringField
from wtforms.validators import InputRequired, Length

from booking.bookings.round_models import Preference, PreferenceRound, RoundRun
from booking.bookings.round_results import publish, replay, what_if
from booking.bookings.rounds import CRITERIA, ENTITLED, RoundDetails, announce, find_round
from booking.core import clock
from booking.core.db import db
from booking.office.fields import DayField, HourField, NumberField
from booking.office.forms import PressForm
from booking.provision.models import Period, Run
from booking.provision.runs import DAY_NAMES
from booking.web.audience import for_roles
from booking.web.fields import TicksField
from booking.web.form_pages import answer_form, answer_press
from booking.web.forms import BaseForm


class RoundForm(BaseForm):
    """A round: its runs, its days, and the published order."""

    name = StringField(
        "Name",
        [InputRequired("Enter a name."), Length(max=120, message="Use at most 120 characters.")],
        description="For example: Clubs in spring.",
    )
    run_ids = TicksField("Clubs", coerce=int)
    opens_on = DayField("Families choose from", missing="Enter the first day.")
    closes_on = DayField("until the evening of", missing="Enter the last day.")
    closes_hour = HourField("at", missing="Enter the hour.")
    most = NumberField("Clubs that one child can get", missing="Enter a number.", least=1, most=5)
    criteria = TicksField("Who goes before the draw, in this order", choices=list(CRITERIA.items()))
    reserve_for = SelectField(
        "Reserved places",
        choices=[("", "None"), *((name, f"For a child who {CRITERIA[name]}") for name in ENTITLED)],
    )
    reserve_places = NumberField("Reserved places in each club", is_optional=True, most=60)
    confirm_hours = NumberField(
        "Hours in which a family says yes to its places", missing="Enter the hours.", least=1, most=336
    )


def _runs_to_choose() -> list[tuple[int, str]]:
    taken = select(RoundRun.run_id)
    runs = db.session.scalars(
        select(Run)
        .join(Period, Period.id == Run.period_id)
        .where(Run.status == "open", Run.id.not_in(taken), Period.ends_on >= clock.today())
        .order_by(Period.starts_on, Run.id)
    )
    return [
        (run.id, f"{run.activity.name}, {DAY_NAMES[run.weekdays[0]]}, {run.period.name}")
        for run in runs
        if len(run.weekdays) == 1
    ]


@for_roles("manager")
def preference_rounds() -> ResponseReturnValue:
    """All rounds, the latest first."""
    found = db.session.scalars(select(PreferenceRound).order_by(PreferenceRound.id.desc())).all()
    return render_template("office/rounds.html", rounds=found, at=clock.now())


@for_roles("manager")
def add_round() -> ResponseReturnValue:
    """Announce a round."""
    form = RoundForm(data={"most": 1, "confirm_hours": 72, "criteria": list(CRITERIA)[:4]})
    form.run_ids.choices = _runs_to_choose()
    if not form.is_submitted():
        form.run_ids.data = []

    def save() -> str:
        first = db.session.get(Run, form.run_ids.data[0]) if form.run_ids.data else None
        places = form.reserve_places.data or 0
        details = RoundDetails(
            name=form.name.data,
            period_id=first.period_id if first else 0,
            run_ids=tuple(form.run_ids.data),
            opens_at=clock.instant(form.opens_on.data, time(0)),
            closes_at=clock.instant(form.closes_on.data, form.closes_hour.data),
            criteria=tuple(form.criteria.data),
            most=form.most.data,
            confirm_hours=form.confirm_hours.data,
            reserved={form.reserve_for.data: places} if form.reserve_for.data and places else {},
        )
        announce(details, at=clock.now(), user_id=current_user.id)
        return "The round is announced. Families read its rules under “Choose clubs”."

    return answer_form(form, save, template="office/round_new.html", done=url_for("office.preference_rounds"))


@for_roles("manager")
def preference_round(round_id: int) -> ResponseReturnValue:
    """One round: how many ranked, and what its rules (or others) would do on average."""
    one, at = find_round(round_id), clock.now()
    reserve_for = request.args.get("reserve_for", "")
    places = request.args.get("places", 0, type=int)
    reserved = {reserve_for: max(0, min(places, 60))} if reserve_for in ENTITLED else None
    ranked = db.session.scalar(
        select(func.count()).select_from(Preference).where(Preference.round_id == round_id)
    )
    return render_template(
        "office/round.html",
        one=one,
        state=one.state(at),
        ranked=ranked,
        trial=what_if(round_id, at=at),
        other=what_if(round_id, at=at, reserved=reserved) if reserved is not None else None,
        criteria=CRITERIA,
        entitled=ENTITLED,
        reserve_for=reserve_for,
        places=places,
        day_names=DAY_NAMES,
        press=PressForm(formdata=None),
    )


@for_roles("manager")
def publish_round(round_id: int) -> ResponseReturnValue:
    """Draw, hold the places, and tell the families."""

    def act() -> str:
        publish(round_id, at=clock.now(), user_id=current_user.id)
        return "The draw is published. Every family is told, and has its places kept."

    return answer_press(act, done=url_for("office.preference_round", round_id=round_id))


@for_roles("governor", "manager")
def replay_round(round_id: int) -> ResponseReturnValue:
    """A governor draws a published round again, in school, and sees that the result is the same."""
    return render_template("office/replay.html", one=find_round(round_id), found=replay(round_id))
