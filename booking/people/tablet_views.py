"""Pages on a register tablet: choose your name and type your PIN; and set that PIN, once, after a full sign-in."""

from __future__ import annotations

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from werkzeug.wrappers import Response

from booking.core import clock
from booking.core.db import unit_of_work
from booking.people.sign_in import fits, hashed
from booking.people.sign_in_browser import set_long_cookie
from booking.people.sign_in_forms import NewPinForm, PinForm
from booking.people.sign_in_ways import begin
from booking.people.tablet_models import RegisterDevice
from booking.people.tablets import (
    EasyPin,
    WrongPin,
    count_try,
    find_device,
    forget_tries,
    people_on,
    refuse_easy_pin,
    set_pin,
)
from booking.web.audience import for_anyone, for_roles
from booking.web.fresh_proof import needs_fresh_proof

A_YEAR = 365 * 24 * 3600


def tablet_cookie() -> str:
    """The name of the cookie that makes a browser a register tablet."""
    return "__Host-tablet" if current_app.extensions["booking_settings"].is_https else "tablet"


def this_tablet() -> RegisterDevice | None:
    """The tablet that this browser is, if it is one."""
    return find_device(request.cookies.get(tablet_cookie()))


def become_tablet(response: Response, token: str) -> None:
    """Let this browser keep the token of a tablet."""
    set_long_cookie(response, tablet_cookie(), token, seconds=A_YEAR)


@for_anyone
def tablet() -> ResponseReturnValue:
    """Choose your name and type your PIN; any other device is led to the full sign-in."""
    device, at = this_tablet(), clock.now()
    if device is None:
        return redirect(url_for("people.sign_in"))
    people = {one.key: one for one in people_on(device, at=at)}
    form, problem = PinForm(), None
    form.who.choices = [(one.key, one.name) for one in people.values()]
    if form.validate_on_submit():
        chosen = people[form.who.data]
        with unit_of_work():
            may_try = count_try(chosen.key)
        if may_try and fits(form.pin.data, chosen.pin_hash):
            with unit_of_work():
                forget_tries(chosen.key)
            return begin(
                chosen.user,
                how="pin",
                stage="whole",
                is_strong=True,
                target=url_for("registers.today"),
                ends_by=chosen.ends_at,
                tablet=device,
            )
        problem = str(WrongPin())
    page = render_template("people/tablet.html", form=form, problem=problem, device=device)
    return page, 422 if form.is_submitted() else 200


@for_roles("staff", "manager")
@needs_fresh_proof()
def your_pin() -> ResponseReturnValue:
    """Set your PIN for this tablet, after a full sign-in on it."""
    device = this_tablet()
    if device is None:
        flash("This is no register tablet. The office makes one, on the tablet itself.")
        return redirect(url_for("people.your_sign_in"))
    form, problem = NewPinForm(), None
    if form.validate_on_submit():
        try:
            refuse_easy_pin(form.pin.data)
            pin_hash = hashed(form.pin.data)
            with unit_of_work():
                set_pin(device, current_user, pin_hash, at=clock.now())
            return redirect(url_for("registers.today"))
        except EasyPin as error:
            problem = str(error)
    page = render_template("people/your_pin.html", form=form, problem=problem, device=device)
    return page, 422 if form.is_submitted() else 200
