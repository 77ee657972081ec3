"""Pages of changes after families have booked: one session, a whole day, and who has read it and whom to ring."""

from __future__ import annotations

from datetime import date

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import func, select

from booking.bookings.change_models import CHANGE_WORDS
from booking.bookings.changes import ChangeRefused, call_off, cut_capacity, move_session, who_would_go
from booking.bookings.models import Place
from booking.bookings.notices import answer_notice, find_notice, recent_changes, sessions_beside, to_ring
from booking.core import clock
from booking.core.access_log import CONTACTS
from booking.core.db import db
from booking.core.errors import NotFound
from booking.core.words import clock as hour
from booking.core.words import counted, full_day
from booking.office.change_forms import CallOffForm, HoursForm, PlacesForm
from booking.office.forms import PressForm
from booking.office.ringing import numbers_for
from booking.office.set_up import close_school
from booking.people.dates import NotADate, parse_date
from booking.people.models import Pupil
from booking.people.restrictions import closed_pupils
from booking.provision.models import Session
from booking.web.audience import for_roles
from booking.web.form_pages import answer_form, answer_press
from booking.web.seen import note_seen

NOWHERE = (0, "None of these: we ring each family, and the child stays with us until then")


def _session(session_id: int) -> Session:
    session = db.session.get(Session, session_id)
    if session is None:
        raise NotFound
    return session


def _live(*where: object) -> list[Place]:
    query = (
        select(Place).join(Session, Session.id == Place.session_id).where(Place.state.in_(("held", "booked")))
    )
    return list(db.session.scalars(query.where(*where)))  # type: ignore[arg-type]


@for_roles("manager")
def session(session_id: int) -> ResponseReturnValue:
    """One session, and what can be changed of it."""
    found = _session(session_id)
    places = _live(Place.session_id == session_id)
    is_over = clock.now() >= clock.instant(found.date, found.ends_at)
    return render_template(
        "office/session.html",
        session=found,
        places=places,
        is_over=is_over or found.status == "called_off",
        typed_day=f"{found.date:%d/%m/%Y}",
    )


def _told(places: int, families: int) -> str:
    if not places:
        return "No family had to be told."
    return f"{counted(families, 'family', 'families')} told, {counted(places, 'place')} in all."


@for_roles("manager")
def call_session_off(session_id: int) -> ResponseReturnValue:
    """Call a session off and send its children to where they are safe."""
    found, form = _session(session_id), CallOffForm()
    beside = sessions_beside(found)
    form.fallback.choices = [
        *(
            (
                one.id,
                f"{one.run.activity.name}, {hour(one.starts_at)} to {hour(one.ends_at)}, {one.run.room.name}",
            )
            for one in beside
        ),
        NOWHERE,
    ]
    change_id = 0

    def act() -> str:
        nonlocal change_id
        changed = call_off(
            session_id,
            form.reason.data,
            fallback_id=form.fallback.data or None,
            at=clock.now(),
            user_id=current_user.id,
        )
        change_id = changed.change_id
        return f"It is called off. {_told(changed.places, changed.families)}"

    return answer_form(
        form,
        act,
        template="office/call_off.html",
        done=url_for("office.changes"),
        session=found,
        places=_live(Place.session_id == session_id),
    )


@for_roles("manager")
def session_places(session_id: int) -> ResponseReturnValue:
    """Give a session another number of places, after a look at who would lose one."""
    found = _session(session_id)
    form = PlacesForm(obj=found)
    going: list[Place] = []

    def act() -> str:
        going.extend(who_would_go(session_id, form.capacity.data))
        ids = {place.id for place in going}
        seen = {int(one) for one in (form.seen.data or "").split(",") if one.isdigit()}
        if seen != ids:
            form.seen.data = ",".join(str(one) for one in sorted(ids))
            raise ChangeRefused(
                f"{counted(len(going), 'child loses', 'children lose')} a place. Look at who it is, and save again."
                if going
                else "Nobody has to lose a place any more. Save again."
            )
        changed = cut_capacity(
            session_id,
            form.capacity.data,
            form.reason.data,
            expected=ids,
            at=clock.now(),
            user_id=current_user.id,
        )
        return f"The number of places is saved. {_told(changed.places, changed.families)}"

    return answer_form(
        form,
        act,
        template="office/session_places.html",
        done=url_for("office.session", session_id=session_id),
        session=found,
        places=_live(Place.session_id == session_id),
        going=going,
    )


