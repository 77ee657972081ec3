"""What of a family's credit may go back to the card that it came from.

Each pound is followed from where it came in to what it paid for, and back when that was cancelled: what came in by
Tax-Free Childcare or a voucher never goes to a card, whatever it was spent on in between.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select

from booking.core.clock import to_school
from booking.core.db import db
from booking.ledger.balances import credit_pence
from booking.ledger.models import Entry, EntryLine, LedgerAccount
from booking.payments.disputes import disputed_pence
from booking.payments.models import Payment, Refund

OWN, BOUND = "own", "bound"
OWN_TENDERS = frozenset({"card", "office"})
BY_TENDER = frozenset({"payment", "payment_undone", "scheme_refund"})
"""Kinds of entries whose money is that of the tender which their payment names."""


@dataclass(frozen=True)
class Movement:
    """One line of a family's account: above zero it spent, below zero something came in.

    `thing` is what was bought or what is given back; `source` (own or bound) where fresh money came from, or whose money
    went back the way that it came.
    """

    amount_pence: int
    thing: str
    source: str | None = None


@dataclass(frozen=True)
class CardPart:
    """A card payment of which so much may go back now, and the day on which it was paid."""

    payment_id: int
    paid_on: date
    paid_pence: int
    amount_pence: int


def own_credit_pence(movements: Iterable[Movement]) -> int:
    """The part of a credit that a family paid with its own money, following every penny in the order of the account.

    Its own is spent first and bound money last, a debt is paid oldest first, and what is given back returns to where it
    came from; so this errs to the side of bound money.
    """
    purse = _Purse()
    for one in movements:
        if one.amount_pence > 0:
            purse.spend(one.thing, one.amount_pence, first=one.source or OWN)
        elif one.source is not None:
            purse.come_in(one.source, -one.amount_pence)
        else:
            purse.give_back(one.thing, -one.amount_pence)
    return purse.has[OWN]


class _Purse:
    """Own and bound money of one family, what each thing was paid with, and what is not paid yet, oldest first."""

    def __init__(self) -> None:
        self.has: Counter[str] = Counter()
        self.paid: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.unpaid: dict[str, int] = {}

    def spend(self, thing: str, pence: int, *, first: str) -> None:
        for source in (OWN, BOUND) if first == OWN else (BOUND, OWN):
            part = min(self.has[source], pence)
            self.has[source] -= part
            self.paid[thing][source] += part
            pence -= part
        if pence:
            self.unpaid[thing] = self.unpaid.get(thing, 0) + pence

    def come_in(self, source: str, pence: int) -> None:
        for thing in list(self.unpaid):
            part = min(self.unpaid[thing], pence)
            self.paid[thing][source] += part
            self._less_unpaid(thing, part)
            pence -= part
        self.has[source] += pence

    def give_back(self, thing: str, pence: int) -> None:
        part = min(self.unpaid.get(thing, 0), pence)
        self._less_unpaid(thing, part)
        pence -= part
        for source in (BOUND, OWN):
            part = min(self.paid[thing][source], pence)
            self.paid[thing][source] -= part
            pence -= part
            self.come_in(source, part)
        self.come_in(BOUND, pence)

    def _less_unpaid(self, thing: str, pence: int) -> None:
        left = self.unpaid.get(thing, 0) - pence
        if left:
            self.unpaid[thing] = left
        else:
            self.unpaid.pop(thing, None)


def refundable_to_card_pence(account_id: int) -> int:
    """The most that may go back to a family's cards now: no more than its credit, and no more than its cards paid."""
    return sum(part.amount_pence for part in card_parts(account_id))


def card_parts(account_id: int) -> list[CardPart]:
    """The card payments that a family's own credit may go back to, newest first, each with its part of it."""
    left_pence = min(credit_pence(account_id), own_credit_pence(_movements(account_id)))
    refunded = (
        select(func.coalesce(func.sum(Refund.amount_pence), 0))
        .where(Refund.payment_id == Payment.id, Refund.state != "failed")
        .scalar_subquery()
    )
    rows = db.session.execute(
        select(Payment.id, Payment.paid_at, Payment.amount_pence, refunded)
        .where(Payment.account_id == account_id, Payment.tender == "card", Payment.state == "paid")
        .order_by(Payment.paid_at.desc(), Payment.id.desc())
    )
    parts = []
    for payment_id, paid_at, paid_pence, refunded_pence in rows:
        part_pence = min(left_pence, paid_pence - refunded_pence - disputed_pence(payment_id))
        if part_pence > 0:
            parts.append(CardPart(payment_id, to_school(paid_at).date(), paid_pence, part_pence))
            left_pence -= part_pence
    return parts


def _movements(account_id: int) -> list[Movement]:
    rows = db.session.execute(
        select(
            Entry.id,
            Entry.kind,
            Entry.reverses_id,
            Payment.tender,
            EntryLine.place_id,
            EntryLine.amount_pence,
        )
        .join(EntryLine, EntryLine.entry_id == Entry.id)
        .join(LedgerAccount, LedgerAccount.id == EntryLine.account_id)
        .outerjoin(Payment, Payment.id == Entry.payment_id)
        .where(LedgerAccount.family_account_id == account_id)
        .order_by(Entry.at, EntryLine.id)
    )
    found = []
    for entry_id, kind, reverses_id, tender, place_id, pence in rows:
        thing = f"place {place_id}" if place_id else f"entry {reverses_id or entry_id}"
        source = None
        if kind in BY_TENDER:
            source = OWN if tender in OWN_TENDERS else BOUND
        found.append(Movement(pence, thing, source))
    return found
