"""Income by the month of the care, money for care still to come, and a journal in which every entry balances."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby

import pytest
import time_machine
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from booking.core.csv_cells import csv_bytes
from booking.core.db import unit_of_work
from booking.office.income import deferred_after, earned_between, visitors_in_non_business
from booking.office.journal import HEAD, CodeTooLong, journal_rows, save_codes
from booking.provision.vat import Treatment
from booking.worker import work
from tests.browser import Browser
from tests.builders import AT, a_family, a_place, a_run, a_seller, a_session, a_user, an_activity
from tests.conftest import empty_database
from tests.payments.paid_families import buy, cancel, pay
from tests.provision.test_vat import decide

DAY = timedelta(days=1)
NOVEMBER = (date(2026, 11, 1), date(2026, 11, 30))
DECEMBER = (date(2026, 12, 1), date(2026, 12, 31))
EVER = (date(2026, 1, 1), date(2027, 12, 31))


def test_care_is_earned_in_its_month_and_what_is_paid_before_is_deferred(app: Flask) -> None:
    run = a_run(activity_id=an_activity(name="Chess").id)
    family = a_family()
    decide(run.activity_id, date(2026, 9, 1), Treatment("standard", 2000))
    now, later, unpaid = buy(
        family, *(a_session(on, run=run) for on in (date(2026, 11, 25), date(2026, 12, 2), date(2026, 12, 3)))
    )
    pay(family, 1000, at=AT + DAY)
    (november,) = earned_between(*NOVEMBER)
    assert (november.activity, november.gross_pence, november.vat_pence, november.net_pence) == (
        "Chess",
        450,
        75,
        375,
    )
    assert sum(row.gross_pence for row in earned_between(*DECEMBER)) == 900
    (deferred,) = deferred_after(NOVEMBER[1])
    assert deferred.pence == 550
    cancel(later, at=AT + 2 * DAY)
    assert sum(row.gross_pence for row in earned_between(*DECEMBER)) == 450
    assert deferred_after(AT.date() - DAY) == []
    assert deferred_after(DECEMBER[1]) == []
    assert {now.id, unpaid.id}


def test_a_change_of_treatment_within_a_month_splits_its_income(app: Flask) -> None:
    run, family = a_run(), a_family()
    decide(run.activity_id, date(2026, 9, 1), Treatment("exempt", 0))
    decide(run.activity_id, date(2026, 11, 26), Treatment("standard", 2000))
    buy(family, a_session(date(2026, 11, 25), run=run), a_session(date(2026, 11, 26), run=run))
    assert [(row.treatment.code, row.gross_pence) for row in earned_between(*NOVEMBER)] == [
        ("exempt", 450),
        ("standard", 450),
    ]


def test_a_visitor_in_a_non_business_activity_is_a_worry(browser: Browser) -> None:
    run = a_run(activity_id=an_activity(name="Chess").id)
    session = a_session(run=run)
    a_place(a_family(status="visitor"), session)
    a_place(a_family(), session)
    assert visitors_in_non_business(*NOVEMBER) == []
    decide(run.activity_id, date(2026, 9, 1), Treatment("non_business", 0))
    (found,) = visitors_in_non_business(*NOVEMBER)
    assert (found.activity, found.places) == ("Chess", 1)
    with time_machine.travel(AT):
        browser.sign_in(a_user("manager"))
        assert "1 place of a visitor in a non-business activity" in browser.get("office.home").text
        assert "Chess : 1 place of visitors" in browser.get("office.money").text


def _journal() -> list[list[str]]:
    return list(csv.reader(io.StringIO(csv_bytes(journal_rows(*EVER)).decode("utf-8-sig"))))


acts = st.lists(st.tuples(st.sampled_from(["buy", "pay", "cancel"]), st.integers(1, 5_000)), max_size=8)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts)
def test_every_entry_of_the_journal_balances_and_a_second_run_is_the_same(
    app: Flask, acts: list[tuple[str, int]]
) -> None:
    family, run, bought = a_family(), a_run(), []
    for number, (act, pence) in enumerate(acts):
        at = AT + number * DAY
        if act == "buy":
            bought += buy(family, a_session(date(2026, 11, 25) + number * DAY, run=run), at=at, pence=pence)
        elif act == "pay":
            pay(family, pence, at=at)
        elif bought:
            cancel(bought.pop(), at=at)
    rows = _journal()
    assert tuple(rows[0]) == HEAD
    for _, lines in groupby(rows[1:], key=lambda row: row[4]):
        sides = [(Decimal(line[2] or 0), Decimal(line[3] or 0)) for line in lines]
        assert sum(debit for debit, _ in sides) == sum(credit for _, credit in sides) > 0
        assert all(bool(debit) != bool(credit) for debit, credit in sides)
    assert rows == _journal()
    empty_database()


def test_the_journal_carries_the_codes_and_no_family(browser: Browser) -> None:
    seller = a_seller(account_code="4000")
    run = a_run(activity_id=an_activity(name="=Chess", seller_id=seller.id).id)
    other = a_run(activity_id=an_activity(name="Tea", seller_id=seller.id).id)
    family = a_family()
    place, _ = (*buy(family, a_session(run=run)), *buy(family, a_session(run=other), at=AT + DAY))
    pay(family, 900, at=AT + 2 * DAY)
    browser.sign_in(a_user("manager"))
    codes = {"code-family": "1200", f"code-activity:{other.activity_id}": "4010"}
    browser.post("office.finance_codes", codes)
    assert "4010" in [field.get("value") for field in browser.get("office.finance_codes").all(".//input")]
    answer = browser.client.get("/office/money/journal.csv?from=2026-11-01&to=2026-12-31")
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    by_code: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows[1:]:
        by_code[row[1]] += Decimal(row[2] or 0) - Decimal(row[3] or 0)
    assert by_code == {"1200": 0, "4000": Decimal("-4.50"), "4010": Decimal("-4.50"), "cash": Decimal("9.00")}
    text = answer.data.decode()
    assert family.account.name not in text
    assert family.pupils[0].surname not in text
    assert not any(cell.startswith("=") for row in rows for cell in row)
    browser.client.get("/office/money/journal.csv?from=soon")
    browser.post("office.finance_codes", {"code-family": ""})
    assert any(row[1] == "family" for row in _journal())
    with pytest.raises(CodeTooLong), unit_of_work():
        save_codes({"family": "x" * 21}, at=AT, user_id=None)
    assert place.id


def test_the_month_page_and_its_file_say_the_same(browser: Browser) -> None:
    run = a_run(activity_id=an_activity(name="Chess").id)
    buy(a_family(), a_session(run=run))
    with time_machine.travel(AT):
        browser.sign_in(a_user("manager"))
        page = browser.get("office.money")
        assert "Money in November 2026" in page.text
        assert "Not decided" in page.text
        assert "No paid care in this month" in browser.get("office.money", month="2026-10-31").text
        rows = browser.client.get("/office/money/income.csv").data.decode("utf-8-sig").splitlines()
    assert rows[1].startswith("2026-11,Chess,Brook Lane")
    assert rows[1].endswith("4.50,0.00,4.50")


def test_the_office_issues_invoices_and_takes_one_back(browser: Browser) -> None:
    run, family = a_run(), a_family()
    buy(family, a_session(run=run))
    browser.sign_in(a_user("manager"))
    form = {
        "seller_id": str(run.activity.seller_id),
        "from_on": "1/11/2026",
        "to_on": "30/11/2026",
        "due_on": "14/12/2026",
    }
    browser.post("office.invoices", {**form, "to_on": "1/10/2026"}, expect=422)
    page = browser.post("office.invoices", form, follow=True)
    assert "Issuing: 0 of 1 families looked at" in page.text
    assert work(browser.app)
    assert (
        "INV 2026-00001" in browser.get("office.invoices").text
        or "INV 20" in browser.get("office.invoices").text
    )
    browser.post("office.take_invoice_back", {"reason": ""}, invoice_id=1, expect=422)
    browser.post("office.take_invoice_back", {"reason": "Wrong days"}, invoice_id=1)
    assert "Taken back" in browser.get("office.invoices").text
    again = browser.post("office.take_invoice_back", {"reason": "Wrong days"}, invoice_id=1, expect=422)
    assert "This cannot be taken back" in again.text
    assert browser.client.get("/office/money/invoices/2.pdf").mimetype == "application/pdf"
    browser.get("office.invoice_paper", invoice_id=99, expect=404)
