"""Pages of joining without a link: a code on paper, a fresh link for a lost one, and asking to be linked to a child."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from booking.core import clock
from booking.core.db import db, unit_of_work
from booking.core.errors import NotFound
from booking.office.families import post_invitation
from booking.office.forms import PressForm
from booking.office.joining_forms import AskAsNewForm, AskForm, CodeForm, DecideForm, JoinByCodeForm
from booking.office.joining_letters import letters_pdf
from booking.office.linking import ask_link, candidates, confirm_request, decide_link, open_requests
from booking.people.codes import check_code, fresh_link, join_by_code, link_by_code, refuse_wrong_birthday
from booking.people.invitations import AlreadyAUser, LinkNotValid, WrongDateOfBirth
from booking.people.limits import account_digest, note_try, refuse_too_many
from booking.people.linking_models import LinkRequest
from booking.people.models import User
from booking.people.passwords import WeakPassword
from booking.people.sign_in import new_password
from booking.web.audience import for_anyone, for_roles
from booking.web.form_pages import answer_form

SAME_WORDS = "If your link was one of ours, a fresh one is on its way to the address that the school holds."


def _base_url() -> str:
    url: str = current_app.extensions["booking_settings"].base_url
    return url


@for_anyone
def join_with_code() -> ResponseReturnValue:
    """Join by the code in a letter; who signs in already is led to the shorter page."""
    if current_user.is_authenticated:
        return redirect(url_for("joining.add_by_code"))
    form, at, problem = JoinByCodeForm(), clock.now(), None
    if form.validate_on_submit():
        digest = account_digest(form.email.data, "code")
        try:
            refuse_too_many(digest, address=request.remote_addr or "", at=at)
            password_hash = new_password(form.password.data, about=(form.name.data, form.email.data))
            with unit_of_work():
                note_try(digest, address=request.remote_addr or "", at=at, succeeded=False)
            with unit_of_work():
                invitation, is_right = check_code(form.code.data, form.date_of_birth.data, at=at)
                if is_right:
                    join_by_code(
                        invitation,
                        email=form.email.data,
                        name=form.name.data,
                        password_hash=password_hash,
                        at=at,
                    )
            if not is_right:
                refuse_wrong_birthday(invitation)
            flash("You have joined. Sign in with your e-mail address and password.")
            return redirect(url_for("people.sign_in"))
        except (LinkNotValid, WrongDateOfBirth, AlreadyAUser, WeakPassword) as error:
            problem = str(error)
    is_wrong = form.is_submitted()
    page = render_template("office/join_with_code.html", form=form, problem=problem, has_errors=is_wrong)
    return page, 422 if is_wrong else 200


@for_roles("parent")
def add_by_code() -> ResponseReturnValue:
    """A parent adds a child by the code in a letter."""
    form, at, problem = CodeForm(), clock.now(), None
    if form.validate_on_submit():
        user_id = current_user.id
        try:
            with unit_of_work():
                invitation, is_right = check_code(form.code.data, form.date_of_birth.data, at=at)
                if is_right:
                    link_by_code(invitation, db.session.get_one(User, user_id), at=at)
            if not is_right:
                refuse_wrong_birthday(invitation)
            flash("Your child is added.")
            return redirect(url_for("bookings.children"))
        except (LinkNotValid, WrongDateOfBirth) as error:
            problem = str(error)
    is_wrong = form.is_submitted()
    page = render_template("office/add_by_code.html", form=form, problem=problem, has_errors=is_wrong)
    return page, 422 if is_wrong else 200


@for_anyone
def send_again(token: str) -> ResponseReturnValue:
    """A fresh link for one that ran out, only to the contact held; the same words whether anything was sent."""
    at = clock.now()
    if PressForm().validate_on_submit():
        with unit_of_work():
            found = fresh_link(token, at=at)
            if found is not None:
                contact, fresh = found
                post_invitation(contact.email or "", contact.name, fresh, base_url=_base_url(), at=at)
    flash(SAME_WORDS)
    return redirect(url_for("people.sign_in"))


@for_anyone
def ask() -> ResponseReturnValue:
    """Ask to be linked to a child; the answer never says whether that child is on file."""
    at = clock.now()
    user_id = (
        current_user.id if current_user.is_authenticated and "parent" in current_user.role_names else None
    )
    form = AskForm() if user_id else AskAsNewForm()

    def act() -> str:
        said = {name: str(field.data or "") for name, field in form._fields.items()}
        said["date_of_birth"] = form.date_of_birth.data.isoformat()
        address = request.remote_addr or ""
        digest = account_digest(said.get("email", str(user_id)), "ask")
        refuse_too_many(digest, address=address, at=at)
        note_try(digest, address=address, at=at, succeeded=False)
        user = db.session.get(User, user_id) if user_id else None
        ask_link(said, user=user, base_url=_base_url(), at=at)
        if user is None:
            return (
                "Open the link in the letter that we have sent to your address. Then the school looks at it."
            )
        return "The school answers within ten school days."

    done = url_for("bookings.children") if user_id else url_for("people.sign_in")
    return answer_form(form, act, template="office/ask_link.html", done=done)


@for_anyone
def confirm_ask(token: str) -> ResponseReturnValue:
    """The asker's address is theirs: a button, so that a mail program that opens links confirms nothing."""
    form = PressForm()
    if form.validate_on_submit():
        with unit_of_work():
            confirm_request(token, at=clock.now())
        flash("Thank you. The school answers within ten school days.")
        return redirect(url_for("people.sign_in"))
    return render_template("office/confirm_ask.html", form=form, token=token)


