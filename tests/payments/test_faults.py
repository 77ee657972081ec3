"""Whatever goes wrong on the way to Stripe, at Stripe and on the way back: no order is lost, doubled or stuck.

Each fault plays ten times, with another order of what else happens each time. At the end the order is booked and paid,
or not booked and nothing of its money kept; the ledger is whole, and Stripe agrees to the penny.
"""

import random
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from booking.core.db import db, unit_of_work
from booking.core.outbox import OutboxMessage
from booking.ledger.balances import credit_pence
from booking.payments.checkout import close_page, expire_started
from booking.payments.gateway import StripeOutOfReach
from booking.payments.looking_after import look_again
from booking.payments.models import Payment, Refund
from booking.payments.money_worries import open_worries
from booking.payments.refunds import ask_refund, send_refunds
from stripe_double import happenings
from stripe_double.faults import CALLS
from tests.payments.families import a_family_with_a_basket, states_of
from tests.payments.orders import (
    SEEDS,
    a_paid_order,
    assert_booked_or_nothing_kept,
    never,
    open_card_page,
    out_of_order,
    settle_all,
    twice,
)
from tests.stripe_here import StripeHere


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("fault", CALLS)
def test_a_fault_of_a_call_loses_and_doubles_nothing(
    app: Flask, here: StripeHere, now: datetime, fault: str, seed: int
) -> None:
    """The fault strikes one of the calls of an order: opening the page, asking about it, ending it, paying back."""
    rng = random.Random(seed)
    endpoint = ("create_session", "get_session", "expire_session", "create_refund", "list_refunds")[seed % 5]
    family, basket_id = a_family_with_a_basket(now)
    here.account.faults.plan(endpoint, *[fault] * rng.randint(1, 2))
    if fault.startswith("hang"):
        here.lose_patience()
    payment = open_card_page(here, family, now)
    assert payment is not None
    session_id = payment.stripe_session_id
    wants_back = endpoint.endswith(("refund", "refunds"))
    if endpoint != "expire_session":
        here.pay(session_id)
        here.deliver()
        here.deliver()
    for _ in range(3):
        try:
            close_page(payment.id, gateway=here.gateway, at=now, user_id=None)
        except StripeOutOfReach:
            continue
    here.account.clock.ahead += 5
    here.deliver()
    if wants_back:
        with unit_of_work():
            row = db.session.scalars(select(Payment).where(Payment.id == payment.id)).one()
            ask_refund(row, 900, "office", at=now, user_id=None)
        for minutes in (0, 5, 15):
            send_refunds(now + timedelta(minutes=minutes), here.gateway)
    settle_all(here, now)
    if wants_back:
        assert [facts.amount_pence for facts in here.gateway.refunds()] == [900]
        assert credit_pence(family.account.id) == -900
    else:
        assert assert_booked_or_nothing_kept(basket_id, family) == (endpoint != "expire_session")


def test_a_500_is_replayed_for_its_key_until_stripe_forgets_it_and_no_refund_is_made_twice(
    here: StripeHere, now: datetime
) -> None:
    family, _, payment = a_paid_order(here, now)
    for fault in ("broken_before", "broken_after"):
        with unit_of_work():
            row = db.session.get_one(Payment, payment.id)
            refund_id = ask_refund(row, 400, "office", at=now, user_id=None).id
        here.account.faults.plan("create_refund", fault)
        for hours in (0, 1, 7, 14):
            send_refunds(now + timedelta(hours=hours), here.gateway)
        db.session.rollback()
        state = db.session.get_one(Refund, refund_id).state
        assert state == ("asked" if fault == "broken_before" else "done")
        if fault == "broken_before":
            look_again(now + timedelta(hours=2), here.gateway)
            assert [one.name for one in open_worries()] == ["refund_waits"]
            here.account.clock.ahead += 86_400 + 60
            send_refunds(now + timedelta(hours=25), here.gateway)
            look_again(now + timedelta(hours=25), here.gateway)
            assert open_worries() == []
    assert [facts.amount_pence for facts in here.gateway.refunds()] == [400, 400]
    assert credit_pence(family.account.id) == -800


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("how", [twice, out_of_order, never])
def test_events_that_come_twice_crossed_or_never_book_once(
    app: Flask, here: StripeHere, now: datetime, how: Callable[..., object], seed: int
) -> None:
    rng = random.Random(seed)
    here.account.faults.delays = how(rng)  # type: ignore[assignment]
    family, basket_id = a_family_with_a_basket(now)
    payment = open_card_page(here, family, now)
    assert payment is not None
    goes = rng.choice(["paid", "ended", "paid and refunded there"])
    if goes == "ended":
        here.account.expire_session(payment.stripe_session_id or "")
    else:
        here.pay(payment.stripe_session_id)
    if goes == "paid and refunded there":
        intent = here.gateway.retrieve_session(payment.stripe_session_id or "").intent_id
        happenings.refund_by_hand(here.account, intent or "")
    for _ in range(10):
        here.account.clock.ahead += 1
        here.deliver()
    look_again(now + timedelta(minutes=10), here.gateway)
    state, _ = states_of(basket_id)
    assert state == ("booked" if goes.startswith("paid") else "open")
    settle_all(here, now)
    assert credit_pence(family.account.id) == (-900 if goes.startswith("paid and") else 0)
    kinds = [one.template for one in db.session.scalars(select(OutboxMessage))]
    assert kinds == (["confirmation"] if goes.startswith("paid") else [])


