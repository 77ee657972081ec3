"""Pages of what was imported: the list, one run with its progress and its leavers, and the way back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from flask import render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import select

from booking.core import clock
from booking.core.db import db
from booking.core.errors import NotFound
from booking.core.words import counted
from booking.office.import_forms import LeaversForm
from booking.office.leavers import leave_roll, places_go_back
from booking.people.import_journal import KEPT_FOR
from booking.people.import_runs import ImportRun
from booking.people.import_undo import undo_run
from booking.people.models import Pupil, User
from booking.people.restrictions import closed_pupils
from booking.web.audience import for_roles
from booking.web.form_pages import answer_form, answer_press

MOST_SHOWN = 50


@for_roles("manager")
def past_imports() -> ResponseReturnValue:
    """The last imports and roll-overs, newest first, each with its way back."""
    runs = db.session.scalars(select(ImportRun).order_by(ImportRun.id.desc()).limit(MOST_SHOWN)).all()
    return render_template("office/past_imports.html", runs=runs, names=_names(runs), kept_from=_kept_from())


@for_roles("manager")
def import_run(run_id: int) -> ResponseReturnValue:
    """One run: its progress or what it did; the form says which of the missing children have left."""
    run = db.session.get(ImportRun, run_id)
    if run is None:
        raise NotFound
    closed = closed_pupils(current_user.id, clock.today())
    missing = [pupil for pupil in _missing(run) if pupil.id not in closed]
    form, at = LeaversForm(), clock.now()
    form.with_choices([(pupil.id, _who(pupil)) for pupil in missing])

    def leave() -> str:
        places = sum(
            leave_roll(pupil_id, form.left_on.data, at=at, user_id=current_user.id)
            for pupil_id in form.pupils.data
        )
        words = f"{counted(len(form.pupils.data), 'child has', 'children have')} left."
        return f"{words} {places_go_back(places)}" if places else words

    return answer_form(
        form,
        leave,
        template="office/import_run.html",
        done=url_for("office.import_run", run_id=run_id),
        run=run,
        names=_names([run]),
        missing=missing,
        kept_from=_kept_from(),
    )


def _missing(run: ImportRun) -> list[Pupil]:
    """The children whom the run proposed as leavers and of whom nobody has said so yet."""
    if run.state != "applied" or not run.missing:
        return []
    query = (
        select(Pupil).where(Pupil.status.in_(("on_roll", "expected"))).order_by(Pupil.surname, Pupil.forename)
    )
    return [pupil for pupil in db.session.scalars(query) if pupil.id in set(run.missing)]


def _who(pupil: Pupil) -> str:
    where = "expected" if pupil.status == "expected" else pupil.class_name or "no class"
    return f"{pupil.full_name}, {where}"


def _names(runs: Sequence[ImportRun]) -> dict[int, str]:
    """Who did what, by user id."""
    ids = {user_id for run in runs for user_id in (run.user_id, run.undone_by_id) if user_id}
    return {user.id: user.name for user in db.session.scalars(select(User).where(User.id.in_(ids)))}


def _kept_from() -> datetime:
    return clock.now() - KEPT_FOR


@for_roles("manager")
def undo_import(run_id: int) -> ResponseReturnValue:
    """Take a run back: exactly what was before, or the reasons why not."""

    def act() -> str:
        run = undo_run(run_id, at=clock.now(), user_id=current_user.id)
        return f"{run.file_name} is undone. Everything stands as it did before."

    return answer_press(act, done=url_for("office.import_run", run_id=run_id))
