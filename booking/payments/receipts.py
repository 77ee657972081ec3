"""Receipts and statements: what was paid for which care, seller by seller and child by child, and nothing else.

They say all that DWP and HMRC ask for (`docs/receipts.md`). What is owed, a balance from before, credit, and whatever a
funding pot paid are not on them. What a restriction closes to an adult is left out without a trace.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from sqlalchemy import Row, select

from booking.bookings.models import Place
from booking.core.db import db
from booking.core.errors import NotFound
from booking.ledger.models import EntryLine, LedgerAccount
from booking.payments.models import Payment
from booking.payments.paid_care import PaidPart, standings
from booking.payments.spans import Span
from booking.people.models import FamilyAccount, Pupil
from booking.people.restrictions import closed_pairs
from booking.provision.models import Activity, Run, Seller, Session

CARE_TYPES = {
    "breakfast": "Breakfast club",
    "club": "After-school club",
    "extended_care": "After-school care",
    "study_support": "After-school study club",
    "family": "Course for families",
    "community": "Club with the community",
}
LATE = "Late collection"
WAYS = {
    "card": "Card",
    "office": "At the school office",
    "tfc": "Tax-Free Childcare",
    "voucher": "Childcare vouchers",
}
REGISTRATIONS = {"ofsted": "Ofsted registration number", "urn": "School’s number (URN)"}


@dataclass(frozen=True)
class PaidLine:
    """One payment's part of one session, as it stands on paper; amounts in pence."""

    care_on: date
    care: str
    activity: str
    cost_pence: int
    paid_pence: int
    paid_on: date
    way: str
    is_whole: bool


@dataclass(frozen=True)
class ChildPart:
    """What was paid to one seller for one child, by date of care."""

    child: str
    lines: tuple[PaidLine, ...]

    @property
    def total_pence(self) -> int:
        """All that was paid for this child."""
        return sum(line.paid_pence for line in self.lines)


@dataclass(frozen=True)
class SellerPaper:
    """One seller's page."""

    seller: Seller
    children: tuple[ChildPart, ...]

    @property
    def total_pence(self) -> int:
        """All that was paid to this seller."""
        return sum(child.total_pence for child in self.children)


@dataclass(frozen=True)
class Receipt:
    """Who paid, and a page for each seller."""

    payer: str
    papers: tuple[SellerPaper, ...]

    @property
    def total_pence(self) -> int:
        """All that was paid."""
        return sum(paper.total_pence for paper in self.papers)


def children_of_receipts(account_ids: Collection[int], on: date) -> dict[int, str]:
    """The children for whom these accounts ever booked, by name, less those whom a restriction closes on a day."""
    closed = closed_pairs(on)
    rows = db.session.execute(
        select(Place.account_id, Place.pupil_id)
        .where(Place.account_id.in_(account_ids), Place.booked_at.is_not(None))
        .distinct()
    )
    ids = {row.pupil_id for row in rows if (row.account_id, row.pupil_id) not in closed}
    pupils = db.session.scalars(
        select(Pupil).where(Pupil.id.in_(ids)).order_by(Pupil.date_of_birth, Pupil.id)
    )
    return {pupil.id: pupil.full_name for pupil in pupils}


def statement_of_paid(
    account_ids: Collection[int], span: Span, on: date, *, pupil_id: int | None = None, by_care: bool = False
) -> Receipt:
    """What these accounts paid in a span of days (or, `by_care`, for care on its days), for one child or all."""
    parts = [part for part in _open_parts(account_ids, on) if pupil_id in (None, part.pupil_id)]
    if by_care:
        return _receipt(account_ids, parts, span)
    return _receipt(account_ids, [part for part in parts if span.holds(part.paid_on)])


def receipt_of(account_ids: Collection[int], payment_id: int, on: date) -> Receipt:
    """What one payment of these accounts paid for; raises `NotFound` for any other, or one that paid for nothing."""
    payment = db.session.scalars(
        select(Payment).where(
            Payment.id == payment_id,
            Payment.account_id.in_(account_ids),
            Payment.state == "paid",
            Payment.tender != "credit",
        )
    ).one_or_none()
    if payment is None:
        raise NotFound
    parts = [part for part in _open_parts({payment.account_id}, on) if part.payment_id == payment_id]
    receipt = _receipt({payment.account_id}, parts)
    if not receipt.papers:
        raise NotFound
    return receipt


def paying_payments(account_ids: Collection[int], on: date) -> frozenset[int]:
    """The payments of these accounts for which there is a receipt."""
    return frozenset(part.payment_id for part in _open_parts(account_ids, on))


