"""Pages of pupils: finding one, and what the office holds about them."""

from __future__ import annotations

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import select

from booking.core import clock
from booking.core.access_log import CARE, COLLECTION, CONTACTS, GROUPS
from booking.core.db import db
from booking.core.errors import NotFound
from booking.office.childcare_marks import MARK_WORDS
from booking.office.families import find_pupils
from booking.office.forms import LeftForm
from booking.office.leavers import leave_roll, places_go_back, return_to_roll
from booking.people.group_facts import GroupFact
from booking.people.import_plan import FACT_WORDS
from booking.people.models import Pupil
from booking.people.objections import objection_of
from booking.people.restrictions import closed_pupils, restrictions_of
from booking.web.audience import for_roles
from booking.web.form_pages import answer_form, answer_press
from booking.web.seen import note_seen

MOST_SHOWN = 200


@for_roles("manager")
def pupils() -> ResponseReturnValue:
    """Pupils by letters of name, class or UPN."""
    wanted = request.args.get("q", "").strip()[:80]
    found = find_pupils(wanted, limit=MOST_SHOWN)
    return render_template("office/pupils.html", pupils=found, wanted=wanted, most=MOST_SHOWN)


@for_roles("manager")
def pupil(pupil_id: int) -> ResponseReturnValue:
    """One pupil: contacts, care, adults who have joined; group facts for those alone who may see them.

    The form says that the child has left.
    """
    found = db.session.get(Pupil, pupil_id)
    if found is None or pupil_id in closed_pupils(current_user.id, clock.today()):
        raise NotFound
    facts = (
        sorted(
            db.session.scalars(select(GroupFact).where(GroupFact.pupil_id == pupil_id)),
            key=lambda fact: (fact.kind, fact.starts_on),
        )
        if current_user.sees_groups
        else []
    )
    form, at = LeftForm(), clock.now()
    note_seen(
        [pupil_id],
        [CARE, COLLECTION, CONTACTS, *([GROUPS] if current_user.sees_groups else [])],
        reason="office",
    )

    def leave() -> str:
        places = leave_roll(pupil_id, form.left_on.data, at=at, user_id=current_user.id)
        words = f"{found.full_name} has left."
        return f"{words} {places_go_back(places)}" if places else words

    return answer_form(
        form,
        leave,
        template="office/pupil.html",
        done=url_for("office.pupil", pupil_id=pupil_id),
        pupil=found,
        facts=facts,
        objects=objection_of(pupil_id) is not None,
        restrictions=restrictions_of([pupil_id], clock.today(at)).get(pupil_id, []),
        fact_words={**FACT_WORDS, **MARK_WORDS},
    )


@for_roles("manager")
def back_on_roll(pupil_id: int) -> ResponseReturnValue:
    """A child who had left, or was marked so by mistake, is back."""

    def act() -> str:
        return_to_roll(pupil_id, at=clock.now(), user_id=current_user.id)
        return "The child is on the roll again."

    return answer_press(act, done=url_for("office.pupil", pupil_id=pupil_id))
