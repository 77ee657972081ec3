"""Pages of a forgotten password and of a new address: each ends with a link that came by letter."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from booking.core import clock
from booking.core.db import unit_of_work
from booking.people.changes import new_address, reset_password
from booking.people.limits import TooManyTries, account_digest, note_try, refuse_too_many
from booking.people.one_time import find_link, send_link
from booking.people.passwords import WeakPassword
from booking.people.sign_in import new_password
from booking.people.sign_in_forms import ButtonForm, ForgottenForm, NewPasswordForm
from booking.web.audience import for_anyone


@for_anyone
def forgotten() -> ResponseReturnValue:
    """Ask for a link. Nobody is looked up here, so known and unknown addresses cannot be told apart."""
    form, problem, status = ForgottenForm(), None, 200
    if form.validate_on_submit():
        at, email, address = clock.now(), form.email.data, request.remote_addr or ""
        digest = account_digest(email, "forgotten ")
        try:
            refuse_too_many(digest, address=address, at=at)
        except TooManyTries as error:
            problem, status = str(error), 429
        else:
            with unit_of_work():
                note_try(digest, address=address, at=at, succeeded=False)
                send_link("reset", email, user_id=None, at=at)
            flash("If somebody with that address signs in here, a letter with a link is on its way to them.")
            return redirect(url_for("people.sign_in"))
    elif form.is_submitted():
        status = 422
    return render_template("people/forgotten.html", form=form, problem=problem), status


@for_anyone
def reset(token: str) -> ResponseReturnValue:
    """Choose a new password. Everybody is signed out, and the second step is asked for as always."""
    at = clock.now()
    row = find_link(token, "reset", at=at)
    form, problem = NewPasswordForm(), None
    if form.validate_on_submit():
        try:
            password_hash = new_password(form.password.data, about=(row.email,))
            with unit_of_work():
                reset_password(token, password_hash, at=at)
        except WeakPassword as error:
            problem = str(error)
        else:
            flash("Your new password is in place, and you are signed out everywhere. Sign in with it.")
            return redirect(url_for("people.sign_in"))
    page = render_template("people/reset.html", form=form, problem=problem)
    return page, 422 if form.is_submitted() else 200


@for_anyone
def confirm_email(token: str) -> ResponseReturnValue:
    """Take a new address into use, by a button behind the link that went there."""
    at, form = clock.now(), ButtonForm()
    row = find_link(token, "email", at=at)
    if form.validate_on_submit():
        with unit_of_work():
            new_address(token, at=at)
        flash("From now on you sign in with your new address.")
        return redirect(url_for("people.sign_in"))
    return render_template("people/confirm_email.html", form=form, email=row.email)