@for_roles("manager")
def session_hours(session_id: int) -> ResponseReturnValue:
    """Give a session other hours."""
    found = _session(session_id)
    form = HoursForm(obj=found)

    def act() -> str:
        changed = move_session(
            session_id,
            form.starts_at.data,
            form.ends_at.data,
            form.reason.data,
            at=clock.now(),
            user_id=current_user.id,
        )
        return f"The hours are changed. {_told(changed.places, changed.families)}"

    return answer_form(
        form,
        act,
        template="office/session_hours.html",
        done=url_for("office.changes"),
        session=found,
        places=_live(Place.session_id == session_id),
    )


@for_roles("manager")
def close_day() -> ResponseReturnValue:
    """See what a closed day means, by its date; the button below closes it."""
    typed, reason = request.args.get("on", ""), request.args.get("why", "").strip()[:160]
    day, problem = _day(typed) if typed else (None, None)
    if day and not reason:
        problem = "Write why. Families read this."
    sessions = places = 0
    families, pence = 0, 0
    if day and not problem:
        sessions = (
            db.session.scalar(
                select(func.count())
                .select_from(Session)
                .where(Session.date == day, Session.status == "planned")
            )
            or 0
        )
        live = _live(Session.date == day)
        places, families = len(live), len({place.account_id for place in live})
        pence = sum(place.price_pence for place in live if place.state == "booked")
    return render_template(
        "office/close_day.html",
        typed=typed,
        reason=reason,
        day=None if problem else day,
        problem=problem,
        sessions=sessions,
        places=places,
        families=families,
        pence=pence,
    )


def _day(typed: str) -> tuple[date | None, str | None]:
    try:
        day = parse_date(typed)
    except NotADate as error:
        return None, str(error)
    return (day, None) if day >= clock.today() else (None, "That day is over.")


@for_roles("manager")
def close_day_now() -> ResponseReturnValue:
    """Close the day, give everything back and tell everyone."""
    day, problem = _day(request.form.get("on", ""))
    reason = request.form.get("why", "").strip()[:160]

    def act() -> str:
        if day is None or problem or not reason:
            raise ChangeRefused(problem or "Write why. Nothing was changed.")
        changed = close_school(day, reason, at=clock.now(), user_id=current_user.id)
        return f"{full_day(day)} is closed. {_told(changed.places, changed.families)}"

    return answer_press(act, done=url_for("office.changes"))


@for_roles("manager")
def changes() -> ResponseReturnValue:
    """What was changed after families had booked, the newest first."""
    return render_template("office/changes.html", counts=recent_changes(), change_words=CHANGE_WORDS)


@for_roles("manager")
def change(change_id: int) -> ResponseReturnValue:
    """One change: who has read it, and whom to ring."""
    found = next((one for one in recent_changes() if one.change.id == change_id), None)
    if found is None:
        raise NotFound
    closed = closed_pupils(current_user.id, clock.today())
    notices = [notice for notice in to_ring(found.change) if notice.pupil_id not in closed]
    unanswered = {notice.pupil_id for notice in notices if notice.answer is None}
    if unanswered:
        note_seen(sorted(unanswered), [CONTACTS], reason="office")
    pupils = db.session.scalars(select(Pupil).where(Pupil.id.in_(unanswered))).all()
    return render_template(
        "office/change.html",
        count=found,
        change_words=CHANGE_WORDS,
        notices=notices,
        numbers=numbers_for(pupils, clock.today()),
        press=PressForm(formdata=None),
    )


@for_roles("manager")
def answer_for_family(notice_id: int) -> ResponseReturnValue:
    """Keep what a family said on the telephone or at the hatch."""
    at = clock.now()
    notice = find_notice(notice_id, account_id=None, at=at)
    channel = "hatch" if request.form.get("channel") == "hatch" else "phone"

    def act() -> str:
        answer_notice(notice, request.form.get("answer", ""), at=at, user_id=current_user.id, channel=channel)
        return f"Kept for {notice.pupil.first_name}."

    return answer_press(act, done=url_for("office.change", change_id=notice.change_id))
