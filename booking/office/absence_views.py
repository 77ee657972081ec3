"""Pages of who is in school: the day, one child by hand, and what is taken back."""

from __future__ import annotations

from datetime import date, timedelta

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from booking.bookings.day_note_models import DayNote
from booking.core import clock
from booking.core.access_log import CARE, COLLECTION
from booking.core.db import db, unit_of_work
from booking.core.errors import NotFound
from booking.core.words import counted
from booking.office.absence_day import CannotNote, clear_name, end_for_office, note_for_office, school_day
from booking.office.absence_forms import KIND_CHOICES, ChildNoteForm
from booking.office.absence_plan import nobody_is_away, take_back_list
from booking.people.models import Pupil
from booking.people.restrictions import closed_pupils
from booking.registers.walk_ins import find_children
from booking.web.audience import for_roles
from booking.web.form_pages import answer_press
from booking.web.seen import note_seen


@for_roles("manager")
def in_school_today() -> ResponseReturnValue:
    """Today's page under an address that does not change."""
    return redirect(url_for("office.in_school", on=clock.today()))


@for_roles("manager")
def in_school(on: date) -> ResponseReturnValue:
    """Who is away, leaves early, is late or collected by somebody else on a day."""
    at = clock.now()
    found = school_day(on, at, closed=closed_pupils(current_user.id, clock.today(at)))
    if found.pupil_ids:
        note_seen(found.pupil_ids, [CARE, COLLECTION], reason="absences")
    return render_template(
        "office/in_school.html",
        found=found,
        kinds=dict(KIND_CHOICES),
        today=clock.today(at),
        before=on - timedelta(days=1),
        after=on + timedelta(days=1),
    )


@for_roles("manager")
def nobody_away(on: date) -> ResponseReturnValue:
    """Say that the day's list was looked at and nobody more is away."""

    def act() -> str:
        nobody_is_away(_today_or_later(on), at=clock.now(), user_id=current_user.id)
        return "Noted: the list of the day was looked at."

    return answer_press(act, done=url_for("office.in_school", on=on))


@for_roles("manager")
def add_day_note(on: date) -> ResponseReturnValue:
    """One child by hand: by name, with the ones to choose from where several fit."""
    _today_or_later(on)
    form = ChildNoteForm()
    if not form.validate_on_submit():
        return _by_hand(form, on)
    closed = closed_pupils(current_user.id, clock.today())
    like = [pupil for pupil in find_children(form.name.data) if pupil.id not in closed]
    chosen = request.form.get("chosen", type=int)
    meant = [pupil for pupil in like if pupil.id == chosen] or like
    if len(meant) != 1:
        words = f"{len(meant)} children are called “{form.name.data}”. Choose one below."
        form.name.errors = [words if meant else "No child on the roll has this name. Check the spelling."]
        return _by_hand(form, on, meant)
    pupil_id = meant[0].id
    try:
        with unit_of_work():
            note_for_office(
                pupil_id,
                form.kind.data,
                day=on,
                at_time=form.at_time.data,
                words=" ".join((form.words.data or "").split()),
                at=clock.now(),
                user_id=current_user.id,
            )
            name = db.session.get_one(Pupil, pupil_id).full_name
    except CannotNote as error:
        return _by_hand(form, on, problem=str(error))
    flash(f"Noted for {name}.")
    return redirect(url_for("office.in_school", on=on))


@for_roles("manager")
def end_day_note(note_id: int) -> ResponseReturnValue:
    """Take one note back."""
    on = _day_of(note_id)

    def act() -> str:
        note = end_for_office(note_id, at=clock.now(), user_id=current_user.id)
        return f"Taken back. {note.pupil.full_name} is expected as booked."

    return answer_press(act, done=url_for("office.in_school", on=on))


@for_roles("manager")
def clear_collector(note_id: int) -> ResponseReturnValue:
    """Say that a name like that of a barred adult means another."""
    on = _day_of(note_id)

    def act() -> str:
        clear_name(note_id, at=clock.now(), user_id=current_user.id)
        return "The name stands on the register now."

    return answer_press(act, done=url_for("office.in_school", on=on))


@for_roles("manager")
def undo_absences(list_id: int) -> ResponseReturnValue:
    """Take a list back whole."""

    def act() -> str:
        changed = take_back_list(list_id, at=clock.now(), user_id=current_user.id)
        return f"The list is taken back: {counted(changed, 'note')} changed."

    return answer_press(act, done=url_for("office.in_school_today"))


def _by_hand(
    form: ChildNoteForm, on: date, matches: list[Pupil] | None = None, *, problem: str | None = None
) -> ResponseReturnValue:
    is_wrong = form.is_submitted()
    page = render_template(
        "office/day_note.html",
        form=form,
        on=on,
        matches=matches or [],
        problem=problem,
        has_errors=is_wrong,
    )
    return page, 422 if is_wrong else 200


def _today_or_later(on: date) -> date:
    if on < clock.today():
        raise NotFound
    return on


def _day_of(note_id: int) -> date:
    """The day of a note that this person may see; raises `NotFound`."""
    note = db.session.get(DayNote, note_id)
    if note is None or note.pupil_id in closed_pupils(current_user.id, clock.today()):
        raise NotFound
    return note.day
