"""Twenty kinds of price fields that no page of ours has: whoever sends them pays what everybody pays."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from booking.bookings.models import Basket, Place, PriceLine
from booking.core.db import db
from booking.ledger.balances import credit_pence
from booking.provision.price_models import RateHolder
from tests.browser import Browser
from tests.builders import AT, a_family, a_school, a_session
from tests.price_builders import a_pot, a_rate

TAMPERED = {
    "price": "0.01",
    "price_pence": "1",
    "amount": "1",
    "amount_pence": "-450",
    "discount": "100",
    "discount_pence": "449",
    "discounts": "Second child:449",
    "rate": "1",
    "rate_id": "1",
    "price_kind": "funding",
    "pot": "1",
    "pot_id": "1",
    "funding": "1",
    "funding_id": "1",
    "subsidy_pence": "450",
    "code": "AAAA-BBBB-CCC",
    "block_pence": "1",
    "full_pence": "1",
    "is_staff": "yes",
    "lines": '[{"kind":"sibling","amount_pence":-449}]',
}


@pytest.fixture(autouse=True)
def monday_morning() -> Iterator[None]:
    """The day on which these tests play."""
    with time_machine.travel(AT, tick=True):
        yield


def test_there_are_twenty_kinds() -> None:
    assert len(TAMPERED) == 20


def test_tampered_price_fields_change_nothing_from_the_week_to_the_payment(app: Flask) -> None:
    a_school()
    a_pot()
    a_rate("staff", amount=100)
    family, session = a_family(), a_session()
    browser, pair = Browser(app).sign_in(family.user), f"{family.pupils[0].id}:{session.id}"
    forms: list[tuple[str, dict[str, object], int]] = [
        ("bookings.choose", {"pick": [pair], "shown": [pair], "go": "hold"}, 303),
        ("bookings.change_basket", {"act": "longer"}, 303),
        ("bookings.use_code", {}, 422),
    ]
    for endpoint, fields, expect in forms:
        browser.post(endpoint, TAMPERED | fields, expect=expect)
        assert db.session.scalars(select(Place.price_pence)).all() == [450]
        db.session.rollback()
    reference = db.session.scalars(select(Basket.reference)).one()
    db.session.rollback()
    pay = {"tender": "office", "reference": reference}
    browser.post("payments.pay", TAMPERED | pay | {"seen_pence": "1"}, expect=422)
    browser.post("payments.pay", TAMPERED | pay | {"seen_pence": "450"}, expect=303)
    assert credit_pence(family.account.id) == -450
    assert [db.session.scalar(select(func.count()).select_from(one)) for one in (PriceLine, RateHolder)] == [
        0,
        0,
    ]
