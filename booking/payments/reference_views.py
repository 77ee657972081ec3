"""The page on which a parent tells a child's reference for Tax-Free Childcare, once."""

from __future__ import annotations

from flask import url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from booking.bookings.baskets import bookable_ids
from booking.core import clock
from booking.core.db import db
from booking.core.errors import NotFound
from booking.payments.forms import ReferenceForm
from booking.payments.references import keep_reference, references_of
from booking.people.models import Pupil
from booking.web.audience import for_roles
from booking.web.form_pages import answer_form


@for_roles("parent")
def child_reference(pupil_id: int) -> ResponseReturnValue:
    """Tell or change the reference of one of this family's children; nobody else's is here."""
    at = clock.now()
    account_id = current_user.accounts[0].id if current_user.accounts else None
    if account_id is None or pupil_id not in bookable_ids(account_id, clock.today(at)):
        raise NotFound
    pupil = db.session.get_one(Pupil, pupil_id)
    form = ReferenceForm(data={"reference": references_of(account_id).get(pupil_id, "")})

    def keep() -> str:
        kept = keep_reference(account_id, pupil_id, form.reference.data, at=at, user_id=current_user.id)
        return f"The reference {kept.reference} is kept for {pupil.first_name}."

    done = url_for("payments.account")
    return answer_form(form, keep, template="payments/child_reference.html", done=done, pupil=pupil)
