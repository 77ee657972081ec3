"""The parents' pages: what is on offer, the week to tick, the basket, and what is booked."""

from __future__ import annotations

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from booking.bookings import (
    changing_views,
    child_views,
    choosing_views,
    day_note_views,
    early_views,
    newcomer_views,
    request_views,
    round_views,
)
from booking.bookings.cancellation import bookings_of, cancel_places, cancellation_terms, place_of
from booking.bookings.change_models import CHANGE_WORDS
from booking.bookings.desk_views import parent_desk
from booking.bookings.early_grounds import GROUNDS
from booking.bookings.early_windows import published_windows
from booking.bookings.forms import PressForm
from booking.bookings.leaving import leave_by_letter, read_leave_token
from booking.bookings.notices import answer_notice, find_notice, notices_of
from booking.bookings.offer import offer_now
from booking.bookings.policy import ORDERS, current_policy
from booking.bookings.telling import coming_days
from booking.bookings.waiting_list import accept_offer, entries_of, leave_list, stand_together
from booking.core import clock
from booking.core.db import unit_of_work
from booking.core.words import counted
from booking.ledger.terms import terms_on
from booking.web.audience import for_anyone, for_roles
from booking.web.form_pages import answer_press

blueprint = Blueprint("bookings", __name__)


@blueprint.get("/")
@for_anyone
def offer() -> ResponseReturnValue:
    """What runs this half-term, with places left in words."""
    return render_template("bookings/offer.html", offer=offer_now(clock.now()))


@blueprint.get("/book")
@for_roles("parent")
def book() -> ResponseReturnValue:
    """The week grid of each child."""
    return choosing_views.week_page(parent_desk())


@blueprint.post("/book")
@for_roles("parent")
def choose() -> ResponseReturnValue:
    """Keep what is ticked in this week, and go where the button says."""
    return choosing_views.take_week(parent_desk())


@blueprint.get("/book/month")
@for_roles("parent")
def month() -> ResponseReturnValue:
    """Pick dates of one activity in a month."""
    return choosing_views.month(parent_desk())


@blueprint.post("/book/pattern")
@for_roles("parent")
def keep_pattern() -> ResponseReturnValue:
    """Hold a pattern that was looked up."""
    return choosing_views.keep_pattern(parent_desk())


@blueprint.get("/basket")
@for_roles("parent")
def basket() -> ResponseReturnValue:
    """What is chosen and what is held, with the hold's end."""
    return choosing_views.basket_page(parent_desk(), [], 200)


@blueprint.post("/basket")
@for_roles("parent")
def change_basket() -> ResponseReturnValue:
    """Hold the basket, take a line out, keep the hold longer, or give the places back."""
    return choosing_views.change_basket(parent_desk())


@blueprint.post("/basket/code")
@for_roles("parent")
def use_code() -> ResponseReturnValue:
    """Enter a code from the school."""
    return choosing_views.enter_code(parent_desk(), request.remote_addr or "")


@blueprint.get("/bookings")
@for_roles("parent")
def mine() -> ResponseReturnValue:
    """What is booked, the next seven days first, and where the children wait."""
    at, account = clock.now(), parent_desk().account
    return render_template(
        "bookings/mine.html",
        bookings=bookings_of(account.id, at),
        waiting=entries_of(account.id, at),
        notices=notices_of(account.id, at),
        change_words=CHANGE_WORDS,
        order_words=ORDERS[current_policy().waiting_order],
        days=coming_days(account.id, at),
        today=clock.today(at),
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
            terms = cancellation_terms(place, at)
            cancel_places([place.id], at=at, user_id=current_user.id)
        flash(f"Cancelled. {terms.words_after}")
        return redirect(url_for("bookings.mine"), 303)
    terms = cancellation_terms(place, at)
    return render_template("bookings/cancel.html", place=place, terms=terms, form=PressForm())


@blueprint.get("/bookings/change")
@for_roles("parent")
def change_sessions() -> ResponseReturnValue:
    """Everything that is booked, to cancel or move."""
    return changing_views.change_page(parent_desk())


@blueprint.post("/bookings/change")
@for_roles("parent")
def change_bookings() -> ResponseReturnValue:
    """Show what cancelling or moving means, or do it."""
    return changing_views.change_bookings(parent_desk())


@blueprint.post("/bookings/changes/<int:notice_id>")
@for_roles("parent")
def answer_change(notice_id: int) -> ResponseReturnValue:
    """Say that a change was read, and where it matters whether the child stays or is collected."""
    at = clock.now()
    notice = find_notice(notice_id, account_id=parent_desk().account.id, at=at)

    def act() -> str:
        answer_notice(notice, request.form.get("answer", ""), at=at, user_id=current_user.id)
        return "Thank you. The school sees that you have read it."

    return answer_press(act, done=url_for("bookings.mine"))


@blueprint.post("/waiting")
@for_roles("parent")
def wait() -> ResponseReturnValue:
    """Join the waiting list of a full session for one child."""
    return choosing_views.wait(parent_desk())


@blueprint.post("/waiting/<int:entry_id>")
@for_roles("parent")
def answer_offer(entry_id: int) -> ResponseReturnValue:
    """Take an offered place, or leave the list."""
    at, account = clock.now(), parent_desk().account
    form = PressForm()
    if form.validate_on_submit():
        with unit_of_work():
            if request.form.get("answer") == "accept":
                number = accept_offer(entry_id, account_id=account.id, at=at, user_id=current_user.id)
                words = f"{counted(number, 'place')} booked. The price is on your account."
            else:
                leave_list(entry_id, account_id=account.id, at=at, user_id=current_user.id)
                words = "Your child is off this waiting list."
        flash(words)
    return redirect(url_for("bookings.mine"), 303)


@blueprint.post("/waiting/together")
@for_roles("parent")
def waiting_together() -> ResponseReturnValue:
    """Make one party of the ticked entries, or part one from its party."""
    ids, account = request.form.getlist("entry", type=int), parent_desk().account
    if PressForm().validate_on_submit() and ids:
        with unit_of_work():
            party = stand_together(ids, account_id=account.id, at=clock.now())
        flash("These are offered together: all or none." if party else "This one waits by itself now.")
    return redirect(url_for("bookings.mine"), 303)


@blueprint.route("/waiting/leave/<token>", methods=["GET", "POST"])
@for_anyone
def leave_by_link(token: str) -> ResponseReturnValue:
    """Leave a waiting list by the link in a letter, without signing in; nothing of the child is shown."""
    entry_id = read_leave_token(token, current_app.config["SECRET_KEY"])
    if PressForm().validate_on_submit():
        with unit_of_work():
            leave_by_letter(entry_id, at=clock.now())
        return render_template("bookings/leave.html", done=True)
    return render_template("bookings/leave.html", done=False)


@blueprint.get("/how-places-are-given")
@for_anyone
def rules() -> ResponseReturnValue:
    """The school's rules for waiting lists and bookings, as published."""
    return render_template(
        "bookings/rules.html",
        policy=current_policy(),
        orders=ORDERS,
        windows=published_windows(clock.now()),
        grounds=GROUNDS,
        terms=terms_on(clock.today()),
    )


for address, view, methods in (
    *child_views.ADDRESSES,
    *request_views.ADDRESSES,
    *newcomer_views.ADDRESSES,
    *round_views.ADDRESSES,
    *early_views.ADDRESSES,
    *day_note_views.ADDRESSES,
):
    blueprint.add_url_rule(address, view.__name__, view, methods=methods)
