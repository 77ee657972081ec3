"""What banks, Stripe and people at Stripe do with a payment afterwards: each is posted once, and the office is told.

Each plays ten times, with another order of what else happens. Stripe agrees to the penny at the end.
"""

import random
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from booking.bookings.models import Basket
from booking.core.db import db, unit_of_work
from booking.core.outbox import OutboxMessage
from booking.ledger.balances import credit_pence
from booking.payments.card_models import Dispute, MoneyWorry
from booking.payments.checkout import expire_started
from booking.payments.fulfilment import fulfil
from booking.payments.looking_after import look_again
from booking.payments.models import Payment, Refund
from booking.payments.money_worries import open_worries
from booking.payments.refunds import RefundTooBig, ask_refund, left_pence, send_refunds
from stripe_double import happenings
from tests.payments.families import a_family_with_a_basket, payments_of, states_of
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


@pytest.mark.parametrize("pence", [1, 899, 901, 1800, 90_000, 450, 30, 910, 890, 9_000])
def test_another_amount_goes_back_whole_and_the_places_stay_held(
    app: Flask, here: StripeHere, now: datetime, pence: int
) -> None:
    family, basket_id = a_family_with_a_basket(now)
    payment = open_card_page(here, family, now)
    assert payment is not None
    here.pay(payment.stripe_session_id, amount=pence)
    here.deliver()
    assert states_of(basket_id) == ("open", ["held", "held"])
    settle_all(here, now)
    assert not assert_booked_or_nothing_kept(basket_id, family)
    assert [facts.amount_pence for facts in here.gateway.refunds()] == [pence]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_bank_that_decides_later_keeps_the_places_and_ends_them_one_way(
    app: Flask, here: StripeHere, now: datetime, seed: int
) -> None:
    works, is_told = seed % 2 == 0, seed % 3 > 0
    family, basket_id = a_family_with_a_basket(now)
    payment = open_card_page(here, family, now)
    assert payment is not None
    session_id = payment.stripe_session_id or ""
    here.pay(session_id, later=True)
    here.deliver()
    tomorrow = now + timedelta(days=1)
    expire_started(tomorrow, here.gateway)
    look_again(tomorrow, here.gateway)
    assert states_of(basket_id) == ("paying", ["held", "held"])
    assert open_worries() == []
    look_again(now + timedelta(days=4), here.gateway)
    assert [one.name for one in open_worries()] == ["bank_long"]
    if not is_told:
        here.lose_post()
    happenings.decide(here.account, session_id, works=works)
    if is_told:
        here.deliver()
    else:
        look_again(now + timedelta(days=4, minutes=10), here.gateway)
    state, places = states_of(basket_id)
    assert (state, set(places)) == (("booked", {"booked"}) if works else ("ended", {"expired"}))
    settle_all(here, now + timedelta(days=4))
    assert open_worries() == []
    assert assert_booked_or_nothing_kept(basket_id, family) == works
    letters = [one.template for one in db.session.scalars(select(OutboxMessage))]
    assert letters == ["confirmation" if works else "card_failed"]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_refund_on_stripes_own_pages_is_counted_whole_or_in_part(
    app: Flask, here: StripeHere, now: datetime, seed: int
) -> None:
    family, _, payment = a_paid_order(here, now)
    parts = [[900], [450], [1, 899], [300, 300, 300], [899]][seed % 5]
    if seed >= 5:
        here.lose_post()
    for pence in parts:
        happenings.refund_by_hand(here.account, payment.stripe_intent_id or "", pence)
    settle_all(here, now)
    assert credit_pence(family.account.id) == -sum(parts)
    assert left_pence(db.session.get_one(Payment, payment.id)) == 900 - sum(parts)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_refund_that_fails_later_is_credit_and_all_are_told(
    app: Flask, here: StripeHere, now: datetime, seed: int
) -> None:
    family, _, payment = a_paid_order(here, now)
    here.account.refunds_begin_as = "pending" if seed % 2 else "succeeded"
    with unit_of_work():
        row = db.session.get_one(Payment, payment.id)
        refund_id = ask_refund(row, 900, "office", at=now, user_id=None).id
    send_refunds(now, here.gateway)
    here.deliver()
    if seed >= 5:
        here.lose_post()
    (facts,) = here.gateway.refunds()
    happenings.end_refund(here.account, facts.id, works=False)
    settle_all(here, now)
    db.session.rollback()
    assert db.session.get_one(Refund, refund_id).state == "failed"
    assert credit_pence(family.account.id) == 0
    (worry,) = open_worries()
    assert (worry.kind, worry.account_id) == ("refund", family.account.id)
    assert "£9.00 could not go back" in worry.what
    letters = [one.template for one in db.session.scalars(select(OutboxMessage))]
    assert sorted(letters) == ["confirmation", "refund_failed"]


