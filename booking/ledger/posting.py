"""The only code that writes the ledger: each function posts one balanced entry for one thing that happened.

A family's ledger account is debited for what it buys and credited for what it pays; its balance is the sum.
Every entry has a key made from what caused it, so that posting the same thing twice is refused by the database.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select

from booking.core.db import NotInUnitOfWork, db, insert_new, is_writing
from booking.ledger.models import Entry, EntryLine, LedgerAccount

STANDING = {"card": "card", "office": "cash", "tfc": "tfc", "voucher": "voucher"}


class Unbalanced(RuntimeError):
    """A programming error: the lines of an entry do not sum to nothing."""


class KeyReused(RuntimeError):
    """A programming error: another entry has this key, or reverses the same one, already; nothing was posted."""


@dataclass(frozen=True)
class BookedPlace:
    """What the ledger needs to know of a place: whose it is, whose income it is and its frozen price."""

    place_id: int
    account_id: int
    activity_id: int
    seller_id: int
    price_pence: int


@dataclass(frozen=True)
class Line:
    """One side of an entry to be posted: debit above zero, credit below."""

    ledger_account_id: int
    amount_pence: int
    place_id: int | None = None


def post(
    key: str,
    kind: str,
    lines: Sequence[Line],
    *,
    at: datetime,
    user_id: int | None,
    basket_id: int | None = None,
    payment_id: int | None = None,
    reverses_id: int | None = None,
) -> Entry:
    """Write one entry inside the caller's unit of work; the same key with the same lines again is the same entry.

    Raises `Unbalanced` when its lines do not sum to 0, and `KeyReused` for a key that stands over other lines, or a
    second reversal of one entry.
    """
    if not is_writing():
        raise NotInUnitOfWork
    if len(lines) < 2 or sum(line.amount_pence for line in lines) != 0:
        raise Unbalanced(key)
    row = {
        "kind": kind,
        "at": at,
        "user_id": user_id,
        "basket_id": basket_id,
        "payment_id": payment_id,
        "reverses_id": reverses_id,
    }
    entry = db.session.scalars(insert_new(Entry).values(key=key, **row).returning(Entry)).one_or_none()
    if entry is None:
        return _same(key, kind, lines)
    db.session.execute(
        insert(EntryLine),
        [
            {
                "entry_id": entry.id,
                "account_id": line.ledger_account_id,
                "amount_pence": line.amount_pence,
                "place_id": line.place_id,
            }
            for line in lines
        ],
    )
    return entry


def _same(key: str, kind: str, lines: Sequence[Line]) -> Entry:
    before = db.session.scalars(select(Entry).where(Entry.key == key)).one_or_none()
    if before is None:
        raise KeyReused(f"{key}: what it reverses was reversed before")
    was = sorted((line.account_id, line.amount_pence, line.place_id or 0) for line in before.lines)
    now = sorted((line.ledger_account_id, line.amount_pence, line.place_id or 0) for line in lines)
    if before.kind != kind or was != now:
        raise KeyReused(key)
    return before


def post_booking(
    places: Sequence[BookedPlace],
    *,
    basket_id: int,
    at: datetime,
    user_id: int | None,
    key: str | None = None,
) -> Entry | None:
    """Debit the family and credit the income of each place's activity and seller; nothing for free places."""
    paid = [place for place in places if place.price_pence]
    if not paid:
        return None
    family = family_ledger(paid[0].account_id)
    income = _income_ledgers({(place.activity_id, place.seller_id) for place in paid})
    lines = []
    for place in paid:
        lines.append(Line(family.id, place.price_pence, place.place_id))
        lines.append(Line(income[place.activity_id, place.seller_id], -place.price_pence, place.place_id))
    key = key or f"booking:{basket_id}:{min(place.place_id for place in paid)}"
    return post(key, "booking", lines, at=at, user_id=user_id, basket_id=basket_id)


