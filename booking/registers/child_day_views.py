"""Pages at the door about one child's day: what was done, a note, an accident and its paper, and a near miss."""

from __future__ import annotations

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from booking.core import clock
from booking.core.access_log import CARE
from booking.core.words import counted
from booking.people.care import profile_of
from booking.people.models import Pupil
from booking.provision.models import Session
from booking.registers.door_access import child_of, incident_of, is_provider, session_of
from booking.registers.expected import registers_of
from booking.registers.incident_forms import AccidentForm, AdditionForm, NearMissForm, NoteForm
from booking.registers.incident_papers import facts_of, incident_paper
from booking.registers.incident_reading import additions_of, read_by, readings_of
from booking.registers.incident_words import (
    ADDED_WORDS,
    AFTERWARDS,
    DANGERS,
    INJURIES,
    KIND_WORDS,
    PARTS,
    SIDES,
    TOLD,
    is_head_bump,
)
from booking.registers.incidents import Report, add_note, add_to, hint_of, report
from booking.registers.reports_of_day import day_of
from booking.registers.telling import readers_of
from booking.web.audience import for_roles
from booking.web.files import pdf_response
from booking.web.form_pages import answer_form
from booking.web.seen import note_seen

WORDS = {
    "kinds": KIND_WORDS,
    "parts": PARTS,
    "sides": SIDES,
    "injuries": INJURIES,
    "afterwards": AFTERWARDS,
    "told": TOLD,
    "dangers": DANGERS,
    "added": ADDED_WORDS,
}
OF_OFFICE = ("office", "riddor_told", "riddor_not")


@for_roles("staff", "manager")
def child_day(session_id: int, pupil_id: int) -> ResponseReturnValue:
    """One child on the day of a session: medicine, accidents and notes, and the ways to write more."""
    session, pupil = child_of(current_user, session_id, pupil_id)
    note_seen([pupil_id], [CARE], reason="register")
    found = day_of(pupil, session, at=clock.now(), sees_all=not is_provider(current_user))
    return render_template(
        "registers/child_day.html",
        session=session,
        pupil=pupil,
        care=profile_of(pupil_id),
        day=found,
        me=current_user.id,
    )


def _back(session: Session, pupil: Pupil) -> str:
    return url_for("registers.child_day", session_id=session.id, pupil_id=pupil.id)


@for_roles("staff", "manager")
def write_note(session_id: int, pupil_id: int) -> ResponseReturnValue:
    """Write a note on a child's day."""
    session, pupil = child_of(current_user, session_id, pupil_id)
    at, user_id, form = clock.now(), current_user.id, NoteForm()

    def act() -> str:
        is_told = bool(form.for_family.data)
        add_note(
            pupil_id,
            session_id,
            form.words.data,
            for_family=is_told,
            at=at,
            user_id=user_id,
            once=form.once_key,
        )
        return "Noted. The family is told that there is something to read." if is_told else "Noted."

    return answer_form(
        form,
        act,
        template="registers/note.html",
        done=_back(session, pupil),
        session=session,
        pupil=pupil,
    )


@for_roles("staff", "manager")
def write_accident(session_id: int, pupil_id: int) -> ResponseReturnValue:
    """Write down an accident; the page of the report follows, with its paper."""
    session, pupil = child_of(current_user, session_id, pupil_id)
    at, user_id = clock.now(), current_user.id
    form = AccidentForm(
        data={
            "happened_on": clock.today(at),
            "happened_at": clock.to_school(at).time(),
            "where": session.run.room.name,
            "first_aid_by": current_user.name,
        }
    )
    made: list[int] = []

    def act() -> str:
        taken = (
            "where",
            "what",
            "side",
            "first_aid",
            "first_aid_by",
            "seen_by",
            "afterwards",
            "told",
            "told_whom",
        )
        told = Report(
            kind="accident",
            session_id=session_id,
            pupil_id=pupil_id,
            happened_at=clock.instant(form.happened_on.data, form.happened_at.data),
            parts=tuple(form.parts.data),
            injuries=tuple(form.injuries.data),
            **{name: getattr(form, name).data or "" for name in taken},
        )
        made.append(report(told, at=at, user_id=user_id, once=form.once_key).id)
        readers = len(readers_of([pupil_id], clock.today(at)).get(pupil_id, ()))
        if not readers:
            return "Kept. Nobody of this family reads online: hand over the paper."
        return f"Kept. {counted(readers, 'adult is', 'adults are')} told that there is something to read and sign."

    answer = answer_form(
        form,
        act,
        template="registers/accident_new.html",
        done=_back(session, pupil),
        session=session,
        pupil=pupil,
    )
    if made:
        answer.location = url_for("registers.incident", incident_id=made[0])  # type: ignore[union-attr]
    return answer


