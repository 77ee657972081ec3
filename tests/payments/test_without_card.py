"""Credit, the office and free baskets: booked at once, amounts the server's, tampering refused in words."""

from datetime import datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from booking.bookings.models import Basket
from booking.core import clock
from booking.core.db import db, unit_of_work
from booking.ledger.balances import credit_pence, ledger_problems
from booking.payments.models import Payment
from booking.payments.office_till import (
    NotATillAmount,
    pay_at_office,
    take_office_payment,
)
from booking.payments.promises import Owed, what_is_owed
from booking.payments.reconciliation import reconcile
from tests.browser import Browser
from tests.builders import a_family
from tests.payments.families import (
    a_family_with_a_basket,
    hold,
    payments_of,
    some_sessions,
    states_of,
)


def test_the_page_says_what_is_paid_for_and_until_when_it_is_kept(parent: Browser, now: datetime) -> None:
    family, _ = a_family_with_a_basket(now)
    page = parent.sign_in(family.user).get("payments.checkout")
    assert "£9.00" in page.text
    assert "Child 1" in page.text
    assert "15:30 to 16:30" in page.text
    assert page.text.count("you get £4.50 back as credit") == 2
    assert "That page needs JavaScript" in page.text
    assert "Pay £9.00 by card and book" in page.text
    held = page.all(".//*[@data-held-until]")[0]
    assert abs(datetime.fromisoformat(held.get("data-held-until") or "") - now) <= timedelta(minutes=16)


def test_credit_that_covers_the_basket_books_it_at_once(parent: Browser, now: datetime) -> None:
    family, basket_id = a_family_with_a_basket(now, credit_pence=1000)
    page = parent.sign_in(family.user).get("payments.checkout")
    assert "Pay £9.00 from your credit and book" in page.text
    page = parent.post("payments.pay", {"tender": "credit", "seen_pence": "900"}, expect=303)
    assert states_of(basket_id) == ("booked", ["booked", "booked"])
    assert credit_pence(family.account.id) == 100
    (payment,) = payments_of(basket_id)
    assert (payment.tender, payment.state, payment.amount_pence) == ("credit", "paid", 900)
    assert reconcile(now, gateway=None) == []
    assert (
        "£9.00 was paid from your credit"
        in parent.get("payments.confirmation", reference=payment.basket.reference).text
    )


def test_credit_that_does_not_cover_the_basket_changes_nothing(parent: Browser, now: datetime) -> None:
    family, basket_id = a_family_with_a_basket(now, credit_pence=899)
    parent.sign_in(family.user)
    page = parent.post("payments.pay", {"tender": "credit", "seen_pence": "900"}, expect=422)
    assert "Your credit does not cover this" in page.text
    assert states_of(basket_id) == ("open", ["held", "held"])
    assert credit_pence(family.account.id) == 899
    assert payments_of(basket_id) == []


def test_booking_now_and_paying_at_the_office_is_a_debt_with_a_day(parent: Browser, now: datetime) -> None:
    family, basket_id = a_family_with_a_basket(now, credit_pence=300)
    parent.sign_in(family.user)
    parent.post("payments.pay", {"tender": "office", "seen_pence": "900"}, expect=303)
    (payment,) = payments_of(basket_id)
    assert (payment.tender, payment.state, payment.amount_pence) == ("office", "promised", 600)
    assert payment.due_at is not None
    assert clock.to_school(payment.due_at).date() == clock.today(now) + timedelta(days=7)
    assert states_of(basket_id)[0] == "booked"
    assert credit_pence(family.account.id) == -600
    page = parent.get("payments.account")
    assert "You owe £6.00" in page.text
    assert reconcile(now, gateway=None) == []


def test_a_free_basket_is_booked_at_once(parent: Browser, now: datetime) -> None:
    family, basket_id = a_family_with_a_basket(now, price_pence=0)
    assert "There is nothing to pay" in parent.sign_in(family.user).get("payments.checkout").text
    parent.post("payments.pay", {"tender": "free", "seen_pence": "0"}, expect=303)
    assert states_of(basket_id)[0] == "booked"
    assert payments_of(basket_id) == []


def test_fields_of_another_basket_or_price_are_not_even_read(parent: Browser, now: datetime) -> None:
    other, other_basket = a_family_with_a_basket(now)
    family, basket_id = a_family_with_a_basket(now, credit_pence=900)
    parent.sign_in(family.user)
    fields = {"tender": "credit", "seen_pence": "900", "basket_id": str(other_basket), "price_pence": "1"}
    parent.post("payments.pay", {**fields, "account_id": str(other.account.id)}, expect=303)
    assert states_of(basket_id)[0] == "booked"
    assert states_of(other_basket) == ("open", ["held", "held"])
    assert credit_pence(family.account.id) == 0


