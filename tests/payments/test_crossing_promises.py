"""What crosses with a promise: two parents at one moment, and money that is posted while its places are let go."""

from __future__ import annotations

from datetime import datetime

import pytest
from flask import Flask

from booking.core.db import db, unit_of_work
from booking.ledger.balances import credit_pence, ledger_problems
from booking.ledger.posting import post_payment
from booking.office.arrears import owed_rows
from booking.payments import several_ways, short_promises
from booking.payments.checkout import start_card
from booking.payments.expected import expected_children
from booking.payments.models import Payment
from booking.payments.office_till import take_office_payment
from booking.payments.promises import what_is_owed
from booking.payments.several_ways import RestChanged, book_promised
from booking.payments.short_promises import NothingToLetGo, let_go
from booking.payments.splitting import Choice
from booking.payments.to_pay import CardPageOpen, NothingToPay
from tests.bookings.rushes import Act, at_once, comes_between
from tests.payments.families import payments_of, states_of
from tests.payments.tenders import Held, a_basket_of_care, money_came


def _promising(held: Held, at: datetime) -> Act:
    account_id, choice = held.family.account.id, Choice(tfc=dict.fromkeys(held.ids))
    return lambda: book_promised(account_id, choice, "last_days", seen_pence=3600, at=at, user_id=None)


def test_of_two_who_promise_at_one_moment_one_books(app: Flask, now: datetime) -> None:
    held = a_basket_of_care(now, clubs=0)
    results = at_once(app, [_promising(held, now) for _ in range(4)])
    assert [type(one) for one in results if isinstance(one, Exception)] == [NothingToPay] * 3, results
    assert states_of(held.basket_id) == ("booked", ["booked"] * 4)
    assert len(payments_of(held.basket_id)) == 2
    assert credit_pence(held.family.account.id) == -3600


@pytest.mark.parametrize("first", ["card", "promise"])
def test_who_comes_between_looking_and_promising_has_paid(
    app: Flask, now: datetime, monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    held = a_basket_of_care(now, clubs=0)
    account_id, again = held.family.account.id, _promising(held, now)
    by_card: Act = lambda: start_card(account_id, seen_pence=3600, at=now, user_id=None).id  # noqa: E731
    came = comes_between(app, monkeypatch, several_ways, "lock_rows", by_card if first == "card" else again)
    (result,) = at_once(app, [again])
    assert not isinstance(came[0], Exception)
    assert isinstance(result, CardPageOpen if first == "card" else NothingToPay)
    assert len(payments_of(held.basket_id)) == (1 if first == "card" else 2)


def test_credit_that_came_meanwhile_makes_the_part_of_the_card_another(app: Flask, now: datetime) -> None:
    """The parent saw £36.00 by card; £30.00 came in since, so that the card would pay £6.00: asked again, not charged."""
    held = a_basket_of_care(now, clubs=0)
    account_id = held.family.account.id
    with unit_of_work():
        take_office_payment(account_id, 3000, at=now, user_id=None)
    choice = Choice(rest="card")
    with pytest.raises(RestChanged), unit_of_work():
        start_card(account_id, seen_pence=3600, at=now, user_id=None, choice=choice, seen_card_pence=3600)
    assert states_of(held.basket_id)[0] == "open"


def test_money_that_comes_while_its_places_are_let_go_keeps_them(
    app: Flask, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = a_basket_of_care(now, clubs=0)
    account_id, pupil_id = held.family.account.id, held.ids[0]
    at_once(app, [_promising(held, now)])
    payment_id = payments_of(held.basket_id)[0].id

    def money() -> int:
        payment = Payment(
            account_id=account_id,
            tender="tfc",
            state="paid",
            amount_pence=1800,
            pupil_id=pupil_id,
            idempotency_key="meanwhile",
            created_at=now,
            paid_at=now,
        )
        db.session.add(payment)
        db.session.flush()
        post_payment(payment.id, account_id, None, 1800, "tfc", at=now, user_id=None)
        return payment.id

    came = comes_between(app, monkeypatch, short_promises, "lock_rows", money)
    (result,) = at_once(app, [lambda: let_go(payment_id, at=now, user_id=None)])
    assert not isinstance(came[0], Exception)
    assert isinstance(result, NothingToLetGo)
    assert states_of(held.basket_id)[1] == ["booked"] * 4
    assert ledger_problems() == []


def test_whoever_asks_what_is_owed_hears_the_same(app: Flask, now: datetime) -> None:
    """Money by Tax-Free Childcare pays its own promise, though another stands before it: for family, office and bank."""
    held = a_basket_of_care(now, care=1, clubs=1)
    account_id, (other, child) = held.family.account.id, held.ids
    choice = Choice(tfc=dict.fromkeys(held.ids), rest="office")
    with unit_of_work():
        book_promised(account_id, choice, "last_days", seen_pence=2700, at=now, user_id=None)
    money_came(account_id, 900, now, pupil_id=child)
    owed = {one.payment_id: (one.amount_pence, one.pupil_id) for one in what_is_owed(account_id, at=now)}
    assert sorted(pence for pence, _ in owed.values()) == [900, 900]
    assert child not in {pupil_id for _, pupil_id in owed.values()}
    (row,) = owed_rows(now)
    said = {int(one.key.removeprefix("payment:")): one.amount_pence for one in row.debts}
    assert said == {payment_id: pence for payment_id, (pence, _) in owed.items()}
    expected = {one.pupil_id: one.own_pence for one in expected_children()}
    assert (expected[child], expected[other]) == (0, 900)
