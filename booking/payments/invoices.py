"""Invoices of pay-later schools: one for a family, a seller and a stretch of care, numbered without gaps, and frozen.

An invoice asks for what no invoice has asked for yet; a wrong one is taken back whole by a credit note, and then the care
may be invoiced afresh. The ledger is not touched: the debt stands there since the booking.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, func, select

from booking.bookings.family_letters import write_to_family
from booking.bookings.models import Place
from booking.core import pdf
from booking.core.audit import record
from booking.core.clock import to_school
from booking.core.db import db, lock_rows
from booking.core.errors import BookingError, NotFound
from booking.ledger.models import EntryLine, LedgerAccount
from booking.payments.invoice_content import Asked, credit_content, invoice_content
from booking.payments.invoice_models import Invoice, InvoiceLine
from booking.payments.paid_care import standing_of
from booking.people.models import FamilyAccount, Pupil
from booking.people.restrictions import closed_pairs
from booking.provision.models import Activity, Run, Seller, Session
from booking.provision.vat import all_treatments


class TakenBackAlready(BookingError):
    """Only an invoice can be taken back, and only once; nothing was issued."""

    def __init__(self) -> None:
        super().__init__("This cannot be taken back: it is a credit note, or has one. Nothing was issued.")


@dataclass(frozen=True)
class Order:
    """What is to be invoiced: a seller's care from one day to another (both included), to be paid by a day."""

    seller_id: int
    from_on: date
    to_on: date
    due_on: date


def accounts_to_invoice(order: Order) -> list[int]:
    """The accounts that ever booked such care, in order; some have nothing left to ask for."""
    rows = (
        select(Place.account_id)
        .join(Session, Session.id == Place.session_id)
        .join(EntryLine, EntryLine.place_id == Place.id)
        .join(LedgerAccount, LedgerAccount.id == EntryLine.account_id)
        .where(LedgerAccount.kind == "income", LedgerAccount.seller_id == order.seller_id)
        .where(Session.date.between(order.from_on, order.to_on))
        .distinct()
        .order_by(Place.account_id)
    )
    return list(db.session.scalars(rows))


def issue_invoice(account_id: int, order: Order, *, at: datetime, user_id: int | None) -> Invoice | None:
    """Invoice one family for what is not invoiced yet, or nothing; the next number is taken under a lock."""
    lock_rows((FamilyAccount, [account_id]), (Seller, [order.seller_id]))
    asked = _not_invoiced(account_id, order)
    if sum(one.pence for one in asked) <= 0:
        return None
    seller = db.session.get_one(Seller, order.seller_id)
    payer = db.session.get_one(FamilyAccount, account_id).name
    invoice = Invoice(
        seller_id=seller.id,
        kind="invoice",
        account_id=account_id,
        from_on=order.from_on,
        to_on=order.to_on,
        due_on=order.due_on,
        lines=[InvoiceLine(place_id=one.place_id, amount_pence=one.pence) for one in asked],
    )
    _number(invoice, at, user_id)
    content, invoice.vat_pence = invoice_content(invoice, seller, payer, asked)
    return _freeze(invoice, content)


def take_back(invoice_id: int, reason: str, *, at: datetime, user_id: int | None) -> Invoice:
    """Issue the credit note that takes an invoice back whole; raises `TakenBackAlready`, or `NotFound`."""
    invoice = db.session.get(Invoice, invoice_id)
    if invoice is None:
        raise NotFound
    lock_rows((FamilyAccount, [invoice.account_id]), (Seller, [invoice.seller_id]))
    had_one = db.session.scalar(select(Invoice.id).where(Invoice.corrects_id == invoice_id))
    if invoice.kind != "invoice" or had_one is not None:
        raise TakenBackAlready
    note = Invoice(
        seller_id=invoice.seller_id,
        kind="credit_note",
        corrects_id=invoice.id,
        account_id=invoice.account_id,
        from_on=invoice.from_on,
        to_on=invoice.to_on,
        due_on=to_school(at).date(),
        vat_pence=-invoice.vat_pence,
        lines=[
            InvoiceLine(place_id=line.place_id, amount_pence=-line.amount_pence) for line in invoice.lines
        ],
    )
    _number(note, at, user_id)
    return _freeze(note, credit_content(note, invoice, reason))


def print_invoice(invoice: Invoice) -> bytes:
    """The paper of an invoice or a credit note: from what was frozen, so the same bytes each time."""
    return pdf.render("invoice.typ", invoice.content, at=invoice.issued_at)


def invoices_of(account_ids: Collection[int], on: date) -> list[Invoice]:
    """The invoices of these accounts, newest first, less those with a child whom a restriction closes on a day."""
    closed = closed_pairs(on)
    rows = db.session.execute(
        select(Invoice, Place.pupil_id)
        .join(InvoiceLine, InvoiceLine.invoice_id == Invoice.id)
        .join(Place, Place.id == InvoiceLine.place_id)
        .where(Invoice.account_id.in_(account_ids))
        .order_by(Invoice.issued_at.desc(), Invoice.id.desc())
    ).all()
    hidden = {row.Invoice.id for row in rows if (row.Invoice.account_id, row.pupil_id) in closed}
    return [one for one in dict.fromkeys(row.Invoice for row in rows) if one.id not in hidden]


