"""The one way in which a page with a form answers: a redirect when it was done, else the answers kept and 422."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, render_template
from flask.typing import ResponseReturnValue

from booking.core.db import unit_of_work
from booking.core.errors import BookingError, Busy, NotFound
from booking.web.forms import BaseForm


def answer_form(
    form: BaseForm, act: Callable[[], str | None], *, template: str, done: str, **context: Any
) -> ResponseReturnValue:
    """Show the form, or run `act` in a unit of work and go on to `done` with the words that it gives.

    What `act` refuses (any `BookingError`) stands on top of the form; a thing that is not there stays a 404.
    """
    problem = None
    if form.validate_on_submit():
        try:
            with unit_of_work():
                words = act()
        except (NotFound, Busy):
            raise
        except BookingError as error:
            problem = str(error)
        else:
            if words:
                flash(words)
            return redirect(done)
    is_wrong = form.is_submitted()
    page = render_template(template, form=form, problem=problem, has_errors=is_wrong, **context)
    return page, 422 if is_wrong else 200


def answer_press(act: Callable[[], str | None], *, done: str) -> ResponseReturnValue:
    """Answer a button without fields: what was done, or why not, is said on the page that follows."""
    try:
        with unit_of_work():
            words = act()
    except (NotFound, Busy):
        raise
    except BookingError as error:
        words = str(error)
    if words:
        flash(words)
    return redirect(done)
