"""What `booking check` says of money that came in by bank: each penny of a line is one family's, once, or it waits."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from booking.core.db import db
from booking.core.money import format_pence
from booking.payments.bank_models import BankFile, BankLine, LineMatch
from booking.payments.models import Payment


def bank_problems() -> list[str]:
    """Lines of which more or less is matched than came in, matches that their payment does not bear out, remittances
    whose payment is another sum.
    """
    return [*_wrong_sums(), *_wrong_payments(), *_wrong_remittances()]


def _wrong_sums() -> list[str]:
    live = (
        select(LineMatch.line_id, func.sum(LineMatch.amount_pence).label("pence"))
        .where(LineMatch.undone_at.is_(None))
        .group_by(LineMatch.line_id)
        .subquery()
    )
    matched = func.coalesce(live.c.pence, 0)
    rows = db.session.execute(
        select(BankLine.id, BankLine.state, BankLine.amount_pence, matched)
        .outerjoin(live, live.c.line_id == BankLine.id)
        .where(
            ((BankLine.state == "matched") & (matched != BankLine.amount_pence))
            | ((BankLine.state != "matched") & (matched != 0))
        )
        .order_by(BankLine.id)
    )
    return [
        f"bank line {line_id}: {state}, and {format_pence(pence)} of {format_pence(amount_pence)} are families'"
        for line_id, state, amount_pence, pence in rows
    ]


def _wrong_payments() -> list[str]:
    is_live = LineMatch.undone_at.is_(None)
    rows = db.session.execute(
        select(LineMatch.id, Payment.id, Payment.state)
        .join(Payment, Payment.id == LineMatch.payment_id)
        .where(
            (LineMatch.amount_pence != Payment.amount_pence)
            | (LineMatch.account_id != Payment.account_id)
            | (LineMatch.tender != Payment.tender)
            | (is_live & (Payment.state != "paid"))
            | (~is_live & (Payment.state != "undone"))
        )
        .order_by(LineMatch.id)
    )
    return [
        f"line match {match_id}: payment {payment_id} is {state}, or another's"
        for match_id, payment_id, state in rows
    ]


def _wrong_remittances() -> list[str]:
    part = aliased(BankLine)
    sums = select(part.file_id, func.sum(part.amount_pence).label("pence")).group_by(part.file_id).subquery()
    rows = db.session.execute(
        select(BankLine.id, BankLine.amount_pence, func.coalesce(sums.c.pence, 0))
        .outerjoin(sums, sums.c.file_id == BankLine.split_by_id)
        .where(BankLine.state == "split", func.coalesce(sums.c.pence, 0) != BankLine.amount_pence)
    )
    found = [
        f"bank line {line_id}: {format_pence(amount_pence)}, and its remittance sums to {format_pence(pence)}"
        for line_id, amount_pence, pence in rows
    ]
    paid = select(BankLine.split_by_id).where(BankLine.split_by_id.is_not(None))
    early = db.session.scalars(
        select(BankLine.id)
        .join(BankFile, BankFile.id == BankLine.file_id)
        .where(BankLine.state == "matched", BankFile.kind == "remittance", BankFile.id.not_in(paid))
        .order_by(BankLine.id)
    )
    return found + [
        f"bank line {line_id}: posted, and the payment of its remittance is not known" for line_id in early
    ]
