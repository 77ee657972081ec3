"""The page behind a family's link to early booking; looking opens nothing, for a mail program may look first."""

from __future__ import annotations

from flask import render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from booking.bookings.early_links import FamilyLink, link_of, open_link
from booking.bookings.forms import PressForm
from booking.core import clock
from booking.core.words import moment
from booking.web.audience import for_roles
from booking.web.form_pages import answer_press


def _link(token: str) -> FamilyLink:
    """The link, when it belongs to an account of whoever asks; raises `NotFound` for anything else."""
    return link_of(token, {account.id for account in current_user.accounts}, at=clock.now())


@for_roles("parent")
def early_booking(link: str) -> ResponseReturnValue:
    """Which children and clubs a link is for, and from when; nothing says why."""
    found, at = _link(link), clock.now()
    return render_template(
        "bookings/early.html", found=found, token_in_link=link, is_over=found.is_over(at), at=at
    )


@for_roles("parent")
def open_early_booking(link: str) -> ResponseReturnValue:
    """Open it, for every adult of the account."""
    found = _link(link)

    def act() -> str:
        at = clock.now()
        open_link(found, at=at, user_id=current_user.id)
        opens_at = found.window.opens_at
        return "You can book early now." if at >= opens_at else f"You can book from {moment(opens_at)} on."

    done = url_for("bookings.early_booking", link=link)
    return answer_press(act, done=done) if PressForm().validate_on_submit() else early_booking(link)


ADDRESSES = (
    ("/early/<link>", early_booking, ("GET",)),
    ("/early/<link>", open_early_booking, ("POST",)),
)