def test_a_total_that_changed_since_the_page_is_shown_before_anything_is_paid(
    parent: Browser, now: datetime
) -> None:
    family, basket_id = a_family_with_a_basket(now, credit_pence=5000)
    parent.sign_in(family.user)
    page = parent.post("payments.pay", {"tender": "credit", "seen_pence": "450"}, expect=422)
    assert "The total is now £9.00. Nothing was paid." in page.text
    assert states_of(basket_id)[0] == "open"


def test_an_expired_hold_is_refused_and_the_choice_is_kept(
    app: Flask, parent: Browser, now: datetime
) -> None:
    family, basket_id = a_family_with_a_basket(now, credit_pence=900)
    parent.sign_in(family.user)
    with time_machine.travel(now + timedelta(minutes=16), tick=True):
        page = parent.post("payments.pay", {"tender": "credit", "seen_pence": "900"}, expect=303)
    assert page.location == "/basket"
    assert payments_of(basket_id) == []
    assert credit_pence(family.account.id) == 900
    basket = db.session.get_one(Basket, basket_id)
    assert len(basket.lines) == 2


def test_another_familys_confirmation_and_calendar_are_not_there(parent: Browser, now: datetime) -> None:
    family, basket_id = a_family_with_a_basket(now)
    with unit_of_work():
        pay_at_office(basket_id, at=now, user_id=family.user.id)
    reference = db.session.get_one(Basket, basket_id).reference
    parent.sign_in(family.user)
    page = parent.get("payments.confirmation", reference=reference)
    assert reference in page.text
    assert "Child 1" in page.text
    answer = parent.client.get(f"/bookings/{reference}/calendar.ics")
    assert answer.mimetype == "text/calendar"
    assert answer.text.count("BEGIN:VEVENT") == 2
    assert "Child" not in answer.text
    parent.sign_in(a_family().user)
    parent.get("payments.confirmation", reference=reference, expect=404)
    assert parent.client.get(f"/bookings/{reference}/calendar.ics").status_code == 404


def test_money_at_the_office_pays_the_oldest_promise_first(app: Flask, now: datetime) -> None:
    family, sessions = a_family(), some_sessions(now, 3)
    account_id, first = family.account.id, hold(family, sessions[:2], now)
    with unit_of_work():
        pay_at_office(first, at=now, user_id=None)
    later = now + timedelta(days=2)
    second = hold(family, sessions[2:], later)
    with unit_of_work():
        pay_at_office(second, at=later, user_id=None)

    def owed() -> list[tuple[int | None, int, bool]]:
        return [
            (one.basket_id, one.amount_pence, one.is_late)
            for one in what_is_owed(account_id, at=now + timedelta(days=8))
        ]

    assert owed() == [(first, 900, True), (second, 450, False)]
    with unit_of_work():
        take_office_payment(account_id, 500, at=later, user_id=None)
    assert owed() == [(first, 400, True), (second, 450, False)]
    with unit_of_work():
        take_office_payment(account_id, 1000, at=later, user_id=None)
    assert owed() == []
    assert credit_pence(account_id) == 150
    assert reconcile(now, gateway=None) == []
    assert ledger_problems() == []


def test_a_debt_without_a_promise_is_owed_all_the_same(app: Flask, now: datetime) -> None:
    family, basket_id = a_family_with_a_basket(now)
    with unit_of_work():
        promise = pay_at_office(basket_id, at=now, user_id=None)
        assert promise is not None
        promise.state, promise.due_at = "failed", None
    assert what_is_owed(family.account.id, at=now) == [Owed(None, None, None, 900, False)]


@pytest.mark.parametrize("amount_pence", [0, -1, 500_001])
def test_the_till_takes_no_amount_that_cannot_be(app: Flask, now: datetime, amount_pence: int) -> None:
    family = a_family()
    with pytest.raises(NotATillAmount), unit_of_work():
        take_office_payment(family.account.id, amount_pence, at=now, user_id=None)
    assert db.session.scalar(select(func.count()).select_from(Payment)) == 0


def test_the_statement_names_child_activity_and_day(parent: Browser, now: datetime) -> None:
    family, basket_id = a_family_with_a_basket(now, credit_pence=2000)
    with unit_of_work():
        pay_at_office(basket_id, at=now, user_id=None)
    page = parent.sign_in(family.user).get("payments.account")
    assert "You have £11.00 of credit" in page.text
    assert page.text.count("Child 1: Chess club") == 2
    assert "Payment at the office" in page.text
