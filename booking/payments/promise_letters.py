"""Letters about promises: what is to be sent and by when, and what was let go; gathered at the moment of sending."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from booking.bookings.cancellation import fresh_places
from booking.core import clock
from booking.core.db import db
from booking.core.money import format_pence
from booking.core.words import counted, full_day, short_day
from booking.messages.letters import Letter, write_letter
from booking.payments.models import Payment
from booking.payments.to_send import ToSend, to_send
from booking.people.restrictions import closed_to_accounts, is_member
from booking.people.school_words import school_words


def reminder_letter(context: Mapping[str, Any], *, base_url: str) -> Letter | None:
    """What a family still has to send; nothing when it has come meanwhile."""
    payment = db.session.get_one(Payment, int(context["payment_id"]))
    if not is_member(payment.account_id, context.get("to_user_id")):
        return None
    lines = [one for one in to_send(payment.account_id, at=clock.now()) if one.payment_id == payment.id]
    if not lines:
        return None
    words = {
        "line": line_words(lines[0]),
        "amount_pence": lines[0].amount_pence,
        "due": full_day(lines[0].due_on),
        "is_late": bool(context["is_late"]),
        "link": f"{base_url}/account",
        **school_words(),
    }
    return write_letter("promise_reminder", words)


def let_go_letter(context: Mapping[str, Any], *, base_url: str) -> Letter | None:
    """Which places were let go because money did not come, less those of a child whom a restriction closes by now."""
    payment = db.session.get_one(Payment, int(context["payment_id"]))
    if not is_member(payment.account_id, context.get("to_user_id")):
        return None
    closed = closed_to_accounts({payment.account_id}, clock.today())
    places = [place for place in fresh_places(context["place_ids"]) if place.pupil_id not in closed]
    if not places:
        return None
    words = {
        "count_words": counted(len(places), "session"),
        "lines": [
            f"{place.pupil.first_name}: {place.session.run.activity.name}, {short_day(place.session.date)}"
            for place in places
        ],
        "link": f"{base_url}/book",
        **school_words(),
    }
    return write_letter("promise_let_go", words)


def line_words(one: ToSend) -> str:
    """One line to copy, as plain text."""
    amount, due = format_pence(one.amount_pence), full_day(one.due_on)
    if one.tender == "voucher":
        number = f", our number there {one.our_number}" if one.our_number else ""
        return f"Vouchers of {one.firm}{number}: {amount} by {due}"
    child = f" for {one.child}" if one.child else ""
    if one.reference:
        return f"Tax-Free Childcare{child}, reference {one.reference}: {amount} by {due}"
    asked = " (please tell us the reference)" if one.pupil_id else ""
    return f"Tax-Free Childcare{child}{asked}: {amount} by {due}"
