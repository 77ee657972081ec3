"""Pages of signing in, signing out and joining by an invitation."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_security import login_user, logout_user

from booking.core import clock
from booking.core.db import unit_of_work
from booking.people.dates import NotADate, parse_date
from booking.people.forms import InvitationForm, SignInForm
from booking.people.invitations import (
    LinkNotValid,
    WrongDateOfBirth,
    accept,
    check_date_of_birth,
    find_invitation,
)
from booking.people.models import User
from booking.people.sign_in import TooManyTries, WeakPassword, WrongSignIn, check_sign_in, new_password
from booking.web.audience import for_anyone

blueprint = Blueprint("people", __name__)

HOMES = (
    ("parent", "bookings.book"),
    ("staff", "registers.today"),
    ("manager", "office.home"),
    ("governor", "equity.report"),
    ("admin", "office.users"),
)


def home_of(user: User) -> str:
    """The address of the page that a person starts from."""
    for role, endpoint in HOMES:
        if role in user.role_names:
            return url_for(endpoint)
    return url_for("bookings.offer")


def safe_target(target: str | None) -> str | None:
    """A path on this site to go on to, or nothing: never another site's address."""
    if not target or not target.startswith("/") or target.startswith("//") or "\\" in target:
        return None
    return None if urlsplit(target).netloc else target


@blueprint.route("/login", methods=["GET", "POST"])
@for_anyone
def sign_in() -> ResponseReturnValue:
    """Sign in with e-mail and password; works without JavaScript."""
    if current_user.is_authenticated and request.method == "GET":
        return redirect(safe_target(request.args.get("next")) or home_of(current_user))
    form = SignInForm(next=request.args.get("next"))
    problem, status = None, 200
    if form.validate_on_submit():
        try:
            user = check_sign_in(
                form.email.data,
                form.password.data,
                address=request.remote_addr or "",
                at=clock.now(),
                takes_demo=not current_app.extensions["booking_settings"].is_production,
            )
        except WrongSignIn as error:
            problem, status = str(error), 422
        except TooManyTries as error:
            problem, status = str(error), 429
        else:
            login_user(user, authn_via=["password"])
            return redirect(safe_target(form.next.data) or home_of(user))
    elif form.is_submitted():
        status = 422
    return render_template("people/sign_in.html", form=form, problem=problem), status


@blueprint.post("/logout")
@for_anyone
def sign_out() -> ResponseReturnValue:
    """End this sign-in."""
    logout_user()
    flash("You are signed out.")
    return redirect(url_for("bookings.offer"))


@blueprint.route("/join/<token>", methods=["GET", "POST"])
@for_anyone
def join(token: str) -> ResponseReturnValue:
    """Take up an invitation: name, password and, for a guardian, the child's date of birth."""
    at = clock.now()
    invitation = find_invitation(token, at=at)
    form = InvitationForm(name=invitation.name)
    asks_birthday = invitation.contact_id is not None
    problem, status = None, 200
    if form.validate_on_submit():
        try:
            password_hash = new_password(form.password.data)
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
            login_user(user, authn_via=["password"])
            return redirect(home_of(user))
        except (WrongDateOfBirth, WeakPassword, NotADate) as error:
            problem, status = str(error), 422
    elif form.is_submitted():
        status = 422
    page = render_template(
        "people/join.html", form=form, problem=problem, asks_birthday=asks_birthday, email=invitation.email
    )
    return page, status
