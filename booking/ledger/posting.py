"""The only way into the ledger: each function posts one balanced entry for one thing that happened.

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

STANDING = {"card": "card", "office": "cash", "transfer": "bank", "tfc": "tfc", "voucher": "voucher"}
"""Where the money of a tender stands; a transfer to the school's bank is a payment at the office that is no cash."""


class Unbalanced(RuntimeError):
    """A programming error: the lines of an entry do not sum to nothing."""


class KeyReused(RuntimeError):
    """A programming error: another entry has this key, or reverses the same one, already; nothing was posted."""


@dataclass(frozen=True)
class BookedPlace:
    """What the ledger needs to know of a place: whose it is, whose income it is, its frozen price, and what comes off.

    `price_pence` is what the family pays; the full price, which is the income, is that with discount and subsidy.
    """

    place_id: int
    account_id: int
    activity_id: int
    seller_id: int
    price_pence: int
    discount_pence: int = 0
    subsidy_pence: int = 0
    pot_id: int | None = None

    @property
    def full_pence(self) -> int:
        """What the seller takes for it, whoever pays."""
        return self.price_pence + self.discount_pence + self.subsidy_pence


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
    """Debit whoever pays and credit the income of each place's activity and seller; nothing for free places."""
    paid = [place for place in places if place.full_pence]
    if not paid:
        return None
    lines = _lines_of(paid)
    key = key or f"booking:{basket_id}:{min(place.place_id for place in paid)}"
    return post(key, "booking", lines, at=at, user_id=user_id, basket_id=basket_id)


def post_credit(place: BookedPlace, *, at: datetime, user_id: int | None) -> Entry | None:
    """Give a cancelled place's price back, once, to whoever paid: the family as credit, the pot as budget."""
    if not place.full_pence:
        return None
    lines = [Line(one.ledger_account_id, -one.amount_pence, one.place_id) for one in _lines_of([place])]
    return post(f"credit:{place.place_id}", "credit", lines, at=at, user_id=user_id)


def _lines_of(places: Sequence[BookedPlace]) -> list[Line]:
    """The sides of some places of one family: its price, each discount as a line of its own, what a pot pays, the income.

    A family sees what it pays and what was taken off, never who paid besides; of what costs it nothing it sees no line.
    """
    family = family_ledger(places[0].account_id).id
    income = _by_seller("income", places)
    discounts = _by_seller("discount", [place for place in places if place.discount_pence])
    lines = []
    for place in places:
        seller = place.activity_id, place.seller_id
        sides = [(income[seller], -place.full_pence)]
        if place.price_pence:
            sides += [(family, place.price_pence + place.discount_pence), (family, -place.discount_pence)]
        if place.discount_pence:
            sides.append((discounts[seller], place.discount_pence))
        if place.pot_id is not None:
            sides.append((ledger_account(f"pot:{place.pot_id}", "pot").id, place.subsidy_pence))
        lines += [Line(account, pence, place.place_id) for account, pence in sides if pence]
    return lines


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
    """Money came in by card, at the office, by transfer, Tax-Free Childcare or voucher: debit where it stands, credit
    the family.

    A voucher names its firm, for each firm's money stands on an account of its own.
    """
    kind = STANDING[tender]
    standing = ledger_account(kind if voucher_firm_id is None else f"{kind}:{voucher_firm_id}", kind)
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


def post_undone_payment(payment_id: int, *, at: datetime, user_id: int | None) -> Entry:
    """Money that was taken for the wrong family's goes back to where it stood: the payment's entry reversed, once."""
    paid = db.session.scalars(select(Entry).where(Entry.key == f"payment:{payment_id}")).one()
    lines = [Line(line.account_id, -line.amount_pence, line.place_id) for line in paid.lines]
    return post(
        f"payment_undone:{payment_id}",
        "payment_undone",
        lines,
        at=at,
        user_id=user_id,
        payment_id=payment_id,
        reverses_id=paid.id,
    )


def post_refund(
    payment_id: int, refund_id: int, account_id: int, amount_pence: int, *, at: datetime, user_id: int | None
) -> Entry:
    """Money goes back to the card: debit the family, credit the card."""
    card = ledger_account("card", "card")
    family = family_ledger(account_id)
    lines = [Line(family.id, amount_pence), Line(card.id, -amount_pence)]
    return post(f"refund:{refund_id}", "refund", lines, at=at, user_id=user_id, payment_id=payment_id)


def family_ledger(account_id: int) -> LedgerAccount:
    """The ledger account of a family account, opened when first needed (its row is locked by the caller)."""
    return ledger_account(f"family:{account_id}", "family", family_account_id=account_id)


def _by_seller(kind: str, places: Sequence[BookedPlace]) -> dict[tuple[int, int], int]:
    """Ledger account ids of income or of discounts, by (activity, seller) of these places."""
    codes = {
        f"{kind}:{place.activity_id}:{place.seller_id}": (place.activity_id, place.seller_id)
        for place in places
    }
    if not codes:
        return {}
    rows = db.session.execute(
        select(LedgerAccount.code, LedgerAccount.id).where(LedgerAccount.code.in_(codes))
    )
    found = {row.code: row.id for row in rows}
    result: dict[tuple[int, int], int] = {}
    for code, (activity, seller) in codes.items():
        result[activity, seller] = (
            found.get(code) or ledger_account(code, kind, activity_id=activity, seller_id=seller).id
        )
    return result


def ledger_account(code: str, kind: str, **values: int) -> LedgerAccount:
    """Find or open a ledger account; two transactions opening the same one at once end with one row."""
    query = select(LedgerAccount).where(LedgerAccount.code == code)
    found = db.session.scalars(query).first()
    if found is None:
        db.session.execute(insert_new(LedgerAccount).values(code=code, kind=kind, **values))
        found = db.session.scalars(query).one()
    return found
