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

from booking.bookings.models import Basket
from booking.core.db import db, unit_of_work
from booking.core.outbox import OutboxMessage
from booking.ledger.balances import credit_pence, ledger_problems
from booking.payments.card_models import Dispute, MoneyWorry
from booking.payments.checkout import CardPageUnreachable, close_page, expire_started, open_page, start_card
from booking.payments.fulfilment import fulfil
from booking.payments.gateway import StripeOutOfReach
from booking.payments.looking_after import look_again
from booking.payments.models import Payment, Refund
from booking.payments.money_worries import open_worries
from booking.payments.reconciliation import reconcile
from booking.payments.refunds import RefundTooBig, ask_refund, left_pence, send_refunds
from stripe_double import happenings
from stripe_double.faults import CALLS
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
    here.account.faults.chance = 0
    for hours in (1, 2, 26):
        later = at + timedelta(hours=hours)
        here.account.clock.ahead += 3600 * hours
        here.account.expire_overdue()
        here.deliver()
        expire_started(later, here.gateway)
        send_refunds(later, here.gateway)
        look_again(later, here.gateway)
    assert ledger_problems() == []
    assert list(map(str, reconcile(at + timedelta(days=9), gateway=here.gateway))) == []


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


def twice(rng: random.Random) -> Callable[[Thing], tuple[int | None, ...]]:
    """Every event comes twice."""
    return lambda event: (0, rng.randint(0, 3))


def out_of_order(rng: random.Random) -> Callable[[Thing], tuple[int | None, ...]]:
    """Events come in any order, some again."""
    return lambda event: tuple(rng.randint(0, 9) for _ in range(rng.randint(1, 3)))


def never(rng: random.Random) -> Callable[[Thing], tuple[int | None, ...]]:
    """No event comes at all."""
    return lambda event: (None,)


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
    with pytest.raises(RefundTooBig), unit_of_work():
        row = db.session.get_one(Payment, payment.id)
        ask_refund(row, 901 - sum(parts), "office", at=now, user_id=None)


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
