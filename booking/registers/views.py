"""Pages at the door: today's sessions, one register, its marks, and the paper."""

from __future__ import annotations

from datetime import date, timedelta

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from booking.core import clock
from booking.core.access_log import CARE, COLLECTION
from booking.core.db import db, unit_of_work
from booking.core.errors import NotFound
from booking.people.school_years import school_year_start
from booking.provision.models import Seller, Session
from booking.registers import door_views, event_views
from booking.registers.expected import may_see_session, registers_of, sessions_for
from booking.registers.forms import MarkForm, WalkInForm
from booking.registers.marks import OUTS, MarkRefused, add_mark, undo
from booking.registers.printing import NothingToPrint, note_printing, print_sessions
from booking.registers.provider import provider_view
from booking.registers.sync_views import door_data, sync_marks
from booking.registers.takings import payable, payouts_of, takings_of
from booking.registers.walk_ins import NoSuchChild, find_children, walk_in
from booking.web.audience import for_roles
from booking.web.seen import note_seen

blueprint = Blueprint("registers", __name__)
blueprint.add_url_rule("/registers/door", "door", door_views.door)
blueprint.add_url_rule("/registers/door/shell", "door_shell", door_views.door_shell)
blueprint.add_url_rule("/registers/sw.js", "service_worker", door_views.service_worker)


@blueprint.get("/registers/")
@for_roles("staff", "manager")
def today() -> ResponseReturnValue:
    """The sessions of today that this person may see, the one that is on now first."""
    return _day(clock.today())


@blueprint.get("/registers/<date:on>")
@for_roles("staff", "manager")
def day(on: date) -> ResponseReturnValue:
    """The sessions of one day."""
    return _day(on)


def _day(on: date) -> ResponseReturnValue:
    now = clock.to_school(clock.now())
    registers = registers_of(sessions_for(current_user, on))
    return render_template(
        "registers/day.html",
        registers=registers,
        on=on,
        before=on - timedelta(days=1),
        after=on + timedelta(days=1),
        today=now.date(),
        wall=now.time().replace(tzinfo=None),
    )


def _session(session_id: int) -> Session:
    """A session that this person may see, or nothing at all."""
    session = db.session.get(Session, session_id)
    if session is None or not may_see_session(current_user, session):
        raise NotFound
    return session


@blueprint.get("/registers/session/<int:session_id>")
@for_roles("staff", "manager")
def session(session_id: int) -> ResponseReturnValue:
    """One register: a row a child, with what must be known of them."""
    return _register(_session(session_id), WalkInForm())


def _register(found: Session, walk_in_form: WalkInForm, problem: str | None = None) -> ResponseReturnValue:
    (register,) = registers_of([found])
    note_seen([child.pupil.id for child in register.children], [CARE, COLLECTION], reason="register")
    page = render_template(
        "registers/session.html",
        register=register,
        session=found,
        outs=OUTS,
        form=MarkForm(),
        walk_in_form=walk_in_form,
        problem=problem,
        matches=find_children(walk_in_form.name.data or "") if problem else [],
    )
    return page, 422 if problem else 200


@blueprint.post("/registers/session/<int:session_id>/mark")
@for_roles("staff", "manager")
def mark(session_id: int) -> ResponseReturnValue:
    """Mark one child in, out or absent, or undo the last mark."""
    found = _session(session_id)
    at, form = clock.now(), MarkForm()
    if not form.validate_on_submit():
        return _register(
            found, WalkInForm(formdata=None), "That mark was not understood. Nothing was changed."
        )
    try:
        with unit_of_work():
            if form.undo.data:
                undo(form.undo.data, at=at, user_id=current_user.id, session_id=session_id)
            else:
                add_mark(
                    session_id,
                    form.pupil_id.data,
                    form.what.data,
                    at=at,
                    user_id=current_user.id,
                    detail=form.detail.data or None,
                )
    except MarkRefused as error:
        flash(str(error))
    anchor = f"child-{form.pupil_id.data}" if form.pupil_id.data else None
    return redirect(url_for("registers.session", session_id=session_id, _anchor=anchor), 303)


@blueprint.post("/registers/session/<int:session_id>/walk-in")
@for_roles("staff", "manager")
def add_walk_in(session_id: int) -> ResponseReturnValue:
    """Take in a child who was not expected, by name."""
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
            name, pupil_id = pupil.full_name, pupil.id
    except (NoSuchChild, MarkRefused) as error:
        return _register(found, form, str(error))
    flash(f"{name} is in.")
    return redirect(url_for("registers.session", session_id=session_id, _anchor=f"child-{pupil_id}"), 303)


@blueprint.get("/registers/<date:on>/print")
@for_roles("staff", "manager")
def print_day(on: date) -> ResponseReturnValue:
    """The day's sheets as PDF, of the sessions that this person may see."""
    sessions = [found for found in sessions_for(current_user, on) if found.status == "planned"]
    if not sessions:
        raise NothingToPrint(f"Nothing of yours runs on {on:%d/%m/%Y}, so there is nothing to print.")
    return _pdf(sessions, f"registers-{on.isoformat()}.pdf")


@blueprint.get("/registers/session/<int:session_id>/print")
@for_roles("staff", "manager")
def print_session(session_id: int) -> ResponseReturnValue:
    """One session's sheets as PDF."""
    found = _session(session_id)
    return _pdf([found], f"register-{found.date.isoformat()}-{found.id}.pdf")


def _pdf(sessions: list[Session], name: str) -> Response:
    at = clock.now()
    wanted = tuple(request.args.getlist("kind")) or ("door", "leader")
    kinds = tuple(k for k in wanted if k in ("door", "leader"))
    content = print_sessions(sessions, kinds=kinds, at=at, by=current_user.name)
    with unit_of_work():
        note_printing(sessions, kinds=kinds, at=at, user_id=current_user.id)
    response = Response(content, mimetype="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="{name}"'
    return response


@blueprint.get("/provider/")
@for_roles("staff")
def provider() -> ResponseReturnValue:
    """An outside provider's own sessions, places and takings; the school's own staff go on to their registers."""
    if current_user.seller_id is None:
        return redirect(url_for("registers.today"))
    return render_template(
        "registers/provider.html", view=provider_view(current_user.seller_id, today=clock.today())
    )


@blueprint.get("/provider/takings")
@for_roles("staff")
def takings() -> ResponseReturnValue:
    """An outside provider's takings by month and activity, and what it was paid out; no family is named."""
    seller_id = current_user.seller_id
    if seller_id is None:
        return redirect(url_for("registers.today"))
    today = clock.today()
    return render_template(
        "registers/takings.html",
        seller=db.session.get_one(Seller, seller_id),
        taken=takings_of(seller_id, school_year_start(today), today),
        due=payable(seller_id, today),
        payouts=payouts_of(seller_id),
    )


blueprint.add_url_rule("/registers/marks", view_func=sync_marks, methods=("POST",))
blueprint.add_url_rule("/registers/door/<date:on>.json", view_func=door_data, methods=("GET",))
for address, view, methods in event_views.ADDRESSES:
    blueprint.add_url_rule(address, view.__name__, view, methods=methods)
