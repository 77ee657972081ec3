"""An accident or a near miss on paper: one sheet to read and sign, and behind it the head bump letter if there is one."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from booking.core import clock
from booking.core.db import db
from booking.core.pdf import render
from booking.core.words import clock as hour
from booking.core.words import full_day, moment, plain_day
from booking.people.models import School
from booking.registers.incident_models import FOR_FAMILY, Incident
from booking.registers.incident_reading import additions_of
from booking.registers.incident_words import (
    ADDED_WORDS,
    AFTERWARDS,
    DANGERS,
    INJURIES,
    KIND_WORDS,
    PARTS,
    SIDES,
    TOLD,
    head_bump_advice,
    is_head_bump,
)

Facts = list[tuple[str, str]]


def incident_paper(incident: Incident, *, at: datetime, by: str) -> bytes:
    """The paper of one report: what the family may read of an accident, the whole of a near miss for the office."""
    is_accident = incident.kind == "accident"
    added = [
        (f"{ADDED_WORDS[one.kind]}, {moment(one.at)}, {one.user.name}", one.words)
        for one in additions_of([incident.id]).get(incident.id, ())
        if not is_accident or one.kind in FOR_FAMILY
    ]
    school = db.session.scalars(select(School)).first()
    has_letter = is_accident and is_head_bump(incident.parts, incident.injuries)
    data = {
        "title": f"{KIND_WORDS[incident.kind]} on {full_day(clock.today(incident.happened_at))}",
        "school": school.name if school else "Our school",
        "phone": school.phone if school else "",
        "child": incident.pupil.full_name if incident.pupil else "",
        "printed": f"{moment(at)}{f' by {by}' if by else ''}",
        "keep_until": plain_day(incident.keep_until),
        "facts": facts_of(incident),
        "added": added,
        "is_accident": is_accident,
        "has_letter": has_letter,
        "when": moment(incident.happened_at),
        "advice": [list(one) for one in head_bump_advice()] if has_letter else [],
    }
    return render("incident.typ", data, at=at)


def facts_of(incident: Incident) -> Facts:
    """What is told, as lines of (word, value) without the empty ones; the same on paper, screen and in the export."""
    session = incident.session
    lines = [
        ("Child", _child(incident)),
        ("When", moment(incident.happened_at)),
        ("Where", incident.where),
        ("Session", f"{session.run.activity.name}, {hour(session.starts_at)} to {hour(session.ends_at)}"),
        ("What happened", incident.what),
        ("Hurt", hurt_words(incident)),
        ("First aid", incident.first_aid),
        ("Given by", incident.first_aid_by),
        ("Seen by", incident.seen_by),
        ("And then", AFTERWARDS.get(incident.afterwards, "") if incident.kind == "accident" else ""),
        ("Family told", _told(incident)),
        ("Dangerous occurrence", DANGERS.get(incident.danger, "") if incident.danger else ""),
        ("Written by", f"{incident.reported_by.name}, {moment(incident.reported_at)}"),
    ]
    return [(word, value) for word, value in lines if value]


def hurt_words(incident: Incident) -> str:
    """`Head, knee (left): bump or bruise`."""
    if incident.kind != "accident":
        return ""
    parts = ", ".join(PARTS[one] for one in incident.parts).capitalize()
    side = f" ({SIDES[incident.side].lower()})" if incident.side else ""
    return f"{parts}{side}: {', '.join(INJURIES[one].lower() for one in incident.injuries)}"


def _child(incident: Incident) -> str:
    pupil = incident.pupil
    if pupil is None:
        return ""
    return f"{pupil.full_name}, {pupil.class_name}" if pupil.class_name else pupil.full_name


def _told(incident: Incident) -> str:
    if incident.kind != "accident":
        return ""
    return f"{TOLD[incident.told]}{f': {incident.told_whom}' if incident.told_whom else ''}"
