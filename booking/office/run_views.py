"""Pages of runs: what is on the calendar in a period, opening it, its sessions, and copying last term."""

from __future__ import annotations

from datetime import time
from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import select

from booking.bookings.years import years_in_words
from booking.core import clock
from booking.core.db import db
from booking.core.errors import NotFound
from booking.core.words import counted, short_day
from booking.office.forms import CopyForm, PressForm
from booking.office.run_forms import RunForm
from booking.office.set_up import change_run, make_sessions, told, uses_of
from booking.provision.generation import Use, future_sessions
from booking.provision.models import Activity, Period, Room, Run
from booking.provision.runs import (
    DAY_NAMES,
    RunDetails,
    clashes_in,
    close_run,
    copy_runs,
    open_run,
    runs_beside,
    save_run,
)
from booking.web.audience import for_roles
from booking.web.form_pages import answer_form, answer_press

SIX = time(18, 0)


def _periods() -> list[Period]:
    return list(db.session.scalars(select(Period).order_by(Period.starts_on.desc(), Period.ends_on)))


def _choices(periods: list[Period]) -> list[tuple[int, str]]:
    return [
        (p.id, f"{p.name} ({short_day(p.starts_on)} to {short_day(p.ends_on)} {p.ends_on.year})")
        for p in periods
    ]


@for_roles("manager")
def runs() -> ResponseReturnValue:
    """What runs in one period: the chosen one, else that of today, else the newest."""
    periods, today = _periods(), clock.today()
    used = set(db.session.scalars(select(Run.period_id).distinct()))
    wanted = request.args.get("period", type=int)
    chosen = next((p for p in periods if p.id == wanted), None)
    chosen = chosen or next((p for p in periods if p.id in used and p.starts_on <= today <= p.ends_on), None)
    chosen = chosen or next(iter(periods), None)
    found = [run for run in runs_beside(chosen) if run.period_id == chosen.id] if chosen else []
    return render_template(
        "office/runs.html",
        periods=[p for p in periods if p.id in used or p is chosen],
        chosen=chosen,
        runs=found,
        clashes=clashes_in(found),
        day_names=DAY_NAMES,
        years_in_words=years_in_words,
        press=PressForm(formdata=None),
    )


def _run_form(run: Run | None) -> RunForm:
    """The form with its choices, filled from a run where there is one."""
    form = RunForm(obj=run) if run else RunForm(data=_usual())
    opens = clock.to_school(run.opens_at) if run and not form.is_submitted() else None
    if opens:
        form.opens_on.data, form.opens_hour.data = opens.date(), opens.time()
    activities = db.session.scalars(select(Activity).order_by(Activity.name))
    rooms = db.session.scalars(select(Room).order_by(Room.name))
    return form.with_choices(
        [(activity.id, activity.name) for activity in activities],
        _choices(_periods()),
        [(room.id, f"{room.name} (holds {room.capacity})") for room in rooms],
    )


def _usual() -> dict[str, Any]:
    """What a new run mostly has: the half-term that comes next, and bookings until six the evening before."""
    today = clock.today()
    coming = [p for p in _periods() if p.kind == "half_term" and p.starts_on > today]
    return {
        "period_id": coming[-1].id if coming else None,
        "opens_on": today,
        "opens_hour": SIX,
        "closes_days_before": 1,
        "closes_at": SIX,
    }


def _details(form: RunForm) -> RunDetails:
    return RunDetails(
        activity_id=form.activity_id.data,
        period_id=form.period_id.data,
        room_id=form.room_id.data,
        weekdays=tuple(form.weekdays.data),
        starts_at=form.starts_at.data,
        ends_at=form.ends_at.data,
        price_pence=form.price_pence.data,
        year_groups=tuple(form.year_groups.data),
        opens_at=clock.instant(form.opens_on.data, form.opens_hour.data),
        closes_at=form.closes_at.data,
        closes_days_before=form.closes_days_before.data,
        capacity=form.capacity.data,
        leader=form.leader.data or "",
        sold_as=form.sold_as.data,
        block_pence=form.block_pence.data if form.sold_as.data != "session" else None,
        needs_consent=form.needs_consent.data or None,
    )


