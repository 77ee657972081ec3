"""The page on which two entries of one adult become one."""

from __future__ import annotations

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from booking.core import clock
from booking.core.db import db
from booking.core.errors import NotFound
from booking.office.forms import PressForm
from booking.office.merging import merge_users, preview_merge
from booking.people.models import User
from booking.people.sign_in import find_user
from booking.web.audience import for_roles
from booking.web.form_pages import answer_press
from booking.web.fresh_proof import needs_fresh_proof


@for_roles("manager")
def merge(user_id: int) -> ResponseReturnValue:
    """Look for the other entry by its address, and at what would move over."""
    keep = db.session.get(User, user_id)
    if keep is None:
        raise NotFound
    wanted = request.args.get("q", "").strip()[:254]
    other = find_user(wanted) if wanted else None
    return render_template(
        "office/merge.html",
        keep=keep,
        wanted=wanted,
        preview=preview_merge(user_id, other.id) if other is not None and other.id != user_id else None,
        form=PressForm(formdata=None),
    )


@for_roles("manager")
@needs_fresh_proof()
def merge_now(user_id: int, gone_id: int) -> ResponseReturnValue:
    """The yes: all of it moves over, or nothing."""

    def act() -> str:
        kept = merge_users(user_id, gone_id, at=clock.now(), by=current_user.id)
        return f"Done. {kept.name} has everything now."

    return answer_press(act, done=url_for("office.merge", user_id=user_id))
