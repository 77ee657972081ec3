"""Pages about marks themselves: where devices disagree, and a paper sheet that is typed in."""

from __future__ import annotations

from datetime import date

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from booking.core import clock
from booking.core.access_log import COLLECTION
from booking.core.db import db, unit_of_work
from booking.core.errors import NotFound
from booking.provision.models import Session
from booking.registers.child_days import OUTS
from booking.registers.disagreements import decide, disagreements
from booking.registers.events import closed_among
from booking.registers.expected import may_see_session, registers_of
from booking.registers.typing_in import PaperRefused, type_in
from booking.registers.typing_in_forms import read_sheet, rows_of
from booking.web.audience import for_roles
from booking.web.form_pages import answer_press
from booking.web.seen import note_seen

DECIDED = {
    "first": "Kept what was marked first. The other mark is taken back.",
    "second": "Kept what was marked second. The other mark is taken back.",
    "both": "Kept both marks.",
}


@for_roles("staff", "manager", no_firms=True)
def day_disagreements(on: date | None = None) -> ResponseReturnValue:
    """What devices disagree about on a day (today when none is named), in the sessions that this person sees."""
    on = on or clock.today()
    found = disagreements(current_user._get_current_object(), on)
    note_seen({one.pupil.id for one in found}, [COLLECTION], reason="disagreements")
    return render_template(
        "registers/disagreements.html", found=found, on=on, is_closed=bool(closed_among([on]))
    )


@for_roles("staff", "manager", no_firms=True)
def decide_disagreement(on: date) -> ResponseReturnValue:
    """Say which of two marks stands, or that both do."""
    first, second, choice = (request.form.get(name, "") for name in ("first", "second", "choice"))
    user = current_user._get_current_object()

    def act() -> str:
        decide(on, first, second, choice, at=clock.now(), user=user)
        return DECIDED[choice]

    return answer_press(act, done=url_for("registers.day_disagreements", on=on))


@for_roles("staff", "manager", no_firms=True)
def type_in_paper(session_id: int) -> ResponseReturnValue:
    """Type a paper sheet in: times for all children of a session at once."""
    session = db.session.get(Session, session_id)
    if session is None or not may_see_session(current_user, session):
        raise NotFound
    (register,) = registers_of([session])
    sheet = read_sheet([child.pupil for child in register.children], request.form)
    problem = None
    if request.method == "POST":
        rows = rows_of(sheet)
        if not rows and not sheet.error_list:
            problem = "Nothing was typed. Fill in at least one line."
        elif not sheet.error_list:
            user_id = current_user.id
            try:
                with unit_of_work():
                    count = type_in(session, rows, sheet=sheet.number, at=clock.now(), user_id=user_id)
            except PaperRefused as error:
                problem = str(error)
            else:
                flash(f"{count} marks from paper are kept." if count != 1 else "One mark from paper is kept.")
                return redirect(url_for("registers.session", session_id=session_id), 303)
    page = render_template(
        "registers/type_in.html",
        session=session,
        sheet=sheet,
        states={child.pupil.id: child.state for child in register.children},
        outs=OUTS,
        problem=problem,
    )
    return page, 422 if request.method == "POST" else 200


ADDRESSES = (
    ("/registers/disagreements", day_disagreements, ("GET",)),
    ("/registers/<date:on>/disagreements", day_disagreements, ("GET",)),
    ("/registers/<date:on>/disagreements/decide", decide_disagreement, ("POST",)),
    ("/registers/session/<int:session_id>/paper", type_in_paper, ("GET", "POST")),
)
