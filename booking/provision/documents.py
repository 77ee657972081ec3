"""Papers of outside sellers: DBS assurance, insurance, safeguarding policy, first aid, agreement; each with its last day.

A run of an outside seller opens only while all five are in date. The school itself has no such papers here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from booking.core.audit import record
from booking.core.db import db
from booking.core.errors import BookingError, NotFound
from booking.core.words import plain_day
from booking.provision.models import Seller
from booking.provision.staff_models import DOCUMENTS, SellerDocument

DOCUMENT_WORDS = {
    "dbs_assurance": "DBS assurance",
    "insurance": "insurance",
    "safeguarding_policy": "safeguarding policy",
    "first_aid": "first-aid certificate",
    "agreement": "agreement with the school",
}


class DocumentRefused(BookingError):
    """A paper that ran out already, or that is good for no day, cannot be entered; nothing was saved."""


class DocumentsMissing(BookingError):
    """An outside seller's papers are not all in date, so that its run cannot open; each one is named."""

    def __init__(self, seller: str, missing: Iterable[str], day: date) -> None:
        super().__init__(
            f"These papers of {seller} are missing or not in date on {plain_day(day)}: "
            f"{', '.join(DOCUMENT_WORDS[kind] for kind in missing)}. Nothing was opened. "
            "Enter them on the page of the seller first."
        )


@dataclass(frozen=True)
class DocumentDetails:
    """What the office writes down of a paper that it has seen."""

    kind: str
    from_on: date
    good_until: date
    reference: str = ""


class Papers:
    """The papers of some sellers, read once and asked by day."""

    def __init__(self, sellers: Collection[Seller], documents: Collection[SellerDocument]) -> None:
        self._outside = {seller.id for seller in sellers if not seller.is_school}
        self._documents = [one for one in documents if one.taken_back_at is None]

    def has(self, seller_id: int, kind: str, day: date) -> bool:
        """Whether a paper of this kind is in date on a day."""
        return any(
            one.seller_id == seller_id and one.kind == kind and one.from_on <= day <= one.good_until
            for one in self._documents
        )

    def missing(self, seller_id: int, day: date) -> list[str]:
        """The kinds that an outside seller lacks on a day, in their order; none for the school."""
        if seller_id not in self._outside:
            return []
        return [kind for kind in DOCUMENTS if not self.has(seller_id, kind, day)]

    def good_until(self, seller_id: int, kind: str, day: date) -> date | None:
        """The last day on which a kind is in date without a gap, counted from a day; nothing when it is not."""
        last = None
        spans = sorted(
            (one.from_on, one.good_until)
            for one in self._documents
            if one.seller_id == seller_id and one.kind == kind
        )
        for first, until in spans:
            if (last is None and first <= day <= until) or (
                last is not None and first.toordinal() <= last.toordinal() + 1 and until > last
            ):
                last = until
        return last


def papers_of(seller_ids: Collection[int] | None = None) -> Papers:
    """The papers of these sellers (of all when none are named), in two queries."""
    sellers, documents = select(Seller), select(SellerDocument)
    if seller_ids is not None:
        sellers = sellers.where(Seller.id.in_(seller_ids))
        documents = documents.where(SellerDocument.seller_id.in_(seller_ids))
    return Papers(db.session.scalars(sellers).all(), db.session.scalars(documents).all())


def documents_of(seller_id: int) -> list[SellerDocument]:
    """Every paper of a seller that stands, by kind, the newest first."""
    return list(
        db.session.scalars(
            select(SellerDocument)
            .where(SellerDocument.seller_id == seller_id, SellerDocument.taken_back_at.is_(None))
            .order_by(SellerDocument.kind, SellerDocument.good_until.desc(), SellerDocument.id)
        )
    )


def refuse_without_documents(seller_id: int, day: date) -> None:
    """Raise `DocumentsMissing` when an outside seller's papers are not all in date on a day."""
    missing = papers_of([seller_id]).missing(seller_id, day)
    if missing:
        raise DocumentsMissing(db.session.get_one(Seller, seller_id).name, missing, day)


def keep_document(
    seller_id: int, details: DocumentDetails, *, today: date, at: datetime, user_id: int | None
) -> SellerDocument:
    """Write down a paper that was seen. Raises `DocumentRefused` or `NotFound`."""
    seller = db.session.get(Seller, seller_id)
    if seller is None or seller.is_school:
        raise NotFound
    if details.good_until < details.from_on:
        raise DocumentRefused("It ends before it begins. Nothing was saved. Check the two days.")
    if details.good_until < today:
        raise DocumentRefused("That paper has run out already. Nothing was saved. Ask for the new one.")
    made = SellerDocument(
        seller_id=seller_id,
        kind=details.kind,
        reference=details.reference,
        from_on=details.from_on,
        good_until=details.good_until,
        seen_at=at,
        seen_by_id=user_id,
    )
    db.session.add(made)
    db.session.flush()
    record("document_seen", "seller", seller_id, at=at, user_id=user_id, kind=details.kind)
    return made


def take_document_back(document_id: int, *, at: datetime, user_id: int | None) -> SellerDocument:
    """Take back a line that was entered by mistake; it stays in the books. Raises `NotFound`."""
    found = db.session.get(SellerDocument, document_id)
    if found is None or found.taken_back_at is not None:
        raise NotFound
    found.taken_back_at = at
    db.session.flush()
    record("document_taken_back", "seller", found.seller_id, at=at, user_id=user_id, kind=found.kind)
    return found
