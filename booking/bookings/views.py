"""The parents' pages: what is on offer, the week to tick, the basket, and what is booked."""

from __future__ import annotations

from datetime import date, timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from booking.bookings import child_views
from booking.bookings.baskets import (
    basket_view,
    choose_week,
    give_up_basket,
    keep_longer,
    open_basket,
    remove_line,
)
from booking.bookings.cancellation import bookings_of, cancel_place, cancellation_terms, place_of
from booking.bookings.forms import PressForm, WaitForm, read_picks
from booking.bookings.grid import first_week, week_grid
from booking.bookings.offer import offer_now
from booking.bookings.places import HoldResult, take_holds
from booking.bookings.waiting_list import accept_offer, entries_of, join_list, leave_list
from booking.core import clock
from booking.core.db import unit_of_work
from booking.core.errors import BookingError
from booking.people.models import FamilyAccount
from booking.web.audience import for_anyone, for_roles

blueprint = Blueprint("bookings", __name__)


def _account() -> FamilyAccount:
    """The family account that this person books on; a parent without one is told to ring the office."""
    if not current_user.accounts:
        raise BookingError("You have no family account yet. The school office can open one for you.")
    account: FamilyAccount = current_user.accounts[0]
    return account


@blueprint.get("/")
@for_anyone
def offer() -> ResponseReturnValue:
    """What runs this half-term, with places left in words."""
    return render_template("bookings/offer.html", offer=offer_now(clock.now()))


@blueprint.get("/book")
@for_roles("parent")
def book() -> ResponseReturnValue:
    """The week grid of each child."""
    at = clock.now()
    account = _account()
    monday = _monday(request.args.get("week")) or first_week(at)
    grid = week_grid(account.id, monday, at)
    return render_template(
        "bookings/book.html", grid=grid, monday=monday, basket=basket_view(account.id, at), form=PressForm()
    )


def _monday(text: str | None) -> date | None:
    """The Monday of the week that an address names; nothing for none or for nonsense."""
    try:
        day = date.fromisoformat(text or "")
    except ValueError:
        return None
    return day - timedelta(days=day.weekday())


@blueprint.post("/book")
@for_roles("parent")
def choose() -> ResponseReturnValue:
    """Keep what is ticked in this week; then go on to another week, or hold everything in the basket."""
    at, account = clock.now(), _account()
    if not PressForm().validate_on_submit():
        return redirect(url_for("bookings.book"), 303)
    wanted, shown = read_picks(request.form.getlist("pick")), read_picks(request.form.getlist("shown"))
    with unit_of_work():
        choose_week(account.id, wanted, shown, at=at, user_id=current_user.id)
    step = request.form.get("go", "basket")
    if step == "hold":
        return _hold(account, "what_fits" if request.form.get("mode") == "what_fits" else "all")
    monday = _monday(step)
    if monday is not None:
        return redirect(url_for("bookings.book", week=monday.isoformat()), 303)
    return redirect(url_for("bookings.basket"), 303)


def _hold(account: FamilyAccount, mode: str) -> ResponseReturnValue:
    """Take the holds of the whole basket, and say which could not be had and why."""
    at = clock.now()
    with unit_of_work():
        basket = open_basket(account.id)
        result = (
            take_holds(
                basket.id, "what_fits" if mode == "what_fits" else "all", at=at, user_id=current_user.id
            )
            if basket is not None
            else HoldResult([], [])
        )
        refused = [refusal.words for refusal in result.refused]
    if refused:
        return _basket_page(refused, 409)
    return redirect(url_for("bookings.basket"), 303)


@blueprint.get("/basket")
@for_roles("parent")
def basket() -> ResponseReturnValue:
    """What is chosen and what is held, with the hold's end."""
    return _basket_page([], 200)


def _basket_page(refused: list[str], status: int) -> ResponseReturnValue:
    account = _account()
    view = basket_view(account.id, clock.now())
    page = render_template("bookings/basket.html", basket=view, refused=refused, form=PressForm())
    return page, status


@blueprint.post("/basket")
@for_roles("parent")
def change_basket() -> ResponseReturnValue:
    """Hold the basket, take a line out, keep the hold longer, or give the places back."""
    at, account = clock.now(), _account()
    if not PressForm().validate_on_submit():
        return redirect(url_for("bookings.basket"), 303)
    act = request.form.get("act", "")
    if act in {"all", "what_fits"}:
        return _hold(account, act)
    with unit_of_work():
        if act == "longer":
            keep_longer(account.id, at=at, user_id=current_user.id)
        elif act == "give-up":
            give_up_basket(account.id, at=at, user_id=current_user.id)
        else:
            for pupil_id, session_id in read_picks([request.form.get("remove", "")]):
                remove_line(account.id, pupil_id, session_id, at=at, user_id=current_user.id)
    return redirect(url_for("bookings.basket"), 303)


@blueprint.get("/bookings")
@for_roles("parent")
def mine() -> ResponseReturnValue:
    """What is booked, the next seven days first, and where the children wait."""
    at, account = clock.now(), _account()
    return render_template(
        "bookings/mine.html",
        bookings=bookings_of(account.id, at),
        waiting=entries_of(account.id, at),
        form=PressForm(),
        at=at,
    )


@blueprint.route("/bookings/place/<int:place_id>/cancel", methods=["GET", "POST"])
@for_roles("parent")
def cancel(place_id: int) -> ResponseReturnValue:
    """Show what comes back, then cancel one session."""
    at = clock.now()
    place = place_of(place_id, {account.id for account in current_user.accounts}, clock.today(at))
    if PressForm().validate_on_submit():
        with unit_of_work():
            terms = cancel_place(place.id, at=at, user_id=current_user.id)
        flash(f"Cancelled. {terms.words_after}")
        return redirect(url_for("bookings.mine"), 303)
    terms = cancellation_terms(place, at)
    return render_template("bookings/cancel.html", place=place, terms=terms, form=PressForm())


@blueprint.post("/waiting")
@for_roles("parent")
def wait() -> ResponseReturnValue:
    """Join the waiting list of a full session for one child."""
    form, account = WaitForm(), _account()
    if not form.validate_on_submit():
        return redirect(url_for("bookings.book"), 303)
    with unit_of_work():
        join_list(
            form.pupil_id.data,
            form.session_id.data,
            account_id=account.id,
            at=clock.now(),
            user_id=current_user.id,
        )
    flash("Your child is on the waiting list. We write to you when a place comes free.")
    return redirect(url_for("bookings.mine"), 303)


@blueprint.post("/waiting/<int:entry_id>")
@for_roles("parent")
def answer_offer(entry_id: int) -> ResponseReturnValue:
    """Take an offered place, or leave the list."""
    at, account = clock.now(), _account()
    form = PressForm()
    if form.validate_on_submit():
        with unit_of_work():
            if request.form.get("answer") == "accept":
                accept_offer(entry_id, account_id=account.id, at=at, user_id=current_user.id)
                words = "The place is booked. Its price is on your account."
            else:
                leave_list(entry_id, account_id=account.id, at=at, user_id=current_user.id)
                words = "Your child is off this waiting list."
        flash(words)
    return redirect(url_for("bookings.mine"), 303)


for address, view, methods in child_views.ADDRESSES:
    blueprint.add_url_rule(address, view.__name__, view, methods=methods)
