"""Pages at the door: today's sessions, one register, its marks, and the paper."""

from __future__ import annotations

from datetime import date, timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from booking.core import clock
from booking.core.access_log import CARE, COLLECTION
from booking.core.db import db, unit_of_work
from booking.core.errors import NotFound
from booking.people.tablet_views import this_tablet
from booking.provision.models import Session
from booking.registers import (
    child_day_views,
    child_views,
    door_views,
    dose_views,
    event_views,
    paper_views,
    provider_views,
    staff_views,
    walk_in_views,
)
from booking.registers.expected import may_see_session, registers_of, sessions_for
from booking.registers.forms import MarkForm, WalkInForm
from booking.registers.marks import OUTS, MarkRefused
from booking.registers.pressing import ABSENT, press
from booking.registers.register_page import cards_of, counts_of, door_children
from booking.registers.release import ReleaseRefused
from booking.registers.sync_views import door_data, sync_marks
from booking.registers.walk_ins import NoSuchChild, find_children, taken_in_words, walk_in
from booking.web.audience import for_roles
from booking.web.seen import note_seen

blueprint = Blueprint("registers", __name__)


@blueprint.get("/registers/")
@for_roles("staff", "manager")
def today() -> ResponseReturnValue:
    """The sessions of today that this person may see, the one that is on now first."""
    if current_user.seller_id is not None:
        return redirect(url_for("registers.provider"))
    return _day(clock.today())


@blueprint.get("/registers/<date:on>")
@for_roles("staff", "manager")
def day(on: date) -> ResponseReturnValue:
    """The sessions of one day."""
    if current_user.seller_id is not None:
        return redirect(url_for("registers.provider"))
    return _day(on)


def _day(on: date) -> ResponseReturnValue:
    at = clock.now()
    return render_template(
        "registers/day.html",
        cards=cards_of(sessions_for(current_user, on), at),
        on=on,
        before=on - timedelta(days=1),
        after=on + timedelta(days=1),
        today=clock.today(at),
    )


def _session(session_id: int) -> Session:
    """A session that this person may see, or nothing at all; outside firms have registers of their own."""
    session = db.session.get(Session, session_id)
    if session is None or current_user.seller_id is not None or not may_see_session(current_user, session):
        raise NotFound
    return session


@blueprint.get("/registers/session/<int:session_id>")
@for_roles("staff", "manager")
def session(session_id: int) -> ResponseReturnValue:
    """One register: a row a child, with what must be known of them."""
    return _register(_session(session_id), WalkInForm())


def _register(
    found: Session, walk_in_form: WalkInForm, problem: str | None = None, *, at_child: int | None = None
) -> ResponseReturnValue:
    """The register, with what was refused beside the child whom it is about, or beside the walk-in when it is none."""
    (register,) = registers_of([found])
    note_seen([child.pupil.id for child in register.children], [CARE, COLLECTION], reason="register")
    children = door_children(register, clock.now())
    is_walk_in = problem is not None and at_child is None
    page = render_template(
        "registers/session.html",
        children=children,
        counts=counts_of(found, [child.state for child in children]),
        session=found,
        outs=OUTS,
        reasons=ABSENT,
        show=_show(),
        walk_in_form=walk_in_form,
        problem=problem,
        at_child=at_child,
        matches=find_children(walk_in_form.name.data or "") if is_walk_in else [],
    )
    return page, 422 if problem else 200


def _show() -> str:
    """Which children are shown: all, or those in one state."""
    wanted = request.args.get("show", "")
    return wanted if wanted in ("expected", "in", "out") else ""


@blueprint.post("/registers/session/<int:session_id>/mark")
@for_roles("staff", "manager")
def mark(session_id: int) -> ResponseReturnValue:
    """Mark one child in, out or absent, or undo the last mark; what is refused is said beside the child."""
    found = _session(session_id)
    form = MarkForm()
    if not form.validate_on_submit():
        return _register(
            found, WalkInForm(formdata=None), "That mark was not understood. Nothing was changed."
        )
    tablet = this_tablet()
    device_id = tablet.id if tablet else None
    try:
        with unit_of_work():
            press(found, form.pressed, at=clock.now(), user_id=current_user.id, device_id=device_id)
    except (MarkRefused, ReleaseRefused) as error:
        return _register(found, WalkInForm(formdata=None), str(error), at_child=form.pupil_id.data)
    anchor = f"child-{form.pupil_id.data}" if form.pupil_id.data else None
    return redirect(
        url_for("registers.session", session_id=session_id, show=_show() or None, _anchor=anchor), 303
    )


@blueprint.post("/registers/session/<int:session_id>/walk-in")
@for_roles("staff", "manager")
def add_walk_in(session_id: int) -> ResponseReturnValue:
    """Take in a child who was not expected, by name; a full session is told, and turns nobody away."""
    found = _session(session_id)
    form = WalkInForm()
    if not form.validate_on_submit():
        return _register(found, form, "Type at least two letters of the child’s name.")
    try:
        with unit_of_work():
            pupil = walk_in(
                session_id,
                form.name.data,
                pupil_id=form.pupil_id.data,
                at=clock.now(),
                user_id=current_user.id,
            )
            words, pupil_id = taken_in_words(found, pupil), pupil.id
    except (NoSuchChild, MarkRefused) as error:
        return _register(found, form, str(error))
    flash(words)
    return redirect(url_for("registers.session", session_id=session_id, _anchor=f"child-{pupil_id}"), 303)


SHOW, FORM, PRESS = ("GET",), ("GET", "POST"), ("POST",)
ADDRESSES = (
    *child_views.ADDRESSES,
    *child_day_views.ADDRESSES,
    *dose_views.ADDRESSES,
    *event_views.ADDRESSES,
    *paper_views.ADDRESSES,
    *walk_in_views.ADDRESSES,
    ("/registers/door", door_views.door, SHOW),
    ("/registers/door/shell", door_views.door_shell, SHOW),
    ("/registers/sw.js", door_views.service_worker, SHOW),
    ("/registers/marks", sync_marks, PRESS),
    ("/registers/door/<date:on>.json", door_data, SHOW),
    ("/provider/", provider_views.provider, SHOW),
    ("/provider/takings", provider_views.takings, SHOW),
    ("/provider/sessions/<int:session_id>", provider_views.provider_session, SHOW),
    ("/provider/sessions/<int:session_id>/mark", provider_views.provider_mark, PRESS),
    ("/provider/sessions/<int:session_id>/call-off", provider_views.provider_call_off, FORM),
    ("/registers/staff", staff_views.staff_today, SHOW),
    ("/registers/staff/<int:staff_id>", staff_views.staff_mark, PRESS),
)
for address, view, methods in ADDRESSES:
    blueprint.add_url_rule(address, view.__name__, view, methods=methods)
