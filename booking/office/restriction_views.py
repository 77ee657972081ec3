"""Pages of restrictions: what is in force, what waits for a second yes, what must be looked at again."""

from __future__ import annotations

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import select

from booking.core import clock
from booking.core.access_log import COLLECTION
from booking.core.db import db
from booking.core.errors import BookingError, NotFound
from booking.office.forms import PressForm, RestrictionForm, ReviewForm
from booking.office.restricting import adults_of, put_in_force
from booking.people.models import Contact, Pupil
from booking.people.restricting import (
    Asked,
    ask_lifting,
    ask_restriction,
    confirm_lifting,
    review_restriction,
)
from booking.people.restrictions import KINDS, Restriction
from booking.web.audience import for_roles
from booking.web.form_pages import answer_form, answer_press
from booking.web.fresh_proof import needs_fresh_proof
from booking.web.seen import note_seen


@for_roles("manager")
def restrictions() -> ResponseReturnValue:
    """Every restriction that is not over, those that wait for somebody first."""
    found = db.session.scalars(
        select(Restriction)
        .where(Restriction.lifted_at.is_(None))
        .order_by(Restriction.review_on, Restriction.id)
    ).all()
    order = {"asked": 0, "lifting": 1, "in force": 2}
    return render_template(
        "office/restrictions.html",
        restrictions=sorted(found, key=lambda one: order[one.state]),
        today=clock.today(),
        kinds=KINDS,
    )


@for_roles("manager")
@needs_fresh_proof()
def restrict(pupil_id: int) -> ResponseReturnValue:
    """Write down a restriction about one adult and this child; it waits for a second person's yes."""
    pupil = db.session.get(Pupil, pupil_id)
    if pupil is None:
        raise NotFound
    form, at = RestrictionForm(), clock.now()
    form.adult.choices = adults_of(pupil)

    def ask() -> str:
        what, _, number = form.adult.data.partition("-")
        contact = db.session.get(Contact, int(number)) if what == "contact" else None
        ask_restriction(
            Asked(
                pupil_id=pupil_id,
                adult_id=int(number) if what == "user" else None,
                adult_name=contact.name if contact else form.adult_name.data or "",
                adult_email=(contact.email or "") if contact else "",
                kind=form.kind.data,
                starts_on=form.starts_on.data,
                review_on=form.review_on.data,
                evidence=form.evidence.data or "",
            ),
            at=at,
            by=current_user,
        )
        return "Written down. It is NOT in force yet: a second person must say yes. Ask them now."

    return answer_form(
        form, ask, template="office/restrict.html", done=url_for("office.restrictions"), pupil=pupil
    )


@for_roles("manager")
@needs_fresh_proof()
def restriction(restriction_id: int) -> ResponseReturnValue:
    """One restriction with its evidence, and the next step that it waits for."""
    found = db.session.get(Restriction, restriction_id)
    if found is None:
        raise NotFound
    form, at = ReviewForm(), clock.now()
    if request.method == "GET":
        note_seen([found.pupil_id], [COLLECTION], reason="restriction")

    def act() -> str:
        if form.act.data == "review":
            review_restriction(restriction_id, form.review_on.data or found.review_on, at=at, by=current_user)
            return "Kept. You will be asked again on the new date."
        if form.act.data == "lift":
            ask_lifting(restriction_id, form.reason.data or "", at=at, by=current_user)
            return "Asked to lift it. It stays in force until a second person says yes."
        raise BookingError("Choose what to do.")

    return answer_form(
        form,
        act,
        template="office/restriction.html",
        done=url_for("office.restriction", restriction_id=restriction_id),
        restriction=found,
        kinds=KINDS,
        press=PressForm(formdata=None),
        today=clock.today(at),
    )


@for_roles("manager", grant="approves")
@needs_fresh_proof()
def confirm_restricting(restriction_id: int) -> ResponseReturnValue:
    """The second person's yes: to putting it in force, or to lifting it."""
    found, at = db.session.get(Restriction, restriction_id), clock.now()
    if found is None:
        raise NotFound

    def act() -> str:
        if found.state == "lifting":
            confirm_lifting(restriction_id, at=at, by=current_user)
            return "Lifted. The adult’s ways are open again."
        return put_in_force(restriction_id, at=at, by=current_user).words

    return answer_press(act, done=url_for("office.restriction", restriction_id=restriction_id))
