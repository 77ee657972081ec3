"""What happens once Stripe has been asked about a card page: booked, refunded, or given up; safe to run many times.

The webhook, the parent's return, the worker and the cancel page all end here. Stripe is asked outside the write
transaction; inside it the payment's row is locked, and only what is still to do is done.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import structlog
from sqlalchemy import select

from booking.bookings.holds import give_up, held_in, release_payment_hold
from booking.bookings.models import Basket
from booking.bookings.places import book_basket, book_late
from booking.bookings.waiting_list import wait_for
from booking.core.audit import record
from booking.core.db import db, unit_of_work
from booking.ledger.posting import post_payment
from booking.payments.facts import EventFacts, SessionFacts
from booking.payments.gateway import CURRENCY, Gateway
from booking.payments.models import Payment, StripeEvent
from booking.payments.payer import write_to_payer
from booking.payments.promising import bring_into_force, forget_waiting
from booking.payments.refunds import ask_refund
from booking.payments.states import PAYMENT_MOVES, move
from booking.payments.to_pay import checkout_of

log = structlog.get_logger()
LATE = "late"
WRONG_AMOUNT = "wrong_amount"
NOT_BOOKED = frozenset({LATE, WRONG_AMOUNT})


class Outcome(StrEnum):
    """How a card page stands after asking Stripe; every value is a page that the parent may see."""

    BOOKED = "booked"
    REFUNDING = "refunding"
    WAITING = "waiting"
    OPEN = "open"
    GIVEN_UP = "given_up"
    NOT_OURS = "not_ours"


def fulfil(
    session_id: str,
    *,
    gateway: Gateway,
    at: datetime,
    user_id: int | None = None,
    facts: SessionFacts | None = None,
    event: EventFacts | None = None,
) -> Outcome:
    """Ask Stripe (unless its answer is given), then do in one unit of work whatever that answer still asks for.

    `event` is noted in the same transaction, so that a second delivery breaks its unique id and changes nothing.
    """
    facts = facts or gateway.retrieve_session(session_id)
    with unit_of_work():
        noted = note_event(event, at=at) if event is not None else None
        payment = _locked_payment(facts)
        if payment is None:
            log.warning("a card page that is not ours", session_id=facts.id)
            return Outcome.NOT_OURS
        if noted is not None:
            noted.payment_id = payment.id
        return settle(payment, facts, at=at, user_id=user_id)


def settle(payment: Payment, facts: SessionFacts, *, at: datetime, user_id: int | None) -> Outcome:
    """Bring a locked payment to where Stripe's own word says it is; doing it again changes nothing."""
    if payment.state == "paid":
        went_back = any(refund.reason in NOT_BOOKED for refund in payment.refunds)
        return Outcome.REFUNDING if went_back else Outcome.BOOKED
    if facts.is_paid:
        return _take_money(payment, facts, at=at, user_id=user_id)
    if facts.status == "expired":
        if payment.state == "started":
            move(payment, "given_up", PAYMENT_MOVES)
            let_go(payment, at=at)
            record("card_page_closed", "payment", payment.id, at=at, user_id=user_id)
        return Outcome.GIVEN_UP
    if payment.state != "started":
        return Outcome.GIVEN_UP
    if facts.has_failed:
        _bank_said_no(payment, at=at)
        return Outcome.GIVEN_UP
    if facts.status != "complete":
        return Outcome.OPEN
    payment.awaited_since = payment.awaited_since or at
    return Outcome.WAITING


def _bank_said_no(payment: Payment, *, at: datetime) -> None:
    """Free the places that were kept while the bank thought about it, and write to the family: nobody sits there now."""
    move(payment, "failed", PAYMENT_MOVES)
    forget_waiting(payment)
    basket = db.session.get(Basket, payment.basket_id) if payment.basket_id else None
    if basket is not None and basket.state == "paying":
        give_up(basket.id, at=at, user_id=None)
    record("card_refused_late", "payment", payment.id, at=at, user_id=None, pence=payment.amount_pence)
    write_to_payer(payment, "card_failed", at=at)


def keep_answer(payment_id: int, facts: SessionFacts) -> bool:
    """Keep the id of the page that Stripe opened; false when the payment has ended meanwhile."""
    payment = db.session.scalars(select(Payment).where(Payment.id == payment_id).with_for_update()).one()
    if payment.stripe_session_id is None:
        payment.stripe_session_id = facts.id
    return payment.stripe_session_id == facts.id and payment.state in {"started", "paid"}


