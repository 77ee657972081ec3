"""Reconciling finds nothing after clean work, and of each difference that is planted this one and nothing else."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, text

from booking.cli import cli
from booking.core.db import db, unit_of_work
from booking.ledger.afterwards import CardMovement, post_movements
from booking.ledger.posting import Line, family_ledger, post, post_payment
from booking.payments.checkout import close_page
from booking.payments.gateway import CardPage, Gateway
from booking.payments.looking_after import compare_all
from booking.payments.models import Payment, Refund
from booking.payments.money_worries import mark_seen, open_worries, past_worries
from booking.payments.office_till import pay_at_office, take_office_payment
from booking.payments.reconciliation import reconcile
from booking.payments.refunds import ask_refund, send_refunds
from stripe_double import happenings
from tests.builders import a_user
from tests.doubles import SECRET_KEY, Listener, a_double
from tests.payments.card_ways import BASE_URL
from tests.payments.families import a_family_with_a_basket, payments_of
from tests.payments.orders import a_paid_order, open_card_page
from tests.stripe_here import StripeHere
from tests.tampering import tamper

Plant = Callable[[StripeHere, int, datetime], None]
LATER = timedelta(hours=1)


@pytest.fixture
def payment_id(app: Flask, here: StripeHere, now: datetime) -> int:
    """A clean history: a card payment with half of it refunded and a dispute that was won, a page given up, a promise,
    money at the office, a payout; all of it held against Stripe once.
    """
    _, _, payment = a_paid_order(here, now)
    found, intent_id = payment.id, payment.stripe_intent_id or ""
    with unit_of_work():
        ask_refund(db.session.get_one(Payment, found), 450, "office", at=now, user_id=None)
    send_refunds(now, here.gateway)
    _, _, disputed = a_paid_order(here, now)
    dispute = happenings.dispute(here.account, disputed.stripe_intent_id or "", 900)
    happenings.end_dispute(here.account, dispute["id"], is_won=True)
    here.deliver()
    happenings.pay_out(here.account, 200)
    other, other_basket = a_family_with_a_basket(now, credit_pence=100)
    given_up = open_card_page(here, other, now)
    assert given_up is not None
    close_page(given_up.id, gateway=here.gateway, at=now, user_id=None)
    with unit_of_work():
        pay_at_office(other_basket, at=now, user_id=None)
    with unit_of_work():
        take_office_payment(other.account.id, 800, at=now, user_id=None)
    assert intent_id
    assert compare_all(now + LATER, here.gateway) == []
    return found


def paid_there_alone(here: StripeHere, payment_id: int, at: datetime) -> None:
    page = CardPage("nobody", 0, 777, "Nobody's", at + timedelta(minutes=31), BASE_URL, BASE_URL)
    here.pay(here.gateway.create_checkout_session(page).id)


def paid_here_alone(here: StripeHere, payment_id: int, at: datetime) -> None:
    row = db.session.get_one(Payment, payment_id)
    account_id, basket_id = row.account_id, row.basket_id
    with unit_of_work():
        made = Payment(
            account_id=account_id,
            basket_id=basket_id,
            tender="card",
            state="paid",
            amount_pence=500,
            idempotency_key="planted",
            created_at=at,
        )
        db.session.add(made)
        db.session.flush()
        post_payment(made.id, account_id, basket_id, 500, "card", at=at, user_id=None)


def amount(here: StripeHere, payment_id: int, at: datetime) -> None:
    tamper("UPDATE payment SET amount_pence = 800 WHERE id = :id", id=payment_id)


def state(here: StripeHere, payment_id: int, at: datetime) -> None:
    tamper("UPDATE payment SET state = 'given_up' WHERE id = :id", id=payment_id)


def refunded_there_alone(here: StripeHere, payment_id: int, at: datetime) -> None:
    here.lose_post()
    intent_id = db.session.get_one(Payment, payment_id).stripe_intent_id
    happenings.refund_by_hand(here.account, intent_id or "", 100)


def refunded_here_alone(here: StripeHere, payment_id: int, at: datetime) -> None:
    with unit_of_work():
        row = db.session.get_one(Payment, payment_id)
        ask_refund(row, 50, "office", at=at, user_id=None).state = "done"


def refund_amount(here: StripeHere, payment_id: int, at: datetime) -> None:
    tamper("UPDATE refund SET amount_pence = 449 WHERE payment_id = :id", id=payment_id)


def refund_waits(here: StripeHere, payment_id: int, at: datetime) -> None:
    with unit_of_work():
        ask_refund(db.session.get_one(Payment, payment_id), 50, "office", at=at, user_id=None)


def refund_failed_there(here: StripeHere, payment_id: int, at: datetime) -> None:
    here.lose_post()
    (facts,) = here.gateway.refunds()
    happenings.end_refund(here.account, facts.id, works=False)


def disputed_there_alone(here: StripeHere, payment_id: int, at: datetime) -> None:
    here.lose_post()
    intent_id = db.session.get_one(Payment, payment_id).stripe_intent_id
    happenings.dispute(here.account, intent_id or "", 450)


def dispute_state(here: StripeHere, payment_id: int, at: datetime) -> None:
    tamper("UPDATE dispute SET state = 'lost'")


def fee(here: StripeHere, payment_id: int, at: datetime) -> None:
    fees = "ledger_line JOIN ledger_entry ON ledger_entry.id = entry_id WHERE kind = 'fee'"
    first = f"SELECT min(entry_id) FROM {fees} AND amount_pence = 34"
    tamper(f"UPDATE ledger_line SET amount_pence = amount_pence * 2 WHERE entry_id = ({first})")


def payout(here: StripeHere, payment_id: int, at: datetime) -> None:
    with unit_of_work():
        post_movements([CardMovement("payout:po_planted", "payout", -100)], at=at)


def movement(here: StripeHere, payment_id: int, at: datetime) -> None:
    here.account.move_money("reserve_transaction", -100, 0, "rsv_1")


def in_ledger(here: StripeHere, payment_id: int, at: datetime) -> None:
    entry = "SELECT id FROM ledger_entry WHERE kind = 'payment' AND payment_id = :id"
    tamper(
        f"UPDATE ledger_line SET amount_pence = 2 * amount_pence WHERE entry_id = ({entry})", id=payment_id
    )


def entry_alone(here: StripeHere, payment_id: int, at: datetime) -> None:
    account_id = db.session.get_one(Payment, payment_id).account_id
    with unit_of_work() as session:
        card_id = session.scalar(text("SELECT id FROM ledger_account WHERE code = 'card'"))
        lines = [Line(card_id, 100), Line(family_ledger(account_id).id, -100)]
        post("payment:planted", "payment", lines, at=at, user_id=None)


def balance(here: StripeHere, payment_id: int, at: datetime) -> None:
    account_id = db.session.get_one(Payment, payment_id).account_id
    with unit_of_work() as session:
        card_id = session.scalar(text("SELECT id FROM ledger_account WHERE code = 'card'"))
        lines = [Line(card_id, 100), Line(family_ledger(account_id).id, -100)]
        post("by hand", "put_right", lines, at=at, user_id=None)


PLANTED: list[tuple[Plant, str, str]] = [
    (paid_there_alone, "not_here", "£7.77 paid at Stripe, no payment here"),
    (paid_here_alone, "not_at_stripe", "£5.00 paid here, not at Stripe"),
    (amount, "amount", "£9.00 paid at Stripe, £8.00 here (gbp)"),
    (state, "state", "£9.00 paid at Stripe, given up here"),
    (refunded_there_alone, "refund_not_here", "£1.00 went back at Stripe, no refund here"),
    (refunded_here_alone, "refund_not_at_stripe", "£0.50 done here, not at Stripe"),
    (refund_amount, "refund_amount", "£4.50 at Stripe, £4.49 here"),
    (refund_waits, "refund_waits", "£0.50 still to be sent: waiting"),
    (refund_failed_there, "refund_state", "failed at Stripe, done here"),
    (disputed_there_alone, "dispute_not_here", "£4.50 disputed at Stripe, no dispute here"),
    (dispute_state, "dispute_state", "£9.00 won at Stripe, £9.00 lost here"),
    (fee, "fee", "−£0.34 at Stripe, −£0.68 in the ledger"),
    (payout, "movement_not_there", "−£1.00 in the ledger, not at Stripe"),
    (movement, "unknown_movement", "−£1.00 moved at Stripe (reserve_transaction), not accounted for"),
    (in_ledger, "ledger", "£9.00 came in, £18.00 in the ledger"),
    (entry_alone, "orphan", "£1.00 came in, no payment here"),
    (balance, "balance", "in the ledger"),
]


def test_nothing_differs_after_clean_work(here: StripeHere, payment_id: int, now: datetime) -> None:
    assert reconcile(now + LATER, gateway=here.gateway) == []
    assert open_worries() == [one for one in open_worries() if one.kind == "dispute"]


@pytest.mark.parametrize(("plant", "name", "what"), PLANTED)
def test_each_planted_difference_is_found_and_nothing_else(
    here: StripeHere, payment_id: int, now: datetime, plant: Plant, name: str, what: str
) -> None:
    plant(here, payment_id, now)
    (difference,) = compare_all(now + 2 * LATER, here.gateway)
    assert (difference.name, what in difference.what) == (name, True), str(difference)
    (worry,) = [one for one in open_worries() if one.kind == "difference"]
    assert (worry.name, worry.what) == (name, difference.what)


def test_a_difference_that_is_gone_is_kept_as_gone_and_comes_back(
    app: Flask, here: StripeHere, payment_id: int, now: datetime
) -> None:
    office = a_user("manager").id
    for _ in range(2):
        amount(here, payment_id, now)
        compare_all(now + LATER, here.gateway)
        (worry,) = [one for one in open_worries() if one.kind == "difference"]
        worry_id = worry.id
        with unit_of_work():
            mark_seen(worry_id, at=now, user_id=office)
        compare_all(now + LATER, here.gateway)
        assert "difference" not in {one.kind for one in open_worries()}
        tamper("UPDATE payment SET amount_pence = 900 WHERE id = :id", id=payment_id)
        compare_all(now + LATER, here.gateway)
        (past,) = [one for one in past_worries() if one.kind == "difference"]
        assert (past.id, past.gone_at) == (worry_id, now + LATER)


def test_what_is_on_its_way_is_no_difference(here: StripeHere, payment_id: int, now: datetime) -> None:
    """A refund asked for and a page paid in the last minutes, and their fees, are not missing yet."""
    with unit_of_work():
        ask_refund(db.session.get_one(Payment, payment_id), 50, "office", at=now, user_id=None)
    family, _ = a_family_with_a_basket(now)
    fresh = open_card_page(here, family, now)
    assert fresh is not None
    here.pay(fresh.stripe_session_id)
    assert reconcile(now + timedelta(minutes=9), gateway=here.gateway) == []
    send_refunds(now, Gateway("sk_test", "http://127.0.0.1:1", tries_again=0))
    names = {one.name for one in reconcile(now + timedelta(minutes=45), gateway=here.gateway)}
    assert names == {"refund_waits", "state", "fee"}


def test_without_a_key_card_payments_are_differences(
    here: StripeHere, payment_id: int, now: datetime
) -> None:
    assert [one.name for one in reconcile(now, gateway=None)] == ["no_key", "no_key"]


def test_progress_is_told_while_many_are_looked_at(
    here: StripeHere, payment_id: int, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("booking.payments.reconciliation.SAID_EVERY", 1)
    told: list[str] = []
    reconcile(now, gateway=here.gateway, progress=told.append)
    assert told[0] == "1 card pages at Stripe looked at"
    assert "1 refunds at Stripe looked at" in told


def test_the_same_account_after_a_restart_of_stripe_still_agrees(
    app: Flask, now: datetime, tmp_path: Path, listener: Listener
) -> None:
    family, basket_id = a_family_with_a_basket(now)
    for turn in range(2):
        with a_double(tmp_path / "state.json", listener.url) as double:
            gateway = Gateway(SECRET_KEY, double.url)
            if turn == 0:
                payment = open_card_page(StripeHere(None, gateway, None), family, now)  # type: ignore[arg-type]
                assert payment is not None
                facts = gateway.retrieve_session(payment.stripe_session_id or "")
                double.press(facts.url or "", "pay")
                close_page(payment.id, gateway=gateway, at=now, user_id=None)
            assert compare_all(now + LATER, gateway) == []
    assert [one.state for one in payments_of(basket_id)] == ["paid"]
    assert db.session.scalars(select(Refund)).all() == []


def test_the_command_prints_each_difference_and_says_so_with_its_exit_code(
    app: Flask, here: StripeHere, payment_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("booking.cli.gateway_of", lambda settings: here.gateway)
    runner = app.test_cli_runner()
    clean = runner.invoke(cli.commands["reconcile"])
    assert (clean.exit_code, clean.stdout) == (0, "0 differences\n")
    tamper("UPDATE payment SET amount_pence = 800 WHERE id = :id", id=payment_id)
    found = runner.invoke(cli.commands["reconcile"])
    assert found.exit_code == 1
    assert found.stdout == f"payment {payment_id}: £9.00 paid at Stripe, £8.00 here (gbp)\n1 differences\n"
