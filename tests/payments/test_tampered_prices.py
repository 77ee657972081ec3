"""More than twenty ways to send another price: each is refused or ignored, and what is charged is the server's own."""

from datetime import datetime

import pytest
from sqlalchemy import func, select

from booking.core.db import db
from booking.ledger.balances import credit_pence
from booking.ledger.models import Entry
from booking.payments.models import Payment
from tests.browser import Browser
from tests.payments.families import a_family_with_a_basket, payments_of, states_of
from tests.stripe_here import StripeHere

CARD = {"tender": "card", "seen_pence": "900"}
REFUSED = [
    {"tender": "card", "seen_pence": "1"},
    {"tender": "card", "seen_pence": "0"},
    {"tender": "card", "seen_pence": "-900"},
    {"tender": "card", "seen_pence": "1000000000"},
    {"tender": "card", "seen_pence": "99999999999999999999"},
    {"tender": "card", "seen_pence": "9.00"},
    {"tender": "card", "seen_pence": "£9"},
    {"tender": "card", "seen_pence": "9e2x"},
    {"tender": "card", "seen_pence": ""},
    {"tender": "card", "seen_pence": "1", "amount_pence": "1", "currency": "usd"},
    {"tender": "free", "seen_pence": "900"},
    {"tender": "free", "seen_pence": "0"},
    {"tender": "credit", "seen_pence": "0"},
    {"tender": "credit", "seen_pence": "-900"},
    {"tender": "office", "seen_pence": "-1"},
    {"tender": "office", "seen_pence": "1000000000"},
    {"tender": "office", "seen_pence": "9.00"},
    {"tender": "office", "seen_pence": ""},
    {"tender": "office"},
    {"tender": "gold", "seen_pence": "900"},
    {"seen_pence": "900"},
]
IGNORED = [
    {"amount_pence": "1"},
    {"price_pence": "0"},
    {"total": "-1"},
    {"currency": "usd"},
    {"quantity": "-1"},
    {"line_items[0][price_data][unit_amount]": "1"},
    {"credit_pence": "900"},
    {"discount_pence": "899"},
    {"pupil_id": "999999", "place_id": "999999"},
    {"account_id": "999999", "basket_id": "999999", "user_id": "1"},
]


@pytest.mark.parametrize("fields", REFUSED)
def test_another_price_than_the_servers_is_refused_and_changes_nothing(
    here: StripeHere, parent: Browser, now: datetime, fields: dict[str, str]
) -> None:
    family, basket_id = a_family_with_a_basket(now)
    parent.sign_in(family.user)
    page = parent.post("payments.pay", fields, expect=422)
    assert page.all(".//*[@role='alert']")
    assert states_of(basket_id) == ("open", ["held", "held"])
    assert db.session.scalar(select(func.count()).select_from(Payment)) == 0
    assert db.session.scalar(select(func.count()).select_from(Entry)) == 0
    assert here.account.store.all("checkout.session") == []


@pytest.mark.parametrize("fields", IGNORED)
def test_a_field_that_is_not_asked_for_changes_no_amount(
    here: StripeHere, parent: Browser, now: datetime, fields: dict[str, str]
) -> None:
    family, basket_id = a_family_with_a_basket(now)
    parent.sign_in(family.user)
    parent.post("payments.pay", {**CARD, **fields}, expect=303)
    (session,) = here.account.store.all("checkout.session")
    assert (session["amount_total"], session["currency"]) == (900, "gbp")
    here.pay(session["id"])
    here.deliver()
    (payment,) = payments_of(basket_id)
    assert (payment.amount_pence, payment.account_id) == (900, family.account.id)
    assert states_of(basket_id) == ("booked", ["booked", "booked"])
    assert credit_pence(family.account.id) == 0
