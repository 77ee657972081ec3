"""At the phone and at the hatch a family may pay by Tax-Free Childcare or vouchers too."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from booking.core.db import db
from booking.office.checks import all_problems
from booking.payments.models import Payment
from tests.browser import Browser
from tests.builders import AT, a_user
from tests.payments.tenders import Held, a_basket_of_care, a_firm


@pytest.fixture
def held(app: Flask) -> Iterator[Held]:
    """Two children, each in two approved sessions at £9.00 and in one unapproved at £4.50."""
    with time_machine.travel(AT, tick=False):
        yield a_basket_of_care(AT)


def _promised() -> list[tuple[str, int | None, int]]:
    db.session.rollback()
    rows = db.session.scalars(select(Payment).order_by(Payment.id))
    return [(one.tender, one.pupil_id, one.amount_pence) for one in rows if one.state == "promised"]


def _press(browser: Browser, held: Held, scheme: str, **more: object) -> None:
    account_id = held.family.account.id
    browser.sign_in(a_user("manager"))
    page = browser.get("office.desk_basket", account_id=account_id, channel="phone")
    form = {"seen_pence": page.field("seen_pence"), "scheme": scheme}
    browser.post("office.desk_pay", form, account_id=account_id, channel="phone", **more)


def test_by_tax_free_childcare_each_child_has_its_line_and_the_rest_is_owed(
    browser: Browser, held: Held
) -> None:
    _press(browser, held, "tfc", expect=303)
    one, two = held.ids
    assert _promised() == [("tfc", one, 1800), ("tfc", two, 1800), ("office", None, 900)]
    assert all_problems() == []


def test_by_vouchers_of_one_firm(browser: Browser, held: Held) -> None:
    firm = a_firm()
    _press(browser, held, f"voucher-{firm.id}", expect=303)
    assert _promised() == [("voucher", None, 3600), ("office", None, 900)]


def test_only_what_may_pay_is_offered_and_anything_else_books_nothing(browser: Browser, held: Held) -> None:
    firm = a_firm(ended_on=AT.date())
    page = browser.sign_in(a_user("manager")).get("office.desk_basket", account_id=held.family.account.id)
    assert "Tax-Free Childcare" in page.text
    assert "voucher" not in page.html
    for scheme in (f"voucher-{firm.id}", "voucher-x", "gold"):
        _press(browser, held, scheme, expect=400)
        assert _promised() == []
