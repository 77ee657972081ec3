"""An order by card from its page to its end, whatever goes wrong between, and what must be true of it then."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta

from booking.core.db import db, unit_of_work
from booking.ledger.balances import credit_pence, ledger_problems
from booking.payments.checkout import CardPageUnreachable, expire_started, open_page, start_card
from booking.payments.looking_after import compare_all, look_again
from booking.payments.models import Payment
from booking.payments.refunds import left_pence, send_refunds
from stripe_double.store import Thing
from tests.builders import Family
from tests.payments.card_ways import BASE_URL
from tests.payments.families import a_family_with_a_basket, payments_of, states_of
from tests.stripe_here import StripeHere

SEEDS = range(10)


def open_card_page(here: StripeHere, family: Family, at: datetime) -> Payment | None:
    """Press the card button until a page opens, at most five times; gives its payment."""
    account_id = family.account.id
    for _ in range(5):
        with unit_of_work():
            payment_id = start_card(account_id, seen_pence=900, at=at, user_id=None).id
        try:
            open_page(payment_id, gateway=here.gateway, base_url=BASE_URL, at=at)
        except CardPageUnreachable:
            continue
        db.session.rollback()
        return db.session.get_one(Payment, payment_id)
    return None


def a_paid_order(here: StripeHere, at: datetime) -> tuple[Family, int, Payment]:
    """A family that paid £9.00 by card, told by its event."""
    family, basket_id = a_family_with_a_basket(at)
    payment = open_card_page(here, family, at)
    assert payment is not None
    here.pay(payment.stripe_session_id)
    here.deliver()
    (payment,) = payments_of(basket_id)
    assert payment.state == "paid"
    return family, basket_id, payment


def settle_all(here: StripeHere, at: datetime) -> None:
    """What the worker does in the hours after, with Stripe in good health again."""
    here.calm_down()
    for hours in (1, 26):
        later = at + timedelta(hours=hours)
        here.account.clock.ahead += 3600 * hours
        here.account.expire_overdue()
        here.deliver()
        expire_started(later, here.gateway)
        send_refunds(later, here.gateway)
        look_again(later, here.gateway)
    assert ledger_problems() == []
    assert list(map(str, compare_all(at + timedelta(days=9), here.gateway))) == []


def assert_booked_or_nothing_kept(basket_id: int, family: Family) -> bool:
    """True when booked and paid; otherwise nothing is booked, and nothing of the money is kept."""
    state, places = states_of(basket_id)
    rows = payments_of(basket_id)
    paid_pence = sum(left_pence(one) for one in rows if one.state == "paid")
    assert {one.state for one in rows} <= {"paid", "given_up", "failed"}
    assert {refund.state for one in rows for refund in one.refunds} <= {"done", "failed"}
    assert credit_pence(family.account.id) == 0
    is_booked = state == "booked"
    assert paid_pence == (900 if is_booked else 0)
    assert ("booked" in places) == is_booked
    assert "held" not in places or state == "open"
    return is_booked


def twice(rng: random.Random) -> Callable[[Thing], tuple[int | None, ...]]:
    """Every event comes twice."""
    return lambda event: (0, rng.randint(0, 3))


def out_of_order(rng: random.Random) -> Callable[[Thing], tuple[int | None, ...]]:
    """Events come in any order, some again."""
    return lambda event: tuple(rng.randint(0, 9) for _ in range(rng.randint(1, 3)))


def never(rng: random.Random) -> Callable[[Thing], tuple[int | None, ...]]:
    """No event comes at all."""
    return lambda event: (None,)
