"""What stands to be paid, and whether it may be: every amount is the server's, worked out from the held places.

The form says only which total the parent saw, so that nobody pays another amount than the one on the button.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from booking.bookings.frozen_prices import shown_lines
from booking.bookings.models import Basket, Place
from booking.bookings.price_parts import Discounts
from booking.core import clock
from booking.core.db import db
from booking.core.errors import BookingError
from booking.core.money import format_pence
from booking.ledger.balances import credit_pence
from booking.ledger.terms import terms_on
from booking.payments.models import Payment
from booking.payments.splitting import SMALLEST_CARD_PENCE
from booking.people.restrictions import CLOSED_BOOKING, closed_to_accounts
from booking.provision.models import Run, Session


class NothingToPay(BookingError):
    """There is no basket with places held for it."""

    def __init__(self) -> None:
        super().__init__("There is nothing to pay for: no places are being kept for you. Nothing was paid.")


class HoldEnded(BookingError):
    """The hold ran out before the parent paid; the choice stays in the basket."""

    def __init__(self) -> None:
        super().__init__(
            "The time for keeping your places has run out. Nothing was paid. "
            "Your choices are still here: keep the places again to go on."
        )


class TotalChanged(BookingError):
    """The total is not the one that the parent saw, so nothing was paid."""

    def __init__(self, total_pence: int) -> None:
        super().__init__(
            f"The total is now {format_pence(total_pence)}. Nothing was paid. Please check it and pay again."
        )


class CardPageOpen(BookingError):
    """A card page is open for this basket, so it cannot be paid in another way at the same time."""

    def __init__(self) -> None:
        super().__init__("You have a card page open for these places. Finish there, or close it here first.")


class NotEnoughCredit(BookingError):
    """The family's credit does not cover the basket; nothing was taken."""

    def __init__(self) -> None:
        super().__init__("Your credit does not cover this. Nothing was paid. Please choose another way.")


@dataclass(frozen=True)
class CheckoutLine:
    """One held place as the parent checks it: `credit_until` is the last moment to cancel for its whole price.

    `discounts` are in the price already. `is_closed` when a restriction closes the child to this family. Which schemes
    may pay it is said by `several_ways`.
    """

    place_id: int
    pupil_id: int
    activity_id: int
    seller_id: int
    child: str
    activity: str
    kind: str
    date: date
    starts_at: time
    ends_at: time
    price_pence: int
    credit_until: datetime
    is_closed: bool = False
    takes_tfc: bool = False
    takes_vouchers: bool = False
    takes_universal_credit: bool = False
    discounts: Discounts = ()


@dataclass(frozen=True)
class Summary:
    """Everything on the page that asks for money; amounts in pence, credit never below zero.

    `card_page` is the card payment whose page is open now, so that no other way is offered.
    """

    basket_id: int
    account_id: int
    reference: str
    lines: list[CheckoutLine]
    total_pence: int
    credit_pence: int
    held_until: datetime | None
    has_ended: bool
    card_page: Payment | None

    @property
    def from_credit_pence(self) -> int:
        """The part that credit pays when the rest is paid in another way."""
        return min(self.credit_pence, self.total_pence)

    @property
    def rest_pence(self) -> int:
        """What credit leaves to pay."""
        return self.total_pence - self.from_credit_pence

    @property
    def credit_after_pence(self) -> int:
        """The credit that stays when it pays what it can."""
        return self.credit_pence - self.from_credit_pence

    @property
    def card_pence(self) -> int:
        """What a card pays: the rest, but never less than Stripe takes (credit then pays that much less)."""
        return max(self.rest_pence, SMALLEST_CARD_PENCE)

    @property
    def takes_card(self) -> bool:
        """True when a card may pay: there is a rest, and the whole is not too small for a card."""
        return self.rest_pence > 0 and self.total_pence >= SMALLEST_CARD_PENCE


def checkout_of(account_id: int, *, at: datetime) -> Summary | None:
    """The family's live basket with its held places, in four queries; nothing when no place is held."""
    basket = db.session.scalars(
        select(Basket).where(Basket.account_id == account_id, Basket.state.in_(("open", "paying")))
    ).one_or_none()
    if basket is None:
        return None
    places = held_places(basket.id)
    if not places:
        return None
    closed = closed_to_accounts({account_id}, clock.today(at))
    off = shown_lines({place.id: place.price_pence for place in places})
    ends = [place.held_until for place in places if place.held_until is not None]
    return Summary(
        basket_id=basket.id,
        account_id=account_id,
        reference=basket.reference,
        lines=[_line(place, place.pupil_id in closed, off.get(place.id, ())) for place in places],
        total_pence=sum(place.price_pence for place in places),
        credit_pence=max(credit_pence(account_id), 0),
        held_until=min(ends, default=None),
        has_ended=any(end <= at for end in ends),
        card_page=_open_card_page(basket),
    )


def held_places(basket_id: int) -> list[Place]:
    """The basket's held places with child, session and activity, in one query, by date, hour and child."""
    return list(
        db.session.scalars(
            select(Place)
            .join(Place.session)
            .where(Place.basket_id == basket_id, Place.state == "held")
            .options(
                joinedload(Place.pupil),
                joinedload(Place.session).joinedload(Session.run).joinedload(Run.activity),
            )
            .order_by(Session.date, Session.starts_at, Place.pupil_id)
        )
    )


def may_be_paid(summary: Summary | None, *, seen_pence: int) -> Summary:
    """The basket as it may be paid now, or a named refusal; called inside the unit of work that pays it."""
    if summary is None:
        raise NothingToPay
    if summary.card_page is not None:
        raise CardPageOpen
    if summary.has_ended or summary.held_until is None:
        raise HoldEnded
    if summary.total_pence != seen_pence:
        raise TotalChanged(summary.total_pence)
    return summary


def office_due_at(at: datetime) -> datetime:
    """By when somebody who books now and pays at the office pays: by the school's terms, at the end of its day."""
    today = clock.today(at)
    return clock.instant(today + timedelta(days=terms_on(today).days_to_pay), time(18, 0))


def _open_card_page(basket: Basket) -> Payment | None:
    """The card payment whose page is open for a basket; the database allows one."""
    if basket.state != "paying":
        return None
    return db.session.scalars(
        select(Payment).where(Payment.basket_id == basket.id, Payment.state == "started")
    ).one_or_none()


def _line(place: Place, is_closed: bool, discounts: Discounts) -> CheckoutLine:
    return CheckoutLine(
        place_id=place.id,
        pupil_id=place.pupil_id,
        activity_id=place.session.run.activity_id,
        seller_id=place.session.run.activity.seller_id,
        child="" if is_closed else place.pupil.first_name,
        activity=CLOSED_BOOKING if is_closed else place.session.run.activity.name,
        kind=place.session.run.activity.kind,
        date=place.session.date,
        starts_at=place.session.starts_at,
        ends_at=place.session.ends_at,
        price_pence=place.price_pence,
        credit_until=place.credit_until,
        is_closed=is_closed,
        discounts=() if is_closed else discounts,
    )
