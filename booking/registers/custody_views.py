"""Pages of custody: one child’s day, what rings and whom to ring; both ends of a handover; and all their addresses."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from booking.core import clock
from booking.core.access_log import COLLECTION, CONTACTS
from booking.core.db import db
from booking.core.errors import NotFound
from booking.people.restrictions import closed_pupils, restrictions_of
from booking.provision.models import Session
from booking.registers import live_views
from booking.registers.calls import calls_on, log_call
from booking.registers.custody_alarms import Alarm, acts_on, alarms_of, do_step, settle
from booking.registers.custody_day import CustodyDay, children_of, custody_of
from booking.registers.custody_forms import CallForm, FoundForm, PassForm, StepForm
from booking.registers.custody_words import stand_words
from booking.registers.expected import may_see_session, sessions_for
from booking.registers.handovers import passes_of, receive, send
from booking.registers.whom_to_ring import whom_to_ring
from booking.web.audience import for_roles
from booking.web.form_pages import answer_press
from booking.web.seen import note_seen

blueprint = Blueprint("custody", __name__, url_prefix="/registers")


def _custody_for(pupil_id: int, on: date) -> CustodyDay:
    """The day of a child of whom this person may see a session; raises `NotFound` for any other.

    Nobody from an outside firm sees where a child is before and after their session: they ring the office.
    """
    if current_user.seller_id is not None or pupil_id in closed_pupils(current_user.id, on):
        raise NotFound
    custody = custody_of(on, clock.now())
    own = {session.id for session in sessions_for(current_user, on)}
    facts = custody.facts.get(pupil_id)
    if not (facts and facts.session_ids & own) and "manager" not in current_user.role_names:
        raise NotFound
    if pupil_id not in children_of([pupil_id]):
        raise NotFound
    return custody


def _alarm_of(custody: CustodyDay, pupil_id: int) -> Alarm | None:
    """What rings for a child, which it does today alone."""
    if custody.day != clock.today(custody.at):
        return None
    return next((one for one in alarms_of(custody) if one.child.id == pupil_id), None)


@for_roles("staff", "manager")
def child(on: date, pupil_id: int) -> ResponseReturnValue:
    """One child's day: where it should be, where it is, what rings, whom to ring, and what was done."""
    custody = _custody_for(pupil_id, on)
    alarm = _alarm_of(custody, pupil_id)
    is_office = "manager" in current_user.role_names
    may_ring = is_office or alarm is not None
    numbers = whom_to_ring(pupil_id, on) if may_ring else []
    calls = calls_on([pupil_id], on).get(pupil_id, [])
    note_seen([pupil_id], [COLLECTION, *([CONTACTS] if numbers or calls else [])], reason="custody")
    facts, stand = custody.facts.get(pupil_id), custody.stands.get(pupil_id)
    return render_template(
        "registers/custody_child.html",
        child=children_of([pupil_id])[pupil_id],
        custody=custody,
        facts=facts,
        session_ids=_sessions(custody, pupil_id),
        words=stand_words(custody, pupil_id, stand) if stand else "Not expected after class",
        is_today=on == clock.today(custody.at),
        alarm=alarm,
        numbers=numbers,
        may_ring=may_ring,
        calls=calls,
        acts=acts_on(pupil_id, list(custody.sessions)),
        barred=restrictions_of([pupil_id], on).get(pupil_id, []),
        call_form=CallForm(),
        found_form=FoundForm(),
    )


def _sessions(custody: CustodyDay, pupil_id: int) -> list[int]:
    facts = custody.facts.get(pupil_id)
    known = facts.session_ids if facts else set()
    return [session_id for session_id in custody.sessions if session_id in known]