@for_roles("manager")
def link_requests() -> ResponseReturnValue:
    """Requests that wait for a decision, the most urgent first."""
    return render_template("office/link_requests.html", requests=open_requests(), today=clock.today())


@for_roles("manager")
def link_request(request_id: int) -> ResponseReturnValue:
    """One request, the children who might be meant, and the decision with its reason."""
    found = db.session.get(LinkRequest, request_id)
    if found is None or found.state != "asked":
        raise NotFound
    form, at, user_id = DecideForm(), clock.now(), current_user.id
    form.pupil.choices = [
        *(
            (one.id, f"{one.full_name}, {one.class_name or 'no class'}, born {one.date_of_birth:%d/%m/%Y}")
            for one in candidates(found)
        ),
        (0, "None of them: refuse"),
    ]

    def decide() -> str:
        done = decide_link(
            request_id,
            form.pupil.data or None,
            responsibility=form.responsibility.data,
            reason=form.reason.data,
            base_url=_base_url(),
            at=at,
            by=user_id,
        )
        return "Linked, and told." if done.state == "linked" else "Refused, and told why."

    return answer_form(
        form, decide, template="office/link_request.html", done=url_for("joining.link_requests"), found=found
    )


@for_roles("manager")
def print_letters() -> ResponseReturnValue:
    """A letter with a code for each adult without e-mail whose child nobody has joined for."""
    at, user_id = clock.now(), current_user.id
    with unit_of_work():
        content = letters_pdf(
            request.form.get("class_name") or None, base_url=_base_url(), at=at, user_id=user_id
        )
    response = Response(content, mimetype="application/pdf")
    response.headers["Content-Disposition"] = 'attachment; filename="letters-with-codes.pdf"'
    return response


blueprint = Blueprint("joining", __name__)
SHOW, FORM, PRESS = ("GET",), ("GET", "POST"), ("POST",)
ADDRESSES = (
    ("/join", join_with_code, FORM),
    ("/join/<token>/again", send_again, PRESS),
    ("/children/code", add_by_code, FORM),
    ("/ask", ask, FORM),
    ("/ask/<token>", confirm_ask, FORM),
    ("/office/link-requests", link_requests, SHOW),
    ("/office/link-requests/<int:request_id>", link_request, FORM),
    ("/office/families/letters", print_letters, PRESS),
)
for address, view, methods in ADDRESSES:
    blueprint.add_url_rule(address, view.__name__, view, methods=methods)
