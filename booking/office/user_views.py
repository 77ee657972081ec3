"""Pages of who signs in: roles, grants and invitations. The admin works here and sees no pupil."""

from __future__ import annotations

from flask import current_app, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from booking.core import clock
from booking.core.db import db, unit_of_work
from booking.core.errors import NotFound
from booking.office.forms import InviteForm, UserForm
from booking.office.people_who_sign_in import (
    GRANTS,
    change_user,
    count_by_role,
    find_users,
    forget_keys_of,
    invite_user,
)
from booking.people.invitations import AlreadyAUser
from booking.people.models import ROLES, User
from booking.people.second_step import has_factor
from booking.web.audience import for_roles
from booking.web.form_pages import answer_form, answer_press
from booking.web.fresh_proof import needs_fresh_proof


@for_roles("manager", "admin")
def users() -> ResponseReturnValue:
    """Users by letters or role; without any, everybody who is more than a parent."""
    wanted, role = request.args.get("q", "").strip()[:80], request.args.get("role", "")
    return render_template(
        "office/users.html",
        users=find_users(wanted, role),
        counts=count_by_role(),
        grants=GRANTS,
        roles=ROLES,
        wanted=wanted,
        role=role,
    )


@for_roles("manager", "admin")
def user(user_id: int) -> ResponseReturnValue:
    """One user's roles and grants; one's own are for somebody else to change."""
    found = db.session.get(User, user_id)
    if found is None:
        raise NotFound
    form = UserForm(
        data={
            "roles": sorted(found.role_names),
            "grants": [grant for grant in GRANTS if getattr(found, grant)],
            "is_active": found.active,
        }
    )

    def save() -> str:
        change_user(
            user_id,
            roles=form.roles.data,
            grants=form.grants.data,
            is_active=form.is_active.data,
            at=clock.now(),
            by=current_user.id,
        )
        return f"{found.name} is saved."

    return answer_form(
        form,
        save,
        template="office/user.html",
        done=url_for("office.users"),
        user=found,
        has_keys=has_factor(user_id),
    )


@for_roles("manager", "admin")
@needs_fresh_proof()
def forget_keys(user_id: int) -> ResponseReturnValue:
    """Take passkeys and codes of somebody who lost them away; they set up new ones at the next sign-in."""

    def act() -> str:
        return f"The passkeys and codes of {forget_keys_of(user_id, at=clock.now(), by=current_user.id)} are gone."

    return answer_press(act, done=url_for("office.user", user_id=user_id))


@for_roles("manager", "admin")
def invite_somebody() -> ResponseReturnValue:
    """Invite somebody by e-mail into a role; the link is shown once, too."""
    form, problem, link = InviteForm(), None, None
    if form.validate_on_submit():
        base_url = current_app.extensions["booking_settings"].base_url
        try:
            with unit_of_work():
                link = invite_user(
                    form.email.data,
                    form.name.data or "",
                    form.role.data,
                    base_url=base_url,
                    at=clock.now(),
                    by=current_user.id,
                )
        except AlreadyAUser as error:
            problem = str(error)
    is_wrong = form.is_submitted() and link is None
    page = render_template("office/invite.html", form=form, problem=problem, link=link, has_errors=is_wrong)
    return page, 422 if is_wrong else 200
