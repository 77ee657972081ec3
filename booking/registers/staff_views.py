"""Pages of who is here: staff mark themselves in and out, and whoever has no sign-in is marked by somebody who has."""

from __future__ import annotations

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from booking.core import clock
from booking.core.errors import NotFound
from booking.registers.forms import StaffMarkForm
from booking.registers.staff_day import may_mark, staff_day
from booking.registers.staff_marks import mark_staff, undo_staff_mark
from booking.web.audience import for_roles
from booking.web.form_pages import answer_press


@for_roles("staff", "manager")
def staff_today() -> ResponseReturnValue:
    """Who is on the rota today, who is here, and a button for oneself and for those whom one may mark."""
    if current_user.seller_id is not None:
        return redirect(url_for("registers.provider"))
    at = clock.now()
    return render_template(
        "registers/staff.html", day=staff_day(current_user, at), wall=clock.to_school(at).time()
    )


@for_roles("staff", "manager")
def staff_mark(staff_id: int) -> ResponseReturnValue:
    """Note that somebody came or went, or take the last mark back."""
    form, at = StaffMarkForm(), clock.now()
    if not may_mark(current_user, staff_id, at):
        raise NotFound

    def act() -> str:
        if not form.validate():
            return "That was not understood. Write a time like 07:25. Nothing was changed."
        if form.undo.data:
            undo_staff_mark(form.undo.data, at=at, user_id=current_user.id)
            return "The last mark is taken back."
        happened = clock.instant(clock.today(at), form.happened.data) if form.happened.data else None
        mark_staff(staff_id, form.what.data, happened_at=happened, at=at, user_id=current_user.id)
        return ""

    return answer_press(act, done=url_for("registers.staff_today"))
