"""Every address of signing in and joining on one page, and the page of joining by an invitation."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from booking.core import clock
from booking.core.db import unit_of_work
from booking.people import (
    factor_views,
    forgotten_views,
    sign_in_views,
    tablet_views,
    text_views,
    your_sign_in_views,
)
from booking.people.dates import NotADate, parse_date
from booking.people.forms import InvitationForm
from booking.people.invitations import (
    LinkNotValid,
    WrongDateOfBirth,
    accept,
    check_date_of_birth,
    find_invitation,
)
from booking.people.passwords import WeakPassword
from booking.people.second_step import stage_after_letter
from booking.people.sign_in import new_password
from booking.people.sign_in_ways import begin
from booking.web.audience import for_anyone

blueprint = Blueprint("people", __name__)


@blueprint.route("/join/<token>", methods=["GET", "POST"])
@for_anyone
def join(token: str) -> ResponseReturnValue:
    """Take up an invitation: name, password and, for a guardian, the child's date of birth."""
    at = clock.now()
    try:
        invitation = find_invitation(token, at=at)
    except LinkNotValid:
        return render_template("people/link_over.html", token=token), 400
    form = InvitationForm(name=invitation.name)
    asks_birthday = invitation.contact_id is not None
    problem, status = None, 200
    if form.validate_on_submit():
        try:
            password_hash = new_password(form.password.data, about=(form.name.data, invitation.email))
            given = parse_date(form.date_of_birth.data or "") if asks_birthday else None
            with unit_of_work():
                invitation = find_invitation(token, at=at)
                is_right = check_date_of_birth(invitation, given)
                tries_left = 5 - invitation.tries
                user = (
                    accept(invitation, name=form.name.data, password_hash=password_hash, at=at)
                    if is_right
                    else None
                )
            if user is None:
                raise WrongDateOfBirth(tries_left) if tries_left else LinkNotValid
            if user.created_at != at:
                flash("You had joined before. Your child is added: sign in with the password that you have.")
                return redirect(url_for("people.sign_in"))
            return begin(user, how="link", stage=stage_after_letter(user))
        except (WrongDateOfBirth, WeakPassword, NotADate) as error:
            problem, status = str(error), 422
    elif form.is_submitted():
        status = 422
    page = render_template(
        "people/join.html", form=form, problem=problem, asks_birthday=asks_birthday, email=invitation.email
    )
    return page, status


SHOW, FORM, PRESS = ("GET",), ("GET", "POST"), ("POST",)
ADDRESSES = (
    ("/login", sign_in_views.sign_in, FORM),
    ("/login/passkey/ask", sign_in_views.passkey_options, PRESS),
    ("/login/passkey", sign_in_views.passkey_sign_in, PRESS),
    ("/login/code", sign_in_views.second_step, FORM),
    ("/login/code/again", sign_in_views.send_code_again, PRESS),
    ("/login/set-up", factor_views.set_up, SHOW),
    ("/logout", sign_in_views.sign_out, PRESS),
    ("/forgotten", forgotten_views.forgotten, FORM),
    ("/reset/<token>", forgotten_views.reset, FORM),
    ("/new-email/<token>", forgotten_views.confirm_email, FORM),
    ("/your-sign-in", your_sign_in_views.your_sign_in, SHOW),
    ("/your-sign-in/<int:sign_in_id>/end", your_sign_in_views.end_sign_in, PRESS),
    ("/your-sign-in/end-others", your_sign_in_views.end_other_sign_ins, PRESS),
    ("/your-sign-in/devices/<int:device_id>/forget", your_sign_in_views.forget_device, PRESS),
    ("/your-sign-in/password", your_sign_in_views.your_password, FORM),
    ("/your-sign-in/email", your_sign_in_views.your_email, FORM),
    ("/your-sign-in/passkeys/ask", factor_views.new_passkey_options, PRESS),
    ("/your-sign-in/passkeys", factor_views.add_passkey, PRESS),
    ("/your-sign-in/passkeys/<int:passkey_id>/name", factor_views.rename_passkey, PRESS),
    ("/your-sign-in/passkeys/<int:passkey_id>/remove", factor_views.remove_passkey, PRESS),
    ("/your-sign-in/code-app/new", factor_views.begin_code_app, PRESS),
    ("/your-sign-in/code-app", factor_views.code_app, FORM),
    ("/your-sign-in/code-app/remove", factor_views.remove_code_app, PRESS),
    ("/your-sign-in/recovery-codes", factor_views.recovery_codes, FORM),
    ("/account/texts", text_views.your_texts, FORM),
    ("/account/texts/stop", text_views.stop_your_texts, PRESS),
    ("/prove", your_sign_in_views.prove, FORM),
    ("/prove/ask", your_sign_in_views.proof_options, PRESS),
    ("/tablet", tablet_views.tablet, FORM),
    ("/tablet/pin", tablet_views.your_pin, FORM),
)
for address, view, methods in ADDRESSES:
    blueprint.add_url_rule(address, view.__name__, view, methods=methods)
