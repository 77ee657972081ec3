"""The office keeps approvals, voucher firms and references, sees what is on its way, and notes what went back."""

from __future__ import annotations

from datetime import datetime

import pytest
from flask import Flask

from booking.core import clock
from booking.core.db import db, unit_of_work
from booking.ledger.balances import credit_pence
from booking.payments.childcare import approvals_of, disabled_among
from booking.payments.references import keep_reference, references_of
from booking.payments.several_ways import book_promised
from booking.payments.splitting import Choice
from tests.browser import Browser
from tests.builders import a_family, a_seller, a_user, an_activity
from tests.payments.families import payments_of, states_of
from tests.payments.tenders import a_basket_of_care, money_came


@pytest.fixture
def now() -> datetime:
    """The true instant."""
    return clock.now().replace(microsecond=0)


@pytest.fixture
def office(app: Flask) -> Browser:
    """Somebody of the office, signed in."""
    return Browser(app).sign_in(a_user("manager"))


def test_an_approval_is_entered_with_its_evidence_and_ended(office: Browser) -> None:
    seller = a_seller()
    activity = an_activity(seller_id=seller.id)
    fields = {"activity_id": str(activity.id), "takes_tfc": "y", "evidence": "", "starts_on": "1/9/2026"}
    page = office.post("office.childcare_approvals", fields, expect=422, seller_id=seller.id)
    assert "Say what you have seen" in page.text
    for wrong, words in (
        ({"takes_tfc": ""}, "Tick at least one way to pay"),
        ({"ends_on": "31/8/2026"}, "The last day is before the first"),
    ):
        data = {**fields, "evidence": "Ofsted letter", **wrong}
        data = {name: value for name, value in data.items() if value}
        assert words in office.post("office.childcare_approvals", data, expect=422, seller_id=seller.id).text
    fields["evidence"] = "Ofsted letter EY123456"
    office.post("office.childcare_approvals", fields, seller_id=seller.id)
    (approval,) = approvals_of({seller.id})
    assert (approval.activity_id, approval.takes_tfc, approval.takes_vouchers) == (activity.id, True, False)
    assert "Ofsted letter EY123456" in office.get("office.childcare_approvals", seller_id=seller.id).text
    office.post("office.end_childcare_approval", {"ends_on": "31/8/2027"}, approval_id=approval.id)
    assert str(approvals_of({seller.id})[0].ends_on) == "2027-08-31"
    page = office.post(
        "office.end_childcare_approval", {"ends_on": "31/8/2025"}, expect=422, approval_id=approval.id
    )
    assert "The last day is before the first" in page.text


def test_an_approval_is_for_the_sellers_own_activities(office: Browser) -> None:
    seller, other = a_seller(), an_activity()
    fields = {"activity_id": str(other.id), "takes_tfc": "y", "evidence": "x", "starts_on": "1/9/2026"}
    office.post("office.childcare_approvals", fields, expect=422, seller_id=seller.id)
    assert list(approvals_of({seller.id})) == []


def test_the_office_enters_a_reference_at_the_desk_and_notes_a_benefit(
    office: Browser, now: datetime
) -> None:
    family = a_family()
    account_id, pupil_id = family.account.id, family.pupils[0].id
    where = {"account_id": account_id, "pupil_id": pupil_id}
    office.post("office.child_reference", {"reference": "ajon12345 tfc", "is_disabled": "y"}, **where)
    assert references_of(account_id) == {pupil_id: "AJON12345TFC"}
    assert disabled_among([pupil_id], clock.today(now)) == {pupil_id}
    assert "AJON12345TFC" in office.get("office.family", account_id=account_id).text
    office.post("office.child_reference", {"reference": ""}, **where)
    assert disabled_among([pupil_id], clock.today(now)) == set()
    assert references_of(account_id) == {pupil_id: "AJON12345TFC"}
    office.get("office.child_reference", account_id=account_id, pupil_id=a_family().pupils[0].id, expect=404)


def test_another_familys_reference_is_refused_without_saying_whose(app: Flask, now: datetime) -> None:
    first, second = a_family(), a_family(2)
    with unit_of_work():
        keep_reference(first.account.id, first.pupils[0].id, "AJON12345TFC", at=now, user_id=None)
    browser = Browser(app).sign_in(second.user)
    data, mine = {"reference": "AJON 12345 TFC"}, second.pupils[0].id
    page = browser.post("payments.child_reference", data, expect=422, pupil_id=mine)
    assert "cannot be used here" in page.text
    assert first.account.name not in page.text
    for wrong in ("AJON1234TFC", "AJO123456TFC", "AJON12345", "AJON12345TFCX", "1100123456789"):
        page = browser.post("payments.child_reference", {"reference": wrong}, expect=422, pupil_id=mine)
        assert "four letters, five numbers and TFC" in page.text
    browser.post("payments.child_reference", {"reference": "bsmi-54321-tfc"}, pupil_id=mine)
    browser.post("payments.child_reference", {"reference": "CSMI54321TFC"}, pupil_id=mine)
    assert references_of(second.account.id) == {mine: "CSMI54321TFC"}
    other = second.pupils[1].id
    browser.post("payments.child_reference", {"reference": "CSMI54321TFC"}, expect=422, pupil_id=other)
    browser.get("payments.child_reference", pupil_id=first.pupils[0].id, expect=404)


def test_what_is_on_its_way_is_listed_and_let_go_by_one_press(office: Browser, now: datetime) -> None:
    held = a_basket_of_care(now, clubs=0)
    assert "Nothing is on its way" in office.get("office.promises").text
    with unit_of_work():
        choice = Choice(tfc=dict.fromkeys(held.ids))
        book_promised(held.family.account.id, choice, "last_days", seen_pence=3600, at=now, user_id=None)
    page = office.get("office.promises")
    assert "£36.00" in page.text
    first, second = payments_of(held.basket_id)
    page = office.get("office.promise", payment_id=first.id)
    assert "Let go 2 places and tell the family" in page.text
    page = office.post("office.promise", {}, payment_id=first.id, follow=True)
    assert "2 places let go. The family is told." in page.text
    assert states_of(held.basket_id)[1].count("cancelled") == 2
    assert credit_pence(held.family.account.id) == -1800
    office.get("office.promise", payment_id=first.id, expect=404)
    money_came(held.family.account.id, 1800, now, pupil_id=held.ids[1])
    office.get("office.promise", payment_id=second.id, expect=404)


def test_money_of_a_scheme_goes_back_its_own_way_and_the_page_says_so(office: Browser, now: datetime) -> None:
    family = a_family()
    account_id, pupil_id = family.account.id, family.pupils[0].id
    payment_id = money_came(account_id, 2000, now, pupil_id=pupil_id).id
    with unit_of_work():
        keep_reference(account_id, pupil_id, "AJON12345TFC", at=now, user_id=None)
    page = office.get("office.money_back", account_id=account_id)
    assert "It never goes to a card or to a parent’s bank account" in page.text
    assert "Up to £20.00 back by Tax-Free Childcare for Child 1" in page.text
    assert "with the reference AJON12345TFC: from the school’s bank account" in page.text
    today = clock.today(now)
    data = {"payment_id": str(payment_id), "amount_pence": "20.01", "sent_on": f"{today:%d/%m/%Y}"}
    page = office.post("office.money_back", data, expect=422, account_id=account_id)
    assert "At most £20.00 may go back this way" in page.text
    office.post("office.money_back", {**data, "amount_pence": "15.00"}, account_id=account_id)
    db.session.rollback()
    assert credit_pence(account_id) == 500
    assert "Sent back the way that it came" in office.get("office.family", account_id=account_id).text
