"""Pages of shared accounts."""

from __future__ import annotations

from flask import url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from booking.core import clock
from booking.core.db import db
from booking.core.errors import NotFound
from booking.office.forms import JointForm
from booking.office.joint_accounts import join_adults, leave_account
from booking.people.models import FamilyAccount, User
from booking.web.audience import for_roles
from booking.web.form_pages import answer_form, answer_press


@for_roles("manager")
def share_account(account_id: int) -> ResponseReturnValue:
    """Let another guardian of the same child share this account, when both agree."""
    account, at, form = db.session.get(FamilyAccount, account_id), clock.now(), JointForm()
    if account is None:
        raise NotFound
    form.adult.choices = [(one.id, one.name) for one in _others(account)]

    def act() -> str:
        join_adults(account_id, form.adult.data, form.how.data, at=at, by=current_user.id)
        return "They share this account now."

    return answer_form(
        form,
        act,
        template="office/share_account.html",
        done=url_for("office.family", account_id=account_id),
        account=account,
    )


def _others(account: FamilyAccount) -> list[User]:
    """Guardians of the account's children who are not on it."""
    found = {
        tie.user_id: tie.user
        for user in account.users
        for own in user.guardianships
        for tie in own.pupil.guardianships
        if tie.user not in account.users
    }
    return sorted(found.values(), key=lambda one: one.name.casefold())


@for_roles("manager")
def part_account(account_id: int, user_id: int) -> ResponseReturnValue:
    """One adult leaves a shared account."""

    def act() -> str:
        leave_account(account_id, user_id, at=clock.now(), by=current_user.id)
        return "They have an account of their own again."

    return answer_press(act, done=url_for("office.family", account_id=account_id))
