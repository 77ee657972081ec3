"""A guardian's pages: what is to be read and signed, what was given, and the medicine that they agree to."""

from __future__ import annotations

from datetime import timedelta

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from booking.core import clock
from booking.core.access_log import CARE
from booking.core.db import db
from booking.core.errors import NotFound
from booking.people.medicines import agree_online, medicines_of, stop_medicine
from booking.people.models import Guardianship, User
from booking.people.restrictions import open_ties
from booking.registers.doses import doses_for
from booking.registers.incident_forms import MedicineForm
from booking.registers.incident_models import FOR_FAMILY, Incident
from booking.registers.incident_papers import facts_of, incident_paper
from booking.registers.incident_reading import (
    accident_of,
    accidents_of,
    additions_of,
    has_read,
    last_for_family,
    notes_for,
    say_read,
    unread_of,
)
from booking.registers.incident_words import ADDED_WORDS, head_bump_advice, is_head_bump
from booking.web.audience import for_roles
from booking.web.files import pdf_response
from booking.web.form_pages import answer_form, answer_press
from booking.web.seen import note_seen

SHOWN = timedelta(days=60)


def things_to_read() -> int:
    """How many accidents wait for the yes of whoever is signed in; a page that says so asks this itself."""
    return len(unread_of(current_user, clock.today()))


@for_roles("parent")
def to_read() -> ResponseReturnValue:
    """What waits to be read and signed first, then what was given and noted within two months."""
    at = clock.now()
    today = clock.today(at)
    found, doses = accidents_of(current_user, today), doses_for(current_user, today, since=at - SHOWN)
    notes = notes_for(current_user, today, since=at - SHOWN)
    seen = {
        *(child for one in found for child in _child(one)),
        *(one.pupil_id for one in doses),
        *(one.pupil_id for one in notes),
    }
    if seen:
        note_seen(seen, [CARE], reason="guardian")
    names = {tie.pupil_id: tie.pupil.first_name for tie in open_ties(current_user, today)}
    return render_template(
        "registers/to_read.html",
        unread=unread_of(current_user, today),
        accidents=found,
        doses=doses,
        notes=notes,
        names=names,
    )


@for_roles("parent")
def read_accident(incident_id: int) -> ResponseReturnValue:
    """Read an accident of one's own child, and say so."""
    at, user_id = clock.now(), current_user.id
    today = clock.today(at)
    incident = accident_of(incident_id, current_user, today)
    added = additions_of([incident_id]).get(incident_id, [])

    def act() -> str:
        seen = request.form.get("seen", 0, type=int)
        say_read(incident_id, db.session.get_one(User, user_id), seen=seen, at=at, on=today)
        return "Thank you. The school sees that you have read it."

    if request.method == "POST":
        return answer_press(act, done=url_for("incidents.read_accident", incident_id=incident_id))
    note_seen(_child(incident), [CARE], reason="guardian")
    return render_template(
        "registers/read_accident.html",
        incident=incident,
        facts=facts_of(incident),
        additions=[one for one in added if one.kind in FOR_FAMILY],
        added_words=ADDED_WORDS,
        seen=last_for_family(added),
        is_read=has_read(incident, user_id),
        advice=head_bump_advice() if is_head_bump(incident.parts, incident.injuries) else (),
    )


@for_roles("parent")
def accident_paper(incident_id: int) -> ResponseReturnValue:
    """The same as PDF."""
    at = clock.now()
    incident = accident_of(incident_id, current_user, clock.today(at))
    note_seen(_child(incident), [CARE], reason="guardian", act="print")
    return pdf_response(incident_paper(incident, at=at, by=""), f"accident-{incident_id}")


def _child(incident: Incident) -> list[int]:
    return [incident.pupil_id] if incident.pupil_id is not None else []


def _tie(pupil_id: int) -> Guardianship:
    for tie in open_ties(current_user, clock.today()):
        if tie.pupil_id == pupil_id and tie.pupil.status != "left":
            return tie
    raise NotFound


@for_roles("parent")
def medicines(pupil_id: int) -> ResponseReturnValue:
    """What staff may give a child, and a form to agree to one more."""
    tie, at = _tie(pupil_id), clock.now()
    if request.method == "GET":
        note_seen([pupil_id], [CARE], reason="guardian")
    form = MedicineForm(data={"starts_on": clock.today(at), "most_a_day": 1})

    def act() -> str:
        agree_online(tie, form.agreed, at=at)
        return f"Kept. Staff may give it to {tie.pupil.first_name}. Bring it in its own box, with the name on it."

    return answer_form(
        form,
        act,
        template="registers/medicines.html",
        done=url_for("incidents.medicines", pupil_id=pupil_id),
        tie=tie,
        medicines=medicines_of([pupil_id]).get(pupil_id, []),
        today=clock.today(at),
    )


@for_roles("parent")
def stop_childs_medicine(pupil_id: int, medicine_id: int) -> ResponseReturnValue:
    """Stop a medicine at once, whoever agreed to it."""
    tie, at, user_id = _tie(pupil_id), clock.now(), current_user.id

    def act() -> str:
        stop_medicine(medicine_id, pupil_id, at=at, by_id=user_id)
        return f"Stopped. Staff give it to {tie.pupil.first_name} no more."

    return answer_press(act, done=url_for("incidents.medicines", pupil_id=pupil_id))


SHOW, FORM, PRESS = ("GET",), ("GET", "POST"), ("POST",)
ADDRESSES = (
    ("/children/to-read", to_read, SHOW),
    ("/children/to-read/<int:incident_id>", read_accident, FORM),
    ("/children/to-read/<int:incident_id>/paper", accident_paper, SHOW),
    ("/children/<int:pupil_id>/medicines", medicines, FORM),
    ("/children/<int:pupil_id>/medicines/<int:medicine_id>/stop", stop_childs_medicine, PRESS),
)
