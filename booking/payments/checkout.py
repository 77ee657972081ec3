"""The life of a card page at Stripe: opened for held places, gone back to, closed by the parent or by time.

Each step is a short unit of work, then Stripe is asked outside of it, then another unit of work keeps the answer.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select

from booking.bookings.holds import hold_for_payment
from booking.bookings.models import Basket, Place
from booking.core.audit import record
from booking.core.db import db, lock_rows, unit_of_work
from booking.core.errors import BookingError, NotFound
from booking.core.words import clock as clock_words
from booking.core.words import counted
from booking.payments.fulfilment import Outcome, fulfil, keep_answer, let_go
from booking.payments.gateway import CardPage, Gateway, StripeOutOfReach, StripeRefused
from booking.payments.kept_cards import customer_for, stripe_forgot
from booking.payments.models import Payment
from booking.payments.promises import SCHEMES, what_is_owed
from booking.payments.promising import make_promises
from booking.payments.several_ways import RestChanged, split_of, ways_of
from booking.payments.splitting import SMALLEST_CARD_PENCE, Choice
from booking.payments.states import PAYMENT_MOVES, move
from booking.payments.to_pay import TotalChanged, checkout_of, may_be_paid
from booking.people.models import FamilyAccount

log = structlog.get_logger()
CARD_PAGE_LASTS = timedelta(minutes=31)


class CardPageUnreachable(BookingError):
    """Stripe could not open a card page; nothing was charged, and the places are held as before."""

    def __init__(self, held_until: datetime | None) -> None:
        kept = f"Your places are kept until {clock_words(held_until)}. " if held_until else ""
        super().__init__(
            f"We cannot reach the card page just now. Nothing was charged. {kept}"
            "Try again in a minute, or pay in another way."
        )


class NothingOwed(BookingError):
    """The family owes nothing that a card could pay; nothing was charged."""

    def __init__(self) -> None:
        super().__init__("You owe nothing now. Nothing was paid.")


@dataclass(frozen=True)
class WhereNext:
    """Where a parent goes on to: Stripe's page at `url`, or (when there is none) the outcome of what was paid."""

    url: str | None
    outcome: Outcome | None = None
    session_id: str | None = None


def start_card(
    account_id: int,
    *,
    seen_pence: int,
    at: datetime,
    user_id: int | None,
    choice: Choice | None = None,
    order: str = "last_days",
    seen_card_pence: int | None = None,
) -> Payment:
    """Write down that a card page is about to open and keep its places without an end; a second call finds the first.

    With a `choice` the card pays its part, and the promises beside it wait until it is paid. Raises the refusals of
    `may_be_paid`, `SplitRefused`, and `RestChanged` when the card's part is not the one that the parent saw.
    """
    lock_rows((FamilyAccount, [account_id]))
    summary = checkout_of(account_id, at=at)
    if summary is not None and summary.card_page is not None:
        return summary.card_page
    summary = may_be_paid(summary, seen_pence=seen_pence)
    split = split_of(summary, ways_of(summary, at=at), choice, order) if choice else None
    amount_pence = split.card_pence if split else summary.card_pence
    if seen_card_pence is not None and amount_pence != seen_card_pence:
        raise RestChanged(amount_pence)
    hold_for_payment(summary.basket_id, at=at)
    payment = _started(summary.basket_id, account_id, amount_pence, at=at, user_id=user_id)
    if split:
        make_promises(
            split.promises,
            basket_id=summary.basket_id,
            account_id=account_id,
            at=at,
            user_id=user_id,
            card=payment,
        )
    return payment


def start_debt_card(account_id: int, *, seen_pence: int, at: datetime, user_id: int | None) -> Payment:
    """Write down that a card page for what a family owes is about to open; a second call finds the first.

    What is promised by a scheme is not asked for again. Raises `NothingOwed`, or `TotalChanged` for a sum that was not
    the one seen.
    """
    lock_rows((FamilyAccount, [account_id]))
    started = db.session.scalars(
        select(Payment).where(
            Payment.account_id == account_id,
            Payment.basket_id.is_(None),
            Payment.tender == "card",
            Payment.state == "started",
        )
    ).first()
    if started is not None:
        return started
    owed_pence = sum(one.amount_pence for one in what_is_owed(account_id, at=at) if one.tender not in SCHEMES)
    if not owed_pence:
        raise NothingOwed
    if owed_pence != seen_pence:
        raise TotalChanged(owed_pence)
    return _started(None, account_id, max(owed_pence, SMALLEST_CARD_PENCE), at=at, user_id=user_id)


def _started(
    basket_id: int | None, account_id: int, amount_pence: int, *, at: datetime, user_id: int | None
) -> Payment:
    payment = Payment(
        basket_id=basket_id,
        account_id=account_id,
        tender="card",
        amount_pence=amount_pence,
        idempotency_key=f"payment-{secrets.token_urlsafe(18)}",
        created_at=at,
        expires_at=(at + CARD_PAGE_LASTS).replace(microsecond=0),
        user_id=user_id,
    )
    db.session.add(payment)
    db.session.flush()
    record("card_page_started", "payment", payment.id, at=at, user_id=user_id, pence=payment.amount_pence)
    return payment


