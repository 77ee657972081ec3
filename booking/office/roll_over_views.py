"""The page of the roll-over: what the new school year would do to each child, and the school's say."""

from __future__ import annotations

from datetime import date

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import func, select

from booking.core import clock
from booking.core.db import db, unit_of_work
from booking.core.errors import BookingError, Busy
from booking.office.forms import YEAR_WORDS
from booking.office.roll_over_forms import RollOverForm, class_field, roll_over_form
from booking.office.rolling_over import RollOverChanged, ask_roll_over, coming_roll_over
from booking.people.roll_over import RollOver, RollOverRefused, plan_roll_over
from booking.provision.models import Period
from booking.web.audience import for_roles


@for_roles("manager")
def roll_over() -> ResponseReturnValue:
    """Look at the new school year child by child, then say yes; before its day the yes waits for it."""
    at = clock.now()
    on, problem, plan = coming_roll_over(clock.today(at)), None, None
    try:
        bare = plan_roll_over(on)
    except RollOverRefused as refused:
        return _page(None, None, on, str(refused), is_wrong=False)
    form = roll_over_form(bare, YEAR_WORDS, _last_day(on))
    if form.validate_on_submit():
        choices = form.choices_made(bare.groups)
        try:
            plan = plan_roll_over(on, choices)
            if request.form.get("act") == "do":
                seen = request.form.get("seen", "")
                with unit_of_work():
                    run = ask_roll_over(on, choices, at=at, user_id=current_user.id, seen_digest=seen)
                    words = "It is done." if run.state == "applied" else f"It will be done on {on:%d/%m/%Y}."
                flash(words)
                return redirect(url_for("office.import_run", run_id=run.id))
        except Busy:
            raise
        except BookingError as error:
            problem = str(error)
            plan = plan if isinstance(error, RollOverChanged) else None
    return _page(
        form, plan, on, problem, is_wrong=form.is_submitted() and (plan is None or problem is not None)
    )


def _page(
    form: RollOverForm | None, plan: RollOver | None, on: date, problem: str | None, *, is_wrong: bool
) -> ResponseReturnValue:
    """The form, under it what was looked at; without a form the reason why nothing can be done."""
    names = [] if form is None else [name for name in form._fields if name.startswith(class_field(0)[:-1])]
    page = render_template(
        "office/roll_over.html",
        form=form,
        classes=[form[name] for name in names] if form is not None else [],
        plan=plan,
        on=on,
        problem=problem,
        year_words=YEAR_WORDS,
        has_errors=is_wrong,
    )
    return page, 422 if is_wrong else 200


def _last_day(on: date) -> date | None:
    """The last day of the school year before, if the school has entered its terms."""
    return db.session.scalar(select(func.max(Period.ends_on)).where(Period.ends_on < on))