@for_roles("manager")
def add_run() -> ResponseReturnValue:
    """Enter a run as a draft."""
    form = _run_form(None)

    def save() -> str:
        run = save_run(None, _details(form), at=clock.now(), user_id=current_user.id)
        return f"{run.activity.name} is saved as a draft. Open it when families may book."

    return answer_form(form, save, template="office/run_new.html", done=url_for("office.runs"))


@for_roles("manager")
def run(run_id: int) -> ResponseReturnValue:
    """One run: its state, its coming sessions, and its details to change."""
    found = _found(run_id)
    form = _run_form(found)
    sessions = future_sessions(found, clock.today())
    uses = uses_of(sessions)

    def save() -> str:
        change_run(run_id, _details(form), at=clock.now(), user_id=current_user.id)
        return "The run is saved."

    return answer_form(
        form,
        save,
        template="office/run.html",
        done=url_for("office.run", run_id=run_id),
        run=found,
        is_over=found.period.ends_on < clock.today(),
        sessions=[(session, uses.get(session.id, Use())) for session in sessions],
        press=PressForm(formdata=None),
    )


def _found(run_id: int) -> Run:
    run = db.session.get(Run, run_id)
    if run is None:
        raise NotFound
    return run


@for_roles("manager")
def open_for_booking(run_id: int) -> ResponseReturnValue:
    """Open a run, with its sessions."""

    def act() -> str:
        opened = open_run(run_id, clock.now(), current_user.id)
        return f"{opened.activity.name} is open. It has {counted(len(opened.sessions), 'session')}."

    return answer_press(act, done=url_for("office.run", run_id=run_id))


@for_roles("manager")
def close_for_booking(run_id: int) -> ResponseReturnValue:
    """Close a run; what is booked stays."""

    def act() -> str:
        closed = close_run(run_id, clock.now(), current_user.id)
        return f"{closed.activity.name} is closed. What is booked stays booked."

    return answer_press(act, done=url_for("office.run", run_id=run_id))


@for_roles("manager")
def make_sessions_afresh(run_id: int) -> ResponseReturnValue:
    """Bring the coming sessions in line with the calendar."""

    def act() -> str:
        made = make_sessions(run_id, at=clock.now(), user_id=current_user.id)
        sentences = told(
            len(made.added), len(made.removed) + len(made.called_off), [short_day(day) for day in made.kept]
        )
        return " ".join(sentences) or "All sessions are there already."

    return answer_press(act, done=url_for("office.run", run_id=run_id))


@for_roles("manager")
def copy_term() -> ResponseReturnValue:
    """Copy last term's runs into a new period, as drafts."""
    periods, used = _periods(), set(db.session.scalars(select(Run.period_id).distinct()))
    form = CopyForm().with_choices(_choices(periods))
    if not form.is_submitted():
        last = next((p for p in periods if p.id in used), None)
        after = [p for p in periods if last and p.kind == last.kind and p.starts_on > last.ends_on]
        form.from_period_id.data = last.id if last else None
        form.to_period_id.data = after[-1].id if after else None

    def copy() -> str:
        copied = copy_runs(
            form.from_period_id.data, form.to_period_id.data, at=clock.now(), user_id=current_user.id
        )
        words = [f"{counted(len(copied.made), 'draft')} made."]
        if copied.already:
            words.append(f"{copied.already} were there already.")
        if copied.clashes:
            words.append(f"{counted(len(copied.clashes), 'clash', 'clashes')} of rooms to look at.")
        return " ".join(words)

    done = url_for("office.runs", period=form.to_period_id.data if form.is_submitted() else None)
    return answer_form(form, copy, template="office/copy.html", done=done)