def _open_parts(account_ids: Collection[int], on: date) -> list[PaidPart]:
    """What was paid for care of children who are not closed to the account on a day."""
    closed = closed_pairs(on)
    return [
        part
        for standing in standings(account_ids).values()
        for part in standing.paid_parts()
        if part.place_id is not None and (part.account_id, part.pupil_id) not in closed
    ]


def _receipt(account_ids: Collection[int], parts: list[PaidPart], care_in: Span | None = None) -> Receipt:
    details = _details({part.place_id for part in parts if part.place_id is not None})
    if care_in is not None:
        parts = [part for part in parts if care_in.holds(details[part.place_id or 0].date)]
    sellers = _sellers(set(details))
    ways = _ways({part.payment_id for part in parts})
    found = [(sellers[part.place_id or 0], details[part.place_id or 0], part) for part in parts]
    found.sort(key=_order)
    names = db.session.scalars(
        select(FamilyAccount.name)
        .where(FamilyAccount.id.in_({part.account_id for part in parts}))
        .order_by(FamilyAccount.id)
    )
    return Receipt(
        ", ".join(names),
        tuple(
            SellerPaper(seller, tuple(_children(rows, ways)))
            for seller, rows in groupby(found, key=lambda one: one[0])
        ),
    )


def _order(found: tuple[Seller, Row[*tuple[Any, ...]], PaidPart]) -> tuple[Any, ...]:
    seller, detail, part = found
    return (
        not seller.is_school,
        seller.name,
        seller.id,
        detail.date_of_birth,
        detail.pupil_id,
        detail.date,
        detail.starts_at,
        part.key < 0,
        part.payment_id,
    )


def _children(
    rows: Iterable[tuple[Seller, Row[*tuple[Any, ...]], PaidPart]], ways: Mapping[int, str]
) -> Iterable[ChildPart]:
    for _, same in groupby(rows, key=lambda one: one[1].pupil_id):
        lines = list(same)
        detail = lines[0][1]
        child = f"{detail.preferred_name or detail.forename} {detail.surname}"
        yield ChildPart(child, tuple(_line(detail, part, ways) for _, detail, part in lines))


def _line(detail: Row[*tuple[Any, ...]], part: PaidPart, ways: Mapping[int, str]) -> PaidLine:
    return PaidLine(
        care_on=detail.date,
        care=LATE if part.key < 0 else CARE_TYPES[detail.kind],
        activity=detail.name,
        cost_pence=part.cost_pence,
        paid_pence=part.paid_pence,
        paid_on=part.paid_on,
        way=ways[part.payment_id],
        is_whole=part.is_whole,
    )


def _details(place_ids: Collection[int]) -> dict[int, Row[*tuple[Any, ...]]]:
    rows = db.session.execute(
        select(
            Place.id,
            Place.pupil_id,
            Pupil.forename,
            Pupil.preferred_name,
            Pupil.surname,
            Pupil.date_of_birth,
            Session.date,
            Session.starts_at,
            Activity.name,
            Activity.kind,
        )
        .select_from(Place)
        .join(Pupil, Pupil.id == Place.pupil_id)
        .join(Session, Session.id == Place.session_id)
        .join(Run, Run.id == Session.run_id)
        .join(Activity, Activity.id == Run.activity_id)
        .where(Place.id.in_(place_ids))
    )
    return {row.id: row for row in rows}


def _sellers(place_ids: Collection[int]) -> dict[int, Seller]:
    """Who sold each place: as the ledger has it, for an activity may go to another seller later."""
    rows = db.session.execute(
        select(EntryLine.place_id, LedgerAccount.seller_id)
        .join(LedgerAccount, LedgerAccount.id == EntryLine.account_id)
        .where(EntryLine.place_id.in_(place_ids), LedgerAccount.kind == "income")
        .distinct()
    ).all()
    sellers = {seller.id: seller for seller in db.session.scalars(select(Seller))}
    return {row.place_id: sellers[row.seller_id] for row in rows}


def _ways(payment_ids: Collection[int]) -> dict[int, str]:
    rows = db.session.execute(select(Payment.id, Payment.tender).where(Payment.id.in_(payment_ids)))
    return {row.id: WAYS[row.tender] for row in rows}


def seller_facts(seller: Seller) -> list[list[str]]:
    """What papers say of who sells, as name and value; without a number that is said, too."""
    name = REGISTRATIONS.get(seller.registration_kind, "Registration number")
    return [
        ["Address", seller.address],
        ["Phone", seller.phone],
        ["E-mail", seller.email],
        [name if seller.registration else "Registration number", seller.registration or "None"],
        ["VAT number", seller.vat_number],
    ]