@for_roles("staff", "manager")
def write_near_miss(session_id: int) -> ResponseReturnValue:
    """Write down a near miss; only the office reads it from then on."""
    session, at, user_id = session_of(current_user, session_id), clock.now(), current_user.id
    (register,) = registers_of([session])
    form = NearMissForm(
        data={
            "happened_on": clock.today(at),
            "happened_at": clock.to_school(at).time(),
            "where": session.run.room.name,
        }
    )
    children = [(child.pupil.id, child.pupil.full_name) for child in register.children]
    form.pupil_id.choices = [(0, "No, or more than one"), *children]

    def act() -> str:
        told = Report(
            kind="near_miss",
            session_id=session_id,
            pupil_id=form.pupil_id.data or None,
            happened_at=clock.instant(form.happened_on.data, form.happened_at.data),
            where=form.where.data,
            what=form.what.data,
            danger=form.danger.data or "",
        )
        report(told, at=at, user_id=user_id, once=form.once_key)
        return "Thank you. The office has it, and nobody else."

    return answer_form(
        form,
        act,
        template="registers/near_miss_new.html",
        done=url_for("registers.session", session_id=session_id),
        session=session,
    )


@for_roles("staff", "manager")
def incident(incident_id: int) -> ResponseReturnValue:
    """One report with what was added and who has read it; what is wrong or new is added here."""
    at, user_id = clock.now(), current_user.id
    found = incident_of(current_user, incident_id, clock.today(at))
    if request.method == "GET" and found.pupil_id is not None:
        note_seen([found.pupil_id], [CARE], reason=found.kind)
    added = additions_of([incident_id]).get(incident_id, [])
    is_office = "manager" in current_user.role_names
    form = AdditionForm()
    form.kind.choices = [
        (kind, words)
        for kind, words in ADDED_WORDS.items()
        if (kind not in OF_OFFICE or is_office) and (not kind.startswith("riddor") or found.may_be_riddor)
    ]

    def act() -> str:
        add_to(incident_id, form.kind.data, form.words.data, at=at, user_id=user_id)
        return "Added. The report itself stays as it was."

    readers = readers_of([found.pupil_id], clock.today(at)).get(found.pupil_id, []) if found.pupil_id else []
    return answer_form(
        form,
        act,
        template="registers/incident.html",
        done=url_for("registers.incident", incident_id=incident_id),
        incident=found,
        facts=facts_of(found),
        additions=[one for one in added if one.kind not in OF_OFFICE or is_office],
        hint=hint_of(found),
        is_head_bump=is_head_bump(found.parts, found.injuries),
        readers=readers,
        read={
            one.user_id: one.at
            for one in read_by(found, added, readings_of([incident_id]).get(incident_id, []))
        },
        words=WORDS,
        is_office=is_office,
        is_provider=is_provider(current_user),
    )


@for_roles("staff", "manager")
def print_incident(incident_id: int) -> ResponseReturnValue:
    """The report on paper, for the family to sign, with the head bump letter where there is one."""
    at = clock.now()
    found = incident_of(current_user, incident_id, clock.today(at))
    if found.pupil_id is not None:
        note_seen([found.pupil_id], [CARE], reason=found.kind, act="print")
    content = incident_paper(found, at=at, by=current_user.name)
    return pdf_response(content, f"{found.kind.replace('_', '-')}-{found.id}")


SHOW, FORM = ("GET",), ("GET", "POST")
ADDRESSES = (
    ("/registers/session/<int:session_id>/children/<int:pupil_id>", child_day, SHOW),
    ("/registers/session/<int:session_id>/children/<int:pupil_id>/note", write_note, FORM),
    ("/registers/session/<int:session_id>/children/<int:pupil_id>/accident", write_accident, FORM),
    ("/registers/session/<int:session_id>/near-miss", write_near_miss, FORM),
    ("/registers/reports/<int:incident_id>", incident, FORM),
    ("/registers/reports/<int:incident_id>/print", print_incident, SHOW),
)
