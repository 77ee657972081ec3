"""A provider's takings and payouts: to the penny, its own alone, no family named, nothing paid twice."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, timedelta

import pytest
import time_machine
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from booking.core.db import db, unit_of_work
from booking.ledger.balances import ledger_problems
from booking.ledger.models import EntryLine, LedgerAccount, SellerPayout
from booking.provision.models import Run
from booking.registers.takings import NothingToPayOut, pay_out, payable, takings_of
from tests.browser import Browser
from tests.builders import AT, a_family, a_run, a_seller, a_session, a_user, an_activity
from tests.conftest import empty_database
from tests.payments.paid_families import buy, cancel

DAY = timedelta(days=1)
NOVEMBER, DECEMBER = date(2026, 11, 30), date(2026, 12, 31)
LATER = AT + 60 * DAY


def _club(fee: int = 1000, name: str = "Running") -> Run:
    seller = a_seller(is_school=False, fee_basis_points=fee)
    return a_run(activity_id=an_activity(name=name, seller_id=seller.id).id)


def _pay(seller_id: int, to_on: date) -> SellerPayout:
    with unit_of_work():
        return pay_out(seller_id, to_on, paid_on=to_on, reference="BACS 1", at=LATER, user_id=None)


def _balance(code: str) -> int:
    return (
        db.session.scalar(
            select(func.coalesce(func.sum(EntryLine.amount_pence), 0))
            .join(LedgerAccount, LedgerAccount.id == EntryLine.account_id)
            .where(LedgerAccount.code == code)
        )
        or 0
    )


def test_a_payout_is_what_was_sold_less_what_came_back_less_the_fee(app: Flask) -> None:
    run = _club()
    seller_id, family = run.activity.seller_id, a_family()
    first, second = buy(family, *(a_session(date(2026, 11, 25) + n * DAY, run=run) for n in range(2)))
    buy(family, a_session(date(2026, 12, 1), run=run), at=AT + DAY)
    cancel(second, at=AT + 2 * DAY)
    paid = _pay(seller_id, NOVEMBER)
    assert (paid.sold_pence, paid.refunded_pence, paid.fee_pence, paid.amount_pence) == (900, 450, 45, 405)
    assert (_balance(f"payout:{seller_id}"), _balance("bank"), _balance(f"income:fee:{seller_id}")) == (
        450,
        -405,
        -45,
    )
    assert ledger_problems() == []
    with pytest.raises(NothingToPayOut):
        _pay(seller_id, NOVEMBER)
    cancel(first, at=AT + 20 * DAY)
    due = payable(seller_id, DECEMBER)
    assert (due.from_on, due.sold_pence, due.carried_pence) == (date(2026, 12, 1), 450, -450)
    with pytest.raises(NothingToPayOut):
        _pay(seller_id, DECEMBER)


def test_no_payout_for_days_that_are_not_over(app: Flask) -> None:
    run = _club()
    buy(a_family(), a_session(date(2027, 6, 1), run=run))
    with pytest.raises(NothingToPayOut):
        _pay(run.activity.seller_id, date(2027, 6, 1))


moves = st.lists(
    st.tuples(st.sampled_from(["buy", "cancel", "pay"]), st.integers(0, 59), st.integers(1, 3_000)),
    max_size=10,
)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves, st.integers(0, 10_000))
def test_all_payouts_together_are_all_that_was_taken(
    app: Flask, moves: list[tuple[str, int, int]], fee: int
) -> None:
    run, family, bought = _club(fee), a_family(), {}
    seller_id = run.activity.seller_id
    for number, (act, day, pence) in enumerate(moves):
        at = AT - 60 * DAY + number * DAY
        if act == "buy" and day not in bought:
            session = a_session(date(2026, 11, 1) + day * DAY, run=run)
            (bought[day],) = buy(family, session, at=at, pence=pence)
        elif act == "cancel" and bought.get(day):
            cancel(bought[day], at=at)
            bought[day] = None
        elif act == "pay":
            with suppress(NothingToPayOut):
                _pay(seller_id, date(2026, 11, 1) + day * DAY)
    db.session.rollback()
    gross = sum(one.amount_pence + one.fee_pence for one in db.session.scalars(select(SellerPayout)))
    taken = sum(row.pence for row in takings_of(seller_id, date(2026, 1, 1), DECEMBER))
    due = payable(seller_id, DECEMBER)
    assert gross + due.amount_pence + due.fee_pence == taken
    assert taken == -_balance(f"income:{run.activity_id}:{seller_id}")
    assert _balance(f"payout:{seller_id}") == gross
    empty_database()


def test_a_provider_sees_its_own_takings_and_no_family(browser: Browser) -> None:
    own, other = _club(name="Running"), _club(name="Fencing")
    family = a_family()
    session = a_session(run=own)
    buy(family, session)
    buy(family, a_session(run=other), at=AT + DAY)
    _pay(own.activity.seller_id, NOVEMBER)
    with time_machine.travel(AT + 8 * DAY):
        browser.sign_in(a_user("staff", seller_id=own.activity.seller_id))
        page = browser.get("registers.takings")
        assert "Running" in page.text
        assert "BACS 1" in page.text
        assert "Fencing" not in page.text
        for secret in (family.pupils[0].surname, family.account.name):
            assert secret not in page.text
        browser.sign_in(a_user("staff")).get("registers.takings", expect=302)


def test_the_office_posts_a_payout(browser: Browser) -> None:
    run = _club()
    seller_id = run.activity.seller_id
    buy(a_family(), a_session(run=run))
    with time_machine.travel(AT + 14 * DAY):
        browser.sign_in(a_user("manager"))
        assert "£4.05" in browser.get("office.payouts").text
        browser.post("office.payout", {"paid_on": ""}, seller_id=seller_id, expect=422)
        browser.post("office.payout", {"paid_on": "1/12/2026", "reference": "BACS 7"}, seller_id=seller_id)
        assert "BACS 7" in browser.get("office.payout", seller_id=seller_id).text
        browser.post("office.payout", {"paid_on": "1/12/2026"}, seller_id=seller_id, expect=422)
        browser.get("office.payout", seller_id=a_seller().id, expect=302)
        browser.get("office.payout", seller_id=999, expect=404)