def open_page(payment_id: int, *, gateway: Gateway, base_url: str, at: datetime) -> WhereNext:
    """Open the payment's page at Stripe, or find the one that it has; never a second one.

    Raises `CardPageUnreachable`, with the hold given back, when Stripe cannot open it.
    """
    payment = db.session.get_one(Payment, payment_id)
    page = _page(payment, base_url)
    try:
        if payment.stripe_session_id is not None:
            facts = gateway.retrieve_session(payment.stripe_session_id)
        else:
            facts = gateway.create_checkout_session(page)
    except (StripeOutOfReach, StripeRefused) as error:
        log.warning("card page not opened", payment_id=payment_id, error=str(error))
        if isinstance(error, StripeRefused) and error.code == "resource_missing" and page.customer_id:
            stripe_forgot(page.customer_id)
        raise CardPageUnreachable(take_back(payment_id, at=at)) from error
    with unit_of_work():
        is_current = keep_answer(payment_id, facts)
    if not is_current:
        gateway.expire_session(facts.id)
        raise CardPageUnreachable(None)
    if facts.status == "open" and facts.url is not None:
        return WhereNext(facts.url)
    return WhereNext(None, fulfil(facts.id, gateway=gateway, at=at, facts=facts), facts.id)


def close_page(payment_id: int, *, gateway: Gateway, at: datetime, user_id: int | None) -> Outcome:
    """Close the card page at Stripe first, then give the hold back; when it was paid after all, book."""
    payment = db.session.get_one(Payment, payment_id)
    if payment.stripe_session_id is None:
        take_back(payment_id, at=at)
        return Outcome.GIVEN_UP
    facts = gateway.expire_session(payment.stripe_session_id)
    return fulfil(facts.id, gateway=gateway, at=at, user_id=user_id, facts=facts)


def expire_started(at: datetime, gateway: Gateway | None) -> int:
    """Ask Stripe about every card page whose time is over, then book or give up; gives the number that ended.

    A page is closed at Stripe before its places are freed, so that nobody pays for places that are gone. While
    Stripe is out of reach, or the parent's bank has not said yes or no, the places stay held.
    """
    if gateway is None:
        return 0
    ended = 0
    rows = db.session.execute(
        select(Payment.id, Payment.stripe_session_id).where(
            Payment.state == "started",
            Payment.tender == "card",
            Payment.expires_at <= at,
            Payment.awaited_since.is_(None),
        )
    ).all()
    db.session.rollback()
    for payment_id, session_id in rows:
        try:
            if session_id is None:
                take_back(payment_id, at=at)
            else:
                facts = gateway.retrieve_session(session_id)
                if facts.status == "open":
                    facts = gateway.expire_session(session_id)
                fulfil(facts.id, gateway=gateway, at=at, facts=facts)
            ended += 1
        except (StripeOutOfReach, StripeRefused) as error:
            log.warning("card page not ended", payment_id=payment_id, error=str(error))
    return ended


def payment_of(account_ids: set[int], payment_id: int) -> Payment:
    """One of these accounts' own card payments; raises `NotFound` for any other."""
    payment = db.session.scalars(
        select(Payment).where(
            Payment.id == payment_id, Payment.tender == "card", Payment.account_id.in_(account_ids)
        )
    ).one_or_none()
    if payment is None:
        raise NotFound
    return payment


def returned_payment(account_ids: set[int], session_id: str, *, gateway: Gateway) -> Payment:
    """The payment of a card page that a parent came back from; raises `NotFound` for another family's.

    When the page's id was not kept (we stopped between opening it and writing that down), Stripe names the payment.
    """
    mine = select(Payment).where(Payment.account_id.in_(account_ids))
    payment = db.session.scalars(mine.where(Payment.stripe_session_id == session_id)).one_or_none()
    if payment is None:
        try:
            reference = gateway.retrieve_session(session_id).reference
        except StripeRefused as error:
            raise NotFound from error
        payment = db.session.scalars(mine.where(Payment.idempotency_key == reference)).one_or_none()
    if payment is None:
        raise NotFound
    return payment


def held_until_of(basket_id: int) -> datetime | None:
    """Until when the basket's places are held; nothing when none is, or when a card page holds them."""
    ends = db.session.scalars(
        select(Place.held_until).where(Place.basket_id == basket_id, Place.state == "held")
    ).all()
    return min((end for end in ends if end is not None), default=None)


def take_back(payment_id: int, *, at: datetime) -> datetime | None:
    """End a payment whose page never opened, and give its places their minutes back."""
    with unit_of_work():
        payment = db.session.scalars(select(Payment).where(Payment.id == payment_id).with_for_update()).one()
        if payment.state == "started" and payment.stripe_session_id is None:
            move(payment, "failed", PAYMENT_MOVES)
            let_go(payment, at=at)
        basket_id = payment.basket_id
    return held_until_of(basket_id) if basket_id is not None else None


def _page(payment: Payment, base_url: str) -> CardPage:
    title = "What you owe"
    if payment.basket_id is not None:
        basket = db.session.get_one(Basket, payment.basket_id)
        held = select(Place.id).where(Place.basket_id == basket.id, Place.state == "held")
        title = f"Booking {basket.reference}: {counted(len(db.session.scalars(held).all()), 'session')}"
    assert payment.expires_at is not None
    return CardPage(
        idempotency_key=payment.idempotency_key,
        payment_id=payment.id,
        amount_pence=payment.amount_pence,
        title=title,
        expires_at=payment.expires_at,
        success_url=f"{base_url}/checkout/back?session_id={{CHECKOUT_SESSION_ID}}",
        cancel_url=f"{base_url}/checkout/cancelled/{payment.id}",
        customer_id=customer_for(payment.user_id, since=payment.created_at),
    )
