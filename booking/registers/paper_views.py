"""The page of all paper of a day, with one button for each kind of sheet, and the sheets themselves as PDF."""

from __future__ import annotations

from datetime import date, timedelta

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import select

from booking.core import clock
from booking.core.db import db, unit_of_work
from booking.core.errors import NotFound
from booking.people.models import Pupil
from booking.provision.models import Session
from booking.registers.expected import may_see_session, sessions_for
from booking.registers.paper_kinds import KINDS, kinds_for
from booking.registers.printing import DOOR_AND_LEADER, Choice, make_paper, note_paper
from booking.web.audience import for_roles


@for_roles("staff", "manager")
def paper(on: date) -> ResponseReturnValue:
    """Every kind of sheet of a day that this person may print, and the ways to narrow it."""
    sessions = [found for found in sessions_for(current_user, on) if found.status == "planned"]
    kinds = kinds_for(current_user)
    may_by_class = any(kind.name == "going_home" for kind in kinds)
    return render_template(
        "registers/paper.html",
        on=on,
        before=on - timedelta(days=1),
        after=on + timedelta(days=1),
        today=clock.today(),
        monday=on - timedelta(days=on.weekday()),
        friday=on + timedelta(days=4 - on.weekday()),
        kinds=kinds,
        session_kinds=[kind for kind in kinds if kind.by_session],
        sessions=sessions,
        clubs=_named({one.run.activity_id: one.run.activity.name for one in sessions}),
        rooms=_named({one.run.room_id: one.run.room.name for one in sessions}),
        classes=_classes() if may_by_class and sessions else [],
    )


def _named(names: dict[int, str]) -> list[tuple[int, str]]:
    return sorted(names.items(), key=lambda item: item[1].casefold())


def _classes() -> list[str]:
    names = db.session.scalars(select(Pupil.class_name).where(Pupil.status == "on_roll").distinct())
    return sorted((name for name in names if name), key=str.casefold)


@for_roles("staff", "manager")
def print_day(on: date) -> ResponseReturnValue:
    """Sheets of a day, or with `last` of some days, as PDF, of the sessions that this person may see."""
    wanted = request.args
    choice = Choice(
        on,
        _day(wanted.get("last")) or on,
        activity_id=wanted.get("club", type=int),
        room_id=wanted.get("room", type=int),
        class_name=wanted.get("class") or None,
    )
    return _pdf(choice, _kinds(), f"registers-{on.isoformat()}")


@for_roles("staff", "manager")
def print_session(session_id: int) -> ResponseReturnValue:
    """One session's sheets as PDF."""
    found = db.session.get(Session, session_id)
    if found is None or not may_see_session(current_user, found):
        raise NotFound
    choice = Choice(found.date, found.date, session_id=found.id)
    return _pdf(choice, _kinds(), f"register-{found.date.isoformat()}-{found.id}")


def _day(text: str | None) -> date | None:
    """A day of the address, or nothing for what is none."""
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None


def _kinds() -> tuple[str, ...]:
    """What is asked for and may be printed by whoever is signed in; whoever may print one kind alone gets that."""
    allowed = [kind.name for kind in kinds_for(current_user)]
    usual = DOOR_AND_LEADER if set(DOOR_AND_LEADER) <= set(allowed) else allowed
    asked = [kind for kind in request.args.getlist("kind") if kind in KINDS] or usual
    kinds = tuple(kind for kind in asked if kind in allowed)
    if not kinds:
        raise NotFound
    return kinds


def _pdf(choice: Choice, kinds: tuple[str, ...], name: str) -> Response:
    at, user = clock.now(), current_user
    seen = {day: sessions_for(user, day) for day in choice.days}
    made = make_paper(choice, kinds, lambda day: seen[day], at=at, by=user.name)
    with unit_of_work():
        note_paper(made, at=at, user_id=user.id)
    response = Response(made.content, mimetype="application/pdf")
    kind = "" if kinds == DOOR_AND_LEADER else "-" + "-".join(kinds)
    response.headers["Content-Disposition"] = f'inline; filename="{name}{kind}.pdf"'
    return response


ADDRESSES = (
    ("/registers/<date:on>/paper", paper, ("GET",)),
    ("/registers/<date:on>/print", print_day, ("GET",)),
    ("/registers/session/<int:session_id>/print", print_session, ("GET",)),
)
