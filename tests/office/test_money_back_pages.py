"""Pages of money that goes back or is given up: what the office presses twice, and the second person's yes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from booking.core.db import db
from booking.ledger.balances import credit_pence
from booking.payments.decision_models import MoneyDecision
from booking.payments.models import Refund
from tests.browser import Browser
from tests.builders import AT, a_family, a_school, a_user
from tests.payments.owing import a_late_charge, owes, paid_in

TODAY = AT.date()


@pytest.fixture(autouse=True)
def monday_morning() -> Iterator[None]:
    with time_machine.travel(AT, tick=True):
        yield


@pytest.fixture
def office(app: Flask) -> Browser:
    a_school()
    return Browser(app).sign_in(a_user("manager"))


@pytest.fixture
def second(app: Flask) -> Browser:
    return Browser(app).sign_in(a_user("manager", approves=True))


def refunds() -> list[int]:
    db.session.rollback()
    return list(db.session.scalars(select(Refund.amount_pence).order_by(Refund.id)))


def test_one_tap_gives_all_of_it_back_and_twice_is_once(office: Browser, app: Flask) -> None:
    family = a_family()
    paid_in(family, 1200, AT)
    page = office.get("office.family", account_id=family.account.id)
    fields = {name: page.field(name) for name in ("key", "amount_pence", "payment_id", "reason")}
    done = office.post("arrears.refund", fields, account_id=family.account.id, follow=True)
    assert "£12.00 is on its way back to the card." in done.text
    office.post("arrears.refund", fields, account_id=family.account.id)
    assert refunds() == [1200]
    own = Browser(app).sign_in(family.user).get("payments.account").text
    assert "On its way back to your card £12.00" in own
    assert "Monday 23 November 2026" in own


def test_a_part_goes_back_and_too_much_is_refused_with_the_most(office: Browser) -> None:
    family = a_family()
    payment_id = paid_in(family, 1200, AT)
    account_id = family.account.id
    answer = {"key": "one form", "amount_pence": "12.01", "payment_id": str(payment_id), "reason": "Asked"}
    wrong = office.post("arrears.refund", answer, account_id=account_id, expect=422)
    assert "At most £12.00 can go back to the card" in wrong.text
    office.post("arrears.refund", {**answer, "amount_pence": "2.50"}, account_id=account_id)
    assert refunds() == [250]
    other = paid_in(a_family(), 500, AT)
    stolen = {**answer, "key": "another", "amount_pence": "1.00", "payment_id": str(other)}
    office.post("arrears.refund", stolen, account_id=account_id, expect=422)
    assert refunds() == [250]


def test_a_large_refund_waits_on_the_desk_for_a_second_person(
    office: Browser, second: Browser, app: Flask
) -> None:
    family = a_family()
    paid_in(family, 9000, AT)
    answer = {"key": "form", "amount_pence": "60.00", "payment_id": "0", "reason": "Moved away"}
    done = office.post("arrears.refund", answer, account_id=family.account.id, follow=True)
    assert "waits for a second person’s yes" in done.text
    assert "1 refund or debt waits for a second yes" in second.get("office.home").text
    assert "looking at it £60.00" in Browser(app).sign_in(family.user).get("payments.account").text
    decision_id = db.session.scalars(select(MoneyDecision.id)).one()
    assert "You cannot decide it yourself" in office.get("arrears.decision", decision_id=decision_id).text
    office.post("arrears.decide_money", {"answer": "yes"}, decision_id=decision_id, expect=403)
    assert "Moved away" in second.get("arrears.decision", decision_id=decision_id).text
    second.post("arrears.decide_money", {"answer": "yes"}, decision_id=decision_id)
    assert refunds() == [6000]
    again = second.post("arrears.decide_money", {"answer": "yes"}, decision_id=decision_id, follow=True)
    assert "decided already" in again.text
    assert refunds() == [6000]


def test_no_and_taking_back_move_nothing(office: Browser, second: Browser) -> None:
    family = a_family()
    paid_in(family, 20000, AT)
    for key in ("first", "other"):
        answer = {"key": key, "amount_pence": "60.00", "payment_id": "0", "reason": "Asked"}
        office.post("arrears.refund", answer, account_id=family.account.id)
    first, other = db.session.scalars(select(MoneyDecision.id).order_by(MoneyDecision.id)).all()
    second.post("arrears.decide_money", {"answer": "no"}, decision_id=first)
    second.post("arrears.withdraw_money", decision_id=other, expect=404)
    office.post("arrears.withdraw_money", decision_id=other)
    assert refunds() == []
    assert "Refused" in office.get("arrears.decisions").text
    assert "looking at it" not in Browser(office.app).sign_in(family.user).get("payments.account").text


def test_a_write_off_takes_two_and_stands_again_once_paid(office: Browser, second: Browser) -> None:
    family = a_family()
    owes(family, 900, TODAY - timedelta(days=120))
    account_id = family.account.id
    answer = {"key": "form", "amount_pence": "9.00", "reason": "Cannot be found"}
    office.post("arrears.write_off", answer, account_id=account_id)
    decision_id = db.session.scalars(select(MoneyDecision.id)).one()
    second.post("arrears.decide_money", {"answer": "yes"}, decision_id=decision_id)
    assert credit_pence(account_id) == 0
    refused = office.post("arrears.take_back", decision_id=decision_id, follow=True)
    assert "has not paid £9.00 since" in refused.text
    paid_in(family, 900, AT, tender="office")
    office.post("arrears.take_back", decision_id=decision_id)
    assert credit_pence(account_id) == 0
    assert "Taken back: it was paid" in office.get("arrears.decision", decision_id=decision_id).text


def test_a_late_collection_is_seen_with_its_times_and_let_off_with_a_reason(
    office: Browser, app: Flask
) -> None:
    family = a_family()
    charge_id = a_late_charge(family)
    parent = Browser(app).sign_in(family.user)
    own = parent.get("payments.account").text
    assert "Free until 18:10, went home at 18:17 by the register" in own
    assert "Late collection £5.00" in own
    office.post("arrears.waive", {"key": "form", "reason": "Train stood at Ashford"}, charge_id=charge_id)
    assert credit_pence(family.account.id) == 0
    own = parent.get("payments.account").text
    assert "Not charged" in own
    assert "Ashford" not in own
    again = office.post("arrears.waive", {"key": "other", "reason": "x"}, charge_id=charge_id, expect=422)
    assert "taken back already" in again.text
