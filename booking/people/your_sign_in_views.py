"""Pages of one's own sign-in: where one is signed in, password, address, and showing once more that it is oneself."""

from __future__ import annotations

from flask import Response, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from booking.core import clock
from booking.core.db import unit_of_work
from booking.core.errors import BookingError, NotFound
from booking.people import code_apps, passkeys, recovery
from booking.people.changes import change_password
from booking.people.limits import TooManyTries, account_digest, note_try, refuse_too_many
from booking.people.models import ROLES
from booking.people.one_time import send_link
from booking.people.passwords import WeakPassword
from booking.people.second_step import find_step, take_step
from booking.people.sign_in import fits, new_password
from booking.people.sign_in_browser import KEY, present
from booking.people.sign_in_forms import (
    ChangePasswordForm,
    NewEmailForm,
    NewPasskeyForm,
    PasskeyAnswerForm,
    ProofForm,
)
from booking.people.sign_in_views import PASSKEY, check_passkey_answer
from booking.people.sign_in_ways import home_of, safe_target, this_site
from booking.people.sign_ins import end, end_all, live_sign_ins, must_be_strong, note_proof, works_here
from booking.people.tablet_views import this_tablet
from booking.people.tablets import AT_THE_DOOR
from booking.people.trusted_devices import end_trust, trusted_devices
from booking.web.audience import for_roles
from booking.web.form_pages import answer_form, answer_press
from booking.web.fresh_proof import needs_fresh_proof


class WrongProof(BookingError):
    """Password, code or passkey is not this person's; nothing was opened."""

    def __init__(self) -> None:
        super().__init__("That is not right. Nothing was opened. Check it and try again.")


def _this_id() -> int:
    row = present()
    assert row is not None  # the audience decorator let nobody else in
    return row.id


@for_roles(*ROLES)
def your_sign_in() -> ResponseReturnValue:
    """Where you are signed in, and with what keys."""
    at, user = clock.now(), current_user
    return render_template(
        "people/your_sign_in.html",
        sign_ins=live_sign_ins(user.id, at=at),
        this_id=_this_id(),
        devices=trusted_devices(user.id, at=at),
        passkeys=passkeys.passkeys_of(user.id),
        has_app=code_apps.has_code_app(user.id),
        codes_left=recovery.codes_left(user.id),
        is_staff=works_here(user),
        needs_two=must_be_strong(user),
        tablet=this_tablet() if user.role_names & AT_THE_DOOR else None,
        form=NewPasskeyForm(formdata=None),
    )


@for_roles(*ROLES)
def end_sign_in(sign_in_id: int) -> ResponseReturnValue:
    """End one of your sign-ins; its next request is thrown out."""

    def act() -> str:
        if not end(sign_in_id, why="ended_by_owner", at=clock.now(), of_user=current_user.id):
            raise NotFound
        return "That device is signed out."

    return answer_press(act, done=url_for("people.your_sign_in"))


@for_roles(*ROLES)
def end_other_sign_ins() -> ResponseReturnValue:
    """End all your sign-ins but this one."""

    def act() -> str:
        end_all(current_user.id, why="ended_by_owner", at=clock.now(), but=_this_id())
        return "You are signed out everywhere else."

    return answer_press(act, done=url_for("people.your_sign_in"))


@for_roles(*ROLES)
def forget_device(device_id: int) -> ResponseReturnValue:
    """Ask for a code again on a device that was trusted."""

    def act() -> str:
        end_trust(current_user.id, at=clock.now(), device_id=device_id)
        return "We ask for a code there next time."

    return answer_press(act, done=url_for("people.your_sign_in"))


@for_roles(*ROLES)
@needs_fresh_proof()
def your_password() -> ResponseReturnValue:
    """Change your password, with the old one; other sign-ins end."""
    form, at, address = ChangePasswordForm(), clock.now(), request.remote_addr or ""
    problem, status = None, 200
    if form.validate_on_submit():
        digest = account_digest(current_user.email)
        try:
            refuse_too_many(digest, address=address, at=at)
            password_hash = new_password(form.password.data, about=(current_user.name, current_user.email))
            is_right = fits(form.old.data, current_user.password or "")
            with unit_of_work():
                note_try(digest, address=address, at=at, succeeded=is_right)
                if is_right:
                    change_password(current_user, password_hash, at=at, keep_sign_in=_this_id())
            if not is_right:
                raise WrongProof
        except (WrongProof, WeakPassword) as error:
            problem, status = str(error), 422
        except TooManyTries as error:
            problem, status = str(error), 429
        else:
            flash("Your password is changed, and you are signed out everywhere else.")
            return redirect(url_for("people.your_sign_in"))
    elif form.is_submitted():
        status = 422
    return render_template("people/your_password.html", form=form, problem=problem), status


@for_roles(*ROLES)
@needs_fresh_proof()
def your_email() -> ResponseReturnValue:
    """Ask for another address; nothing changes until its link is opened."""
    form = NewEmailForm()

    def ask() -> str:
        send_link("email", form.email.data, user_id=current_user.id, at=clock.now())
        return "A letter with a link is on its way to the new address. Open it to take it into use."

    return answer_form(
        form, ask, template="people/your_email.html", done=url_for("people.your_sign_in"), user=current_user
    )


@for_roles(*ROLES)
def proof_options() -> ResponseReturnValue:
    """A challenge for one of your own passkeys."""
    with unit_of_work():
        session[PASSKEY], options = passkeys.ask("prove", user=current_user, site=this_site(), at=clock.now())
    return Response(options, mimetype="application/json")


@for_roles(*ROLES)
def prove() -> ResponseReturnValue:
    """Show once more that it is you: by password, code or passkey. The sign-in goes on under a new token."""
    form, passkey_form, problem, status = ProofForm(), PasskeyAnswerForm(), None, 200
    target = safe_target(request.args.get("next")) or home_of(current_user)
    if form.validate_on_submit():
        try:
            _check_proof(form, passkey_form.answer.data or "")
        except (WrongProof, passkeys.PasskeyRefused, code_apps.WrongCode) as error:
            problem, status = str(error), 422
        except TooManyTries as error:
            problem, status = str(error), 429
        else:
            with unit_of_work():
                token = note_proof(_this_id(), at=clock.now())
            session[KEY] = token
            return redirect(target)
    elif form.is_submitted():
        status = 422
    page = render_template(
        "people/prove.html",
        form=form,
        passkey_form=PasskeyAnswerForm(formdata=None),
        problem=problem,
        has_app=code_apps.has_code_app(current_user.id),
        has_passkey=passkeys.has_passkey(current_user.id),
    )
    return page, status


def _check_proof(form: ProofForm, answer: str) -> None:
    """Raise unless the passkey, code or password that was given is this person's; each try counts."""
    at, user, address = clock.now(), current_user, request.remote_addr or ""
    if answer:
        if check_passkey_answer(answer, "prove").id != user.id:
            raise passkeys.PasskeyRefused
        return
    code = (form.code.data or "").replace(" ", "")
    digest = account_digest(user.email, "code " if code else "")
    refuse_too_many(digest, address=address, at=at, is_code=bool(code))
    if code:
        found = find_step(user.id, code)
        with unit_of_work():
            is_right = take_step(user, code, found, at=at)
            note_try(digest, address=address, at=at, succeeded=is_right)
    else:
        is_right = fits(form.password.data or "", user.password or "")
        with unit_of_work():
            note_try(digest, address=address, at=at, succeeded=is_right)
    if not is_right:
        raise WrongProof
