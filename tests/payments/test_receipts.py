"""Receipts and statements say what was paid, for whom, when and to whom, and nothing else."""

from __future__ import annotations

import io
from datetime import date, timedelta

import pytest
import time_machine
from flask import Flask
from pypdf import PdfReader

from booking.bookings.models import Place
from booking.core.db import db, unit_of_work
from booking.ledger.balances import credit_pence
from booking.ledger.posting import Line, family_ledger, post
from booking.office.restricting import put_in_force
from booking.payments.models import Payment, PaymentLine
from booking.payments.paid_care import standing_of
from booking.payments.receipts import receipt_of, seller_facts, statement_of_paid
from booking.payments.spans import Span, assessment_period, month_of, tax_year_of
from booking.people.models import FamilyAccount
from tests.browser import Browser
from tests.builders import (
    AT,
    Family,
    a_family,
    a_restriction,
    a_run,
    a_seller,
    a_session,
    a_user,
    an_activity,
    save,
)
from tests.payments.paid_families import buy, cancel, pay

ALL = Span("month", date(2026, 1, 1), date(2027, 12, 31))
TODAY = AT.date()
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("day", "on", "first", "last"),
    [
        (14, date(2026, 11, 23), date(2026, 11, 14), date(2026, 12, 13)),
        (14, date(2026, 11, 13), date(2026, 10, 14), date(2026, 11, 13)),
        (1, date(2026, 2, 28), date(2026, 2, 1), date(2026, 2, 28)),
        (31, date(2027, 2, 28), date(2027, 2, 28), date(2027, 3, 30)),
        (31, date(2027, 2, 27), date(2027, 1, 31), date(2027, 2, 27)),
        (29, date(2028, 2, 29), date(2028, 2, 29), date(2028, 3, 28)),
        (25, date(2027, 1, 3), date(2026, 12, 25), date(2027, 1, 24)),
    ],
)
def test_an_assessment_period_begins_on_its_day_in_each_month(
    day: int, on: date, first: date, last: date
) -> None:
    found = assessment_period(day, on)
    assert (found.first, found.last) == (first, last)


@pytest.mark.parametrize("day", range(1, 32))
def test_assessment_periods_follow_one_another_without_a_gap(day: int) -> None:
    span = assessment_period(day, date(2027, 1, 1))
    for _ in range(30):
        after = assessment_period(day, span.last + DAY)
        assert after.first == span.last + DAY
        assert after == assessment_period(day, after.last)
        span = after


def test_months_and_tax_years() -> None:
    assert (month_of(date(2028, 2, 9)).first, month_of(date(2028, 2, 9)).last) == (
        date(2028, 2, 1),
        date(2028, 2, 29),
    )
    assert tax_year_of(date(2026, 4, 5)).last == date(2026, 4, 5)
    assert tax_year_of(date(2026, 4, 6)).first == date(2026, 4, 6)


def test_the_receipt_says_all_that_dwp_asks_for_of_each_seller(app: Flask) -> None:
    school = a_seller(
        name="Brook Lane Primary School",
        address="Brook Lane, LE99 7ZZ",
        phone="01632 960100",
        registration="999001",
        registration_kind="urn",
    )
    coach = a_seller(name="Striders Ltd", is_school=False, address="Mill Yard", phone="01632 960114")
    family = a_family(2)
    care = a_run(activity_id=an_activity(name="Teatime", kind="extended_care", seller_id=school.id).id)
    sport = a_run(activity_id=an_activity(name="Running", seller_id=coach.id).id)
    buy(family, a_session(run=care), pupil=family.pupils[0])
    buy(family, a_session(run=sport), pupil=family.pupils[1], at=AT + DAY)
    payment = pay(family, 900, at=AT + 2 * DAY)
    receipt = receipt_of({family.account.id}, payment.id, TODAY)
    assert [paper.seller.name for paper in receipt.papers] == ["Brook Lane Primary School", "Striders Ltd"]
    first, second = receipt.papers
    assert first.seller.address == "Brook Lane, LE99 7ZZ"
    assert first.seller.phone == "01632 960100"
    assert ["School’s number (URN)", "999001"] in seller_facts(first.seller)
    assert ["Registration number", "None"] in seller_facts(second.seller)
    (child,) = first.children
    (line,) = child.lines
    assert child.child == family.pupils[0].full_name
    assert (line.care_on, line.care, line.activity) == (date(2026, 11, 25), "After-school care", "Teatime")
    assert (line.cost_pence, line.paid_pence, line.is_whole) == (450, 450, True)
    assert (line.paid_on, line.way) == (date(2026, 11, 25), "At the school office")
    assert receipt.payer == family.account.name
    assert receipt.total_pence == 900


def test_only_what_was_paid_is_on_it_and_the_sums_are_the_ledgers(app: Flask) -> None:
    family = a_family()
    run = a_run()
    first, second, third = buy(family, *(a_session(date(2026, 11, 24) + n * DAY, run=run) for n in range(3)))
    pay(family, 700, at=AT + DAY)
    standing = standing_of(family.account.id)
    paid = {part.place_id: (part.paid_pence, part.is_whole) for part in standing.paid_parts()}
    assert paid == {first.id: (450, True), second.id: (250, False)}
    cancel(second, at=AT + 2 * DAY)
    paid = {part.place_id: part.paid_pence for part in standing_of(family.account.id).paid_parts()}
    assert paid == {first.id: 450, third.id: 250}
    assert credit_pence(family.account.id) == 700 - 900


