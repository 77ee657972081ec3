"""What moves the money that Stripe holds besides payments and refunds: its fees, and what it pays out to the bank.

Each movement is posted once, by Stripe's own id of it; posting it again is the same entry.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import TypeVar

from sqlalchemy import select

from booking.core.db import db, unit_of_work
from booking.ledger.afterwards import CardMovement, post_movements
from booking.ledger.models import Entry
from booking.payments.facts import Movement
from booking.payments.gateway import Gateway

T = TypeVar("T")
PAGE = 100
OF_PAYMENTS = frozenset({"charge", "payment"})
OF_REFUNDS = frozenset({"refund", "payment_refund", "refund_failure", "payment_failure_refund"})
FEES = frozenset({"stripe_fee", "stripe_fx_fee", "tax_fee"})
PAYOUTS = {"payout": "payout", "payout_failure": "payout_back", "payout_cancel": "payout_back"}


def to_post(movement: Movement) -> list[CardMovement]:
    """The entries of a movement that no payment, refund or dispute posts: its fee, or itself."""
    found = []
    if movement.fee_pence:
        found.append(CardMovement(f"fee:{movement.id}", "fee", -movement.fee_pence))
    if movement.type in FEES:
        found.append(CardMovement(f"fee:{movement.id}", "fee", movement.amount_pence))
    elif movement.type in PAYOUTS:
        key = f"{PAYOUTS[movement.type]}:{movement.source_id}"
        found.append(CardMovement(key, "payout", movement.amount_pence))
    return found


def is_known(movement: Movement) -> bool:
    """Whether this sort of movement is one that something here accounts for."""
    is_dispute = movement.type == "adjustment" and (movement.source_id or "").startswith("dp_")
    return is_dispute or movement.type in OF_PAYMENTS | OF_REFUNDS | FEES | PAYOUTS.keys()


def book_movements(at: datetime, gateway: Gateway, *, since: datetime | None = None) -> int:
    """Post what Stripe took and paid out (since an instant, or ever) and is not posted yet; gives the number."""
    count = 0
    for page in pages(gateway.movements(since)):
        wanted = {one.key: one for movement in page for one in to_post(movement)}
        with unit_of_work():
            there = set(db.session.scalars(select(Entry.key).where(Entry.key.in_(wanted))))
            new = [one for key, one in sorted(wanted.items()) if key not in there]
            post_movements(new, at=at)
        count += len(new)
    return count


def pages(found: Iterable[T]) -> Iterator[list[T]]:
    """A hundred at a time, so that nothing is ever held whole."""
    source = iter(found)
    while page := list(islice(source, PAGE)):
        yield page
