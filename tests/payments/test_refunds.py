"""Refunds: never more than was paid, sent once, kept when Stripe cannot be reached, credit when they fail."""

import threading
from datetime import datetime, timedelta

import pytest
import stripe as library
from flask import Flask

from booking.core.db import db, unit_of_work
from booking.ledger.balances import credit_pence, ledger_problems
from booking.payments.facts import RefundFacts
from booking.payments.gateway import Gateway
from booking.payments.models import Payment, Refund
from booking.payments.refunds import RefundTooBig, ask_refund, keep_refund, refunded_pence, send_refunds
from tests.browser import Browser
from tests.builders import Family
from tests.doubles import SECRET_KEY
from tests.payments.card_ways import go_to_card_page, in_threads
from tests.payments.conftest import Stripe
from tests.payments.families import a_family_with_a_basket, payments_of

UNREACHABLE = Gateway("sk_test", "http://127.0.0.1:1")


@pytest.fixture
def paid(stripe: Stripe, parent: Browser, now: datetime) -> tuple[Family, int]:
    """A family whose card paid £9.00, and the payment's id."""
    family, basket_id = a_family_with_a_basket(now)
    stripe.double.press(go_to_card_page(parent, family), "pay")
    stripe.deliver(stripe.event("checkout.session.completed"))
    return family, payments_of(basket_id)[0].id


def ask(payment_id: int, pence: int, at: datetime) -> int:
    """Ask for a refund; gives its id."""
    with unit_of_work():
        payment = db.session.get_one(Payment, payment_id)
        return ask_refund(payment, pence, "office", at=at, user_id=None).id


def refund_of(refund_id: int) -> Refund:
    """A refund read afresh."""
    db.session.rollback()
    return db.session.get_one(Refund, refund_id)


def test_never_more_goes_back_than_was_paid(stripe: Stripe, paid: tuple[Family, int], now: datetime) -> None:
    family, payment_id = paid
    ask(payment_id, 500, now)
    for pence in (401, 900):
        with pytest.raises(RefundTooBig):
            ask(payment_id, pence, now)
    ask(payment_id, 400, now)
    assert refunded_pence(payment_id) == 900
    assert send_refunds(now, stripe.gateway) == 2
    assert credit_pence(family.account.id) == -900
    assert ledger_problems() == []


def test_a_payment_that_was_not_paid_is_never_refunded(
    stripe: Stripe, parent: Browser, now: datetime
) -> None:
    family, basket_id = a_family_with_a_basket(now)
    go_to_card_page(parent, family)
    with pytest.raises(RefundTooBig):
        ask(payments_of(basket_id)[0].id, 1, now)


def test_a_refund_that_stripe_did_not_hear_is_sent_later_under_the_same_key(
    stripe: Stripe, paid: tuple[Family, int], now: datetime
) -> None:
    _, payment_id = paid
    refund_id = ask(payment_id, 900, now)
    assert send_refunds(now, UNREACHABLE) == 0
    refund = refund_of(refund_id)
    assert (refund.state, refund.attempts) == ("asked", 1)
    assert refund.next_try_at is not None
    assert refund.next_try_at > now + timedelta(minutes=1)
    assert refund.last_error
    assert send_refunds(now, stripe.gateway) == 0
    assert send_refunds(now + timedelta(minutes=10), stripe.gateway) == 1
    assert refund_of(refund_id).state == "done"


def test_a_refund_that_stripe_made_but_never_answered_is_found_not_made_again(
    stripe: Stripe, paid: tuple[Family, int], now: datetime
) -> None:
    _, payment_id = paid
    refund_id = ask(payment_id, 300, now)
    refund = refund_of(refund_id)
    intent_id, key = refund.payment.stripe_intent_id, refund.idempotency_key
    assert intent_id is not None
    db.session.rollback()
    client = library.StripeClient(SECRET_KEY, base_addresses={"api": stripe.double.url})
    client.v1.refunds.create(
        {"payment_intent": intent_id, "amount": 300, "metadata": {"reference": key}},
        {"idempotency_key": "a key that Stripe has forgotten since"},
    )
    assert send_refunds(now, UNREACHABLE) == 0
    assert send_refunds(now + timedelta(minutes=10), stripe.gateway) == 1
    assert [facts.amount_pence for facts in stripe.gateway.refunds(intent_id)] == [300]
    assert refund_of(refund_id).state == "done"


def test_a_refund_made_on_stripes_own_pages_gets_its_row_and_entry(
    stripe: Stripe, paid: tuple[Family, int], now: datetime
) -> None:
    family, payment_id = paid
    intent_id = db.session.get_one(Payment, payment_id).stripe_intent_id
    assert intent_id is not None
    db.session.rollback()
    stripe.gateway.refund(intent_id, 450, idempotency_key="by hand", refund_id=0)
    event = stripe.event("charge.refunded")
    stripe.deliver(event)
    stripe.deliver(event)
    db.session.rollback()
    assert refunded_pence(payment_id) == 450
    assert credit_pence(family.account.id) == -450
    assert ledger_problems() == []


def test_our_own_refund_is_not_counted_twice_when_stripe_tells_of_it(
    stripe: Stripe, paid: tuple[Family, int], now: datetime
) -> None:
    family, payment_id = paid
    ask(payment_id, 900, now)
    send_refunds(now, stripe.gateway)
    stripe.deliver(stripe.event("charge.refunded"))
    assert refunded_pence(payment_id) == 900
    assert credit_pence(family.account.id) == -900


def test_a_refund_that_stripe_refuses_for_good_becomes_credit(
    stripe: Stripe, paid: tuple[Family, int], now: datetime
) -> None:
    family, payment_id = paid
    intent_id = db.session.get_one(Payment, payment_id).stripe_intent_id
    assert intent_id is not None
    db.session.rollback()
    stripe.gateway.refund(intent_id, 900, idempotency_key="all of it", refund_id=0)
    refund_id = ask(payment_id, 900, now)
    assert credit_pence(family.account.id) == -900
    assert send_refunds(now, stripe.gateway) == 0
    refund = refund_of(refund_id)
    assert (refund.state, refund.next_try_at) == ("failed", None)
    assert credit_pence(family.account.id) == 0
    assert ledger_problems() == []


def test_a_refund_that_fails_after_it_was_done_becomes_credit_once(
    app: Flask, stripe: Stripe, paid: tuple[Family, int], now: datetime
) -> None:
    family, payment_id = paid
    refund_id = ask(payment_id, 900, now)
    send_refunds(now, stripe.gateway)
    facts = RefundFacts(refund_of(refund_id).stripe_refund_id or "", None, 900, "failed", None)
    for _ in range(2):
        with unit_of_work():
            keep_refund(db.session.get_one(Refund, refund_id), facts, at=now)
    assert refund_of(refund_id).state == "failed"
    assert credit_pence(family.account.id) == 0


def test_of_two_workers_only_one_sends_a_refund(
    app: Flask, stripe: Stripe, paid: tuple[Family, int], now: datetime
) -> None:
    refund_id = ask(paid[1], 900, now)
    sent, barrier = [], threading.Barrier(4)

    def work() -> None:
        with app.app_context():
            barrier.wait()
            sent.append(send_refunds(now, stripe.gateway))

    in_threads(work, 4)
    assert sum(sent) == 1
    refund = refund_of(refund_id)
    assert (refund.state, refund.attempts) == ("done", 1)
