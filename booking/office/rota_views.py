"""Pages of rotas: the week ahead with what is wrong, a run's standing rota, and one session's day."""

from __future__ import annotations

from itertools import groupby

from flask import render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from booking.core import clock
from booking.core.db import db
from booking.core.errors import NotFound
from booking.core.words import counted, plain_day, short_day
from booking.office.rotas import places_follow, week_ahead
from booking.office.staff_forms import AwayForm, DayChangeForm, EndLineForm, RotaLineForm
from booking.provision.duties import is_employed
from booking.provision.models import Run, Session
from booking.provision.rota_changes import change_day, lines_of_run, put_on_run, take_off_run
from booking.provision.runs import DAY_NAMES
from booking.provision.staff import all_staff
from booking.provision.staff_models import RotaLine, StaffRecord
from booking.provision.staffing_rules import all_rules
from booking.registers.staffing import staffing_with_children
from booking.web.audience import for_roles
from booking.web.form_pages import answer_form, answer_press


@for_roles("manager")
def rota_week() -> ResponseReturnValue:
    """Every session from now to a week ahead with its rota; those that break a rule stand out and are counted."""
    found = week_ahead(clock.now())
    days = [(day, list(rows)) for day, rows in groupby(found, key=lambda row: row[0].date)]
    return render_template(
        "office/rota_week.html",
        days=days,
        short=sum(bool(staffing.problems) for _, staffing in found),
        today=clock.today(),
    )


def _run(run_id: int) -> Run:
    run = db.session.get(Run, run_id)
    if run is None:
        raise NotFound
    return run


def _places(changed: list[Session]) -> str:
    """What became of the places on sale, as a sentence, or nothing."""
    if not changed:
        return ""
    first, number = changed[0], counted(len(changed), "session has", "sessions have")
    return f" {number} other places now: {short_day(first.date)} has {first.capacity}."


@for_roles("manager")
def run_rota(run_id: int) -> ResponseReturnValue:
    """The standing rota of a run; the form puts somebody on it."""
    run, today = _run(run_id), clock.today()
    starts = max(today, run.period.starts_on)
    form = RotaLineForm(data={"from_on": starts}).with_choices(
        [(one.id, one.name) for one in all_staff(today) if not one.is_agency], run.weekdays
    )

    def save() -> str:
        at = clock.now()
        with places_follow([run_id], at=at) as changed:
            line = put_on_run(
                run_id,
                form.staff_id.data,
                weekdays=form.weekdays.data or (),
                from_on=form.from_on.data,
                is_leader=form.is_leader.data,
                at=at,
                user_id=current_user.id,
            )
            name = db.session.get_one(StaffRecord, line.staff_id).name
        return f"{name} is on the rota from {plain_day(form.from_on.data)}.{_places(changed)}"

    return answer_form(
        form,
        save,
        template="office/run_rota.html",
        done=url_for("staffing.run_rota", run_id=run_id),
        run=run,
        lines=lines_of_run(run_id, today),
        day_names=DAY_NAMES,
        rule=all_rules().on(starts),
        today=today,
    )


@for_roles("manager")
def end_rota_line(line_id: int) -> ResponseReturnValue:
    """Take somebody off a run's rota after a day."""
    line = db.session.get(RotaLine, line_id)
    if line is None:
        raise NotFound
    run_id, name = line.run_id, line.staff.name
    form = EndLineForm(data={"last_on": clock.today()})

    def save() -> str:
        at = clock.now()
        with places_follow([run_id], at=at) as changed:
            take_off_run(line_id, form.last_on.data, at=at, user_id=current_user.id)
        return f"{name} is on this rota until {plain_day(form.last_on.data)}.{_places(changed)}"

    return answer_form(
        form,
        save,
        template="office/rota_line_end.html",
        done=url_for("staffing.run_rota", run_id=run_id),
        line=line,
        run=_run(run_id),
    )


def _session(session_id: int) -> Session:
    found = db.session.get(Session, session_id)
    if found is None:
        raise NotFound
    return found


@for_roles("manager")
def session_rota(session_id: int) -> ResponseReturnValue:
    """One session's rota of its day; the form lets somebody come who does not stand on it."""
    session, today = _session(session_id), clock.today()
    staffing = staffing_with_children([session_id], today=today)[session_id]
    there = {one.staff_id for one in staffing.people}
    free = [
        (one.id, one.name)
        for one in all_staff(today)
        if one.id not in there and is_employed(one, session.date)
    ]
    form = DayChangeForm().with_choices(free)

    def save() -> str:
        change_day(
            session_id,
            form.staff_id.data,
            is_here=True,
            is_leader=form.is_leader.data,
            at=clock.now(),
            user_id=current_user.id,
        )
        return f"{dict(free)[form.staff_id.data]} comes on {short_day(session.date)}."

    return answer_form(
        form,
        save,
        template="office/session_rota.html",
        done=url_for("staffing.session_rota", session_id=session_id),
        session=session,
        staffing=staffing,
        is_over=session.date < today,
    )


@for_roles("manager")
def change_session_rota(session_id: int, staff_id: int) -> ResponseReturnValue:
    """Somebody stays away from one session, or comes after all."""
    session, form = _session(session_id), AwayForm()

    def act() -> str:
        if not form.validate():
            return "That was not understood. Nothing was changed."
        is_here = form.is_here.data == "yes"
        change_day(session_id, staff_id, is_here=is_here, at=clock.now(), user_id=current_user.id)
        name = db.session.get_one(StaffRecord, staff_id).name
        return f"{name} {'comes' if is_here else 'stays away'} on {short_day(session.date)}."

    return answer_press(act, done=url_for("staffing.session_rota", session_id=session_id))
