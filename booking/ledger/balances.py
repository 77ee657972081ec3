"""What the ledger says: balances, statements, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from booking.core.db import db
from booking.ledger.models import Entry, EntryLine, LedgerAccount

CHARGES = ("booking", "late", "refund", "scheme_refund", "payment_undone", "dispute_lost", "write_off_back")
"""What a family can owe for: care, late collection, money that went back to it or never came."""


@dataclass(frozen=True)
class StatementLine:
    """One line of a family's statement: above zero the family bought, below zero it paid or got credit."""

    at: datetime
    kind: str
    amount_pence: int
    place_id: int | None
    payment_id: int | None
    basket_id: int | None


def credit_pence(account_id: int) -> int:
    """What a family has in credit, in pence; below zero it owes. Always summed, never stored."""
    total = db.session.scalar(
        select(func.coalesce(func.sum(EntryLine.amount_pence), 0))
        .join(LedgerAccount, LedgerAccount.id == EntryLine.account_id)
        .where(LedgerAccount.family_account_id == account_id)
    )
    return -int(total or 0)


def credit_of_all() -> dict[int, int]:
    """Credit in pence of every family account that has any line, by account id; below zero it owes."""
    rows = db.session.execute(
        select(LedgerAccount.family_account_id, func.sum(EntryLine.amount_pence))
        .join(EntryLine, EntryLine.account_id == LedgerAccount.id)
        .where(LedgerAccount.kind == "family")
        .group_by(LedgerAccount.family_account_id)
    )
    return {account_id: -int(total) for account_id, total in rows if account_id is not None}


def pot_balances(pot_ids: Collection[int]) -> dict[int, int]:
    """What was spent out of each of these pots for places that are booked, in pence; what came back is off it."""
    codes = {f"pot:{pot_id}": pot_id for pot_id in pot_ids}
    rows = db.session.execute(
        select(LedgerAccount.code, func.sum(EntryLine.amount_pence))
        .join(EntryLine, EntryLine.account_id == LedgerAccount.id)
        .where(LedgerAccount.code.in_(codes))
        .group_by(LedgerAccount.code)
    )
    return {codes[code]: int(total) for code, total in rows}


def lines_of(account_id: int) -> list[StatementLine]:
    """Every line of a family's account, oldest first."""
    rows = db.session.execute(
        select(
            Entry.at,
            Entry.kind,
            EntryLine.amount_pence,
            EntryLine.place_id,
            Entry.payment_id,
            Entry.basket_id,
        )
        .join(Entry, Entry.id == EntryLine.entry_id)
        .join(LedgerAccount, LedgerAccount.id == EntryLine.account_id)
        .where(LedgerAccount.family_account_id == account_id)
        .order_by(Entry.at, EntryLine.id)
    )
    return [StatementLine(*row) for row in rows]


def is_reversed(key: str) -> bool:
    """Whether the entry of this key was taken back."""
    original = select(Entry.id).where(Entry.key == key).scalar_subquery()
    return db.session.scalar(select(Entry.id).where(Entry.reverses_id == original)) is not None


def ledger_problems() -> list[str]:
    """What `booking check` says of the ledger: entries that do not balance, or have fewer than two lines."""
    problems = []
    rows = db.session.execute(
        select(
            Entry.id, Entry.key, func.coalesce(func.sum(EntryLine.amount_pence), 0), func.count(EntryLine.id)
        )
        .outerjoin(EntryLine, EntryLine.entry_id == Entry.id)
        .group_by(Entry.id, Entry.key)
        .having((func.coalesce(func.sum(EntryLine.amount_pence), 0) != 0) | (func.count(EntryLine.id) < 2))
        .order_by(Entry.id)
    )
    for entry_id, key, total, count in rows:
        problems.append(f"ledger entry {entry_id} ({key}): {count} lines sum to {total} pence, not 0")
    return problems + _wrong_reversals() + _unknown_debts()


def _unknown_debts() -> list[str]:
    """Entries that charge a family, all in all, without being one of the few things that may."""
    asked = func.sum(EntryLine.amount_pence)
    rows = db.session.execute(
        select(Entry.id, Entry.key, asked.label("pence"), LedgerAccount.family_account_id)
        .join(EntryLine, EntryLine.entry_id == Entry.id)
        .join(LedgerAccount, LedgerAccount.id == EntryLine.account_id)
        .where(LedgerAccount.kind == "family", Entry.kind.not_in(CHARGES))
        .group_by(Entry.id, Entry.key, LedgerAccount.family_account_id)
        .having(asked > 0)
        .order_by(Entry.id)
    )
    return [
        f"ledger entry {row.id} ({row.key}): {row.pence} pence asked of account {row.family_account_id}"
        " for nothing that a family can owe"
        for row in rows
    ]


def _wrong_reversals() -> list[str]:
    """Reversals that do not take back exactly what they name: account by account the two together are nothing."""
    entry = func.coalesce(Entry.reverses_id, Entry.id)
    reversed_ids = select(Entry.reverses_id).where(Entry.reverses_id.is_not(None))
    rows = db.session.execute(
        select(entry, EntryLine.account_id, func.sum(EntryLine.amount_pence))
        .join(EntryLine, EntryLine.entry_id == Entry.id)
        .where(Entry.reverses_id.is_not(None) | Entry.id.in_(reversed_ids))
        .group_by(entry, EntryLine.account_id)
        .having(func.sum(EntryLine.amount_pence) != 0)
        .order_by(entry, EntryLine.account_id)
    )
    return [
        f"ledger entry {entry_id}: with its reversal {total} pence are left on ledger account {account_id}"
        for entry_id, account_id, total in rows
    ]
