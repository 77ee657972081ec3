"""Pages of ties between adults and children, and of accounts for families that do not sign in."""

from __future__ import annotations

from flask import url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from booking.core import clock
from booking.core.db import db
from booking.core.errors import NotFound
from booking.office.forms import AccountForm, EndTieForm, TieForm
from booking.office.ties import TieDetails, change_tie, end_tie, open_account, siblings_on_file, tie_of
from booking.people.models import Guardianship, Pupil
from booking.people.restrictions import closed_pupils
from booking.web.audience import for_roles
from booking.web.form_pages import answer_form


@for_roles("manager")
def tie(tie_id: int) -> ResponseReturnValue:
    """What is known of one adult and one child: responsibility with its source, booking, collecting."""
    found, at = _open(tie_id), clock.now()
    form = TieForm(obj=found)

    def save() -> str:
        change_tie(
            tie_id,
            TieDetails(
                form.relationship_name.data,
                form.parental_responsibility.data,
                form.responsibility_source.data or "",
                form.may_book.data,
                form.may_collect.data,
            ),
            at=at,
            by=current_user.id,
        )
        return "Saved."

    return answer_form(
        form,
        save,
        template="office/tie.html",
        done=url_for("office.pupil", pupil_id=found.pupil_id),
        tie=found,
    )


@for_roles("manager")
def end_of_tie(tie_id: int) -> ResponseReturnValue:
    """End a tie, with a reason."""
    found, at = _open(tie_id), clock.now()
    form = EndTieForm()

    def act() -> str:
        end_tie(tie_id, form.reason.data, at=at, by=current_user.id)
        return "Ended. This adult finds nothing of the child any more."

    return answer_form(
        form,
        act,
        template="office/end_tie.html",
        done=url_for("office.pupil", pupil_id=found.pupil_id),
        tie=found,
    )


def _open(tie_id: int) -> Guardianship:
    found = tie_of(tie_id)
    if found.pupil_id in closed_pupils(current_user.id, clock.today()):
        raise NotFound
    return found


@for_roles("manager")
def account_by_hand(pupil_id: int) -> ResponseReturnValue:
    """Open an account for a family that does not sign in."""
    pupil, at = db.session.get(Pupil, pupil_id), clock.now()
    if pupil is None or pupil_id in closed_pupils(current_user.id, clock.today()):
        raise NotFound
    form = AccountForm(data={"name": pupil.surname, "pupils": [pupil_id]})
    form.pupils.choices = [(one.id, one.full_name) for one in siblings_on_file(pupil)]

    def act() -> str:
        account = open_account(form.name.data, form.pupils.data or (), at=at, by=current_user.id)
        return f"The account of {account.name} is open."

    return answer_form(
        form, act, template="office/account_by_hand.html", done=url_for("office.families"), pupil=pupil
    )
