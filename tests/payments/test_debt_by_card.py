"""What a family owes is paid by card too: once, for the sum that it saw, and closed when it did not pay."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import select

from booking.core.db import db, unit_of_work
from booking.ledger.balances import credit_pence, ledger_problems
from booking.office.checks import all_problems
from booking.payments.checkout import expire_started
from booking.payments.models import Payment
from booking.payments.office_till import pay_at_office, take_office_payment
from booking.payments.promises import what_is_owed
from tests.browser import Browser
from tests.builders import Family
from tests.payments.conftest import Stripe
from tests.payments.families import a_family_with_a_basket


@pytest.fixture
def owing(stripe: Stripe, parent: Browser, now: datetime) -> Family:
    """A family, signed in, that promised £9.00 at the office."""
    family, basket_id = a_family_with_a_basket(now)
    with unit_of_work():
        pay_at_office(basket_id, at=now, user_id=family.user.id)
    parent.sign_in(family.user)
    return family


def press(parent: Browser, pence: int = 900) -> str:
    """Press the button on the account's page; gives where it leads."""
    page = parent.post("payments.pay_debt", {"seen_pence": str(pence)}, expect=303)
    return str(page.response.headers["Location"])


def card_payments() -> list[Payment]:
    found = list(db.session.scalars(select(Payment).where(Payment.tender == "card").order_by(Payment.id)))
    db.session.rollback()
    return found


def test_a_debt_is_paid_by_card_and_nothing_is_owed_any_more(
    stripe: Stripe, parent: Browser, owing: Family, now: datetime
) -> None:
    assert "Pay £9.00 by card" in parent.get("payments.account").text
    stripe.double.press(press(parent), "pay")
    (payment,) = card_payments()
    back = parent.get("payments.back", session_id=payment.stripe_session_id, expect=303)
    assert back.location is not None
    assert back.location.endswith("/account")
    stripe.deliver(stripe.event("checkout.session.completed"))
    assert credit_pence(owing.account.id) == 0
    assert what_is_owed(owing.account.id, at=now) == []
    assert "£9.00 was paid by card" in parent.get("payments.account").text
    assert ledger_problems() == all_problems() == []


def test_pressing_twice_leads_to_the_one_card_page(
    stripe: Stripe, parent: Browser, owing: Family, now: datetime
) -> None:
    assert press(parent) == press(parent)
    assert len(card_payments()) == 1


def test_another_sum_than_the_one_owed_opens_no_page(
    stripe: Stripe, parent: Browser, owing: Family, now: datetime
) -> None:
    assert press(parent, 800).endswith("/account")
    assert "The total is now £9.00" in parent.get("payments.account").text
    with unit_of_work():
        take_office_payment(owing.account.id, 900, at=now, user_id=None)
    assert press(parent).endswith("/account")
    assert "You owe nothing now" in parent.get("payments.account").text
    assert card_payments() == []


def test_a_page_for_a_debt_is_gone_back_to_or_closed(
    stripe: Stripe, parent: Browser, owing: Family, now: datetime
) -> None:
    address = press(parent)
    (payment,) = card_payments()
    page = parent.get("payments.cancelled", payment_id=payment.id)
    assert "You still owe" in page.text
    assert press(parent) == address
    closed = parent.post("payments.close", {}, payment_id=payment.id, expect=303)
    assert closed.location is not None
    assert closed.location.endswith("/account")
    assert card_payments()[0].state == "given_up"
    assert credit_pence(owing.account.id) == -900


def test_money_for_a_debt_that_comes_late_is_credit_and_not_lost(
    stripe: Stripe, parent: Browser, owing: Family, now: datetime
) -> None:
    address = press(parent)
    with unit_of_work():
        take_office_payment(owing.account.id, 900, at=now, user_id=None)
    stripe.double.press(address, "pay")
    (payment,) = card_payments()
    assert payment.expires_at is not None
    assert expire_started(payment.expires_at, stripe.gateway) == 1
    assert credit_pence(owing.account.id) == 900
    assert all_problems() == []
