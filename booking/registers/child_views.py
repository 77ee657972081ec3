"""One child at the door: what keeps it safe, who may collect, the password on tap, and a release after a call."""

from __future__ import annotations

from flask import url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import select

from booking.core import clock
from booking.core.access_log import CARE, COLLECTION, CONTACTS
from booking.core.db import db
from booking.core.errors import NotFound
from booking.people.care import collection_words
from booking.people.restrictions import restrictions_of
from booking.provision.models import Session, StaffAssignment
from booking.registers.expected import may_see_session, registers_of
from booking.registers.forms import ReleaseForm
from booking.registers.pressing import Rung, release_after_call
from booking.registers.register_page import DoorChild, door_children
from booking.web.audience import for_roles
from booking.web.form_pages import answer_form
from booking.web.seen import note_seen


def _at_door(session_id: int, pupil_id: int) -> tuple[Session, DoorChild]:
    """A child of a session that this person may see; raises `NotFound` for everybody else's."""
    session = db.session.get(Session, session_id)
    if session is None or not may_see_session(current_user, session):
        raise NotFound
    (register,) = registers_of([session])
    register.children = [child for child in register.children if child.pupil.id == pupil_id]
    for found in door_children(register, clock.now()):
        return session, found
    raise NotFound


def _may_ring(session: Session) -> bool:
    """Telephone numbers are for the office and whoever of the school leads this run, on the day of the session alone.

    An outside club and an agency's worker for a day ring the office.
    """
    if session.date != clock.today() or current_user.seller_id is not None:
        return False
    leads = select(StaffAssignment.id).where(
        StaffAssignment.user_id == current_user.id, StaffAssignment.run_id == session.run_id
    )
    return "manager" in current_user.role_names or db.session.scalar(leads) is not None


def _page(session_id: int, pupil_id: int, *, words: tuple[str, ...] | None) -> ResponseReturnValue:
    """The page; `words` are the passwords when they were asked for."""
    session, found = _at_door(session_id, pupil_id)
    shows_numbers = _may_ring(session)
    form = ReleaseForm()

    def act() -> str:
        rung = Rung(form.whom.data or "", bool(form.agreed.data), form.outcome.data or "")
        name = form.name.data or ""
        return release_after_call(session, pupil_id, name, rung, at=clock.now(), user=current_user)

    fields = [CARE, COLLECTION, *([CONTACTS] if shows_numbers else [])]
    note_seen([pupil_id], fields, reason="register child")
    return answer_form(
        form,
        act,
        template="registers/child.html",
        done=url_for("registers.session", session_id=session_id, _anchor=f"child-{pupil_id}"),
        session=session,
        child=found,
        words=words,
        shows_numbers=shows_numbers,
    )


@for_roles("staff", "manager")
def child(session_id: int, pupil_id: int) -> ResponseReturnValue:
    """Everything that the door may know of one child; and somebody who is not on the list collects, after a call."""
    return _page(session_id, pupil_id, words=None)


@for_roles("staff", "manager")
def password(session_id: int, pupil_id: int) -> ResponseReturnValue:
    """The same page with the password for collecting, which is noted as seen by this person now."""
    session, _ = _at_door(session_id, pupil_id)
    note_seen([pupil_id], [COLLECTION], reason="collection password")
    barred = restrictions_of([pupil_id], session.date)
    return _page(session_id, pupil_id, words=tuple(collection_words([pupil_id], barred).get(pupil_id, ())))


ADDRESSES = (
    ("/registers/session/<int:session_id>/child/<int:pupil_id>", child, ("GET", "POST")),
    ("/registers/session/<int:session_id>/child/<int:pupil_id>/password", password, ("GET",)),
)
