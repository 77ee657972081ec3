"""Pages about what is private of a child: who saw it, and whether the family objects to being counted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import select

from booking.core import clock
from booking.core.access_log import AccessEntry
from booking.core.db import db
from booking.core.errors import NotFound
from booking.office.forms import ObjectionForm
from booking.people.models import Pupil, User
from booking.people.objections import objection_of, record_objection, withdraw_objection
from booking.people.restrictions import closed_pupils
from booking.web.audience import for_roles
from booking.web.form_pages import answer_form

ACTS = {"view": "Seen", "print": "Printed", "export": "Exported", "change": "Changed"}
FIELDS = {"care": "care", "collection": "who may collect", "contacts": "contacts", "groups": "groups"}
MOST_SHOWN = 500


@dataclass(frozen=True)
class Look:
    """One line of the log in words."""

    at: datetime
    who: str
    act: str
    what: str
    reason: str


def _pupil(pupil_id: int) -> Pupil:
    found = db.session.get(Pupil, pupil_id)
    if found is None or pupil_id in closed_pupils(current_user.id, clock.today()):
        raise NotFound
    return found


@for_roles("manager")
def who_saw(pupil_id: int) -> ResponseReturnValue:
    """Who saw, printed or exported what is private about a child, newest first; a family may ask for it."""
    pupil = _pupil(pupil_id)
    rows = db.session.execute(
        select(AccessEntry, User.name)
        .outerjoin(User, User.id == AccessEntry.user_id)
        .where(AccessEntry.pupil_id == pupil_id)
        .order_by(AccessEntry.id.desc())
        .limit(MOST_SHOWN)
    )
    looks = [
        Look(
            entry.at,
            name or "The system",
            ACTS[entry.act],
            ", ".join(FIELDS.get(one, one) for one in entry.fields.split(",")),
            entry.reason,
        )
        for entry, name in rows
    ]
    return render_template("office/who_saw.html", pupil=pupil, looks=looks, most=MOST_SHOWN)


@for_roles("manager")
def objection(pupil_id: int) -> ResponseReturnValue:
    """Write down a family's written objection to being counted by groups, or that it is withdrawn."""
    pupil, at = _pupil(pupil_id), clock.now()
    standing, form = objection_of(pupil_id), ObjectionForm()

    def act() -> str:
        if standing is None:
            record_objection(pupil_id, form.on.data, at=at, user_id=current_user.id)
            return "Written down. The child is in no report from that day on."
        withdraw_objection(pupil_id, form.on.data, at=at, user_id=current_user.id)
        return "Withdrawn. The child counts again from that day on."

    return answer_form(
        form,
        act,
        template="office/objection.html",
        done=url_for("office.pupil", pupil_id=pupil_id),
        pupil=pupil,
        standing=standing,
    )
