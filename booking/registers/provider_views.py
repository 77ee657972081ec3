"""Pages of an outside provider: its own sessions, register, calling off, and takings; no other child and no family."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from booking.bookings.changes import call_off
from booking.core import clock
from booking.core.access_log import CARE
from booking.core.db import db, unit_of_work
from booking.core.errors import BookingError, Busy, NotFound
from booking.core.words import counted
from booking.people.school_years import school_year_start
from booking.provision.models import Seller, Session
from booking.registers.forms import ProviderCallOffForm, ProviderMarkForm
from booking.registers.marks import undo
from booking.registers.provider import booked_in, provider_view
from booking.registers.provider_register import OUTS, mark_by_firm, own_session, provider_register
from booking.registers.takings import payable, payouts_of, takings_of
from booking.web.audience import for_roles
from booking.web.form_pages import answer_form
from booking.web.seen import note_seen


@for_roles("staff")
def provider() -> ResponseReturnValue:
    """An outside provider's own sessions, places and takings; the school's own staff go on to their registers."""
    if current_user.seller_id is None:
        return redirect(url_for("registers.today"))
    return render_template(
        "registers/provider.html",
        view=provider_view(current_user.seller_id, today=clock.today()),
        today=clock.today(),
    )


@for_roles("staff")
def takings() -> ResponseReturnValue:
    """An outside provider's takings by month and activity, and what it was paid out; no family is named."""
    seller_id = current_user.seller_id
    if seller_id is None:
        return redirect(url_for("registers.today"))
    today = clock.today()
    return render_template(
        "registers/takings.html",
        seller=db.session.get_one(Seller, seller_id),
        taken=takings_of(seller_id, school_year_start(today), today),
        due=payable(seller_id, today),
        payouts=payouts_of(seller_id),
    )


@for_roles("staff")
def provider_session(session_id: int) -> ResponseReturnValue:
    """The register of one session of the provider's own."""
    return _register(own_session(current_user, session_id))


def _register(found: Session, problem: str = "", problem_of: int = 0) -> ResponseReturnValue:
    children = provider_register(found)
    note_seen([child.pupil_id for child in children], [CARE], reason="provider's register")
    page = render_template(
        "registers/provider_session.html",
        session=found,
        children=children,
        outs=OUTS,
        is_today=found.date == clock.today(),
        may_call_off=_may_call_off(found),
        problem=problem,
        problem_of=problem_of,
    )
    return page, 422 if problem else 200


def _may_call_off(session: Session) -> bool:
    return session.status == "planned" and clock.now() < clock.instant(session.date, session.starts_at)


@for_roles("staff")
def provider_mark(session_id: int) -> ResponseReturnValue:
    """Mark one child of the provider's own register, or undo the last mark; what is refused is said beside the child."""
    found, form = own_session(current_user, session_id), ProviderMarkForm()
    if not form.validate_on_submit():
        return _register(found, "That mark was not understood. Nothing was changed.")
    at, pupil_id, user_id = clock.now(), form.pupil_id.data, current_user.id
    try:
        with unit_of_work():
            if form.undo.data:
                undo(form.undo.data, session_id=session_id, at=at, user_id=user_id)
                words = ""
            else:
                words = mark_by_firm(
                    found, pupil_id, form.what.data, form.name.data or "", at=at, user_id=user_id
                )
    except (NotFound, Busy):
        raise
    except BookingError as error:
        return _register(own_session(current_user, session_id), str(error), pupil_id or 0)
    if words:
        flash(words)
    here = url_for("registers.provider_session", session_id=session_id, _anchor=f"child-{pupil_id or ''}")
    return redirect(here, 303)


@for_roles("staff")
def provider_call_off(session_id: int) -> ResponseReturnValue:
    """Call off a session of the provider's own: families have their money back, and the office sees it at once."""
    found = own_session(current_user, session_id)
    if not _may_call_off(found):
        flash("This session has begun, is over or is called off already. Ring the school office.")
        return redirect(url_for("registers.provider_session", session_id=session_id))
    form = ProviderCallOffForm()

    def act() -> str:
        changed = call_off(
            session_id, form.reason.data, fallback_id=None, at=clock.now(), user_id=current_user.id
        )
        told = f"{counted(changed.families, 'family was', 'families were')} told"
        return f"It is called off, and {told}. The school office looks after each child."

    return answer_form(
        form,
        act,
        template="registers/provider_call_off.html",
        done=url_for("registers.provider"),
        session=found,
        booked=booked_in([session_id]).get(session_id, 0),
    )
