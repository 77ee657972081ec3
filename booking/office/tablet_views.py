"""Pages of the register tablets and of day passes for agency staff."""

from __future__ import annotations

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from booking.core import clock
from booking.core.db import db, unit_of_work
from booking.core.errors import BookingError
from booking.core.words import clock as hour
from booking.office.rotas import Counts, end_given_pass, give_pass
from booking.office.sign_in_forms import DayPassForm, TabletForm
from booking.people.day_passes import Seen, fresh_pin, passes_of_today
from booking.people.sign_in import hashed
from booking.people.sign_in_browser import let_go, present
from booking.people.sign_ins import end
from booking.people.tablet_views import become_tablet, this_tablet
from booking.people.tablets import devices, end_device, make_device
from booking.provision.models import Run, Session
from booking.web.audience import for_roles
from booking.web.form_pages import answer_press
from booking.web.fresh_proof import needs_fresh_proof


@for_roles("manager")
@needs_fresh_proof()
def tablets() -> ResponseReturnValue:
    """The register tablets; the form makes this very browser one, and signs its maker out of it."""
    form, row = TabletForm(), present()
    if form.validate_on_submit() and row is not None:
        sign_in_id, at, by = row.id, clock.now(), current_user.id
        with unit_of_work():
            token = make_device(form.name.data, at=at, by=by)
            end(sign_in_id, why="tablet_made", at=at, of_user=by)
        let_go()
        response = redirect(url_for("people.tablet"))
        become_tablet(response, token)
        return response
    page = render_template("office/tablets.html", form=form, devices=devices(), here=this_tablet())
    return page, 422 if form.is_submitted() else 200


@for_roles("manager")
@needs_fresh_proof()
def end_tablet(device_id: int) -> ResponseReturnValue:
    """End a tablet that is lost or not used any more."""

    def act() -> str:
        return (
            f"“{end_device(device_id, at=clock.now(), by=current_user.id)}” is no register tablet any more."
        )

    return answer_press(act, done=url_for("office.tablets"))


def _sessions_of_today() -> list[tuple[int, str]]:
    rows = db.session.scalars(
        select(Session)
        .options(
            joinedload(Session.run).joinedload(Run.activity), joinedload(Session.run).joinedload(Run.room)
        )
        .where(Session.date == clock.today(), Session.status == "planned")
        .order_by(Session.starts_at, Session.id)
    )
    return [
        (
            row.id,
            f"{hour(row.starts_at)} to {hour(row.ends_at)}: {row.run.activity.name}, {row.run.room.name}",
        )
        for row in rows
    ]


@for_roles("manager")
def day_passes() -> ResponseReturnValue:
    """Today's passes, and a new one; its PIN is shown this once, to be printed."""
    form, problem, made, pin = DayPassForm(), None, None, None
    form.session_ids.choices = _sessions_of_today()
    if form.validate_on_submit():
        fresh = fresh_pin()
        pin_hash = hashed(fresh)
        seen = Seen(form.name.data, form.agency.data, form.identity_seen.data, form.vetting_seen.data)
        counts = Counts(
            form.counts_in_ratio.data, form.level.data, form.dbs_checked_on.data, form.first_aid_until.data
        )
        sessions, by = form.session_ids.data, current_user.id
        try:
            with unit_of_work():
                made = give_pass(seen, counts, sessions, pin_hash, at=clock.now(), by=by)
            pin = fresh
        except BookingError as error:
            problem = str(error)
    page = render_template(
        "office/day_passes.html",
        form=form,
        problem=problem,
        made=made,
        pin=pin,
        chosen=[words for key, words in form.session_ids.choices if key in (form.session_ids.data or [])],
        passes=passes_of_today(clock.now()),
        has_errors=form.is_submitted() and made is None,
    )
    return page, 422 if form.is_submitted() and made is None else 200


@for_roles("manager")
def end_day_pass(pass_id: int) -> ResponseReturnValue:
    """End a pass before 18:30."""

    def act() -> str:
        return f"The pass of {end_given_pass(pass_id, at=clock.now(), by=current_user.id)} has ended."

    return answer_press(act, done=url_for("office.day_passes"))
