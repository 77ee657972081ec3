"""Pages on which a family says in two or three taps: not coming, late, somebody else collects."""

from __future__ import annotations

from datetime import date

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import select

from booking.bookings.day_note_forms import CollectorForm, LateForm
from booking.bookings.desk_views import parent_desk
from booking.bookings.forms import PressForm
from booking.bookings.policy import current_policy
from booking.bookings.telling import ChildDay, child_day, take_back, tell
from booking.core import clock
from booking.core.db import db
from booking.core.errors import NotFound
from booking.core.words import day as day_words
from booking.people.models import Contact
from booking.web.audience import for_roles
from booking.web.form_pages import answer_form, answer_press

EVERYTHING = "all"


@for_roles("parent")
def tell_school(pupil_id: int, on: date, kind: str) -> ResponseReturnValue:
    """Say one thing about one child on one day."""
    at, account_id = clock.now(), parent_desk().account.id
    child = child_day(account_id, pupil_id, on, at)
    if kind == "not-coming":
        return _not_coming(child, account_id)
    if kind == "late":
        form: LateForm | CollectorForm = LateForm().of(child, at)
    elif kind == "collects":
        form = CollectorForm().of(_collectors(pupil_id))
    else:
        raise NotFound

    def act() -> str:
        if isinstance(form, LateForm):
            session_id, late = form.said()
            _tell("late", child, account_id, session_id=session_id, at_time=late)
            return f"The school knows that you are late. It stands on the register of {day_words(on)}."
        _tell("collected_by", child, account_id, words=form.said())
        return (
            "The school knows. If staff do not know this person, they may ring you before they let "
            f"{child.pupil.first_name} go."
        )

    return answer_form(
        form, act, template="bookings/tell.html", done=url_for("bookings.mine"), child=child, kind=kind, at=at
    )


def _not_coming(child: ChildDay, account_id: int) -> ResponseReturnValue:
    """Each button is a yes; what happens to place and money is said above them."""
    at = clock.now()
    if PressForm().validate_on_submit():
        said = request.form.get("session", "")
        session_id = int(said) if said.isascii() and said.isdigit() else None
        if session_id is None and said != EVERYTHING:
            raise NotFound

        def act() -> str:
            _tell("not_coming", child, account_id, session_id=session_id)
            return (
                f"The school knows that {child.pupil.first_name} is not coming. Nobody waits for your child."
            )

        return answer_press(act, done=url_for("bookings.mine"))
    return render_template(
        "bookings/not_coming.html",
        child=child,
        sessions=child.may_still(at),
        may_cancel=[p for p in child.places if p.price_pence and at < p.credit_until],
        policy=current_policy(),
        at=at,
    )


@for_roles("parent")
def take_back_note(note_id: int) -> ResponseReturnValue:
    """Take back what was said."""
    account_id, at = parent_desk().account.id, clock.now()

    def act() -> str:
        note = take_back(note_id, account_id=account_id, at=at, user_id=current_user.id)
        return f"Taken back. {note.pupil.first_name} is expected as booked."

    return answer_press(act, done=url_for("bookings.mine"))


def _tell(kind: str, child: ChildDay, account_id: int, **said: object) -> None:
    tell(
        kind,
        account_id=account_id,
        pupil_id=child.pupil.id,
        day=child.day,
        at=clock.now(),
        user_id=current_user.id,
        **said,  # type: ignore[arg-type]  # each caller names what its kind of note has
    )


def _collectors(pupil_id: int) -> list[str]:
    """Who may collect, as this adult told the school; what others told is not theirs to see."""
    rows = db.session.scalars(
        select(Contact)
        .where(Contact.pupil_id == pupil_id, Contact.given_by_id == current_user.id, Contact.may_collect)
        .order_by(Contact.priority, Contact.id)
    )
    return [f"{one.name} ({one.relationship_name})" if one.relationship_name else one.name for one in rows]


FORM, PRESS = ("GET", "POST"), ("POST",)
ADDRESSES = (
    ("/bookings/day/<int:pupil_id>/<date:on>/<kind>", tell_school, FORM),
    ("/bookings/day/notes/<int:note_id>/take-back", take_back_note, PRESS),
)
