"""The office's pages of early windows: a look, publishing the rule, sending the links, and withdrawing one or all."""

from __future__ import annotations

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import select
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from booking.bookings.early_grounds import GROUNDS, ComingIn, who_comes_in
from booking.bookings.early_links import link_to, links_in, open_link, withdraw_link
from booking.bookings.early_models import EarlyWindow
from booking.bookings.early_windows import (
    EarlyDetails,
    find_window,
    look_at,
    make_window,
    runs_with_a_window,
    send_links,
    take_back,
)
from booking.core import clock
from booking.core.db import db
from booking.core.errors import BookingError
from booking.core.words import counted, moment
from booking.office.fields import DayField, HourField, NumberField
from booking.people.restrictions import closed_pupils
from booking.provision.models import Run
from booking.provision.runs import DAY_NAMES
from booking.web.audience import for_roles
from booking.web.fields import TicksField
from booking.web.form_pages import answer_form, answer_press
from booking.web.forms import BaseForm


class EarlyForm(BaseForm):
    """A window: its clubs, its beginning, the grounds that count, and how much of each session may go early."""

    run_ids = TicksField("Clubs", coerce=int)
    opens_on = DayField(
        "Early booking opens on", missing="Enter the day.", description="For example 24/11/2026."
    )
    opens_hour = HourField("at", missing="Enter the hour.")
    grounds = TicksField(
        "A child can come in who", choices=[(name, words) for name, words in GROUNDS.items()]
    )
    share = NumberField(
        "Of 100 places, how many may be booked early at most?",
        missing="Enter a number.",
        least=1,
        description="The others stay for everybody. It counts for each session, rounded down.",
        most=100,
    )


class WhyForm(BaseForm):
    """Why a link or a window is taken back."""

    reason = StringField(
        "Why?",
        [InputRequired("Write why."), Length(max=200, message="Use at most 200 characters.")],
        description="Kept for the record. Families do not read it here.",
    )


def _runs_to_choose() -> list[tuple[int, str]]:
    runs = db.session.scalars(
        select(Run)
        .where(Run.status != "closed", Run.in_round.is_(False), Run.opens_at > clock.now())
        .where(Run.id.not_in(runs_with_a_window()))
        .order_by(Run.opens_at, Run.id)
    )
    return [
        (
            run.id,
            f"{run.activity.name}, {', '.join(DAY_NAMES[day][:3] for day in run.weekdays)}, {run.period.name} "
            f"(opens {moment(run.opens_at)})",
        )
        for run in runs
    ]


@for_roles("manager")
def early_windows() -> ResponseReturnValue:
    """All windows, the latest first."""
    found = db.session.scalars(select(EarlyWindow).order_by(EarlyWindow.id.desc())).all()
    return render_template("office/early_windows.html", windows=found, at=clock.now())


@for_roles("manager")
def add_early_window() -> ResponseReturnValue:
    """Look at what a rule would do, or publish it."""
    form = EarlyForm(data={"share": 50, "grounds": list(GROUNDS)})
    form.run_ids.choices = _runs_to_choose()
    if not form.is_submitted():
        form.run_ids.data = []
    found: list[ComingIn] = []

    def details() -> EarlyDetails:
        opens_at = clock.instant(form.opens_on.data, form.opens_hour.data)
        return EarlyDetails(tuple(form.run_ids.data), opens_at, tuple(form.grounds.data), form.share.data)

    def save() -> str:
        make_window(details(), at=clock.now(), user_id=current_user.id)
        return "The rule is published under “How places are given”. No link has been sent yet."

    problem = None
    if "look" in request.form and form.validate_on_submit():
        try:
            found.append(look_at(details(), at=clock.now()))
        except BookingError as error:
            problem = str(error)
        status = 422 if problem else 200
        page = render_template(
            "office/early_new.html", form=form, problem=problem, has_errors=bool(problem), found=found
        )
        return page, status
    return answer_form(
        form, save, template="office/early_new.html", done=url_for("office.early_windows"), found=found
    )


@for_roles("manager")
def early_window(window_id: int) -> ResponseReturnValue:
    """One window: its rule, who would come in (numbers alone) or who has a link (names, and no grounds)."""
    window, at = find_window(window_id), clock.now()
    state = window.state(at)
    coming = None
    if state == "announced":
        coming = who_comes_in([link.run for link in window.runs], window.grounds, at)
    return render_template(
        "office/early_window.html",
        window=window,
        state=state,
        coming=coming,
        links=links_in(window_id, at=at),
        hidden=closed_pupils(current_user.id, clock.today(at)),
        grounds=GROUNDS,
        day_names=DAY_NAMES,
    )


@for_roles("manager")
def send_early_links(window_id: int) -> ResponseReturnValue:
    """Send every family its link, all at one moment."""

    def act() -> str:
        number = send_links(window_id, at=clock.now(), user_id=current_user.id)
        return f"{counted(number, 'family account has', 'family accounts have')} a link. The letters leave together."

    return answer_press(act, done=url_for("office.early_window", window_id=window_id))


@for_roles("manager")
def take_early_window_back(window_id: int) -> ResponseReturnValue:
    """End a window with all of its links."""
    window, form = find_window(window_id), WhyForm()

    def act() -> str:
        take_back(window_id, form.reason.data, at=clock.now(), user_id=current_user.id)
        return "The window is taken back. What was booked stays booked."

    done = url_for("office.early_window", window_id=window_id)
    return answer_form(form, act, template="office/early_take_back.html", done=done, window=window)


@for_roles("manager")
def early_link(window_id: int, account_id: int) -> ResponseReturnValue:
    """One family's link, to withdraw it with a reason."""
    found, form = link_to(window_id, account_id, at=clock.now()), WhyForm()

    def act() -> str:
        withdraw_link(found, form.reason.data, at=clock.now(), user_id=current_user.id)
        return "The link is withdrawn. What the family has booked stays booked."

    done = url_for("office.early_window", window_id=window_id)
    return answer_form(form, act, template="office/early_link.html", done=done, found=found)


@for_roles("manager")
def open_early_link(window_id: int, account_id: int) -> ResponseReturnValue:
    """Open a link for a family that rings, or that nobody signs in for."""

    def act() -> str:
        open_link(link_to(window_id, account_id, at=clock.now()), at=clock.now(), user_id=current_user.id)
        return "Early booking is open for this family. Book for it under Families."

    return answer_press(act, done=url_for("office.early_window", window_id=window_id))
