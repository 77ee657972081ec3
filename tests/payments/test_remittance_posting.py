"""A remittance is the split of one payment of its firm; nothing of it is posted that the firm did not pay."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from booking.core.db import db, unit_of_work
from booking.ledger.balances import credit_pence
from booking.payments.bank_intake import LinesKnown
from booking.payments.bank_models import BankFile, BankLine
from booking.payments.bank_posting import (
    LineTaken,
    NotPaidYet,
    take_back,
)
from booking.payments.remittance_paying import TotalsDiffer, pay_remittance
from booking.payments.waiting_lines import count_waiting
from tests.builders import AT, a_family
from tests.payments.bank_files import a_line, statement
from tests.payments.bank_yes import a_firm, a_remittance, all_is_right, part, stands, upload, yes


def test_a_remittance_is_the_split_of_the_firms_one_payment(app: Flask) -> None:
    robin, wren, firm = a_family(), a_family(), a_firm()
    payment, _ = upload(a_line("LARKSPUR VOUCHERS", 125000), a_line("OTHER", 1))
    file = a_remittance(firm)
    assert count_waiting().lines == 2, "the lines of a remittance are no money of their own"
    one, two = db.session.scalars(
        select(BankLine).where(BankLine.file_id == file.id).order_by(BankLine.number)
    )
    with pytest.raises(NotPaidYet):
        yes(one, part(robin, 24300))
    with unit_of_work():
        pay_remittance(file.id, payment.id, at=AT, user_id=None)
    assert count_waiting().lines == 1
    made = yes(one, part(robin, 24300), tender="office")
    assert (made[0].tender, made[0].voucher_firm_id) == ("voucher", firm.id), "whatever was said beside it"
    with pytest.raises(LineTaken), unit_of_work():
        take_back(payment.id, at=AT, user_id=None)
    yes(two, part(wren, 100700))
    assert (stands(f"voucher:{firm.id}"), credit_pence(robin.account.id), credit_pence(wren.account.id)) == (
        125000,
        24300,
        100700,
    )
    all_is_right()
    for line in (one, two, payment):
        with unit_of_work():
            take_back(line.id, at=AT, user_id=None)
    assert (stands(f"voucher:{firm.id}"), count_waiting().lines) == (0, 2)
    all_is_right()


def test_a_remittance_of_another_sum_than_the_payment_is_named_and_not_posted(app: Flask) -> None:
    payment = upload(a_line("LARKSPUR VOUCHERS", 124900))[0]
    file = a_remittance(a_firm())
    with pytest.raises(TotalsDiffer, match=r"sums to £1,250\.00, the firm paid £1,249\.00"), unit_of_work():
        pay_remittance(file.id, payment.id, at=AT, user_id=None)
    assert count_waiting().lines == 1


def test_one_payment_pays_one_remittance(app: Flask) -> None:
    one, two = upload(a_line("LARKSPUR VOUCHERS", 125000), a_line("LARKSPUR VOUCHERS 2", 125000))
    firm = a_firm()
    first = a_remittance(firm)
    second = a_remittance(firm, statement("remittance.csv").replace(b"05/11/2026", b"06/11/2026"))
    with unit_of_work():
        pay_remittance(first.id, one.id, at=AT, user_id=None)
    for file, line in ((second, one), (first, two)):
        with pytest.raises(LineTaken), unit_of_work():
            pay_remittance(file.id, line.id, at=AT, user_id=None)
    with unit_of_work():
        pay_remittance(second.id, two.id, at=AT, user_id=None)
    all_is_right()


def test_a_remittance_with_a_line_of_an_earlier_one_is_refused_whole(app: Flask) -> None:
    firm = a_firm()
    a_remittance(firm)
    content = statement("remittance.csv").replace(b"Sam Wren", b"Sam Crane")
    with pytest.raises(LinesKnown, match="1 line of this remittance came in another file"):
        a_remittance(firm, content)
    assert len(db.session.scalars(select(BankFile)).all()) == 1
