"""Pages of the office about registers that are over: hours of attendance, closing a day, corrections by two people."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from flask import Blueprint, Response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from booking.core import audit, clock
from booking.core.access_log import COLLECTION
from booking.core.csv_cells import csv_bytes
from booking.core.db import db, unit_of_work
from booking.core.errors import NotFound
from booking.office.attendance_forms import CorrectionForm
from booking.office.day_marks import marks_of
from booking.people.models import Pupil
from booking.provision.models import Session
from booking.registers.alarms import went_with_barred
from booking.registers.closing import came_late, close_day, ends_at, names_in, open_day
from booking.registers.disagreements import mark_words
from booking.registers.hours import by_child, csv_rows, hours_between, hours_words
from booking.registers.mark_corrections import Asked, ask_correction, corrections, decide_correction
from booking.registers.marks import MarkRefused
from booking.registers.models import ClosedDay
from booking.registers.walk_ins import find_children
from booking.web.audience import for_roles
from booking.web.form_pages import answer_form, answer_press
from booking.web.seen import note_seen

blueprint = Blueprint("attendance", __name__, url_prefix="/office")
MOST_DAYS = timedelta(days=366)


def _day(name: str, otherwise: date) -> date:
    """A day from the address; another one where it is none."""
    try:
        return date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return otherwise


@for_roles("manager")
def hours() -> ResponseReturnValue:
    """Who was here on one day and how long; the same of many days as CSV."""
    at = clock.now()
    on = _day("on", clock.today(at))
    children = by_child(hours_between(on, on, at=at))
    return render_template(
        "office/attendance.html",
        children=children,
        on=on,
        before=on - timedelta(days=1),
        after=on + timedelta(days=1),
        today=clock.today(at),
        minutes=sum(child.minutes for child in children),
        hours_words=hours_words,
        is_closed=db.session.get(ClosedDay, on) is not None,
    )


@for_roles("manager")
def hours_csv() -> ResponseReturnValue:
    """The hours between two days, at most a year, as CSV; that it was taken stands in the audit trail."""
    at, user_id = clock.now(), current_user.id
    first = _day("first", clock.today(at))
    last = min(_day("last", first), first + MOST_DAYS)
    content = csv_bytes(csv_rows(hours_between(first, last, at=at)))
    with unit_of_work():
        audit.record("exported", "attendance", None, at=at, user_id=user_id, first=str(first), last=str(last))
    name = f"attendance-{first.isoformat()}-{last.isoformat()}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, mimetype="text/csv", headers=headers)


@for_roles("manager")
def register_day(on: date | None = None) -> ResponseReturnValue:
    """What a day's registers still ask, who never came, its corrections, and the button that closes it."""
    on = on or clock.today()
    at, wanted = clock.now(), request.args.get("q", "")
    found = open_day(on)
    asked = corrections(day=on)
    note_seen({one.pupil_id for one in asked}, [COLLECTION], reason="register corrections")
    last, closed = ends_at(on), db.session.get(ClosedDay, on)
    return render_template(
        "office/register_day.html",
        on=on,
        found=found,
        closed=closed,
        came_late=names_in(came_late(closed)) if closed else [],
        alarms=went_with_barred(on),
        still_in=names_in(found.still_in),
        lone_outs=names_in(found.lone_outs),
        missing=_over(names_in([(one.session_id, one.pupil_id) for one in found.missing]), at),
        corrections=asked,
        mark_words=mark_words,
        last=last,
        is_over=last is not None and last <= at,
        wanted=wanted,
        matches=find_children(wanted),
    )


def _over(pairs: list[tuple[Session, Pupil]], at: datetime) -> list[tuple[Session, Pupil]]:
    """Those whose session is over; who is booked in a later one may still come."""
    return [pair for pair in pairs if clock.instant(pair[0].date, pair[0].ends_at) <= at]


@for_roles("manager")
def close_register_day(on: date) -> ResponseReturnValue:
    """Close a day: from here on a correction takes two people."""

    def act() -> str:
        closed = close_day(on, at=clock.now(), user_id=current_user.id)
        return f"The day is closed. {closed.no_shows} booked and did not come."

    return answer_press(act, done=url_for("attendance.register_day", on=on))


@for_roles("manager")
def register_child(on: date, pupil_id: int) -> ResponseReturnValue:
    """Every mark of one child on one day, whoever made it; on a closed day, the form that asks for a correction."""
    pupil = db.session.get(Pupil, pupil_id)
    if pupil is None:
        raise NotFound
    marks, sessions = marks_of(pupil_id, on)
    note_seen([pupil_id], [COLLECTION], reason="register of a day")
    form = CorrectionForm()
    form.session_id.choices = [
        (session.id, f"{session.run.activity.name}, {session.starts_at:%H:%M}") for session in sessions
    ]
    form.undoes.choices = [("", "None")] + [
        (mark.uid, f"{mark.words}, {clock.to_school(mark.at):%H:%M}, {mark.session_name}")
        for mark in marks
        if mark.may_be_undone
    ]

    def act() -> str:
        ask_correction(_asked(form, on, pupil_id), at=clock.now(), user_id=current_user.id)
        return "Asked. It is made when another person who may approve says yes."

    return answer_form(
        form,
        act,
        template="office/register_child.html",
        done=url_for("attendance.register_day", on=on),
        pupil=pupil,
        on=on,
        marks=marks,
        is_closed=db.session.get(ClosedDay, on) is not None,
    )


def _asked(form: CorrectionForm, on: date, pupil_id: int) -> Asked:
    wall = form.at.data
    when: datetime = clock.instant(on, wall) if wall is not None else clock.now()
    if form.what.data != "undone" and wall is None:
        raise MarkRefused("Write when it happened.")
    return Asked(
        session_id=form.session_id.data,
        pupil_id=pupil_id,
        what=form.what.data,
        at=when,
        detail=form.detail.data or None,
        undoes_uid=form.undoes.data or None,
        reason=form.reason.data,
    )


@for_roles("manager")
def mark_corrections() -> ResponseReturnValue:
    """Corrections of closed registers that wait for a second person."""
    asked = corrections(is_open=True)
    note_seen({one.pupil_id for one in asked}, [COLLECTION], reason="register corrections")
    return render_template("office/mark_corrections.html", corrections=asked, mark_words=mark_words)


@for_roles("manager")
def decide_mark_correction(correction_id: int) -> ResponseReturnValue:
    """The second person's yes or no."""
    is_yes = request.form.get("answer") == "yes"

    def act() -> str:
        decide_correction(correction_id, is_yes=is_yes, at=clock.now(), by=current_user._get_current_object())
        return "The register is corrected." if is_yes else "The correction is refused. Nothing was changed."

    return answer_press(act, done=url_for("attendance.mark_corrections"))


SHOW, FORM, PRESS = ("GET",), ("GET", "POST"), ("POST",)
ADDRESSES = (
    ("/attendance", hours, SHOW),
    ("/attendance.csv", hours_csv, SHOW),
    ("/registers", register_day, SHOW),
    ("/registers/<date:on>", register_day, SHOW),
    ("/registers/<date:on>/close", close_register_day, PRESS),
    ("/registers/<date:on>/children/<int:pupil_id>", register_child, FORM),
    ("/register-corrections", mark_corrections, SHOW),
    ("/register-corrections/<int:correction_id>/decide", decide_mark_correction, PRESS),
)
for address, view, methods in ADDRESSES:
    blueprint.add_url_rule(address, view.__name__, view, methods=methods)
