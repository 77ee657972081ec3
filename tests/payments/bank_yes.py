"""Statements and remittances taken up, families with references, and a person's yes to a line."""

from __future__ import annotations

from sqlalchemy import select

from booking.core.db import db, unit_of_work
from booking.ledger.models import EntryLine, LedgerAccount
from booking.office.checks import all_problems
from booking.payments.bank_file_kinds import read_statement
from booking.payments.bank_intake import make_ready, take_up
from booking.payments.bank_lines import ReadLine
from booking.payments.bank_models import BankFile, BankLine
from booking.payments.bank_posting import (
    Paid,
    confirm,
)
from booking.payments.matching import Part
from booking.payments.models import ChildReference, Payment, VoucherFirm
from booking.payments.reconciliation import reconcile
from booking.payments.remittance import read_remittance
from tests.builders import AT, Family, save
from tests.payments.bank_files import TODAY, signed_csv, statement

REFERENCE = "AJON12345TFC"


def upload(*lines: ReadLine) -> list[BankLine]:
    """Take up a statement of these lines; gives them in the order of the file."""
    content = signed_csv(lines)
    ready = make_ready(read_statement(content, "bank.csv", today=TODAY), content, "bank.csv")
    with unit_of_work():
        file_id = take_up(ready, at=AT, user_id=None).id
    return list(
        db.session.scalars(select(BankLine).where(BankLine.file_id == file_id).order_by(BankLine.number))
    )


def a_remittance(firm: VoucherFirm, content: bytes | None = None) -> BankFile:
    """Take up a firm's remittance of £243.00 and £1,007.00."""
    content = content or statement("remittance.csv")
    read = read_remittance(content, "larkspur.csv", today=TODAY)
    with unit_of_work():
        return take_up(
            make_ready(read, content, "larkspur.csv", voucher_firm_id=firm.id), at=AT, user_id=None
        )


def a_firm(name: str = "Larkspur Vouchers") -> VoucherFirm:
    """A voucher firm."""
    firm = VoucherFirm(name=name)
    save(firm)
    return firm


def known_by(family: Family, reference: str = REFERENCE) -> Family:
    """The same family, its first child with a reference."""
    save(
        ChildReference(pupil_id=family.pupils[0].id, account_id=family.account.id, reference=reference, at=AT)
    )
    return family


def yes(line: BankLine, *parts: Part, tender: str = "tfc", firm: int | None = None) -> list[Payment]:
    """A person's yes."""
    with unit_of_work():
        return confirm(line.id, parts, Paid(tender, firm), score=80, at=AT, user_id=None)


def part(family: Family, amount_pence: int, child: int | None = 0) -> Part:
    """So much for a family, for one of its children."""
    return Part(family.account.id, None if child is None else family.pupils[child].id, amount_pence)


def stands(code: str) -> int:
    """What stands on a ledger account."""
    rows = db.session.scalars(
        select(EntryLine.amount_pence)
        .join(LedgerAccount, LedgerAccount.id == EntryLine.account_id)
        .where(LedgerAccount.code == code)
    )
    return sum(rows)


def all_is_right() -> None:
    """Every invariant holds, and payments and ledger agree."""
    db.session.rollback()
    assert all_problems() == []
    assert reconcile(AT, gateway=None) == []
