"""Invoices: numbered without gaps, frozen, whole; a wrong one is taken back by a credit note."""

from __future__ import annotations

import threading
import time
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError, IntegrityError

from booking.core.db import db, unit_of_work
from booking.core.jobs import Interrupted, Job
from booking.office import invoicing
from booking.office.checks import all_problems
from booking.office.invoicing import NoSuchSpan, ask_invoices, run_invoices
from booking.office.restricting import put_in_force
from booking.payments import invoices
from booking.payments.invoice_models import Invoice
from booking.payments.invoices import Order, TakenBackAlready, issue_invoice, print_invoice, take_back
from booking.provision.vat import Treatment, decide_vat
from tests.browser import Browser
from tests.builders import AT, Family, a_family, a_restriction, a_run, a_session, a_user
from tests.payments.paid_families import buy, cancel, pay
from tests.tampering import tamper

DAY = timedelta(days=1)
NOVEMBER = (date(2026, 11, 1), date(2026, 11, 30), date(2026, 12, 14))


def _issue(family: Family, order: Order, *, at: Any = AT) -> Invoice | None:
    with unit_of_work():
        return issue_invoice(family.account.id, order, at=at, user_id=None)


def _order(run: Any) -> Order:
    return Order(run.activity.seller_id, *NOVEMBER)


def _vat(run: Any, treatment: Treatment) -> None:
    with unit_of_work():
        decide_vat(
            run.activity_id,
            date(2026, 9, 1),
            treatment,
            decided_by="The finance officer",
            evidence="Notice 701/30",
            at=AT,
            user_id=None,
        )


def test_an_invoice_holds_all_care_of_its_days_once_with_vat_and_what_is_paid(app: Flask) -> None:
    family, run = a_family(2), a_run()
    _vat(run, Treatment("standard", 2000))
    one, two, december = (
        a_session(on, run=run) for on in (date(2026, 11, 24), date(2026, 11, 25), date(2026, 12, 1))
    )
    buy(family, one, two, december)
    buy(family, one, pupil=family.pupils[1], at=AT + DAY)
    pay(family, 500, at=AT + 2 * DAY)
    invoice = _issue(family, _order(run))
    assert invoice is not None
    assert (invoice.name, invoice.total_pence, invoice.vat_pence) == ("INV 2026-00001", 1350, 225)
    assert invoice.content["vat"] == [["Standard-rated, 20 %", "£13.50", "£2.25"]]
    assert (invoice.content["paid"], invoice.content["rest"]) == ("£5.00", "£8.50")
    assert [len(child["rows"]) for child in invoice.content["children"]] == [2, 1]
    assert _issue(family, _order(run)) is None
    assert all_problems() == []


def test_numbers_have_no_gap_and_begin_afresh_for_each_seller_and_year(app: Flask) -> None:
    first, second = a_run(), a_run()
    for family in (a_family(), a_family()):
        buy(
            family,
            a_session(run=first) if family.account.id == 1 else a_session(date(2026, 11, 26), run=first),
        )
        buy(family, a_session(date(2026, 11, 9 + family.account.id), run=second))
        _issue(family, _order(first))
        _issue(family, _order(second))
    late = a_family()
    buy(late, a_session(date(2026, 11, 30), run=first))
    _issue(late, _order(first), at=AT + 40 * DAY)
    rows = db.session.execute(
        select(Invoice.seller_id, Invoice.year, Invoice.number).order_by(Invoice.id)
    ).all()
    a, b = first.activity.seller_id, second.activity.seller_id
    assert rows == [(a, 2026, 1), (b, 2026, 1), (a, 2026, 2), (b, 2026, 2), (a, 2027, 1)]


def test_an_issued_invoice_is_the_same_bytes_whatever_changes_later(app: Flask) -> None:
    family, run = a_family(), a_run()
    (place,) = buy(family, a_session(run=run))
    invoice = _issue(family, _order(run))
    assert invoice is not None
    before = print_invoice(invoice)
    cancel(place, at=AT + DAY)
    with unit_of_work():
        family.pupils[0].surname = "Another"
        db.session.merge(family.pupils[0])
    db.session.rollback()
    assert print_invoice(db.session.get_one(Invoice, invoice.id)) == before


@pytest.mark.parametrize("act", ["UPDATE invoice SET total_pence = 1", "DELETE FROM invoice_line"])
def test_the_database_refuses_to_change_an_invoice(app: Flask, act: str) -> None:
    family, run = a_family(), a_run()
    buy(family, a_session(run=run))
    _issue(family, _order(run))
    with pytest.raises(DatabaseError), unit_of_work():
        db.session.execute(text(act))


@pytest.mark.parametrize(
    ("act", "words"),
    [
        ("UPDATE invoice SET content = '{}'", "its paper is not what was issued"),
        ("UPDATE invoice SET total_pence = total_pence + 1", "its lines are not its total"),
        ("UPDATE invoice SET number = 2", "number 1 of seller"),
    ],
)
def test_the_check_finds_an_invoice_that_was_tampered_with(app: Flask, act: str, words: str) -> None:
    family, run = a_family(), a_run()
    buy(family, a_session(run=run))
    _issue(family, _order(run))
    tamper(act)
    (problem,) = invoices.invoice_problems()
    assert words in problem


