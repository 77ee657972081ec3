"""The pages on which sessions are chosen and kept, for whoever sits at the desk: the week, a pattern, the basket."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from booking.bookings.basket_page import basket_view
from booking.bookings.baskets import (
    bookable_pupils,
    choose_week,
    give_up_basket,
    keep_longer,
    open_basket,
    remove_line,
)
from booking.bookings.desk_views import Desk
from booking.bookings.forms import CodeForm, KeepForm, Pick, PressForm, RepeatForm, WaitForm, read_picks
from booking.bookings.grid import first_week, week_grid
from booking.bookings.holds import BasketIsPaying
from booking.bookings.models import Basket
from booking.bookings.month import month_of, read_month
from booking.bookings.patterns import days_in_words, ends_from, plan_pattern
from booking.bookings.places import HoldResult, Mode, take_holds
from booking.bookings.pots import CodeNotKnown, use_code
from booking.bookings.rounds import open_rounds
from booking.bookings.stale_care import to_confirm
from booking.bookings.states import CHANNELS
from booking.bookings.waiting_list import join_list, wait_for
from booking.core import clock
from booking.core.db import unit_of_work
from booking.core.errors import BookingError
from booking.core.words import counted
from booking.people.limits import TooManyTries, account_digest, note_try, refuse_too_many
from booking.people.models import Pupil


def week_page(desk: Desk, form: RepeatForm | None = None, problem: str | None = None) -> ResponseReturnValue:
    """The week grid of each child, with what is ticked and how it may come again."""
    at = clock.now()
    monday = read_monday(request.values.get("week")) or first_week(at)
    grid = week_grid(desk.account.id, monday, at)
    form = form or _repeat_form(monday, [child.pupil for child in grid.children])
    page = render_template(
        "bookings/book.html",
        desk=desk,
        channels=CHANNELS,
        grid=grid,
        monday=monday,
        basket=basket_view(desk.account.id, at),
        repeat=form,
        problem=problem,
        rounds=open_rounds(at),
    )
    return page, 422 if problem else 200


def read_monday(text: str | None) -> date | None:
    """The Monday of the week that an address names; nothing for none or for nonsense."""
    try:
        day = date.fromisoformat(text or "")
    except ValueError:
        return None
    return day - timedelta(days=day.weekday())


def _repeat_form(monday: date, pupils: list[Pupil]) -> RepeatForm:
    children = [(pupil.id, pupil.first_name) for pupil in pupils] if len(pupils) > 1 else []
    form = RepeatForm().with_choices(ends_from(monday), children)
    if not form.is_submitted():
        known = [value for value, _ in form.end.choices]
        form.end.data = "term" if "term" in known else known[0]
    return form


def take_week(desk: Desk) -> ResponseReturnValue:
    """Keep what is ticked in this week; then go to another week, look a pattern up, or hold everything in the basket."""
    at, account_id = clock.now(), desk.account.id
    if not PressForm().validate_on_submit():
        return redirect(desk.url("book"), 303)
    wanted, shown = read_picks(request.form.getlist("pick")), read_picks(request.form.getlist("shown"))
    step = request.form.get("go", "basket")
    monday = read_monday(request.form.get("week")) or first_week(at)
    if step == "repeat" or (step == "hold" and RepeatForm().is_pattern):
        form = _repeat_form(monday, bookable_pupils(account_id, clock.today(at)))
        return _pattern_page(desk, form, wanted, shown, monday, at)
    with unit_of_work():
        basket = choose_week(account_id, wanted, shown, at=at, user_id=desk.user_id)
        result = _hold(desk, basket, request.form.get("mode"), at) if step == "hold" else None
    if result is not None:
        return _after_holding(desk, result)
    if step.startswith("month"):
        where = {"month": step.partition(":")[2], "activity": request.form.get("activity", type=int)}
        return redirect(desk.url("month", **where), 303)
    other = read_monday(step)
    return redirect(desk.url("book", week=other.isoformat()) if other else desk.url("basket"), 303)


def _pattern_page(
    desk: Desk, form: RepeatForm, wanted: set[Pick], shown: set[Pick], monday: date, at: datetime
) -> ResponseReturnValue:
    """Keep the ticks of the week, then show what of its pattern can be had; the parent decides on that page."""
    with unit_of_work():
        choose_week(desk.account.id, wanted, shown, at=at, user_id=desk.user_id)
    form.validate()
    if form.error_list:
        return week_page(desk, form, form.error_list[0][1])
    try:
        repeat = form.repeat(ends_from(monday), monday + timedelta(days=4))
        plan = plan_pattern(desk.account.id, wanted, monday, repeat, form.same_for.data or [], at=at)
    except BookingError as error:
        return week_page(desk, form, str(error))
    return render_template(
        "bookings/pattern.html",
        desk=desk,
        plan=plan,
        repeat=repeat,
        monday=monday,
        form=KeepForm(formdata=None),
        days_in_words=days_in_words,
    )


def keep_pattern(desk: Desk) -> ResponseReturnValue:
    """Hold the sessions of a pattern, all or what fits; what is full goes to the waiting list when that was ticked."""
    at, form = clock.now(), KeepForm()
    if not form.validate_on_submit():
        return redirect(desk.url("book"), 303)
    picks = read_picks(request.form.getlist("picks"))
    is_partly = request.form.get("mode") == "what_fits"
    account_id, who = desk.account.id, desk.user_id
    waiting = 0
    with unit_of_work():
        basket = choose_week(account_id, picks, [], at=at, user_id=who)
        mode: Mode = "what_fits" if is_partly else "all"
        result = take_holds(basket.id, mode, at=at, user_id=who, channel=desk.channel)
        ours = [refusal for refusal in result.refused if (refusal.pupil_id, refusal.session_id) in picks]
        if is_partly:
            for refusal in ours:
                remove_line(account_id, refusal.pupil_id, refusal.session_id, at=at, user_id=who)
            if form.wait.data in {"each", "together"}:
                waiting = wait_for(
                    [(r.pupil_id, r.session_id) for r in ours if r.reason == "full"],
                    account_id=account_id,
                    at=at,
                    user_id=who,
                    channel=desk.channel,
                    together=form.wait.data == "together",
                )
    if result.refused and not is_partly:
        return basket_page(desk, [refusal.words for refusal in result.refused], 409)
    if waiting:
        flash(f"{counted(waiting, 'date')} on the waiting list. We write when a place comes free.")
    return redirect(desk.url("basket"), 303)


def month(desk: Desk) -> ResponseReturnValue:
    """Pick dates of one activity in a month, for each child."""
    at = clock.now()
    first = read_month(request.args.get("month"), clock.today(at))
    found = month_of(desk.account.id, request.args.get("activity", type=int), first, at)
    return render_template("bookings/month.html", desk=desk, month=found)


def hold_all(desk: Desk, mode: str) -> ResponseReturnValue:
    """Take the holds of the whole basket, and say which could not be had and why."""
    at, account_id = clock.now(), desk.account.id
    with unit_of_work():
        result = _hold(desk, open_basket(account_id), mode, at)
    return _after_holding(desk, result)


def _hold(desk: Desk, basket: Basket | None, mode: str | None, at: datetime) -> HoldResult:
    if basket is None:
        return HoldResult([], [])
    chosen: Mode = "what_fits" if mode == "what_fits" else "all"
    return take_holds(basket.id, chosen, at=at, user_id=desk.user_id, channel=desk.channel)


def _after_holding(desk: Desk, result: HoldResult) -> ResponseReturnValue:
    if result.refused:
        return basket_page(desk, [refusal.words for refusal in result.refused], 409)
    return redirect(desk.url("basket"), 303)


def basket_page(
    desk: Desk, refused: list[str], status: int, *, code_problem: str | None = None
) -> ResponseReturnValue:
    """What is chosen and what is held, with the hold's end, and which could not be kept just now."""
    view = basket_view(desk.account.id, clock.now())
    names = {row.pupil_id: row.child for row in view.rows}
    page = render_template(
        "bookings/basket.html",
        desk=desk,
        channels=CHANNELS,
        basket=view,
        refused=refused,
        to_confirm=[names[pupil_id] for pupil_id in sorted(to_confirm(names, clock.today()))],
        form=PressForm(),
        code_problem=code_problem,
    )
    return page, status


