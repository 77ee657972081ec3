"""Letters whose words come from several rooms, gathered at the moment of sending, so that they say what is true then."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select

from booking.bookings.change_models import CHANGE_WORDS, ChangeNotice
from booking.bookings.leaving import leave_token
from booking.bookings.models import Basket, WaitingEntry
from booking.bookings.notices import notices_in
from booking.bookings.request_models import FamilyRequest, NewcomerRequest
from booking.bookings.round_models import PreferenceRound
from booking.bookings.round_results import reason_of
from booking.bookings.rounds import preferences_in
from booking.core import clock
from booking.core.db import db
from booking.core.errors import NotFound
from booking.core.money import format_pence
from booking.core.words import clock as hour
from booking.core.words import counted, day, full_day, moment, short_day
from booking.messages.letters import Attachment, Letter, write_letter
from booking.payments.confirmation import BookedLine, calendar_of, confirmation_of
from booking.payments.promise_letters import line_words
from booking.payments.to_send import to_send
from booking.people.restrictions import closed_to_accounts, is_member
from booking.people.school_words import school_words


def confirmation_letter(context: Mapping[str, Any], *, base_url: str) -> Letter | None:
    """Everything that a basket booked, by child, with a calendar file; nothing when all is cancelled or closed by now."""
    basket = db.session.get_one(Basket, int(context["basket_id"]))
    if not is_member(basket.account_id, context.get("to_user_id")):
        return None
    try:
        found = confirmation_of(basket.reference, {basket.account_id}, clock.today())
    except NotFound:
        return None
    children = [
        {"name": name, "lines": [_line(line) for line in lines if not line.is_cancelled]}
        for name, lines in found.children.items()
    ]
    children = [child for child in children if child["lines"]]
    if not children:
        return None
    words = {
        "count_words": counted(sum(len(child["lines"]) for child in children), "session"),
        "reference": found.reference,
        "children": children,
        "total_pence": found.total_pence,
        "paid_words": found.paid_words,
        "to_send": [
            line_words(one)
            for one in to_send(basket.account_id, at=clock.now())
            if one.booking == found.reference
        ],
        "link": f"{base_url}/bookings/{found.reference}",
        **school_words(),
    }
    content = calendar_of(basket.reference, {basket.account_id}, at=clock.now())
    return write_letter("confirmation", words, (Attachment("bookings.ics", "text/calendar", content),))


def _line(line: BookedLine) -> str:
    """When, what, where and how much; what came off the price; until when the money comes back."""
    words = f"{short_day(line.date)}, {hour(line.starts_at)} to {hour(line.ends_at)}: {line.activity}, {line.room}"
    if not line.price_pence and not line.discounts:
        return f"{words}. Free."
    off = "".join(f" ({name}: {format_pence(pence)})" for name, pence in line.discounts)
    back = f" Money back until {moment(line.credit_until)}." if line.price_pence else ""
    return f"{words}. {format_pence(line.price_pence)}{off}.{back}"


def offer_letter(context: Mapping[str, Any], *, base_url: str, secret: str) -> Letter | None:
    """A place from the waiting list, with its end; nothing when it was taken, refused or has ended meanwhile."""
    entry = db.session.get(WaitingEntry, int(context["entry_id"]))
    if entry is None or entry.state != "offered" or entry.offer_ends_at is None:
        return None
    if entry.offer_ends_at <= clock.now():
        return None
    if not is_member(entry.account_id, context.get("to_user_id")):
        return None
    if entry.pupil_id in closed_to_accounts({entry.account_id}, clock.today()):
        return None
    session = entry.session
    words = {
        "activity": session.run.activity.name,
        "child": entry.pupil.first_name,
        "date_words": full_day(session.date),
        "times": f"{hour(session.starts_at)} to {hour(session.ends_at)}",
        "until_words": moment(entry.offer_ends_at),
        "answer_by": f"{hour(entry.offer_ends_at)} on {day(clock.to_school(entry.offer_ends_at).date())}",
        "together": _party_size(entry),
        "link": f"{base_url}/bookings",
        "leave_link": f"{base_url}/waiting/leave/{leave_token(entry.id, secret)}",
        **school_words(),
    }
    return write_letter("offer", words)


def change_letter(context: Mapping[str, Any], *, base_url: str) -> Letter | None:
    """What the school changed for one family; nothing of a child whom a restriction closes to it by then."""
    account_id = int(context["account_id"])
    if not is_member(account_id, context.get("to_user_id")):
        return None
    closed = closed_to_accounts({account_id}, clock.today())
    notices = [n for n in notices_in(int(context["change_id"]), account_id) if n.pupil_id not in closed]
    if not notices:
        return None
    change = notices[0].change
    what = f"{CHANGE_WORDS[change.kind]}: {full_day(change.date)}"
    words = {
        "subject": what,
        "what": "your bookings have changed" if change.kind == "left" else what,
        "opening": f"{what}.",
        "reason": change.reason,
        "lines": [_changed_line(notice) for notice in notices],
        "credit_pence": sum(notice.credit_pence for notice in notices),
        "has_fallback": change.kind == "called_off",
        "link": f"{base_url}/bookings",
        **school_words(),
    }
    return write_letter("change", words)


def _changed_line(notice: ChangeNotice) -> str:
    session = notice.place.session
    times = f"{short_day(session.date)}, {hour(session.starts_at)} to {hour(session.ends_at)}"
    line = f"{notice.pupil.first_name}: {session.run.activity.name}, {times}"
    if notice.fallback is not None:
        there = notice.fallback.session
        return f"{line}. Goes to {there.run.activity.name}, {there.run.room.name}, instead."
    return f"{line}. {'Stays booked.' if notice.place.state == 'booked' else 'Cancelled.'}"


def round_letter(context: Mapping[str, Any], *, base_url: str) -> Letter | None:
    """What a draw gave each child of a family, with its own number and one reason; nothing of any other child."""
    account_id, one = (
        int(context["account_id"]),
        db.session.get_one(PreferenceRound, int(context["round_id"])),
    )
    if not is_member(account_id, context.get("to_user_id")):
        return None
    closed = closed_to_accounts({account_id}, clock.today())
    names = {link.run_id: link.run.activity.name for link in one.runs}
    lines = [
        f"{p.pupil.first_name}: {', '.join(names[i] for i in p.got or []) or 'no club'}. {reason_of(p)} "
        f"Random id: {p.random_id}."
        for p in preferences_in(one.id)
        if p.account_id == account_id and p.pupil_id not in closed
    ]
    if not lines:
        return None
    words = {
        "name": one.name,
        "lines": lines,
        "hours": counted(one.confirm_hours, "hour"),
        "link": f"{base_url}/bookings",
        "proof_link": f"{base_url}/rounds/{one.id}",
        **school_words(),
    }
    return write_letter("round_result", words)


def request_letter(context: Mapping[str, Any], *, base_url: str) -> Letter | None:
    """That the school has answered a request, and who; what it says stands behind the sign-in alone."""
    request = db.session.get_one(FamilyRequest, int(context["request_id"]))
    if not is_member(request.account_id, context.get("to_user_id")):
        return None
    if request.pupil_id in closed_to_accounts({request.account_id}, clock.today()):
        return None
    words = {
        "child": request.pupil.first_name,
        "by": request.answered_by.name if request.answered_by else "",
        "link": f"{base_url}/requests",
        **school_words(),
    }
    return write_letter("request_answer", words)


def newcomer_confirm_letter(context: Mapping[str, Any], *, base_url: str) -> Letter | None:
    """The link that proves an address; nothing that was typed stands in it, for it may go to a stranger."""
    request = db.session.get(NewcomerRequest, int(context["newcomer_id"]))
    if request is None or request.state != "unconfirmed":
        return None
    return write_letter("newcomer_confirm", {"link": _newcomer_link(request, base_url), **school_words()})


def newcomer_answer_letter(context: Mapping[str, Any], *, base_url: str) -> Letter | None:
    """The school's answer to a family that does not sign in: here it stands whole."""
    request = db.session.get(NewcomerRequest, int(context["newcomer_id"]))
    if request is None or request.answered_by is None:
        return None
    words = {
        "name": request.name,
        "by": request.answered_by.name,
        "is_yes": request.state == "yes",
        "answer": request.answer,
        "link": _newcomer_link(request, base_url),
        **school_words(),
    }
    return write_letter("newcomer_answer", words)


def _newcomer_link(request: NewcomerRequest, base_url: str) -> str:
    return f"{base_url}/ask-for-care/{request.token}"


def _party_size(entry: WaitingEntry) -> int:
    if entry.party is None:
        return 1
    where = (WaitingEntry.party == entry.party, WaitingEntry.state == "offered")
    return db.session.scalar(select(func.count()).select_from(WaitingEntry).where(*where)) or 1