def let_go(payment: Payment, *, at: datetime) -> None:
    """Give the places of a page that is over their 15 minutes back, or free them when its 31 minutes ran out.

    What was to be promised beside the card is promised no more.
    """
    forget_waiting(payment)
    if payment.basket_id is None:
        return
    if payment.expires_at is not None and at < payment.expires_at:
        release_payment_hold(payment.basket_id, at=at)
    else:
        give_up(payment.basket_id, at=at, user_id=None)


def note_event(event: EventFacts, *, at: datetime) -> StripeEvent:
    """Insert an event's id; the database refuses the second one, and with it whatever else was to happen."""
    noted = StripeEvent(id=event.id, type=event.type, at=at)
    db.session.add(noted)
    db.session.flush()
    return noted


def _locked_payment(facts: SessionFacts) -> Payment | None:
    """The payment of a card page, by Stripe's id or (when that was not kept yet) by our own reference; locked."""
    payment = db.session.scalars(
        select(Payment).where(Payment.stripe_session_id == facts.id).with_for_update()
    ).one_or_none()
    if payment is None and facts.reference is not None:
        payment = db.session.scalars(
            select(Payment)
            .where(Payment.idempotency_key == facts.reference, Payment.stripe_session_id.is_(None))
            .with_for_update()
        ).one_or_none()
        if payment is not None:
            payment.stripe_session_id = facts.id
    return payment


def _take_money(payment: Payment, facts: SessionFacts, *, at: datetime, user_id: int | None) -> Outcome:
    """Post money that has come in; book what it was for, or send all of it back."""
    expected_pence, was_started = payment.amount_pence, payment.state == "started"
    is_right = facts.amount_pence == expected_pence and facts.currency == CURRENCY
    move(payment, "paid", PAYMENT_MOVES)
    payment.amount_pence = facts.amount_pence
    payment.stripe_intent_id, payment.paid_at = facts.intent_id, at
    post_payment(
        payment.id, payment.account_id, payment.basket_id, facts.amount_pence, "card", at=at, user_id=user_id
    )
    record("card_paid", "payment", payment.id, at=at, user_id=user_id, pence=facts.amount_pence)
    if is_right and _book(payment, was_started, at=at, user_id=user_id):
        return Outcome.BOOKED
    reason = LATE if is_right else WRONG_AMOUNT
    if not is_right:
        log.error(
            "card paid another amount than asked",
            payment_id=payment.id,
            expected_pence=expected_pence,
            came=facts.amount_pence,
            currency=facts.currency,
        )
        _free_places(payment, at=at)
    forget_waiting(payment)
    ask_refund(payment, facts.amount_pence, reason, at=at, user_id=None)
    write_to_payer(payment, "late_refund", at=at)
    return Outcome.REFUNDING


def _book(payment: Payment, was_started: bool, *, at: datetime, user_id: int | None) -> bool:
    """Book what was paid for, re-taking places that were let go meanwhile; false when that cannot be.

    Money for what a family owes has nothing to book: being in the ledger is all.
    Money for a payment that had ended books a basket that is still held only when it covers it. A basket of which the
    school took everything back meanwhile is let go; of one that lost some, the rest is booked and the credit stays.
    """
    db.session.flush()
    if payment.basket_id is None:
        return True
    basket = db.session.get_one(Basket, payment.basket_id)
    if basket.state == "paying" and not held_in(basket.id):
        give_up(basket.id, at=at, user_id=None)
        return False
    if basket.state == "ended":
        return _book_late(basket, payment, at=at)
    if basket.state == "booked":
        return False
    if not was_started:
        summary = checkout_of(payment.account_id, at=at)
        if summary is None or summary.has_ended or summary.rest_pence:
            return False
    book_basket(basket.id, at=at, user_id=user_id)
    if was_started:
        bring_into_force(payment, at=at, user_id=user_id)
    return True


def _book_late(basket: Basket, payment: Payment, *, at: datetime) -> bool:
    """Take the places again, or put the children on the waiting lists of what is full by now."""
    result = book_late(basket.id, at=at)
    full = [(r.pupil_id, r.session_id) for r in result.refused if r.reason == "full"]
    wait_for(full, account_id=basket.account_id, at=at, user_id=payment.user_id, channel="worker")
    if result.held:
        bring_into_force(payment, at=at, user_id=payment.user_id)
    return bool(result.held)


def _free_places(payment: Payment, *, at: datetime) -> None:
    basket = db.session.get(Basket, payment.basket_id) if payment.basket_id else None
    if basket is not None and basket.state == "paying":
        release_payment_hold(basket.id, at=at)