@pytest.mark.parametrize("seed", SEEDS)
def test_an_event_that_comes_after_71_hours_changes_nothing_more(
    app: Flask, here: StripeHere, now: datetime, seed: int
) -> None:
    """By then the worker has asked; the late event is signed afresh, as Stripe does, and finds all done."""
    is_paid, late = seed % 2 == 0, 71 * 3600
    here.account.faults.delays = lambda event: (late,)
    family, basket_id = a_family_with_a_basket(now)
    payment = open_card_page(here, family, now)
    assert payment is not None
    if is_paid:
        here.pay(payment.stripe_session_id)
    assert here.deliver() == 0
    expire_started(now + timedelta(minutes=32 + seed), here.gateway)
    before = states_of(basket_id), credit_pence(family.account.id)
    assert before[0][0] == ("booked" if is_paid else "ended")
    with time_machine.travel(now + timedelta(seconds=late + 60 + seed), tick=True):
        assert here.deliver() > 0
    assert (states_of(basket_id), credit_pence(family.account.id)) == before
    settle_all(here, now)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_page_that_ends_while_it_is_paid_is_booked_or_costs_nothing(
    app: Flask, here: StripeHere, now: datetime, seed: int
) -> None:
    """The page is closed by time, or by the parent, at the very moment at which somebody presses Pay on it."""
    family, basket_id = a_family_with_a_basket(now)
    payment = open_card_page(here, family, now)
    assert payment is not None
    session_id = payment.stripe_session_id or ""
    wins = "pay" if seed % 2 else "end"

    def meanwhile(endpoint: str) -> None:
        if endpoint == "expire_session":
            here.account.faults.meanwhile = lambda endpoint: None
            if wins == "pay":
                here.pay(session_id)
            else:
                here.account.expire_session(session_id)

    here.account.faults.meanwhile = meanwhile
    if seed % 4 < 2:
        close_page(payment.id, gateway=here.gateway, at=now, user_id=None)
    else:
        expire_started(now + timedelta(minutes=32), here.gateway)
    here.pay(session_id)
    settle_all(here, now)
    assert assert_booked_or_nothing_kept(basket_id, family) == (wins == "pay")


@pytest.mark.parametrize("seconds", [-300, -240, -120, -60, -1, 1, 60, 120, 240, 300])
def test_clocks_that_differ_by_five_minutes_do_no_harm(
    app: Flask, here: StripeHere, now: datetime, seconds: int
) -> None:
    here.account.clock.ahead = seconds
    family, basket_id = a_family_with_a_basket(now)
    payment = open_card_page(here, family, now)
    assert payment is not None
    if seconds % 2:
        expire_started(now + timedelta(minutes=32), here.gateway)
    else:
        here.pay(payment.stripe_session_id)
        here.deliver()
        look_again(now + timedelta(minutes=10), here.gateway)
        assert states_of(basket_id)[0] == "booked"
    settle_all(here, now)
    assert assert_booked_or_nothing_kept(basket_id, family) == (seconds % 2 == 0)
