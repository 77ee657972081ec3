"""The page on which booked sessions are cancelled or moved, one or many, for whoever sits at the desk.

Nothing is done before it was shown: what comes back or is owed goes with the form, and must still be so.
"""

from __future__ import annotations

from datetime import datetime

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from booking.bookings.cancellation import (
    BookedDay,
    bookings_of,
    cancel_places,
    cancellation_terms,
    fresh_places,
)
from booking.bookings.desk_views import Desk
from booking.bookings.forms import PressForm
from booking.bookings.models import Place
from booking.bookings.states import CHANNELS
from booking.bookings.swaps import (
    WEEKS,
    SwapRefused,
    look_at_swap,
    read_target,
    swap_places,
    targets_for,
)
from booking.core import clock
from booking.core.db import unit_of_work
from booking.core.errors import BookingError, Busy
from booking.core.money import format_pence
from booking.core.words import counted
from booking.people.restrictions import closed_to_accounts


def change_page(desk: Desk, problem: str | None = None) -> ResponseReturnValue:
    """Everything that is booked from now on, to tick; then cancel it, or move it to another day or activity."""
    at = clock.now()
    bookings = bookings_of(desk.account.id, at)
    days = [
        BookedDay(day.date, coming)
        for day in [*bookings.soon, *bookings.later]
        if (coming := [p for p in day.places if at < clock.instant(day.date, p.session.starts_at)])
    ]
    places = [place for day in days for place in day.places]
    page = render_template(
        "bookings/change.html",
        desk=desk,
        channels=CHANNELS,
        days=days,
        targets=targets_for(places, at),
        weeks=WEEKS,
        ticked=set(request.form.getlist("place", type=int)),
        problem=problem,
        at=at,
    )
    return page, 422 if problem else 200


def change_bookings(desk: Desk) -> ResponseReturnValue:
    """Show what cancelling or moving the ticked sessions means, or do what was shown."""
    if not PressForm().validate_on_submit():
        return redirect(desk.url("change"), 303)
    at = clock.now()
    places = _ticked(desk, at)
    if not places:
        return change_page(desk, "Tick at least one session.")
    act = request.form.get("act", "")
    try:
        if act in {"cancel", "look_cancel"}:
            return _cancel(desk, places, at, is_sure=act == "cancel")
        return _move(desk, places, at, is_sure=act == "move")
    except Busy:
        raise
    except BookingError as error:
        return change_page(desk, str(error))


def _ticked(desk: Desk, at: datetime) -> list[Place]:
    """The ticked booked places of this account alone, less what a restriction closes."""
    closed = closed_to_accounts({desk.account.id}, clock.today(at))
    return [
        place
        for place in fresh_places(request.form.getlist("place", type=int))
        if place.account_id == desk.account.id and place.state == "booked" and place.pupil_id not in closed
    ]


def _seen() -> int | None:
    return request.form.get("seen_pence", type=int)


def _cancel(desk: Desk, places: list[Place], at: datetime, *, is_sure: bool) -> ResponseReturnValue:
    terms = [(place, cancellation_terms(place, at)) for place in places]
    back_pence = sum(one.credit_pence for _, one in terms)
    if is_sure and _seen() == back_pence:
        ids = [place.id for place in places]
        with unit_of_work():
            cancel_places(ids, at=at, user_id=desk.user_id, channel=desk.channel)
        back = f"{format_pence(back_pence)} is on the account as credit." if back_pence else ""
        flash(f"{counted(len(ids), 'session')} cancelled. {back}".strip())
        return redirect(desk.url("done"), 303)
    problem = "What comes back has changed since you looked. Nothing was cancelled." if is_sure else None
    page = render_template(
        "bookings/cancel_many.html", desk=desk, terms=terms, back_pence=back_pence, problem=problem
    )
    return page, 409 if problem else 200


def _move(desk: Desk, places: list[Place], at: datetime, *, is_sure: bool) -> ResponseReturnValue:
    target = read_target(request.form.get("to", ""), request.form.get("weeks", "0"))
    if target is None:
        return change_page(desk, "Choose where the sessions move to.")
    account_id, seen = desk.account.id, _seen()
    problem = None
    if is_sure and seen is not None:
        try:
            with unit_of_work():
                swap = swap_places(
                    [place.id for place in places],
                    target,
                    account_id=account_id,
                    seen_pence=seen,
                    at=at,
                    user_id=desk.user_id,
                    channel=desk.channel,
                )
                difference = swap.difference_pence
        except SwapRefused as error:
            problem = str(error)
        else:
            flash(f"{counted(len(places), 'session')} moved. {_difference_words(difference)}")
            return redirect(desk.url("done"), 303)
    swap = look_at_swap(fresh_places([place.id for place in places]), target, account_id=account_id, at=at)
    page = render_template(
        "bookings/move.html",
        desk=desk,
        swap=swap,
        to=request.form["to"],
        in_weeks=target.weeks,
        problem=problem,
        words=_difference_words(swap.difference_pence),
    )
    return page, 409 if problem else 200


def _difference_words(pence: int) -> str:
    if pence > 0:
        return f"{format_pence(pence)} more is owed on the account."
    if pence < 0:
        return f"{format_pence(-pence)} is on the account as credit."
    return "It costs the same."