@for_roles("staff", "manager")
def log_child_call(on: date, pupil_id: int) -> ResponseReturnValue:
    """Write down who was rung about a child, and what came of it."""
    custody, form, at, user_id = _custody_for(pupil_id, on), CallForm(), clock.now(), current_user.id
    alarm = _alarm_of(custody, pupil_id)
    is_good = form.validate_on_submit()

    def act() -> str:
        if not is_good:
            return "Nothing was written down: " + " ".join(words for _, words in form.error_list)
        session_id, about = (alarm.stand.session_id, alarm.kind) if alarm else (None, "other")
        log_call(pupil_id, session_id, form.whom.data, form.outcome, at, user_id, about=about)
        return "The call is written down."

    return answer_press(act, done=_back(on, pupil_id))


@for_roles("staff", "manager")
def do_child_step(on: date, pupil_id: int) -> ResponseReturnValue:
    """A step of the school's own was done."""
    _custody_for(pupil_id, on)
    form, at, user_id = StepForm(), clock.now(), current_user.id
    if not form.validate_on_submit():
        return redirect(_back(on, pupil_id))

    def act() -> str:
        do_step(pupil_id, form.minutes.data, words=form.words.data or "", at=at, user_id=user_id)
        return "Done and written down."

    return answer_press(act, done=_back(on, pupil_id))


@for_roles("staff", "manager")
def settle_child(on: date, pupil_id: int) -> ResponseReturnValue:
    """A child who was looked for is found: where, and who said so."""
    _custody_for(pupil_id, on)
    form, at, user_id = FoundForm(), clock.now(), current_user.id
    form.validate_on_submit()

    def act() -> str:
        settle(pupil_id, words=form.words.data or "", at=at, user_id=user_id)
        return "Written down. The alarm has ended."

    return answer_press(act, done=_back(on, pupil_id))


def _back(on: date, pupil_id: int) -> str:
    return url_for("custody.child", on=on, pupil_id=pupil_id)


def _session(session_id: int) -> Session:
    session = db.session.get(Session, session_id)
    if session is None or not may_see_session(current_user, session):
        raise NotFound
    return session


@for_roles("staff", "manager")
def handover(session_id: int) -> ResponseReturnValue:
    """Both ends of a session's handovers: whom it sends on, and whom it takes in."""
    session = _session(session_id)
    custody = custody_of(session.date, clock.now())
    passes = passes_of(custody)
    return render_template(
        "registers/handover.html",
        session=session,
        custody=custody,
        going=[one for one in passes if one.from_id == session_id],
        coming=[one for one in passes if one.to_id == session_id],
    )


@for_roles("staff", "manager")
def pass_on(session_id: int) -> ResponseReturnValue:
    """Confirm one end for the children who are ticked."""
    _session(session_id)
    form, at, user_id = PassForm(), clock.now(), current_user.id
    form.pupil_ids.validate_choice = False
    is_good = form.validate_on_submit()

    def act() -> str:
        if not is_good:
            return "That was not understood. Nothing was changed."
        if form.end_of.data == "sent":
            return f"{len(send(session_id, form.pupil_ids.data, at=at, user_id=user_id))} sent on."
        return f"{len(receive(session_id, form.pupil_ids.data, at=at, user_id=user_id))} taken in."

    return answer_press(act, done=url_for("custody.handover", session_id=session_id))


SHOW, PRESS = ("GET",), ("POST",)
ADDRESSES = (
    ("/live", live_views.live, SHOW),
    ("/live.json", live_views.live_figures, SHOW),
    ("/roll-call", live_views.roll_call, SHOW),
    ("/whereabouts", live_views.whereabouts, SHOW),
    ("/<date:on>/child/<int:pupil_id>", child, SHOW),
    ("/<date:on>/child/<int:pupil_id>/call", log_child_call, PRESS),
    ("/<date:on>/child/<int:pupil_id>/step", do_child_step, PRESS),
    ("/<date:on>/child/<int:pupil_id>/found", settle_child, PRESS),
    ("/session/<int:session_id>/handover", handover, SHOW),
    ("/session/<int:session_id>/handover/confirm", pass_on, PRESS),
)
for address, view, methods in ADDRESSES:
    blueprint.add_url_rule(address, view.__name__, view, methods=methods)