def test_a_wrong_invoice_is_taken_back_whole_once_and_the_care_invoiced_afresh(app: Flask) -> None:
    family, run = a_family(), a_run()
    place, _ = buy(family, a_session(run=run), a_session(date(2026, 11, 26), run=run))
    invoice = _issue(family, _order(run))
    assert invoice is not None
    cancel(place, at=AT + DAY)
    with unit_of_work():
        note = take_back(invoice.id, "The child was ill", at=AT + 2 * DAY, user_id=None)
    assert (note.name, note.total_pence) == ("CN 2026-00002", -900)
    assert "INV 2026-00001" in note.content["corrects"]
    assert "The child was ill" in note.content["corrects"]
    for again in (invoice.id, note.id):
        with pytest.raises(TakenBackAlready), unit_of_work():
            take_back(again, "Again", at=AT + 3 * DAY, user_id=None)
    fresh = _issue(family, _order(run), at=AT + 3 * DAY)
    assert fresh is not None
    assert (fresh.name, fresh.total_pence) == ("INV 2026-00003", 450)
    assert all_problems() == []
    print_invoice(note)


def _race(app: Flask, families: list[Family], order: Order) -> list[BaseException]:
    errors: list[BaseException] = []
    ids = [family.account.id for family in families]
    barrier = threading.Barrier(len(ids))

    def work(account_id: int) -> None:
        with app.app_context():
            try:
                barrier.wait()
                with unit_of_work():
                    issue_invoice(account_id, order, at=AT, user_id=None)
            except BaseException as error:
                errors.append(error)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=work, args=(account_id,)) for account_id in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


@pytest.mark.parametrize("is_locked", [True, False])
def test_of_six_at_one_moment_each_gets_a_number_of_its_own(
    app: Flask, monkeypatch: pytest.MonkeyPatch, is_locked: bool
) -> None:
    """The control takes the lock away: then two take one number, and the database refuses one of them."""
    if not is_locked and db.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer at a time, with or without the lock")
    run = a_run()
    families = [a_family() for _ in range(6)]
    for number, family in enumerate(families):
        buy(family, a_session(date(2026, 11, 9 + number), run=run))
    order, freeze = _order(run), invoices._freeze

    def slow(invoice: Invoice, content: dict[str, Any]) -> Invoice:
        time.sleep(0.15)
        return freeze(invoice, content)

    monkeypatch.setattr(invoices, "_freeze", slow)
    if not is_locked:
        monkeypatch.setattr(invoices, "lock_rows", lambda *_wanted: None)
    db.session.rollback()
    errors = _race(app, families, order)
    numbers = sorted(db.session.scalars(select(Invoice.number)))
    if is_locked:
        assert errors == []
        assert numbers == [1, 2, 3, 4, 5, 6]
    else:
        assert any(isinstance(error, IntegrityError) for error in errors)


def test_the_job_invoices_every_family_once_and_may_begin_again(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = a_run()
    families = [a_family() for _ in range(3)]
    for number, family in enumerate(families):
        buy(family, a_session(date(2026, 11, 9 + number), run=run))
    with pytest.raises(NoSuchSpan), unit_of_work():
        ask_invoices(
            Order(run.activity.seller_id, date(2026, 1, 1), date(2026, 1, 31), date(2026, 2, 1)),
            at=AT,
            user_id=1,
        )
    office = a_user("manager").id
    with unit_of_work():
        assert ask_invoices(_order(run), at=AT, user_id=office) == 3
        job_id = db.session.scalars(select(Job.id)).one()
    calls = iter([None, Interrupted()])

    def stops() -> None:
        if (found := next(calls)) is not None:
            raise found

    with monkeypatch.context() as patch:
        patch.setattr(invoicing, "stop_if_asked", stops)
        with pytest.raises(Interrupted):
            run_invoices(job_id)
    assert (db.session.get_one(Job, job_id).done, len(db.session.scalars(select(Invoice.id)).all())) == (1, 1)
    run_invoices(job_id)
    job = db.session.get_one(Job, job_id)
    assert (job.done, job.total) == (3, 3)
    assert job.finished_at is not None
    assert sorted(db.session.scalars(select(Invoice.number))) == [1, 2, 3]


def test_a_family_reads_its_own_invoices_and_no_closed_childs(browser: Browser) -> None:
    family, other, run = a_family(), a_family(), a_run()
    buy(family, a_session(run=run))
    invoice = _issue(family, _order(run))
    assert invoice is not None
    browser.sign_in(family.user)
    assert "Invoice INV 2026-00001" in browser.get("payments.account").text
    assert browser.client.get(f"/account/invoices/{invoice.id}.pdf").data == print_invoice(invoice)
    browser.sign_in(other.user).get("payments.invoice_file", invoice_id=invoice.id, expect=404)
    head, office = a_user("manager"), a_user("manager", approves=True)
    made = a_restriction(
        family.pupils[0], family.user, by=head, starts_on=date(2026, 1, 1), review_on=date(2030, 1, 1)
    )
    with unit_of_work():
        put_in_force(made.id, at=AT, by=office)
    browser.sign_in(family.user).get("payments.invoice_file", invoice_id=invoice.id, expect=404)
    assert "INV 2026-00001" not in browser.get("payments.account").text
