"""A guardian's own pages: each child with care, contacts, consents, and a button that says it is all still right.

What a page shows is the child's and this adult's; nothing on it names another adult.
"""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import select

from booking.bookings.child_forms import ConsentForm, ContactForm, WordForm
from booking.bookings.forms import PressForm
from booking.bookings.stale_care import to_confirm
from booking.core import audit, clock
from booking.core.access_log import CARE, COLLECTION
from booking.core.db import db
from booking.core.errors import NotFound
from booking.people.care import (
    collection_word,
    confirm,
    last_confirmed,
    profile_of,
    say,
    set_collection_word,
    statement_of,
)
from booking.people.care_forms import CareForm, care_answers
from booking.people.consents import (
    consent_kinds,
    give_consent,
    living_consents,
    may_consent,
    withdraw_consent,
)
from booking.people.going_alone import KIND, is_of_year, told_to_family, weekdays_of
from booking.people.models import Contact, Guardianship
from booking.people.restrictions import open_ties
from booking.web.audience import for_roles
from booking.web.form_pages import answer_form, answer_press
from booking.web.seen import note_seen


def _tie(pupil_id: int) -> Guardianship:
    """This person's tie to a child; raises `NotFound` for anybody else's child, and for one that is closed."""
    for tie in open_ties(current_user, clock.today()):
        if tie.pupil_id == pupil_id and tie.pupil.status != "left":
            return tie
    raise NotFound


@for_roles("parent")
def children() -> ResponseReturnValue:
    """Every child of this adult, and which of them wait to be confirmed this term."""
    ties = [tie for tie in open_ties(current_user, clock.today()) if tie.pupil.status != "left"]
    confirmed = last_confirmed([tie.pupil_id for tie in ties])
    stale = to_confirm([tie.pupil_id for tie in ties], clock.today())
    return render_template(
        "bookings/children.html", ties=ties, confirmed=confirmed, stale=stale, form=PressForm(formdata=None)
    )


@for_roles("parent")
def child(pupil_id: int) -> ResponseReturnValue:
    """One child: what the school holds, and this adult's own contacts and consents."""
    tie = _tie(pupil_id)
    note_seen([pupil_id], [CARE, COLLECTION], reason="guardian")
    return render_template(
        "bookings/child.html",
        tie=tie,
        care=profile_of(pupil_id),
        contacts=_own_contacts(pupil_id),
        has_word=bool(collection_word(pupil_id, current_user.id)),
        consents=[
            (kind, living_consents(pupil_id).get(kind.kind), may_consent(tie, kind))
            for kind in consent_kinds().values()
        ],
        alone=told_to_family(living_consents(pupil_id).get(KIND), clock.today()),
        confirmed_at=last_confirmed([pupil_id]).get(pupil_id),
        form=PressForm(formdata=None),
    )


def _own_contacts(pupil_id: int) -> list[Contact]:
    return list(
        db.session.scalars(
            select(Contact)
            .where(Contact.pupil_id == pupil_id, Contact.given_by_id == current_user.id)
            .order_by(Contact.priority, Contact.id)
        )
    )


@for_roles("parent")
def confirm_child(pupil_id: int) -> ResponseReturnValue:
    """All that is held is still right."""
    tie = _tie(pupil_id)

    def act() -> str:
        confirm(pupil_id, user_id=current_user.id, at=clock.now())
        return f"Thank you. {tie.pupil.first_name} is confirmed for this term."

    return answer_press(act, done=url_for("bookings.children"))


@for_roles("parent")
def care(pupil_id: int) -> ResponseReturnValue:
    """Say what staff must know; an allergy that somebody else told stays until the office has asked."""
    tie, at = _tie(pupil_id), clock.now()
    if request.method == "GET":
        note_seen([pupil_id], [CARE], reason="guardian")
    form = CareForm(data=care_answers(statement_of(pupil_id, current_user.id)))

    def save() -> str:
        profile = say(
            pupil_id, form.said, by_id=current_user.id, source="online", at=at, recorded_by_id=current_user.id
        )
        kept = [item for item in (*profile.allergies, *profile.diet) if item not in _plain(form.said)]
        words = f"Saved. Staff see it for {tie.pupil.first_name} from now."
        if kept:
            words += f" Also held for your child: {', '.join(kept)}. The office will ask before it takes that away."
        return words

    return answer_form(
        form, save, template="bookings/care.html", done=url_for("bookings.child", pupil_id=pupil_id), tie=tie
    )


def _plain(said: object) -> set[str]:
    return {item.lower() for item in (*said.allergies, *said.diet)}  # type: ignore[attr-defined]


@for_roles("parent")
def add_contact(pupil_id: int) -> ResponseReturnValue:
    """Name somebody whom staff may ring, or who may collect."""
    tie, form = _tie(pupil_id), ContactForm()

    def save() -> str:
        made = Contact(
            pupil_id=pupil_id, given_by_id=current_user.id, priority=len(_own_contacts(pupil_id)) + 1
        )
        _fill(made, form)
        db.session.add(made)
        db.session.flush()
        audit.record("contact_given", "contact", made.id, at=clock.now(), user_id=current_user.id)
        return f"{made.name} is on {tie.pupil.first_name}’s list. Only you and the staff see it."

    return answer_form(
        form,
        save,
        template="bookings/contact.html",
        done=url_for("bookings.child", pupil_id=pupil_id),
        tie=tie,
    )


