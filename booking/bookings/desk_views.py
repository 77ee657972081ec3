"""Who books, for which family account and over which way: the same pages serve a parent and the school office."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from flask import url_for
from flask_login import current_user

from booking.bookings.states import CHANNELS
from booking.core.errors import BookingError
from booking.people.models import FamilyAccount


@dataclass(frozen=True)
class Desk:
    """A family account in somebody's hands. `pages` are the endpoints of this desk's own pages by name.

    `schemes` are ways to book on a promise beside the plain one, as (what the button sends, its words).
    """

    account: FamilyAccount
    user_id: int
    channel: str
    layout: str
    pages: dict[str, str]
    values: dict[str, Any] = field(default_factory=dict)
    schemes: tuple[tuple[str, str], ...] = ()

    @property
    def is_office(self) -> bool:
        """The school office books, because the family rang or came to the hatch."""
        return self.channel != "online"

    def url(self, page: str, **values: Any) -> str:
        """The address of one of this desk's pages."""
        return url_for(self.pages[page], **{**self.values, **values})


PARENT_PAGES = {
    "book": "bookings.book",
    "choose": "bookings.choose",
    "keep_pattern": "bookings.keep_pattern",
    "month": "bookings.month",
    "basket": "bookings.basket",
    "change_basket": "bookings.change_basket",
    "wait": "bookings.wait",
    "change": "bookings.change_sessions",
    "change_bookings": "bookings.change_bookings",
    "rank": "bookings.choose_clubs",
    "keep_ranks": "bookings.keep_choices",
    "pay": "payments.checkout",
    "done": "bookings.mine",
}
OFFICE_PAGES = {
    "book": "office.desk_book",
    "choose": "office.desk_choose",
    "keep_pattern": "office.desk_keep_pattern",
    "month": "office.desk_month",
    "basket": "office.desk_basket",
    "change_basket": "office.desk_change_basket",
    "wait": "office.desk_wait",
    "change": "office.desk_change",
    "change_bookings": "office.desk_change_bookings",
    "rank": "office.desk_rank",
    "keep_ranks": "office.desk_keep_ranks",
    "pay": "office.desk_pay",
    "done": "office.family",
}


def parent_desk() -> Desk:
    """The desk of the parent who is signed in; one without an account is told to ring the office."""
    if not current_user.accounts:
        raise BookingError("You have no family account yet. The school office can open one for you.")
    return Desk(current_user.accounts[0], current_user.id, "online", "layouts/family.html", PARENT_PAGES)


def office_desk(account: FamilyAccount, channel: str) -> Desk:
    """The office's desk for one family; a channel that is not known counts as the phone."""
    channel = channel if channel in CHANNELS else "phone"
    values = {"account_id": account.id, "channel": channel}
    return Desk(account, current_user.id, channel, "layouts/staff.html", OFFICE_PAGES, values)