def invoice_problems() -> Iterator[str]:
    """What `booking check` says of invoices: a gap in the numbers, a paper that changed, lines that do not add up."""
    before: tuple[int, int] | None = None
    number = 0
    query = select(Invoice).order_by(Invoice.seller_id, Invoice.year, Invoice.number)
    for invoice in db.session.scalars(query):
        series = (invoice.seller_id, invoice.year)
        number = number + 1 if series == before else 1
        before = series
        if invoice.number != number:
            yield f"invoice {invoice.id} ({invoice.name}): number {number} of seller {invoice.seller_id} is missing"
            number = invoice.number
        if invoice.digest != _digest(invoice.content):
            yield f"invoice {invoice.id} ({invoice.name}): its paper is not what was issued"
        if sum(line.amount_pence for line in invoice.lines) != invoice.total_pence:
            yield f"invoice {invoice.id} ({invoice.name}): its lines are not its total"


def _number(invoice: Invoice, at: datetime, user_id: int | None) -> None:
    """Give the next number of the seller and year, whose row the caller has locked."""
    invoice.year, invoice.issued_at, invoice.user_id = to_school(at).year, at, user_id
    newest = select(func.max(Invoice.number)).where(
        Invoice.seller_id == invoice.seller_id, Invoice.year == invoice.year
    )
    invoice.number = (db.session.scalar(newest) or 0) + 1
    invoice.total_pence = sum(line.amount_pence for line in invoice.lines)


def _freeze(invoice: Invoice, content: dict[str, Any]) -> Invoice:
    invoice.content, invoice.digest = content, _digest(content)
    db.session.add(invoice)
    db.session.flush()
    record(
        f"{invoice.kind}_issued",
        "invoice",
        invoice.id,
        at=invoice.issued_at,
        user_id=invoice.user_id,
        pence=invoice.total_pence,
    )
    about = {"invoice_id": invoice.id}
    write_to_family(invoice.account_id, "invoice", about, key=f"invoice:{invoice.id}", at=invoice.issued_at)
    return invoice


def _digest(content: dict[str, Any]) -> str:
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _not_invoiced(account_id: int, order: Order) -> list[Asked]:
    """What the family's care costs and no invoice has asked for, by child and date, with what of it is paid today."""
    standing = standing_of(account_id)
    cost: dict[int, int] = {}
    paid: dict[int, int] = {}
    late: set[int] = set()
    for key, pence in standing.allocation.cost_pence.items():
        place_id = standing.place_of[key]
        if place_id is not None:
            cost[place_id] = cost.get(place_id, 0) + pence
            paid[place_id] = paid.get(place_id, 0) + standing.allocation.settled_pence.get(key, 0)
            late |= {place_id} if key < 0 and pence else set()
    before = _invoiced(account_id)
    treatments = all_treatments()
    found = []
    for row in _care(account_id, order):
        pence = cost.get(row.id, 0) - before.get(row.id, 0)
        if pence:
            treatment = treatments.of(row.activity_id, row.date)
            found.append(
                Asked(row.id, row, pence, min(paid.get(row.id, 0), pence), treatment, row.id in late)
            )
    return found


def _invoiced(account_id: int) -> dict[int, int]:
    rows = db.session.execute(
        select(InvoiceLine.place_id, func.sum(InvoiceLine.amount_pence))
        .join(Invoice, Invoice.id == InvoiceLine.invoice_id)
        .where(Invoice.account_id == account_id)
        .group_by(InvoiceLine.place_id)
    )
    return {place_id: int(pence) for place_id, pence in rows}


def _care(account_id: int, order: Order) -> list[Row[*tuple[Any, ...]]]:
    sold = (
        select(EntryLine.place_id)
        .join(LedgerAccount, LedgerAccount.id == EntryLine.account_id)
        .where(LedgerAccount.kind == "income", LedgerAccount.seller_id == order.seller_id)
    )
    rows = db.session.execute(
        select(
            Place.id,
            Place.pupil_id,
            Pupil.forename,
            Pupil.preferred_name,
            Pupil.surname,
            Session.date,
            Activity.id.label("activity_id"),
            Activity.name.label("activity"),
            Activity.kind,
        )
        .select_from(Place)
        .join(Pupil, Pupil.id == Place.pupil_id)
        .join(Session, Session.id == Place.session_id)
        .join(Run, Run.id == Session.run_id)
        .join(Activity, Activity.id == Run.activity_id)
        .where(Place.account_id == account_id, Place.id.in_(sold))
        .where(Session.date.between(order.from_on, order.to_on))
        .order_by(Pupil.date_of_birth, Pupil.id, Session.date, Session.starts_at, Place.id)
    )
    return list(rows)
