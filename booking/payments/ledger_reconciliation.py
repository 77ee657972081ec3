"""Holds the ledger's entries against payments, refunds and disputes, inside the database: only differences come out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, String, Subquery, and_, case, cast, func, literal, select

from booking.core.db import db
from booking.core.money import format_pence
from booking.ledger.models import Entry, EntryLine, LedgerAccount
from booking.ledger.posting import STANDING
from booking.payments.card_models import Dispute
from booking.payments.models import Payment, Refund
from booking.payments.money_worries import Difference


def differences_in_ledger() -> Iterator[Difference]:
    """Each payment, refund and dispute has its entries, of its amount; no other has any."""
    yield from _payments()
    yield from _refunds()
    yield from _disputes()


def _payments() -> Iterator[Difference]:
    """What came in and was not undone; no other payment has an entry, and no entry is without one."""
    moved, undone = _moved("payment"), _moved("payment_undone")
    brought = (Payment.state == "paid") & (Payment.tender != "credit")
    expected = case((brought, Payment.amount_pence), else_=0)
    came = func.coalesce(moved.c.pence, 0) + func.coalesce(undone.c.pence, 0)
    query = (
        select(Payment.id, Payment.account_id, expected, came)
        .outerjoin(moved, _is_of(moved, "payment", Payment.id, Payment.id))
        .outerjoin(undone, _is_of(undone, "payment_undone", Payment.id, Payment.id))
        .where(came != expected)
    )
    for payment_id, account_id, expected_pence, pence in db.session.execute(query):
        what = f"{format_pence(expected_pence)} came in, {format_pence(pence)} in the ledger"
        yield Difference(f"payment {payment_id}", "ledger", what, account_id)
    for kind, entries in (("payment", moved), ("payment_undone", undone)):
        orphans = (
            select(entries.c.key, entries.c.pence)
            .outerjoin(Payment, _is_of(entries, kind, Payment.id, Payment.id))
            .where(Payment.id.is_(None))
        )
        for key, pence in db.session.execute(orphans):
            yield Difference(
                f"ledger entry {key}", "orphan", f"{format_pence(pence)} came in, no payment here"
            )


def _refunds() -> Iterator[Difference]:
    asked, back = _moved("refund", "scheme_refund"), _moved("refund_failed")
    went = -func.coalesce(asked.c.pence, 0) - func.coalesce(back.c.pence, 0)
    expected = case((Refund.state == "failed", 0), else_=Refund.amount_pence)
    query = (
        select(Refund.id, Payment.account_id, expected, went)
        .join(Payment, Payment.id == Refund.payment_id)
        .outerjoin(asked, _is_of(asked, "refund", Refund.id, Refund.payment_id))
        .outerjoin(back, _is_of(back, "refund_failed", Refund.id, Refund.payment_id))
        .where(went != expected)
    )
    for refund_id, account_id, expected_pence, pence in db.session.execute(query):
        what = f"{format_pence(expected_pence)} to go back, {format_pence(pence)} in the ledger"
        yield Difference(f"refund {refund_id}", "ledger", what, account_id)


def _disputes() -> Iterator[Difference]:
    """What each dispute left on the account of disputed money: its amount while it is open, nothing afterwards."""
    total = func.coalesce(func.sum(EntryLine.amount_pence), 0)
    for dispute in db.session.scalars(select(Dispute)):
        keys = [f"dispute_{state}:{dispute.id}" for state in ("opened", "won", "lost")]
        pence = db.session.scalar(
            select(total)
            .join(Entry, Entry.id == EntryLine.entry_id)
            .join(LedgerAccount, LedgerAccount.id == EntryLine.account_id)
            .where(LedgerAccount.kind == "disputes", Entry.key.in_(keys))
        )
        expected_pence = dispute.amount_pence if dispute.state == "opened" else 0
        if pence != expected_pence:
            what = f"{format_pence(expected_pence)} disputed, {format_pence(pence or 0)} in the ledger"
            yield Difference(f"dispute {dispute.id}", "ledger", what, dispute.payment.account_id)


def _moved(*kinds: str) -> Subquery:
    """What the entries of these kinds moved to the accounts where money stands, by key and payment."""
    return (
        select(Entry.key, Entry.payment_id, func.sum(EntryLine.amount_pence).label("pence"))
        .join(EntryLine, EntryLine.entry_id == Entry.id)
        .join(LedgerAccount, LedgerAccount.id == EntryLine.account_id)
        .where(Entry.kind.in_(kinds), LedgerAccount.kind.in_(STANDING.values()))
        .group_by(Entry.key, Entry.payment_id)
        .subquery()
    )


def _is_of(moved: Subquery, kind: str, id_: Any, payment_id: Any) -> ColumnElement[bool]:
    """The entry's key and payment are those of one row."""
    key = literal(f"{kind}:").concat(cast(id_, String(20)))
    return and_(moved.c.key == key, moved.c.payment_id == payment_id)
