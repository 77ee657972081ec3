"""Two thumbs, or two parents, pay for one basket at one moment: it is booked once, paid once, and both see it."""

from datetime import datetime
from typing import Any

import pytest
from flask import Flask

from booking.bookings.states import WrongMove
from booking.core.db import db
from booking.ledger.balances import credit_pence, ledger_problems
from booking.payments import office_till
from booking.payments.checkout import start_card
from booking.payments.office_till import pay_basket
from booking.payments.to_pay import CardPageOpen, NothingToPay
from tests.bookings.rushes import Act, at_once, comes_between
from tests.browser import Browser
from tests.payments.families import a_family_with_a_basket, payments_of, states_of


def _paying(account_id: int, tender: str, at: datetime) -> Act:
    return lambda: pay_basket(account_id, tender, seen_pence=900, at=at, user_id=None)


def _by_card(account_id: int, at: datetime) -> Act:
    return lambda: start_card(account_id, seen_pence=900, at=at, user_id=None).id


def test_of_two_who_pay_at_one_moment_one_pays(app: Flask, now: datetime) -> None:
    family, basket_id = a_family_with_a_basket(now, credit_pence=2000)
    account_id = family.account.id
    results = at_once(app, [_paying(account_id, "credit", now) for _ in range(4)])
    assert [type(one) for one in results if isinstance(one, Exception)] == [NothingToPay] * 3, results
    assert states_of(basket_id) == ("booked", ["booked", "booked"])
    assert credit_pence(account_id) == 1100
    assert len(payments_of(basket_id)) == 1
    assert ledger_problems() == []


@pytest.mark.parametrize("first", ["card", "office"])
def test_who_comes_between_looking_and_paying_has_paid(
    app: Flask, now: datetime, monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    """A card page that opened just before is not booked past: the family would be charged for what it has."""
    family, basket_id = a_family_with_a_basket(now)
    account_id = family.account.id
    other = _by_card(account_id, now) if first == "card" else _paying(account_id, "office", now)
    came = comes_between(app, monkeypatch, office_till, "lock_rows", other)
    (result,) = at_once(app, [_paying(account_id, "office", now)])
    assert not isinstance(came[0], Exception)
    assert isinstance(result, CardPageOpen if first == "card" else NothingToPay)
    assert states_of(basket_id)[0] == ("paying" if first == "card" else "booked")
    assert len(payments_of(basket_id)) == 1


def test_the_control_that_looks_before_it_locks_pays_wrongly(
    app: Flask, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    family, basket_id = a_family_with_a_basket(now)
    account_id = family.account.id
    seen: dict[str, Any] = {}

    def look_first(*args: Any, **values: Any) -> Any:
        return seen["summary"]

    seen["summary"] = office_till.checkout_of(account_id, at=now)
    db.session.rollback()
    at_once(app, [_paying(account_id, "office", now)])
    monkeypatch.setattr(office_till, "checkout_of", look_first)
    (result,) = at_once(app, [_paying(account_id, "office", now)])
    assert isinstance(result, WrongMove)
    assert len(payments_of(basket_id)) == 1


def test_pressing_twice_leads_to_the_one_confirmation(parent: Browser, now: datetime) -> None:
    family, basket_id = a_family_with_a_basket(now, credit_pence=2000)
    page = parent.sign_in(family.user).get("payments.checkout")
    (reference,) = {field.get("value") for field in page.all(".//input[@name='reference']")}
    answer = {"tender": "credit", "seen_pence": "900", "reference": reference or ""}
    once = parent.post("payments.pay", answer, expect=303)
    again = parent.post("payments.pay", answer, expect=303)
    assert again.location == once.location
    assert credit_pence(family.account.id) == 1100
    assert len(payments_of(basket_id)) == 1


@pytest.mark.parametrize("kind", ["none", "nobody's", "another family's", "far too long"])
def test_another_reference_only_says_that_there_is_nothing_to_pay(
    parent: Browser, app: Flask, now: datetime, kind: str
) -> None:
    family, _ = a_family_with_a_basket(now, credit_pence=2000)
    other, _ = a_family_with_a_basket(now)
    account_id = other.account.id
    (others,) = at_once(app, [_paying(account_id, "office", now)])
    reference = {"none": "", "nobody's": "NOBODYS", "another family's": others}.get(kind, "x" * 10_000)
    answer = {"tender": "credit", "seen_pence": "900"}
    parent.sign_in(family.user).post("payments.pay", answer, expect=303)
    assert parent.post("payments.pay", {**answer, "reference": reference}, expect=303).location == "/basket"