@for_roles("parent")
def contact(pupil_id: int, contact_id: int) -> ResponseReturnValue:
    """Change one of one's own contacts."""
    tie = _tie(pupil_id)
    found = _own_contact(pupil_id, contact_id)
    form = ContactForm(obj=found)

    def save() -> str:
        _fill(found, form)
        db.session.flush()
        audit.record("contact_changed", "contact", found.id, at=clock.now(), user_id=current_user.id)
        return f"{found.name} is saved."

    return answer_form(
        form,
        save,
        template="bookings/contact.html",
        done=url_for("bookings.child", pupil_id=pupil_id),
        tie=tie,
        contact=found,
        press=PressForm(formdata=None),
    )


def _own_contact(pupil_id: int, contact_id: int) -> Contact:
    found = db.session.get(Contact, contact_id)
    if found is None or found.pupil_id != pupil_id or found.given_by_id != current_user.id:
        raise NotFound
    return found


def _fill(contact: Contact, form: ContactForm) -> None:
    contact.name, contact.phone = form.name.data, form.phone.data
    contact.relationship_name, contact.email = form.relationship_name.data or None, form.email.data or None
    contact.may_collect = form.may_collect.data


@for_roles("parent")
def remove_contact(pupil_id: int, contact_id: int) -> ResponseReturnValue:
    """Take one of one's own contacts off the list."""
    _tie(pupil_id)
    found = _own_contact(pupil_id, contact_id)

    def act() -> str:
        name = found.name
        db.session.delete(found)
        audit.record("contact_removed", "contact", contact_id, at=clock.now(), user_id=current_user.id)
        return f"{name} is off the list."

    return answer_press(act, done=url_for("bookings.child", pupil_id=pupil_id))


@for_roles("parent")
def collection(pupil_id: int) -> ResponseReturnValue:
    """One's own word for collecting, which staff see on tap."""
    tie = _tie(pupil_id)
    form = WordForm(data={"word": collection_word(pupil_id, current_user.id)})

    def save() -> str:
        set_collection_word(pupil_id, form.word.data or "", user_id=current_user.id, at=clock.now())
        return "Saved. Tell the word to whoever collects."

    return answer_form(
        form,
        save,
        template="bookings/collection.html",
        done=url_for("bookings.child", pupil_id=pupil_id),
        tie=tie,
    )


@for_roles("parent")
def consents(pupil_id: int) -> ResponseReturnValue:
    """Tick what is agreed; what is unticked is withdrawn today."""
    tie, at = _tie(pupil_id), clock.now()
    living, kinds = living_consents(pupil_id), consent_kinds()
    alone = living.get(KIND)
    has_run_out = alone is not None and not is_of_year(alone, clock.today(at))
    form = ConsentForm(
        data={
            "consents": [kind for kind in living if kind != KIND or not has_run_out],
            "latest": (alone.details.get("latest") or "") if alone else "",
            "days": list(weekdays_of(alone)) if alone else list(range(5)),
        }
    )
    mine = [kind for kind in kinds.values() if may_consent(tie, kind) or kind.kind in living]
    form.consents.choices = [(kind.kind, kind.words) for kind in mine]

    def save() -> str:
        for kind in mine:
            if kind.kind in (form.consents.data or ()):
                details = (
                    {"latest": form.latest.data or "", "days": form.days.data} if kind.kind == KIND else {}
                )
                if kind.kind not in living or details:
                    give_consent(tie, kind.kind, details, at=at)
            elif kind.kind in living:
                withdraw_consent(tie, kind.kind, at=at)
        return "Saved, with today’s date."

    return answer_form(
        form,
        save,
        template="bookings/consents.html",
        done=url_for("bookings.child", pupil_id=pupil_id),
        tie=tie,
        has_run_out=has_run_out,
        needs_office=[kind for kind in kinds.values() if kind not in mine],
    )


@for_roles("parent")
def still_right() -> ResponseReturnValue:
    """Confirm all children at once."""
    ties = [tie for tie in open_ties(current_user, clock.today()) if tie.pupil.status != "left"]

    def act() -> str:
        for tie in ties:
            confirm(tie.pupil_id, user_id=current_user.id, at=clock.now())
        return "Thank you. Your children are confirmed for this term."

    if not ties:
        flash("You have no child here yet.")
        return redirect(url_for("bookings.children"))
    return answer_press(act, done=url_for("bookings.children"))


SHOW, FORM, PRESS = ("GET",), ("GET", "POST"), ("POST",)
ADDRESSES = (
    ("/children", children, SHOW),
    ("/children/still-right", still_right, PRESS),
    ("/children/<int:pupil_id>", child, SHOW),
    ("/children/<int:pupil_id>/still-right", confirm_child, PRESS),
    ("/children/<int:pupil_id>/care", care, FORM),
    ("/children/<int:pupil_id>/contacts/add", add_contact, FORM),
    ("/children/<int:pupil_id>/contacts/<int:contact_id>", contact, FORM),
    ("/children/<int:pupil_id>/contacts/<int:contact_id>/remove", remove_contact, PRESS),
    ("/children/<int:pupil_id>/collection", collection, FORM),
    ("/children/<int:pupil_id>/consents", consents, FORM),
)
