"""Pages on which a family says in two or three taps: not coming, late, somebody else collects."""

from __future__ import annotations

from collections.abc import Callable
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
from booking.web.forms import BaseForm

EVERYTHING = "all"


def _child(pupil_id: int, account_id: int) -> ChildDay:
    """One of this family's children on the day that the address names, today without one; raises `NotFound`."""
    at = clock.now()
    try:
        day = date.fromisoformat(request.args.get("day", clock.today(at).isoformat()))
    except ValueError as error:
        raise NotFound from error
    return child_day(account_id, pupil_id, day, at)


@for_roles("parent")
def not_coming(pupil_id: int) -> ResponseReturnValue:
    """Each button is a yes; what happens to place and money is said below them."""
    at, account_id = clock.now(), parent_desk().account.id
    child = _child(pupil_id, account_id)
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
    policy = current_policy()
    return render_template(
        "bookings/not_coming.html",
        child=child,
        sessions=child.may_still(at),
        may_cancel=[p for p in child.places if p.price_pence and at < p.credit_until],
        policy=policy,
        is_given_on=policy.away_frees_at is not None and at >= clock.instant(child.day, policy.away_frees_at),
        at=at,
    )


@for_roles("parent")
def late(pupil_id: int) -> ResponseReturnValue:
    """To what, and about when."""
    at, account_id = clock.now(), parent_desk().account.id
    child = _child(pupil_id, account_id)
    form = LateForm().of(child, at)

    def act() -> str:
        session_id, about = form.said()
        _tell("late", child, account_id, session_id=session_id, at_time=about)
        return f"The school knows that you are late. It stands on the register of {day_words(child.day)}."

    return _answer(form, act, child, "late")


@for_roles("parent")
def somebody_else(pupil_id: int) -> ResponseReturnValue:
    """Who collects; whoever is named, the answer is the same."""
    account_id = parent_desk().account.id
    child = _child(pupil_id, account_id)
    form = CollectorForm().of(_collectors(pupil_id))

    def act() -> str:
        _tell("collected_by", child, account_id, words=form.said())
        return (
            "The school knows. If staff do not know this person, they may ring you before they let "
            f"{child.pupil.first_name} go."
        )

    return _answer(form, act, child, "collects")


def _answer(form: BaseForm, act: Callable[[], str], child: ChildDay, kind: str) -> ResponseReturnValue:
    done = url_for("bookings.mine")
    return answer_form(
        form, act, template="bookings/tell.html", done=done, child=child, kind=kind, at=clock.now()
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
    ("/bookings/today/<int:pupil_id>/not-coming", not_coming, FORM),
    ("/bookings/today/<int:pupil_id>/late", late, FORM),
    ("/bookings/today/<int:pupil_id>/collects", somebody_else, FORM),
    ("/bookings/today/notes/<int:note_id>/take-back", take_back_note, PRESS),
)
