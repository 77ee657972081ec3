"""Scheme money goes back by its own way, never to a card, never more than the family has in credit."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from booking.core import clock
from booking.core.db import unit_of_work
from booking.core.errors import NotFound
from booking.ledger.balances import credit_pence, ledger_problems
from booking.payments.office_till import take_office_payment
from booking.payments.promises import Purse
from booking.payments.reconciliation import reconcile
from booking.payments.refund_ways import (
    NotADayYet,
    PaidIn,
    TooMuchBack,
    record_scheme_refund,
    ways_back,
    ways_back_of,
)
from tests.builders import a_family
from tests.payments.tenders import a_firm, money_came

PURSES: list[Purse | None] = [None, ("tfc", 1, None), ("tfc", 2, None), ("voucher", None, 7)]
PAID = st.lists(st.tuples(st.sampled_from(PURSES), st.integers(0, 5000)), max_size=8).map(
    lambda rows: [
        PaidIn(number, purse[0] if purse else "card", purse, pence)
        for number, (purse, pence) in enumerate(rows, start=1)
    ]
)
PROMISED = st.dictionaries(st.sampled_from([one for one in PURSES if one]), st.integers(0, 6000))


@given(PAID, PROMISED, st.integers(-3000, 20_000))
def test_no_way_gives_back_more_than_came_by_it_or_than_there_is(
    paid: list[PaidIn], promised: dict[Purse, int], credit: int
) -> None:
    left = {one.payment_id: one.left_pence for one in paid}
    for payment_id, way in ways_back(credit, paid, promised).items():
        assert 0 < way.most_pence <= min(left[payment_id], credit)


@given(PAID, PROMISED, st.integers(0, 20_000))
def test_no_penny_of_a_scheme_reaches_a_card(
    paid: list[PaidIn], promised: dict[Purse, int], credit: int
) -> None:
    """However cards are refunded, what schemes brought beyond what they pay for is still there in credit."""
    beyond = 0
    for purse in {one.purse for one in paid if one.purse}:
        came = sum(one.left_pence for one in paid if one.purse == purse)
        beyond += max(came - promised.get(purse, 0), 0)
    by_card = [way.most_pence for way in ways_back(credit, paid, promised).values() if way.tender == "card"]
    assert max(by_card, default=0) <= max(credit - beyond, 0)


def test_tax_free_childcare_that_was_too_much_goes_back_the_way_it_came(app: Flask, now: datetime) -> None:
    family = a_family()
    account_id, pupil_id = family.account.id, family.pupils[0].id
    payment_id = money_came(account_id, 2000, now, pupil_id=pupil_id).id
    with unit_of_work():
        cash_id = take_office_payment(account_id, 500, at=now, user_id=None).id
    assert {way.payment_id: way.most_pence for way in ways_back_of(account_id).values()} == {
        payment_id: 2000,
        cash_id: 500,
    }
    today = clock.today(now)
    with pytest.raises(TooMuchBack, match=r"At most £20\.00"), unit_of_work():
        record_scheme_refund(payment_id, 2001, today, at=now, user_id=None)
    with pytest.raises(NotADayYet), unit_of_work():
        record_scheme_refund(payment_id, 1, today + timedelta(days=1), at=now, user_id=None)
    with pytest.raises(NotFound), unit_of_work():
        record_scheme_refund(cash_id, 1, today, at=now, user_id=None)
    assert credit_pence(account_id) == 2500
    with unit_of_work():
        record_scheme_refund(payment_id, 1500, today, at=now, user_id=None)
    assert credit_pence(account_id) == 1000
    assert ways_back_of(account_id)[payment_id].most_pence == 500
    assert reconcile(now, gateway=None) == []
    assert ledger_problems() == []


def test_vouchers_go_back_to_their_firm(app: Flask, now: datetime) -> None:
    family, firm = a_family(), a_firm()
    payment_id = money_came(family.account.id, 900, now, tender="voucher", firm_id=firm.id).id
    with unit_of_work():
        record_scheme_refund(payment_id, 900, clock.today(now), at=now, user_id=None)
    assert credit_pence(family.account.id) == 0
    assert ways_back_of(family.account.id) == {}
    assert reconcile(now, gateway=None) == []
