"""The parents' page of requests: support for a child, and care that the school does not offer yet."""

from __future__ import annotations

from flask import url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from booking.bookings.basket_page import basket_view
from booking.bookings.baskets import bookable_pupils
from booking.bookings.desk_views import parent_desk
from booking.bookings.forms import AskForm
from booking.bookings.policy import current_policy
from booking.bookings.request_models import REQUEST_KINDS
from booking.bookings.requests import ask_support, ask_wraparound, requests_of, withdraw_request
from booking.core import clock
from booking.core.words import day
from booking.web.audience import for_roles
from booking.web.form_pages import answer_form, answer_press


@for_roles("parent")
def ask_for_support() -> ResponseReturnValue:
    """Say that a child needs support in the places that are kept in the basket."""
    desk, at = parent_desk(), clock.now()
    held = {row.pupil_id: row.child for row in basket_view(desk.account.id, at).rows if row.is_held}
    form = AskForm().for_children(list(held.items()))

    def act() -> str:
        made = ask_support(
            form.pupil_id.data, form.words.data, account_id=desk.account.id, at=at, user_id=current_user.id
        )
        return f"Thank you. The places stay yours, and the school answers by {day(made.answer_by)}."

    return answer_form(
        form,
        act,
        template="bookings/ask_support.html",
        done=url_for("bookings.requests"),
        held=held,
        days=current_policy().support_days,
    )


@for_roles("parent")
def requests() -> ResponseReturnValue:
    """What a family has asked and what came of it; and a form for care that is not offered."""
    desk, at = parent_desk(), clock.now()
    children = [(pupil.id, pupil.first_name) for pupil in bookable_pupils(desk.account.id, clock.today(at))]
    form = AskForm().for_children(children)
    form.words.label.text = "Which days and hours, and from when?"

    def act() -> str:
        made = ask_wraparound(
            form.pupil_id.data, form.words.data, account_id=desk.account.id, at=at, user_id=current_user.id
        )
        return f"Thank you. The school decides by {day(made.answer_by)}, and writes to you with the reason."

    return answer_form(
        form,
        act,
        template="bookings/requests.html",
        done=url_for("bookings.requests"),
        asked=requests_of(desk.account.id, at),
        kinds=REQUEST_KINDS,
        children=children,
    )


@for_roles("parent")
def withdraw(request_id: int) -> ResponseReturnValue:
    """Take a request back."""

    def act() -> str:
        withdraw_request(
            request_id, account_id=parent_desk().account.id, at=clock.now(), user_id=current_user.id
        )
        return "Your request is taken back. What was kept for it is let go."

    return answer_press(act, done=url_for("bookings.requests"))


ADDRESSES = (
    ("/basket/support", ask_for_support, ("GET", "POST")),
    ("/requests", requests, ("GET", "POST")),
    ("/requests/<int:request_id>/withdraw", withdraw, ("POST",)),
)
