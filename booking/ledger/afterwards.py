"""What is posted after money has come in: disputes, what Stripe keeps and pays out, other ways back, debts given up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from booking.core.db import db
from booking.ledger.models import Entry
from booking.ledger.posting import STANDING, Line, family_ledger, ledger_account, post


def post_dispute(
    dispute_id: int,
    state: str,
    payment_id: int,
    account_id: int,
    amount_pence: int,
    *,
    at: datetime,
    user_id: int | None = None,
) -> Entry:
    """A card payment is disputed: the money leaves the card (`opened`), comes back (`won`), or is owed again (`lost`)."""
    card, disputes = ledger_account("card", "card").id, ledger_account("disputes", "disputes").id
    debit, credit = {
        "opened": (disputes, card),
        "won": (card, disputes),
        "lost": (family_ledger(account_id).id, disputes),
    }[state]
    lines = [Line(debit, amount_pence), Line(credit, -amount_pence)]
    return post(
        f"dispute_{state}:{dispute_id}",
        f"dispute_{state}",
        lines,
        at=at,
        user_id=user_id,
        payment_id=payment_id,
    )


@dataclass(frozen=True)
class CardMovement:
    """What Stripe itself took from what it holds, or put to it (above zero): a `fee`, or a `payout` to the bank."""

    key: str
    kind: str
    amount_pence: int


def post_movements(movements: Sequence[CardMovement], *, at: datetime) -> None:
    """Post each movement once, by its key: debit the fees or the bank with what left the card's account."""
    others = {"fee": "fees", "payout": "bank"}
    ids = {kind: ledger_account(others[kind], others[kind]).id for kind in {one.kind for one in movements}}
    card_id = ledger_account("card", "card").id
    for one in movements:
        lines = [Line(card_id, one.amount_pence), Line(ids[one.kind], -one.amount_pence)]
        post(one.key, one.kind, lines, at=at, user_id=None)


def post_scheme_refund(
    payment_id: int,
    refund_id: int,
    account_id: int,
    amount_pence: int,
    tender: str,
    *,
    at: datetime,
    user_id: int | None,
    voucher_firm_id: int | None = None,
) -> Entry:
    """Money went back by Tax-Free Childcare's or a voucher firm's own way: debit the family, credit where it stood."""
    kind = STANDING[tender]
    standing = ledger_account(kind if voucher_firm_id is None else f"{kind}:{voucher_firm_id}", kind)
    lines = [Line(family_ledger(account_id).id, amount_pence), Line(standing.id, -amount_pence)]
    return post(f"refund:{refund_id}", "scheme_refund", lines, at=at, user_id=user_id, payment_id=payment_id)


def post_write_off(
    decision_id: int, account_id: int, amount_pence: int, *, at: datetime, user_id: int | None
) -> Entry:
    """A debt is given up: debit bad debt, credit the family."""
    bad_debt, family = ledger_account("bad_debt", "bad_debt"), family_ledger(account_id)
    lines = [Line(bad_debt.id, amount_pence), Line(family.id, -amount_pence)]
    return post(f"write_off:{decision_id}", "write_off", lines, at=at, user_id=user_id)


def post_late_charge(charge_id: int, account_id: int, amount_pence: int, *, at: datetime) -> Entry:
    """A child was collected late: debit the family, credit late collection charges."""
    late, family = ledger_account("late", "late"), family_ledger(account_id)
    lines = [Line(family.id, amount_pence), Line(late.id, -amount_pence)]
    return post(f"late:{charge_id}", "late", lines, at=at, user_id=None)


def post_reversal(key: str, *, at: datetime, user_id: int | None) -> Entry:
    """Take back the entry that has this key, at most once: every line the other way round."""
    entry = db.session.scalars(select(Entry).where(Entry.key == key)).one()
    lines = [Line(line.account_id, -line.amount_pence, line.place_id) for line in entry.lines]
    return post(f"back:{key}", f"{entry.kind}_back", lines, at=at, user_id=user_id, reverses_id=entry.id)


def post_payout(
    seller_id: int, payout_id: int, amount_pence: int, fee_pence: int, *, at: datetime, user_id: int | None
) -> Entry:
    """An outside seller was paid from the bank: debit what is its own, credit the bank, and the school's fee if any."""
    own, bank = (
        ledger_account(f"payout:{seller_id}", "payout", seller_id=seller_id),
        ledger_account("bank", "bank"),
    )
    lines = [Line(own.id, amount_pence + fee_pence), Line(bank.id, -amount_pence)]
    if fee_pence:
        lines.append(Line(ledger_account(f"income:fee:{seller_id}", "income").id, -fee_pence))
    return post(f"payout:{payout_id}", "payout", lines, at=at, user_id=user_id)
