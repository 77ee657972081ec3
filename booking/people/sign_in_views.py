"""Pages of signing in: passkey first, password, the second step, and signing out."""

from __future__ import annotations

from flask import Response, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from booking.core import clock
from booking.core.db import unit_of_work
from booking.people import code_apps, one_time, passkeys
from booking.people.code_apps import WrongCode
from booking.people.forms import SignInForm
from booking.people.limits import TooManyTries, account_digest, note_try, refuse_too_many
from booking.people.models import User
from booking.people.second_step import find_step, stage_after_letter, stage_after_password, take_step
from booking.people.sign_in import WrongSignIn, check_sign_in
from booking.people.sign_in_browser import device_tokens, half_signed_in, let_go, present
from booking.people.sign_in_forms import ButtonForm, PasskeyAnswerForm, StepForm
from booking.people.sign_in_models import SignIn
from booking.people.sign_in_ways import STEPS, begin, home_of, safe_target, takes_demo, this_site
from booking.people.sign_ins import end, works_here
from booking.people.tablet_views import this_tablet
from booking.people.trusted_devices import trusted_until
from booking.web.audience import for_anyone

PASSKEY = "passkey"


@for_anyone
def sign_in() -> ResponseReturnValue:
    """Sign in with a passkey, or with e-mail and password; the password needs no JavaScript."""
    wanted = request.args.get("next")
    if request.method == "GET":
        if current_user.is_authenticated:
            return redirect(safe_target(wanted) or home_of(current_user))
        row = half_signed_in()
        if row is not None and row.stage in STEPS:
            return redirect(url_for(STEPS[row.stage]))
        if "full" not in request.args and this_tablet() is not None:
            return redirect(url_for("people.tablet"))
    form = SignInForm(next=wanted)
    problem, status = None, 200
    if form.validate_on_submit():
        try:
            user = check_sign_in(
                form.email.data,
                form.password.data,
                address=request.remote_addr or "",
                at=clock.now(),
                takes_demo=takes_demo(),
            )
        except WrongSignIn as error:
            problem, status = str(error), 422
        except TooManyTries as error:
            problem, status = str(error), 429
        else:
            is_trusted = trusted_until(user, device_tokens(), at=clock.now()) is not None
            stage = stage_after_password(user, is_trusted=is_trusted)
            return begin(user, how="password", stage=stage, target=form.next.data)
    elif form.is_submitted():
        status = 422
    passkey_form = PasskeyAnswerForm(formdata=None, next=wanted)
    page = render_template("people/sign_in.html", form=form, passkey_form=passkey_form, problem=problem)
    return page, status


@for_anyone
def passkey_options() -> ResponseReturnValue:
    """A challenge for a browser that wants to sign in by passkey; the same for everybody."""
    with unit_of_work():
        session[PASSKEY], options = passkeys.ask("sign_in", user=None, site=this_site(), at=clock.now())
    return Response(options, mimetype="application/json")


@for_anyone
def passkey_sign_in() -> ResponseReturnValue:
    """Take the answer of a passkey; it is two factors at once, so no code follows."""
    form = PasskeyAnswerForm()
    try:
        if not form.validate_on_submit():
            raise passkeys.PasskeyRefused
        user = check_passkey_answer(form.answer.data, "sign_in")
        if user.is_demo and not takes_demo():
            raise passkeys.PasskeyRefused
    except passkeys.PasskeyRefused as error:
        flash(str(error))
        return redirect(url_for("people.sign_in", next=safe_target(form.next.data)))
    return begin(
        user,
        how="passkey",
        stage="whole",
        is_strong=True,
        is_own_device=bool(form.own_device.data),
        target=form.next.data,
    )


def check_passkey_answer(answer: str, purpose: str) -> User:
    """The owner of the passkey that answered this browser's challenge; raises `PasskeyRefused`.

    The challenge is used up first, in a transaction of its own, whatever comes of the answer.
    """
    at, token = clock.now(), session.pop(PASSKEY, None)
    with unit_of_work():
        asked = passkeys.take_challenge(token, purpose, at=at)
    passkey_id, count = passkeys.read_answer(answer, asked, site=this_site())
    with unit_of_work():
        return passkeys.note_use(passkey_id, count, at=at)


@for_anyone
def second_step() -> ResponseReturnValue:
    """The code from an app or a letter, or a recovery code, after a right password."""
    row = half_signed_in()
    if row is None or row.stage not in ("code", "letter"):
        return redirect(url_for("people.sign_in"))
    form, problem, status = StepForm(), None, 200
    if form.validate_on_submit():
        try:
            return _take_code(row, form.code.data.replace(" ", ""), is_own=bool(form.own_device.data))
        except WrongCode as error:
            problem, status = str(error), 422
        except TooManyTries as error:
            problem, status = str(error), 429
    elif form.is_submitted():
        status = 422
    page = render_template(
        "people/second_step.html",
        form=form,
        passkey_form=PasskeyAnswerForm(formdata=None),
        problem=problem,
        stage=row.stage,
        has_app=code_apps.has_code_app(row.user_id),
        is_family=not works_here(row.user),
        email=row.user.email,
    )
    return page, status


def _take_code(row: SignIn, code: str, *, is_own: bool) -> ResponseReturnValue:
    """Check a code, count the try, and go on under a new token; raises `WrongCode` or `TooManyTries`."""
    at, address, user = clock.now(), request.remote_addr or "", row.user
    digest, sign_in_id, stage = account_digest(user.email, "code "), row.id, row.stage
    refuse_too_many(digest, address=address, at=at, is_code=True)
    is_letter = stage == "letter" and code.isdigit()
    try:
        found = ("letter", None) if is_letter else find_step(user.id, code)
    except WrongCode:
        with unit_of_work():
            note_try(digest, address=address, at=at, succeeded=False)
        raise
    with unit_of_work():
        is_right = (
            one_time.check_code(sign_in_id, code, at=at) if is_letter else take_step(user, code, found, at=at)
        )
        note_try(digest, address=address, at=at, succeeded=is_right)
    if not is_right:
        raise WrongCode
    next_stage = stage_after_letter(user) if is_letter else "whole"
    return begin(user, how=found[0], stage=next_stage, is_strong=not is_letter, is_own_device=is_own)


@for_anyone
def send_code_again() -> ResponseReturnValue:
    """Send a fresh code by letter; the one before ends."""
    row = half_signed_in()
    if row is None or row.stage != "letter" or not ButtonForm().validate_on_submit():
        return redirect(url_for("people.sign_in"))
    with unit_of_work():
        is_sent = one_time.send_code(row, at=clock.now())
    flash(
        "A fresh code is on its way." if is_sent else "We sent five codes. Wait an hour, or ring the office."
    )
    return redirect(url_for("people.second_step"))


@for_anyone
def sign_out() -> ResponseReturnValue:
    """End this sign-in; the cookie is worth nothing from then on."""
    row = present()
    if row is not None:
        sign_in_id, user_id = row.id, row.user_id
        with unit_of_work():
            end(sign_in_id, why="signed_out", at=clock.now(), of_user=user_id)
    let_go()
    flash("You are signed out.")
    return redirect(url_for("people.tablet" if this_tablet() is not None else "bookings.offer"))
