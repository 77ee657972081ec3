"""Pages of pupils: finding one, and what the office holds about them."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import select

from booking.core import clock
from booking.core.db import db
from booking.core.errors import NotFound
from booking.office.families import find_pupils
from booking.people.import_plan import FACT_WORDS
from booking.people.models import GroupFact, Pupil
from booking.web.audience import for_roles

MOST_SHOWN = 200


@for_roles("manager")
def pupils() -> ResponseReturnValue:
    """Pupils by letters of name, class or UPN."""
    wanted = request.args.get("q", "").strip()[:80]
    found = find_pupils(wanted, limit=MOST_SHOWN)
    return render_template("office/pupils.html", pupils=found, wanted=wanted, most=MOST_SHOWN)


@for_roles("manager")
def pupil(pupil_id: int) -> ResponseReturnValue:
    """One pupil: contacts, care, adults who have joined; group facts for those alone who may see them."""
    found = db.session.get(Pupil, pupil_id)
    if found is None:
        raise NotFound
    facts = (
        db.session.scalars(
            select(GroupFact)
            .where(GroupFact.pupil_id == pupil_id)
            .order_by(GroupFact.kind, GroupFact.starts_on)
        ).all()
        if current_user.sees_groups
        else []
    )
    return render_template(
        "office/pupil.html", pupil=found, facts=facts, fact_words=FACT_WORDS, today=clock.today()
    )