def change_basket(desk: Desk) -> ResponseReturnValue:
    """Hold the basket, take a line out, keep the hold longer, or give the places back."""
    at, account_id, who = clock.now(), desk.account.id, desk.user_id
    if not PressForm().validate_on_submit():
        return redirect(desk.url("basket"), 303)
    act = request.form.get("act", "")
    if act in {"all", "what_fits"}:
        return hold_all(desk, act)
    with unit_of_work():
        if act == "longer":
            keep_longer(account_id, at=at, user_id=who)
        elif act == "give-up":
            give_up_basket(account_id, at=at, user_id=who)
        else:
            for pupil_id, session_id in read_picks([request.form.get("remove", "")]):
                remove_line(account_id, pupil_id, session_id, at=at, user_id=who)
    return redirect(desk.url("basket"), 303)


def wait(desk: Desk) -> ResponseReturnValue:
    """Join the waiting list of a full session for one child."""
    form = WaitForm()
    if not form.validate_on_submit():
        return redirect(desk.url("book"), 303)
    with unit_of_work():
        join_list(
            form.pupil_id.data,
            form.session_id.data,
            account_id=desk.account.id,
            at=clock.now(),
            user_id=desk.user_id,
            channel=desk.channel,
        )
    flash("The child is on the waiting list. We write when a place comes free.")
    return redirect(desk.url("done"), 303)


def enter_code(desk: Desk, address: str) -> ResponseReturnValue:
    """A family enters a code from the school; wrong ones are slowed down as every code is, and say nothing of others."""
    at, form = clock.now(), CodeForm()
    if not form.validate_on_submit():
        return redirect(desk.url("basket"), 303)
    digest = account_digest(str(desk.user_id), "family code")
    try:
        refuse_too_many(digest, address=address, at=at, is_code=True)
        with unit_of_work():
            use_code(desk.account.id, form.code.data or "", at=at, user_id=desk.user_id)
    except CodeNotKnown as error:
        with unit_of_work():
            note_try(digest, address=address, at=at, succeeded=False)
        return basket_page(desk, [], 422, code_problem=str(error))
    except (BasketIsPaying, TooManyTries) as error:
        return basket_page(desk, [], 422, code_problem=str(error))
    flash("Your code is in. The prices here are yours now.")
    return redirect(desk.url("basket"), 303)