@pytest.mark.parametrize("ends", ["open", "won", "lost"])
@pytest.mark.parametrize("seed", SEEDS)
def test_a_dispute_is_posted_once_however_its_events_come(
    app: Flask, here: StripeHere, now: datetime, seed: int, ends: str
) -> None:
    rng = random.Random(seed)
    here.account.faults.delays = (out_of_order(rng), twice(rng), never(rng))[seed % 3]
    family, basket_id = a_family_with_a_basket(now)
    payment = open_card_page(here, family, now)
    assert payment is not None
    here.pay(payment.stripe_session_id)
    fulfil(payment.stripe_session_id or "", gateway=here.gateway, at=now)
    (payment,) = payments_of(basket_id)
    pence = rng.choice([900, 450])
    dispute = happenings.dispute(here.account, payment.stripe_intent_id or "", pence)
    for _ in range(rng.randint(0, 5)):
        here.account.clock.ahead += 1
        here.deliver()
    if ends != "open":
        happenings.end_dispute(here.account, dispute["id"], is_won=ends == "won")
    settle_all(here, now)
    db.session.rollback()
    (row,) = db.session.scalars(select(Dispute)).all()
    assert (row.amount_pence, row.state) == (pence, "opened" if ends == "open" else ends)
    assert credit_pence(family.account.id) == (-pence if ends == "lost" else 0)
    assert states_of(basket_id)[0] == "booked"
    names = {one.name for one in open_worries()}
    assert names == {"dispute_opened"} | ({f"dispute_{ends}"} if ends != "open" else set())
    left = 900 if ends == "won" else 900 - pence
    assert left_pence(db.session.get_one(Payment, row.payment_id)) == left
    if left < 900:
        with pytest.raises(RefundTooBig), unit_of_work():
            ask_refund(db.session.get_one(Payment, row.payment_id), left + 1, "x", at=now, user_id=None)


@pytest.mark.parametrize("seed", SEEDS)
def test_fees_and_payouts_are_posted_once(app: Flask, here: StripeHere, now: datetime, seed: int) -> None:
    rng = random.Random(seed)
    a_paid_order(here, now)
    steps = [
        lambda: happenings.charge_fee(here.account, 250),
        lambda: happenings.pay_out(here.account, 300),
        lambda: happenings.send_payout_back(here.account, happenings.pay_out(here.account, 200)["id"]),
        lambda: a_paid_order(here, now),
    ]
    rng.shuffle(steps)
    for step in steps:
        step()
        if rng.random() < 0.5:
            look_again(now, here.gateway)
    settle_all(here, now)
    happenings.pay_out(here.account)
    settle_all(here, now)
    assert here.gateway.balance_pence() == 0


def test_an_inquiry_takes_no_money_and_is_told(app: Flask, here: StripeHere, now: datetime) -> None:
    family, _, payment = a_paid_order(here, now)
    found = happenings.inquire(here.account, payment.stripe_intent_id or "")
    here.deliver()
    assert [one.name for one in open_worries()] == ["inquiry"]
    assert db.session.scalars(select(Dispute)).all() == []
    assert found["status"].startswith("warning")
    settle_all(here, now)
    assert credit_pence(family.account.id) == 0


def test_a_worry_is_never_deleted_and_comes_back_when_it_is_there_again(
    app: Flask, here: StripeHere, now: datetime
) -> None:
    family, _ = a_family_with_a_basket(now)
    payment = open_card_page(here, family, now)
    assert payment is not None
    here.account.faults.plan("get_session", *["lost_before"] * 2)
    expire_started(now + timedelta(hours=2), here.gateway)
    look_again(now + timedelta(hours=2), here.gateway)
    assert [one.name for one in open_worries()] == ["started_long"]
    expire_started(now + timedelta(hours=3), here.gateway)
    expire_started(now + timedelta(hours=4), here.gateway)
    look_again(now + timedelta(hours=4), here.gateway)
    (row,) = db.session.scalars(select(MoneyWorry))
    assert (row.name, row.gone_at) == ("started_long", now + timedelta(hours=4))
    assert db.session.scalars(select(Basket.state)).all().count("paying") == 0
