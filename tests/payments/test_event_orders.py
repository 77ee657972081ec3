"""The usual events about one payment, in every order, each once to three times: the end is always the same."""

import random
from datetime import datetime
from itertools import permutations

import pytest
from flask import Flask
from sqlalchemy import func, select

from booking.core.db import db
from booking.ledger.balances import credit_pence, ledger_problems
from booking.ledger.models import Entry
from booking.payments.card_models import Dispute
from booking.payments.models import Payment, Refund, StripeEvent
from stripe_double import happenings
from stripe_double.store import Thing
from tests.payments.families import a_family_with_a_basket, states_of
from tests.payments.orders import open_card_page
from tests.stripe_here import StripeHere

USUAL = (
    "checkout.session.completed",
    "charge.refunded",
    "refund.updated",
    "charge.dispute.created",
    "charge.dispute.closed",
)
ORDERS = list(permutations(USUAL))


def play(here: StripeHere, order: tuple[str, ...], rng: random.Random, at: datetime) -> None:
    """Pay £9.00, get £2.00 back, lose a dispute of £7.00; then the events of it come in this order, with repeats."""
    family, basket_id = a_family_with_a_basket(at)
    payment = open_card_page(here, family, at)
    assert payment is not None
    payment_id = payment.id
    here.lose_post()
    here.pay(payment.stripe_session_id)
    intent_id = here.gateway.retrieve_session(payment.stripe_session_id or "").intent_id or ""
    happenings.refund_by_hand(here.account, intent_id, 200)
    dispute = happenings.dispute(here.account, intent_id, 700)
    happenings.end_dispute(here.account, dispute["id"], is_won=False)
    events: dict[str, Thing] = {one["type"]: one for one in reversed(here.account.store.all("event"))}
    posts = [(place, type_) for place, type_ in enumerate(order)]
    posts += [(rng.random() * len(order), type_) for type_ in order for _ in range(rng.randint(0, 2))]
    for _, type_ in sorted(posts):
        assert here.hand_over(events[type_])
    db.session.rollback()
    assert states_of(basket_id) == ("booked", ["booked", "booked"])
    assert credit_pence(family.account.id) == -900
    assert db.session.get_one(Payment, payment_id).state == "paid"
    assert [one.amount_pence for one in db.session.scalars(select(Refund))] == [200]
    assert [one.state for one in db.session.scalars(select(Dispute))] == ["lost"]
    kinds = db.session.scalars(select(Entry.kind).where(Entry.payment_id == payment_id)).all()
    assert sorted(kinds) == ["dispute_lost", "dispute_opened", "payment", "refund"]
    assert db.session.scalar(select(func.count()).select_from(StripeEvent)) == len(USUAL)
    assert ledger_problems() == []


@pytest.mark.parametrize("number", random.Random(0).sample(range(len(ORDERS)), 12))
def test_the_usual_events_in_any_order_and_number_end_the_same(
    app: Flask, here: StripeHere, now: datetime, number: int
) -> None:
    play(here, ORDERS[number], random.Random(number), now)


@pytest.mark.long
@pytest.mark.parametrize("number", range(len(ORDERS)))
@pytest.mark.parametrize("seed", range(5))
def test_all_120_orders_of_the_usual_events_end_the_same(
    app: Flask, here: StripeHere, now: datetime, number: int, seed: int
) -> None:
    play(here, ORDERS[number], random.Random(seed * 1000 + number), now)
