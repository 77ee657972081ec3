"""Reconciling finds nothing after clean work, and each difference that is planted by hand."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from booking.core.db import db, unit_of_work
from booking.ledger.posting import Line, family_ledger, post
from booking.payments.gateway import CardPage, Gateway
from booking.payments.models import Payment, Refund
from booking.payments.office_till import pay_at_office, take_office_payment
from booking.payments.reconciliation import reconcile
from booking.payments.refunds import ask_refund, send_refunds
from tests.browser import Browser
from tests.doubles import SECRET_KEY, Double, Listener, a_double
from tests.payments.card_ways import BASE_URL, go_to_card_page
from tests.payments.conftest import Stripe
from tests.payments.families import a_family_with_a_basket, payments_of
from tests.tampering import tamper


@pytest.fixture
def double(listener: Listener, tmp_path: Path) -> Iterator[Double]:
    """An account at Stripe of its own, for here everything in it counts."""
    with a_double(tmp_path / "state.json", listener.url) as found:
        yield found


@pytest.fixture
def payment_id(stripe: Stripe, parent: Browser, now: datetime) -> int:
    """A clean history: a card payment with half of it refunded, a page given up, a promise and money at the office."""
    family, basket_id = a_family_with_a_basket(now)
    stripe.double.press(go_to_card_page(parent, family), "pay")
    stripe.deliver(stripe.event("checkout.session.completed"))
    found = payments_of(basket_id)[0].id
    with unit_of_work():
        ask_refund(db.session.get_one(Payment, found), 450, "office", at=now, user_id=None)
    send_refunds(now, stripe.gateway)
    other, other_basket = a_family_with_a_basket(now, credit_pence=100)
    go_to_card_page(parent, other)
    parent.post("payments.close", payment_id=payments_of(other_basket)[0].id, expect=303)
    with unit_of_work():
        pay_at_office(other_basket, at=now, user_id=None)
    with unit_of_work():
        take_office_payment(other.account.id, 800, at=now, user_id=None)
    return found


def test_nothing_differs_after_clean_work(stripe: Stripe, payment_id: int, now: datetime) -> None:
    assert reconcile(now, gateway=stripe.gateway) == []


@pytest.mark.parametrize(
    ("fault", "line"),
    [
        ("UPDATE payment SET amount_pence = 800 WHERE id = :id", "£9.00 paid at Stripe, £8.00 here"),
        ("UPDATE payment SET state = 'given_up' WHERE id = :id", "£9.00 paid at Stripe, given_up here"),
        (
            "UPDATE payment SET stripe_session_id = 'cs_x', idempotency_key = 'x' WHERE id = :id",
            "not at Stripe",
        ),
        (
            "UPDATE payment SET stripe_session_id = 'cs_x', idempotency_key = 'x' WHERE id = :id",
            "no payment here",
        ),
        ("UPDATE payment SET state = 'paid' WHERE tender = 'card' AND id <> :id", "paid here, not at Stripe"),
        ("UPDATE refund SET amount_pence = 449 WHERE payment_id = :id", "£4.50 at Stripe, £4.49 here"),
        ("UPDATE refund SET state = 'failed' WHERE payment_id = :id", "succeeded at Stripe, failed here"),
        ("UPDATE refund SET stripe_refund_id = 're_x', idempotency_key = 'x'", "no refund here"),
        ("UPDATE refund SET stripe_refund_id = 're_x', idempotency_key = 'x'", "done here, not at Stripe"),
        ("UPDATE ledger_line SET amount_pence = amount_pence + 1 WHERE amount_pence = 900", "in the ledger"),
        (
            "UPDATE ledger_entry SET key = 'payment:0' WHERE kind = 'payment' AND payment_id = :id",
            "no payment here",
        ),
    ],
)
def test_each_planted_difference_is_one_line(
    stripe: Stripe, payment_id: int, now: datetime, fault: str, line: str
) -> None:
    tamper(fault, id=payment_id)
    assert any(line in str(difference) for difference in reconcile(now, gateway=stripe.gateway))


def test_money_at_stripe_that_nobody_here_asked_for_is_a_difference(
    stripe: Stripe, app: Flask, now: datetime
) -> None:
    page = CardPage("nobody", 0, 777, "Nobody's", now + timedelta(minutes=31), BASE_URL, BASE_URL)
    stripe.double.press(stripe.gateway.create_checkout_session(page).url or "", "pay")
    (difference,) = reconcile(now, gateway=stripe.gateway)
    assert "£7.77 paid at Stripe, no payment here" in str(difference)


def test_a_refund_that_waits_longer_than_ten_minutes_is_a_difference(
    stripe: Stripe, payment_id: int, now: datetime
) -> None:
    with unit_of_work():
        ask_refund(db.session.get_one(Payment, payment_id), 50, "office", at=now, user_id=None)
    assert reconcile(now + timedelta(minutes=9), gateway=stripe.gateway) == []
    send_refunds(now, Gateway("sk_test", "http://127.0.0.1:1"))
    (difference,) = reconcile(now + timedelta(minutes=11), gateway=stripe.gateway)
    assert "£0.50 still to be sent" in str(difference)


def test_an_entry_without_its_payment_is_a_difference(stripe: Stripe, payment_id: int, now: datetime) -> None:
    with unit_of_work() as session:
        account_id = db.session.get_one(Payment, payment_id).account_id
        card_id = session.scalar(text("SELECT id FROM ledger_account WHERE code = 'card'"))
        lines = [Line(card_id, 100), Line(family_ledger(account_id).id, -100)]
        post("payment:planted", "payment", lines, at=now, user_id=None)
    (difference,) = reconcile(now, gateway=stripe.gateway)
    assert "payment:planted" in str(difference)


def test_without_a_key_card_payments_are_differences(stripe: Stripe, payment_id: int, now: datetime) -> None:
    (difference,) = reconcile(now, gateway=None)
    assert "no Stripe key" in str(difference)


def test_the_same_account_after_a_restart_of_stripe_still_agrees(
    stripe: Stripe, payment_id: int, now: datetime, tmp_path: Path, listener: Listener
) -> None:
    stripe.double.process.terminate()
    stripe.double.process.wait(10)
    with a_double(tmp_path / "state.json", listener.url) as again:
        assert reconcile(now, gateway=Gateway(SECRET_KEY, again.url)) == []
    assert db.session.query(Refund).count() == 1
