"""Whoever is invoiced or charged for late collection hears of it, once, and nobody else does."""

from __future__ import annotations

from datetime import date, time

import pytest
from flask import Flask
from sqlalchemy import select

from booking.core.db import db, unit_of_work
from booking.core.outbox import OutboxMessage
from booking.core.settings import Settings
from booking.ledger.arrears_models import LateCharge
from booking.messages.letters import Letter
from booking.office.background import composers
from booking.office.restricting import put_in_force
from booking.payments.invoices import Order, issue_invoice, take_back
from booking.registers.marks import undo
from tests.builders import AT, Family, a_family, a_place, a_restriction, a_run, a_session, a_user
from tests.payments.paid_families import buy
from tests.registers.test_late_charges import care, out, settle, the_rule, waive


@pytest.fixture
def family(app: Flask) -> Family:
    return a_family()


def letters(settings: Settings) -> list[tuple[str, Letter | None]]:
    """What each letter of these two kinds would say now, by the address that it goes to."""
    db.session.rollback()
    rows = db.session.scalars(
        select(OutboxMessage)
        .where(OutboxMessage.template.in_(("invoice", "late_charge")))
        .order_by(OutboxMessage.id)
    ).all()
    told = composers(settings)
    return [(row.to_email, told[row.template]({**row.context, "to_user_id": row.user_id})) for row in rows]


def _collected_late(family: Family) -> int:
    the_rule()
    session = care()
    a_place(family, session)
    mark_id = out(family, session, time(18, 30))
    assert settle() == 1
    return mark_id


def test_a_late_charge_is_told_with_its_times_and_once(family: Family, settings: Settings) -> None:
    _collected_late(family)
    settle()
    ((to, letter),) = letters(settings)
    assert to == family.user.email
    assert letter is not None
    assert "£10.00" in letter.text
    assert "18:30" in letter.text
    assert "18:10" in letter.text
    assert "taken back" not in letter.subject


def test_a_corrected_charge_is_taken_back_in_words_and_its_own_letter_says_nothing_more(
    family: Family, settings: Settings
) -> None:
    mark_id = _collected_late(family)
    charge = db.session.scalars(select(LateCharge)).one()
    session_id = charge.session_id
    with unit_of_work():
        undo(mark_id, session_id=session_id, at=AT, user_id=None)
    assert settle() == 1
    (_, first), (_, back) = letters(settings)
    assert first is None
    assert back is not None
    assert back.subject.endswith("taken back")


def test_a_charge_that_the_office_lets_off_is_told_too(family: Family, settings: Settings) -> None:
    _collected_late(family)
    waive(family)
    assert [letter is None for _, letter in letters(settings)] == [True, False]


def test_an_invoice_and_its_credit_note_are_told(family: Family, settings: Settings) -> None:
    run = a_run()
    buy(family, a_session(date(2026, 11, 24), run=run))
    order = Order(run.activity.seller_id, date(2026, 11, 1), date(2026, 11, 30), date(2026, 12, 14))
    account_id = family.account.id
    with unit_of_work():
        made = issue_invoice(account_id, order, at=AT, user_id=None)
        assert made is not None
        invoice_id = made.id
    with unit_of_work():
        take_back(invoice_id, "Wrong family", at=AT, user_id=None)
    (to, first), (_, note) = letters(settings)
    assert to == family.user.email
    assert first is not None
    assert note is not None
    assert first.subject == "Invoice INV 2026-00001: £4.50"
    assert "14 December" in first.text
    assert note.subject == "Credit note CN 2026-00002: £4.50"


def test_whom_a_restriction_closes_out_reads_of_neither(family: Family, settings: Settings) -> None:
    run = a_run()
    buy(family, a_session(date(2026, 11, 24), run=run))
    order = Order(run.activity.seller_id, date(2026, 11, 1), date(2026, 11, 30), date(2026, 12, 14))
    account_id = family.account.id
    with unit_of_work():
        issue_invoice(account_id, order, at=AT, user_id=None)
    _collected_late(family)
    assert all(letter is not None for _, letter in letters(settings))
    head, office = a_user("manager"), a_user("manager", approves=True)
    ever = {"starts_on": date(2026, 1, 1), "review_on": date(2040, 1, 1)}
    made = a_restriction(family.pupils[0], family.user, by=head, **ever)
    with unit_of_work():
        put_in_force(made.id, at=AT, by=office)
    assert all(letter is None for _, letter in letters(settings))
