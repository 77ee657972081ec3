"""The office books for a family that rang or came to the hatch: the parents' own pages, and paying at the office."""

from __future__ import annotations

from dataclasses import replace

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from booking.bookings import changing_views, choosing_views, round_views
from booking.bookings.desk_views import Desk, office_desk
from booking.bookings.forms import PressForm
from booking.core import clock
from booking.core.db import db, unit_of_work
from booking.core.errors import NotFound
from booking.payments.desk_promises import book_by_scheme, schemes_for
from booking.payments.office_till import pay_basket
from booking.people.models import FamilyAccount
from booking.web.audience import for_roles


def _desk(account_id: int) -> Desk:
    account = db.session.get(FamilyAccount, account_id)
    if account is None:
        raise NotFound
    return office_desk(account, request.args.get("channel", "phone"))


@for_roles("manager")
def desk_book(account_id: int) -> ResponseReturnValue:
    """The week of a family's children."""
    return choosing_views.week_page(_desk(account_id))


@for_roles("manager")
def desk_choose(account_id: int) -> ResponseReturnValue:
    """Keep what is ticked for a family, and go where the button says."""
    return choosing_views.take_week(_desk(account_id))


@for_roles("manager")
def desk_month(account_id: int) -> ResponseReturnValue:
    """Pick dates of one activity in a month for a family."""
    return choosing_views.month(_desk(account_id))


@for_roles("manager")
def desk_keep_pattern(account_id: int) -> ResponseReturnValue:
    """Hold a pattern for a family."""
    return choosing_views.keep_pattern(_desk(account_id))


@for_roles("manager")
def desk_basket(account_id: int) -> ResponseReturnValue:
    """A family's basket, with the schemes that may pay for it."""
    desk = replace(_desk(account_id), schemes=tuple(schemes_for(account_id, at=clock.now())))
    return choosing_views.basket_page(desk, [], 200)


@for_roles("manager")
def desk_change_basket(account_id: int) -> ResponseReturnValue:
    """Hold a family's basket, take a line out, keep it longer, or give it back."""
    return choosing_views.change_basket(_desk(account_id))


@for_roles("manager")
def desk_wait(account_id: int) -> ResponseReturnValue:
    """Put a child of a family on a waiting list."""
    return choosing_views.wait(_desk(account_id))


@for_roles("manager")
def desk_change(account_id: int) -> ResponseReturnValue:
    """Everything that a family has booked, to cancel or move."""
    return changing_views.change_page(_desk(account_id))


@for_roles("manager")
def desk_change_bookings(account_id: int) -> ResponseReturnValue:
    """Cancel or move for a family, after a look."""
    return changing_views.change_bookings(_desk(account_id))


@for_roles("manager")
def desk_rank(account_id: int, round_id: int) -> ResponseReturnValue:
    """Rank the clubs of a round for a family."""
    return round_views.rank_page(_desk(account_id), round_id)


@for_roles("manager")
def desk_keep_ranks(account_id: int, round_id: int) -> ResponseReturnValue:
    """Keep what a family ranked by telephone or at the hatch."""
    return round_views.keep_ranks(_desk(account_id), round_id)


@for_roles("manager")
def desk_pay(account_id: int) -> ResponseReturnValue:
    """Book what is held for a family: credit pays what it can, a scheme what was said, and the rest is owed."""
    desk = _desk(account_id)
    if PressForm().validate_on_submit():
        seen = request.form.get("seen_pence", 0, type=int)
        scheme, paying = request.form.get("scheme"), {"at": clock.now(), "user_id": current_user.id}
        with unit_of_work():
            if scheme:
                reference = book_by_scheme(account_id, scheme, seen_pence=seen, **paying)
            else:
                reference = pay_basket(account_id, "office" if seen else "free", seen_pence=seen, **paying)
        flash(f"Booked for {desk.account.name}: reference {reference}.")
    return redirect(desk.url("done"), 303)