def post_credit(place: BookedPlace, *, at: datetime, user_id: int | None) -> Entry | None:
    """Give a cancelled place's price back to the family as credit, once; nothing for a free place."""
    if not place.price_pence:
        return None
    family = family_ledger(place.account_id)
    income = _income_ledgers({(place.activity_id, place.seller_id)})[place.activity_id, place.seller_id]
    lines = [
        Line(income, place.price_pence, place.place_id),
        Line(family.id, -place.price_pence, place.place_id),
    ]
    return post(f"credit:{place.place_id}", "credit", lines, at=at, user_id=user_id)


def post_payment(
    payment_id: int,
    account_id: int,
    basket_id: int | None,
    amount_pence: int,
    tender: str,
    *,
    at: datetime,
    user_id: int | None,
    voucher_firm_id: int | None = None,
) -> Entry:
    """Money came in by card, at the office, by Tax-Free Childcare or a voucher: debit where it stands, credit the family.

    A voucher names its firm, for each firm's money stands on an account of its own.
    """
    kind = STANDING[tender]
    standing = _ledger(kind if voucher_firm_id is None else f"{kind}:{voucher_firm_id}", kind)
    family = family_ledger(account_id)
    lines = [Line(standing.id, amount_pence), Line(family.id, -amount_pence)]
    return post(
        f"payment:{payment_id}",
        "payment",
        lines,
        at=at,
        user_id=user_id,
        basket_id=basket_id,
        payment_id=payment_id,
    )


def post_refund(
    payment_id: int, refund_id: int, account_id: int, amount_pence: int, *, at: datetime, user_id: int | None
) -> Entry:
    """Money goes back to the card: debit the family, credit the card."""
    card = _ledger("card", "card")
    family = family_ledger(account_id)
    lines = [Line(family.id, amount_pence), Line(card.id, -amount_pence)]
    return post(f"refund:{refund_id}", "refund", lines, at=at, user_id=user_id, payment_id=payment_id)


def post_payout(
    seller_id: int, payout_id: int, amount_pence: int, fee_pence: int, *, at: datetime, user_id: int | None
) -> Entry:
    """An outside seller was paid from the bank: debit what is its own, credit the bank, and the school's fee if any."""
    own, bank = _ledger(f"payout:{seller_id}", "payout", seller_id=seller_id), _ledger("bank", "bank")
    lines = [Line(own.id, amount_pence + fee_pence), Line(bank.id, -amount_pence)]
    if fee_pence:
        lines.append(Line(_ledger(f"income:fee:{seller_id}", "income").id, -fee_pence))
    return post(f"payout:{payout_id}", "payout", lines, at=at, user_id=user_id)


def family_ledger(account_id: int) -> LedgerAccount:
    """The ledger account of a family account, opened when first needed (its row is locked by the caller)."""
    return _ledger(f"family:{account_id}", "family", family_account_id=account_id)


def _income_ledgers(wanted: set[tuple[int, int]]) -> dict[tuple[int, int], int]:
    """Ledger account ids of income by (activity, seller)."""
    codes = {f"income:{activity}:{seller}": (activity, seller) for activity, seller in wanted}
    rows = db.session.execute(
        select(LedgerAccount.code, LedgerAccount.id).where(LedgerAccount.code.in_(codes))
    )
    found = {row.code: row.id for row in rows}
    result: dict[tuple[int, int], int] = {}
    for code, (activity, seller) in codes.items():
        result[activity, seller] = (
            found.get(code) or _ledger(code, "income", activity_id=activity, seller_id=seller).id
        )
    return result


def _ledger(code: str, kind: str, **values: int) -> LedgerAccount:
    """Find or open a ledger account; two transactions opening the same one at once end with one row."""
    query = select(LedgerAccount).where(LedgerAccount.code == code)
    found = db.session.scalars(query).first()
    if found is None:
        db.session.execute(insert_new(LedgerAccount).values(code=code, kind=kind, **values))
        found = db.session.scalars(query).one()
    return found
