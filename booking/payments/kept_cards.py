"""Cards that Stripe keeps for parents who agreed to it there: here is only the number under which Stripe knows them.

Without that number a parent pays as before; so whatever goes wrong here never stops a payment.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

import structlog
from sqlalchemy import delete, select, update

from booking.core.audit import record
from booking.core.db import db, insert_new, unit_of_work
from booking.payments.card_models import CardCustomer
from booking.payments.gateway import Gateway, StripeOutOfReach, StripeRefused

log = structlog.get_logger()
TRIES_EVERY = timedelta(minutes=10)


def let_stripe_know(user_id: int, *, gateway: Gateway, at: datetime) -> None:
    """Give a parent a number at Stripe before their first card page, without name or address; nothing if that fails."""
    if db.session.get(CardCustomer, user_id) is not None:
        return
    try:
        customer_id = gateway.create_customer(idempotency_key=f"customer-{secrets.token_urlsafe(18)}")
    except (StripeOutOfReach, StripeRefused) as error:
        log.warning("no card can be kept", user_id=user_id, error=str(error))
        return
    with unit_of_work():
        db.session.execute(
            insert_new(CardCustomer).values(user_id=user_id, stripe_customer_id=customer_id, at=at)
        )


def customer_for(user_id: int | None, *, since: datetime) -> str | None:
    """A parent's number at Stripe, if they had it when the payment began: the same question twice stays the same."""
    row = db.session.get(CardCustomer, user_id) if user_id is not None else None
    return row.stripe_customer_id if row and row.forget_at is None and row.at <= since else None


def has_kept_card(user_id: int) -> bool:
    """Whether Stripe may keep a card for a parent."""
    row = db.session.get(CardCustomer, user_id)
    return row is not None and row.forget_at is None


def ask_to_forget(user_id: int, *, at: datetime) -> None:
    """A parent wants their card forgotten: from now on no page shows it, and the worker lets Stripe delete it."""
    there = CardCustomer.user_id == user_id, CardCustomer.forget_at.is_(None)
    if db.session.execute(update(CardCustomer).where(*there).values(forget_at=at)).rowcount:  # type: ignore[attr-defined]
        record("card_forgotten", "user", user_id, at=at, user_id=user_id)


def stripe_forgot(customer_id: str) -> None:
    """Stripe knows the number no more: neither do we, so that the next card page opens without it."""
    with unit_of_work():
        db.session.execute(delete(CardCustomer).where(CardCustomer.stripe_customer_id == customer_id))


def forget_cards(at: datetime, gateway: Gateway | None) -> int:
    """Let Stripe delete whoever is to be forgotten, then the number here; how many. Tries again in ten minutes."""
    if gateway is None:
        return 0
    count = 0
    for customer_id in db.session.scalars(
        select(CardCustomer.stripe_customer_id).where(CardCustomer.forget_at <= at)
    ).all():
        try:
            gateway.delete_customer(customer_id)
        except (StripeOutOfReach, StripeRefused) as error:
            log.warning("a card is not forgotten yet", error=str(error))
            with unit_of_work():
                later = update(CardCustomer).where(CardCustomer.stripe_customer_id == customer_id)
                db.session.execute(later.values(forget_at=at + TRIES_EVERY))
            continue
        stripe_forgot(customer_id)
        count += 1
    return count