def test_what_a_pot_paid_or_was_let_off_is_not_shown_as_paid_by_the_family(app: Flask) -> None:
    family = a_family()
    run = a_run()
    funded, owed = buy(family, a_session(run=run), a_session(date(2026, 11, 26), run=run))
    with unit_of_work():
        own = family_ledger(family.account.id).id
        other = family_ledger(another_account()).id
        post("pot", "funding", [Line(own, -450, funded.id), Line(other, 450, funded.id)], at=AT, user_id=None)
        post("off", "write_off", [Line(own, -450), Line(other, 450)], at=AT + DAY, user_id=None)
    assert credit_pence(family.account.id) == 0
    assert statement_of_paid({family.account.id}, ALL, TODAY).papers == ()
    assert owed.id in standing_of(family.account.id).allocation.settled_pence


def another_account() -> int:
    account = FamilyAccount(name="A pot", created_at=AT)
    save(account)
    return account.id


def test_a_promise_by_tax_free_childcare_is_paid_by_that_money(app: Flask) -> None:
    family, session = a_family(2), a_session()
    (ada,) = buy(family, session, pupil=family.pupils[0])
    (ben,) = buy(family, session, pupil=family.pupils[1], at=AT + DAY)
    with unit_of_work():
        promise = _promise(family, ben)
        db.session.add(PaymentLine(payment_id=promise.id, place_id=ben.id, position=1, amount_pence=450))
    tfc = pay(family, 900, "tfc", at=AT + 3 * DAY, pupil_id=family.pupils[1].id)
    standing = standing_of(family.account.id)
    assert [(part.place_id, part.paid_pence) for part in standing.paid_parts()] == [(ben.id, 450)]
    assert standing.allocation.waiting_pence == {tfc.id: 450}
    cash = pay(family, 450, at=AT + 4 * DAY)
    paid = {part.place_id: part.payment_id for part in standing_of(family.account.id).paid_parts()}
    assert paid == {ben.id: tfc.id, ada.id: cash.id}


def _promise(family: Family, place: Place) -> Payment:
    promise = Payment(
        account_id=family.account.id,
        basket_id=place.basket_id,
        tender="tfc",
        state="promised",
        amount_pence=450,
        idempotency_key="promise",
        created_at=AT,
        due_at=AT + 7 * DAY,
        pupil_id=place.pupil_id,
    )
    db.session.add(promise)
    db.session.flush()
    return promise


def test_the_page_shows_a_span_and_gives_it_as_pdf(browser: Browser) -> None:
    family = a_family()
    (place,) = buy(family, a_session())
    payment = pay(family, 450, basket_id=place.basket_id)
    with time_machine.travel(AT + DAY):
        browser.sign_in(family.user)
        page = browser.get("payments.statements", kind="credit", day="14")
        assert "14 November 2026 to 13 December 2026" in page.text
        assert f"{family.pupils[0].full_name} : 1 session, £4.50" in page.text
        assert "Later" not in page.text
        earlier = browser.get("payments.statements", kind="credit", day="14", on="2026-11-13")
        assert "You paid for no childcare on these days" in earlier.text
        first = browser.client.get("/account/statements.pdf?kind=credit&day=14")
        assert first.mimetype == "application/pdf"
        assert first.data == browser.client.get("/account/statements.pdf?kind=credit&day=14").data
        pages = PdfReader(io.BytesIO(first.data)).pages
        words = " ".join(" ".join(page.extract_text().split()) for page in pages)
        for wanted in (family.pupils[0].full_name, "Wed 25 Nov 2026", "£4.50", "After-school club", "Yes"):
            assert wanted in words
        assert "£4.50" in browser.get("payments.receipt", paid_id=payment.id).text
        assert "Receipt" in browser.get("payments.account").text
        for kind in ("month", "term", "tax_year", "nonsense"):
            browser.get("payments.statements", kind=kind, by="care", on="not a day", day="99")


def test_another_familys_receipt_is_not_there(browser: Browser) -> None:
    family, other = a_family(), a_family()
    (place,) = buy(family, a_session())
    payment = pay(family, 450, basket_id=place.basket_id)
    browser.sign_in(other.user)
    browser.get("payments.receipt", paid_id=payment.id, expect=404)
    browser.get("payments.receipt_file", paid_id=payment.id, expect=404)
    browser.get("payments.statements", child=family.pupils[0].id, expect=404)
    browser.get("payments.statement_file", expect=404)


def test_what_a_restriction_closes_is_on_no_receipt(browser: Browser) -> None:
    family, session = a_family(2), a_session()
    buy(family, session, pupil=family.pupils[0])
    buy(family, session, pupil=family.pupils[1], at=AT + DAY)
    payment = pay(family, 900, at=AT + 2 * DAY)
    only = pay(family, 450, at=AT - DAY)
    head, office = a_user("manager"), a_user("manager", approves=True)
    made = a_restriction(family.pupils[0], family.user, by=head)
    with unit_of_work():
        put_in_force(made.id, at=AT, by=office)
    receipt = statement_of_paid({family.account.id}, ALL, TODAY)
    names = [child.child for paper in receipt.papers for child in paper.children]
    assert names == [family.pupils[1].full_name]
    with time_machine.travel(AT + 3 * DAY):
        browser.sign_in(family.user)
        browser.get("payments.receipt", paid_id=only.id, expect=404)
        assert family.pupils[0].surname not in browser.get("payments.receipt", paid_id=payment.id).text
        assert family.pupils[0].surname not in browser.get("payments.statements").text
        browser.get("payments.statements", child=family.pupils[0].id, expect=404)
