"""The journal for the finance system: every entry of the ledger in some days, with account codes, debit and credit.

An entry balances in the file as it does in the ledger, and the same days give the same file while the codes stay.
Names of families are not in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import Select, select

from booking.core.audit import record
from booking.core.clock import instant, to_school
from booking.core.csv_cells import Cell
from booking.core.db import db, snapshot_options
from booking.core.errors import BookingError
from booking.ledger.models import ACCOUNT_KINDS, Entry, EntryLine, LedgerAccount
from booking.office.income import pounds
from booking.office.money_models import FinanceCode
from booking.provision.models import Activity, Seller

HEAD = ("date", "account_code", "debit", "credit", "reference", "description")
LONGEST = 20
KIND_WORDS = {
    "family": "Families (debtors)",
    "income": "Income",
    "discount": "Discounts",
    "card": "Card company, clearing",
    "cash": "Cash box",
    "bank": "Bank",
    "tfc": "Tax-Free Childcare, clearing",
    "voucher": "Childcare vouchers, clearing",
    "pot": "Funding pots",
    "fees": "Card company’s fees",
    "disputes": "Disputed money",
    "late": "Late collection charges",
    "bad_debt": "Bad debt",
    "payout": "Paid out to outside sellers",
}
ACTS = {
    "booking": "Booked",
    "credit": "Cancelled",
    "payment": "Paid",
    "refund": "Refund",
    "refund_failed": "Refund failed",
    "payout": "Paid out",
}


class CodeTooLong(BookingError):
    """An account code is longer than finance systems take; nothing was saved."""

    def __init__(self) -> None:
        super().__init__(f"An account code has at most {LONGEST} letters. Nothing was saved.")


@dataclass(frozen=True)
class Codes:
    """Which account code a ledger account has: its activity's, its seller's, its kind's, or else the kind itself."""

    by_subject: Mapping[str, str]
    by_seller: Mapping[int, str]

    def of(self, kind: str, activity_id: int | None, seller_id: int | None) -> str:
        """The code of one ledger account."""
        own = self.by_subject.get(f"activity:{activity_id}") if kind == "income" else None
        sellers = self.by_seller.get(seller_id or 0) if kind == "income" else None
        return own or sellers or self.by_subject.get(kind) or kind


def codes_now() -> Codes:
    """All codes as they stand."""
    subjects = db.session.execute(select(FinanceCode.subject, FinanceCode.code)).all()
    sellers = db.session.execute(select(Seller.id, Seller.account_code)).all()
    return Codes({row.subject: row.code for row in subjects}, {row.id: row.account_code for row in sellers})


def subjects() -> dict[str, str]:
    """What may have a code, in words: each kind of ledger account, and the income of each activity."""
    found = {kind: KIND_WORDS[kind] for kind in ACCOUNT_KINDS}
    for row in db.session.execute(select(Activity.id, Activity.name).order_by(Activity.name)):
        found[f"activity:{row.id}"] = f"Income of {row.name}"
    return found


def save_codes(given: Mapping[str, str], *, at: datetime, user_id: int | None) -> None:
    """Keep these codes, by subject; an empty one is taken away. Raises `CodeTooLong`."""
    if any(len(code) > LONGEST for code in given.values()):
        raise CodeTooLong
    known = {row.subject: row for row in db.session.scalars(select(FinanceCode))}
    for subject, code in given.items():
        if subject in known and code:
            known[subject].code = code
        elif subject in known:
            db.session.delete(known[subject])
        elif code:
            db.session.add(FinanceCode(subject=subject, code=code))
    db.session.flush()
    record("codes_saved", "finance_code", None, at=at, user_id=user_id, codes=len(given))


def journal_rows(first: date, last: date) -> Iterator[tuple[Cell, ...]]:
    """The rows of the file, heading first; the lines of one entry under one code are one row for each side."""
    yield HEAD
    codes = codes_now()
    options = snapshot_options(db.engine.dialect.name)
    with db.engine.connect().execution_options(yield_per=2_000, **options) as connection:
        rows = connection.execute(_lines(first, last))
        for _, same in groupby(rows, key=lambda row: row.id):
            yield from _entry(list(same), codes)


def _lines(first: date, last: date) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Entry.id,
            Entry.at,
            Entry.kind.label("act"),
            EntryLine.amount_pence,
            LedgerAccount.kind,
            LedgerAccount.activity_id,
            LedgerAccount.seller_id,
            Activity.name.label("activity"),
        )
        .select_from(Entry)
        .join(EntryLine, EntryLine.entry_id == Entry.id)
        .join(LedgerAccount, LedgerAccount.id == EntryLine.account_id)
        .outerjoin(Activity, Activity.id == LedgerAccount.activity_id)
        .where(Entry.at >= instant(first, time()), Entry.at < instant(last + timedelta(days=1), time()))
        .order_by(Entry.at, Entry.id, EntryLine.id)
    )


def _entry(lines: list[Any], codes: Codes) -> Iterator[tuple[Cell, ...]]:
    sums: dict[tuple[str, str, bool], int] = {}
    for line in lines:
        act = ACTS.get(line.act, line.act.replace("_", " ").capitalize())
        words = f"{act}: {line.activity}" if line.activity else act
        key = (codes.of(line.kind, line.activity_id, line.seller_id), words, line.amount_pence > 0)
        sums[key] = sums.get(key, 0) + abs(line.amount_pence)
    on = to_school(lines[0].at).date()
    for (code, words, is_debit), pence in sums.items():
        amount = pounds(pence)
        sides = (amount, None) if is_debit else (None, amount)
        yield (on, code, *sides, f"E{lines[0].id}", words)
