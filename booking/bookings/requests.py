"""Support for a child, and the right to request care: asked in words, answered by a person by a day, never by itself.

A place for which support is asked is kept until somebody answers; it costs what it costs for every child.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from booking.bookings.baskets import NotYourChild, bookable_ids, open_basket
from booking.bookings.family_letters import write_to_family
from booking.bookings.holds import set_aside
from booking.bookings.models import Place
from booking.bookings.places import book_offered
from booking.bookings.policy import current_policy
from booking.bookings.request_log import note
from booking.bookings.request_models import FamilyRequest
from booking.core import audit, clock
from booking.core.db import db, lock_rows
from booking.core.errors import BookingError, NotFound
from booking.people.models import FamilyAccount
from booking.people.restrictions import closed_to_accounts
from booking.provision.calendar import read_calendar
from booking.provision.models import Period, Session


class RequestRefused(BookingError):
    """The request cannot be made or answered so; nothing was changed."""


def school_days_on(day: date, number: int) -> date:
    """The day that lies so many school days after one; where the calendar ends, weekdays count."""
    calendar, found, looked = read_calendar(), day, 0
    while number:
        found += timedelta(days=1)
        looked += 1
        if calendar.is_school_day(found) or (looked > 120 and found.weekday() < 5):
            number -= 1
    return found


def ask_support(
    pupil_id: int, words: str, *, account_id: int, at: datetime, user_id: int | None
) -> FamilyRequest:
    """Keep what the family holds for a child aside, past any clock, until the school has answered.

    Raises `RequestRefused` when nothing is held for the child, or `NotYourChild`.
    """
    if pupil_id not in bookable_ids(account_id, clock.today(at)):
        raise NotYourChild
    basket = open_basket(account_id)
    lock_rows((FamilyAccount, [account_id]))
    kept = set_aside(basket.id, pupil_id, at=at, user_id=user_id) if basket is not None else None
    if kept is None:
        raise RequestRefused("Keep the places for this child first, then ask. Nothing was changed.")
    answer_by = school_days_on(clock.today(at), current_policy().support_days)
    return _ask("support", pupil_id, words, answer_by, kept.id, account_id=account_id, at=at, user_id=user_id)


def ask_wraparound(
    pupil_id: int, words: str, *, account_id: int, at: datetime, user_id: int | None
) -> FamilyRequest:
    """Ask for care before or after school that is not offered; the school decides within a term (DfE, February 2024)."""
    if pupil_id not in bookable_ids(account_id, clock.today(at)):
        raise NotYourChild
    answer_by = decided_by(clock.today(at))
    return _ask("wraparound", pupil_id, words, answer_by, None, account_id=account_id, at=at, user_id=user_id)


def decided_by(today: date) -> date:
    """The day by which the school decides on care that it does not offer: the end of the term, else 13 weeks on."""
    ends = db.session.scalars(
        select(Period.ends_on).where(Period.kind == "term", Period.ends_on > today).order_by(Period.ends_on)
    ).first()
    return ends or today + timedelta(weeks=13)


def _ask(
    kind: str,
    pupil_id: int,
    words: str,
    answer_by: date,
    basket_id: int | None,
    *,
    account_id: int,
    at: datetime,
    user_id: int | None,
) -> FamilyRequest:
    request = FamilyRequest(
        kind=kind,
        account_id=account_id,
        pupil_id=pupil_id,
        user_id=user_id,
        basket_id=basket_id,
        asked_at=at,
        answer_by=answer_by,
        words=words,
    )
    db.session.add(request)
    db.session.flush()
    audit.record(f"asked_{kind}", "family_request", request.id, at=at, user_id=user_id)
    return request


def answer_request(request_id: int, *, is_yes: bool, words: str, at: datetime, user_id: int) -> FamilyRequest:
    """Say yes with the plan, or no with the reason; a support place is booked at its usual price, or let go.

    Raises `RequestRefused` for one that was answered or withdrawn already, and for an answer without words.
    """
    request = _open(request_id)
    if not words.strip():
        raise RequestRefused("Write the plan, or the reason. Nothing was changed.")
    lock_rows((FamilyAccount, [request.account_id]))
    db.session.refresh(request)
    if request.state != "asked":
        raise RequestRefused("This was answered already. Nothing was changed.")
    request.state, request.answer = ("yes" if is_yes else "no"), words
    request.answered_at, request.answered_by_id = at, user_id
    _settle(request, is_yes=is_yes, reason="support", at=at, user_id=user_id)
    audit.record(f"answered_{request.kind}", "family_request", request.id, at=at, user_id=user_id, yes=is_yes)
    context = {"request_id": request.id}
    write_to_family(request.account_id, "request_answer", context, key=f"request:{request.id}", at=at)
    return request


def withdraw_request(request_id: int, *, account_id: int, at: datetime, user_id: int | None) -> None:
    """The family takes its request back, and lets what was kept for it go."""
    request = _open(request_id)
    if request.account_id != account_id:
        raise NotFound
    lock_rows((FamilyAccount, [account_id]))
    db.session.refresh(request)
    if request.state != "asked":
        raise RequestRefused("This was answered already. Nothing was changed.")
    request.state, request.answered_at = "withdrawn", at
    _settle(request, is_yes=False, reason="withdrawn", at=at, user_id=user_id)
    audit.record("withdrawn", "family_request", request.id, at=at, user_id=user_id)


def _open(request_id: int) -> FamilyRequest:
    request = db.session.get(FamilyRequest, request_id)
    if request is None:
        raise NotFound
    return request


def _settle(request: FamilyRequest, *, is_yes: bool, reason: str, at: datetime, user_id: int | None) -> None:
    """Book the places that were kept, as far as their sessions have not begun, or let them go."""
    if request.basket_id is None:
        return
    places = db.session.scalars(
        select(Place)
        .where(Place.basket_id == request.basket_id, Place.state == "held")
        .options(joinedload(Place.session))
    ).all()
    coming = [p for p in places if is_yes and at < clock.instant(p.session.date, p.session.starts_at)]
    for place in [place for place in places if place not in coming]:
        place.state, place.ended_at, place.ended_by_id = "cancelled", at, user_id
        place.held_until = None
        what = "cancelled" if reason == "withdrawn" else "turned_away"
        fact = (what, place.pupil_id, place.session_id, reason)
        note([fact], account_id=request.account_id, at=at, user_id=user_id)
    if coming:
        book_offered(coming, at=at, user_id=user_id)


def requests_of(account_id: int, at: datetime) -> list[FamilyRequest]:
    """A family's requests, the newest first; not of a child whom a restriction closes."""
    closed = closed_to_accounts({account_id}, clock.today(at))
    found = db.session.scalars(
        select(FamilyRequest)
        .where(FamilyRequest.account_id == account_id)
        .options(joinedload(FamilyRequest.pupil), joinedload(FamilyRequest.answered_by))
        .order_by(FamilyRequest.id.desc())
    )
    return [request for request in found if request.pupil_id not in closed]


def requests_to_answer() -> list[FamilyRequest]:
    """Everything that waits for the school's answer, the most pressing first."""
    return list(
        db.session.scalars(
            select(FamilyRequest)
            .where(FamilyRequest.state == "asked")
            .options(joinedload(FamilyRequest.pupil), joinedload(FamilyRequest.account))
            .order_by(FamilyRequest.answer_by, FamilyRequest.id)
        )
    )


def sessions_kept(request: FamilyRequest) -> list[Session]:
    """The sessions that are kept for a request, by date."""
    return list(
        db.session.scalars(
            select(Session)
            .join(Place, Place.session_id == Session.id)
            .where(Place.basket_id == request.basket_id, Place.state.in_(("held", "booked")))
            .order_by(Session.date, Session.starts_at)
        )
    )
