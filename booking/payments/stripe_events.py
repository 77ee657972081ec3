"""Stripe's signed events: looked up by type in one table, each has its effect once, in the transaction of its id.

An event is only a reason to ask Stripe; no amount and no state is taken from it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from booking.core.db import db, unit_of_work
from booking.payments.disputes import note_dispute
from booking.payments.facts import EventFacts
from booking.payments.fulfilment import fulfil, note_event
from booking.payments.gateway import Gateway, StripeRefused
from booking.payments.models import Payment, StripeEvent
from booking.payments.refunds import note_refunds

log = structlog.get_logger()
KEPT = timedelta(days=30)
Handler = Callable[[EventFacts, Gateway, datetime], None]


def take_event(event: EventFacts, *, gateway: Gateway, at: datetime) -> bool:
    """Let a signed event have its effect; false when it had it before or has none. Raises `StripeOutOfReach`."""
    handler = HANDLERS.get(event.type)
    if handler is None:
        log.info("stripe event without effect", event_id=event.id, type=event.type)
        return False
    if _is_known(event.id):
        log.info("stripe event again", event_id=event.id, type=event.type)
        return False
    try:
        handler(event, gateway, at)
    except StripeRefused as error:
        log.warning("stripe does not know what its event is about", event_id=event.id, code=error.code)
        with suppress(IntegrityError), unit_of_work():
            note_event(event, at=at)
        return False
    except IntegrityError:
        if not _is_known(event.id):
            raise
        log.info("stripe event at the same time", event_id=event.id, type=event.type)
        return False
    return True


def _card_page(event: EventFacts, gateway: Gateway, at: datetime) -> None:
    """A card page was paid, or ended."""
    fulfil(event.object_id, gateway=gateway, at=at, event=event)


def _refund(event: EventFacts, gateway: Gateway, at: datetime) -> None:
    """Money went back, or did not; the event's object is a charge or a refund, and both name the payment intent."""
    if event.intent_id is None:
        log.warning("a refund without a payment", event_id=event.id)
        return
    _learn_of(event.intent_id, gateway, at)
    facts = list(gateway.refunds(event.intent_id))
    with unit_of_work():
        payment = _payment_of(event, event.intent_id, at=at)
        if payment is not None:
            note_refunds(payment, facts, at=at)


def _dispute(event: EventFacts, gateway: Gateway, at: datetime) -> None:
    """The payer's bank took money back, or decided about it."""
    facts = gateway.dispute(event.object_id)
    if facts.intent_id is not None:
        _learn_of(facts.intent_id, gateway, at)
    with unit_of_work():
        payment = _payment_of(event, facts.intent_id, at=at)
        if payment is not None:
            note_dispute(payment, facts, at=at)


def _learn_of(intent_id: str, gateway: Gateway, at: datetime) -> None:
    """Take a payment whose own event is still on its way, so that what happened to it afterwards is not lost."""
    if db.session.scalar(select(Payment.id).where(Payment.stripe_intent_id == intent_id)) is None:
        facts = gateway.session_of(intent_id)
        if facts is not None:
            fulfil(facts.id, gateway=gateway, at=at)


def _payment_of(event: EventFacts, intent_id: str | None, *, at: datetime) -> Payment | None:
    """Note an event, and lock the payment that it is about; nothing when that is none of ours."""
    noted = note_event(event, at=at)
    payment = db.session.scalars(
        select(Payment).where(Payment.stripe_intent_id == intent_id).with_for_update()
    ).one_or_none()
    if payment is None:
        log.warning("an event that is not ours", event_id=event.id, type=event.type)
        return None
    noted.payment_id = payment.id
    return payment


HANDLERS: dict[str, Handler] = {
    "checkout.session.completed": _card_page,
    "checkout.session.async_payment_succeeded": _card_page,
    "checkout.session.async_payment_failed": _card_page,
    "checkout.session.expired": _card_page,
    "charge.refunded": _refund,
    "refund.updated": _refund,
    "refund.failed": _refund,
    "charge.dispute.created": _dispute,
    "charge.dispute.updated": _dispute,
    "charge.dispute.closed": _dispute,
    "charge.dispute.funds_withdrawn": _dispute,
    "charge.dispute.funds_reinstated": _dispute,
}


def take_missed_events(at: datetime, gateway: Gateway) -> int:
    """Ask Stripe for the events that no delivery brought here, and let each have its effect; gives how many had one.

    One that cannot be taken now is taken the next time.
    """
    missed = [event for event in gateway.undelivered_events(HANDLERS, at - KEPT) if not _is_known(event.id)]
    return sum(take_event(event, gateway=gateway, at=at) for event in reversed(missed))


def _is_known(event_id: str) -> bool:
    return db.session.get(StripeEvent, event_id) is not None
