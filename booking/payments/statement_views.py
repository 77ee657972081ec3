"""Pages of what a family paid for: a statement by child and span, and the receipt of a payment, on screen and as PDF."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import select

from booking.core import clock
from booking.core.db import db
from booking.core.errors import NotFound
from booking.core.money import format_pence
from booking.core.words import plain_day
from booking.payments.invoices import invoices_of, print_invoice
from booking.payments.receipt_paper import WAY_WORDS, print_receipt
from booking.payments.receipts import (
    Receipt,
    children_of_receipts,
    receipt_of,
    seller_facts,
    statement_of_paid,
)
from booking.payments.spans import KINDS, ONE_DAY, Span, assessment_period, month_of, tax_year_of
from booking.provision.models import Period
from booking.web.audience import for_roles
from booking.web.files import pdf_response

EARLIEST, LATEST = date(2000, 1, 1), date(2100, 1, 1)


@dataclass(frozen=True)
class Asked:
    """What a parent asks for, read from the address: whatever is not understood becomes the ordinary choice."""

    span: Span
    pupil_id: int | None
    begins_on_day: int
    by_care: bool

    @property
    def heading(self) -> str:
        """`14 November 2026 to 13 December 2026`, after the name of the span where it has one."""
        days = f"{plain_day(self.span.first)} to {plain_day(self.span.last)}"
        return f"{self.span.name}, {days}" if self.span.name else days

    def arguments(self, on: date | None = None) -> dict[str, Any]:
        """The same question as the arguments of an address, around another day."""
        given = {
            "kind": self.span.kind,
            "day": self.begins_on_day,
            "child": self.pupil_id,
            "by": "care" if self.by_care else None,
            "on": (on or self.span.first).isoformat(),
        }
        return {name: value for name, value in given.items() if value is not None}


def _accounts() -> set[int]:
    return {account.id for account in current_user.accounts}


def _asked(today: date) -> Asked:
    given = request.args
    day = min(max(given.get("day", 1, type=int) or 1, 1), 31)
    on = given.get("on", today, type=date.fromisoformat)
    on = min(max(on, EARLIEST), LATEST)
    by: dict[str, Callable[[], Span]] = {
        "credit": lambda: assessment_period(day, on),
        "month": lambda: month_of(on),
        "tax_year": lambda: tax_year_of(on),
        "term": lambda: _term(on),
    }
    make = by.get(given.get("kind", "credit"), by["credit"])
    return Asked(make(), given.get("child", type=int), day, given.get("by") == "care")


def _term(on: date) -> Span:
    """The term that runs on a day or was the last before it; the month, at a school that has entered none."""
    terms = select(Period).where(Period.kind == "term")
    found = (
        db.session.scalars(
            terms.where(Period.starts_on <= on).order_by(Period.starts_on.desc()).limit(1)
        ).first()
        or db.session.scalars(terms.order_by(Period.starts_on).limit(1)).first()
    )
    return Span("term", found.starts_on, found.ends_on, found.name) if found else month_of(on)


def _later(span: Span) -> date:
    """A day in the next span; of terms, the first day of the next one."""
    if span.kind == "term":
        found = db.session.scalars(
            select(Period.starts_on)
            .where(Period.kind == "term", Period.starts_on > span.first)
            .order_by(Period.starts_on)
            .limit(1)
        ).first()
        return found or span.first
    return span.last + ONE_DAY


@for_roles("parent")
def statements() -> ResponseReturnValue:
    """What was paid in a span of days, by child: chosen and read on one page, without JavaScript."""
    today = clock.today()
    asked, accounts = _asked(today), _accounts()
    children = children_of_receipts(accounts, today)
    if asked.pupil_id is not None and asked.pupil_id not in children:
        raise NotFound
    return render_template(
        "payments/statements.html",
        asked=asked,
        receipt=_statement(asked, accounts, today),
        children=children,
        kinds=KINDS,
        seller_facts=seller_facts,
        way_words=WAY_WORDS,
        before=asked.arguments(asked.span.first - timedelta(days=1)),
        after=asked.arguments(_later(asked.span)) if asked.span.last < today else None,
    )


@for_roles("parent")
def statement_file() -> ResponseReturnValue:
    """The same as PDF, a page for each seller."""
    today = clock.today()
    asked, accounts = _asked(today), _accounts()
    if asked.pupil_id is not None and asked.pupil_id not in children_of_receipts(accounts, today):
        raise NotFound
    receipt = _statement(asked, accounts, today)
    if not receipt.papers:
        raise NotFound
    what = "Childcare on these days that you paid for" if asked.by_care else "Childcare that you paid for"
    return _file(
        receipt, title=what, span=asked.heading, on=today, name=f"paid-{asked.span.first.isoformat()}"
    )


@for_roles("parent")
def receipt(paid_id: int) -> ResponseReturnValue:
    """What one payment paid for."""
    found = receipt_of(_accounts(), paid_id, clock.today())
    return render_template(
        "payments/receipt.html",
        receipt=found,
        paid_id=paid_id,
        paid=_paid(found),
        seller_facts=seller_facts,
        way_words=WAY_WORDS,
    )


@for_roles("parent")
def receipt_file(paid_id: int) -> ResponseReturnValue:
    """The same as PDF."""
    today = clock.today()
    found = receipt_of(_accounts(), paid_id, today)
    span = f"paid on {_paid(found)}"
    return _file(found, title="Receipt for childcare", span=span, on=today, name=f"receipt-{paid_id}")


@for_roles("parent")
def invoice_file(invoice_id: int) -> ResponseReturnValue:
    """An invoice or a credit note of this family, as it was issued."""
    found = next((one for one in invoices_of(_accounts(), clock.today()) if one.id == invoice_id), None)
    if found is None:
        raise NotFound
    return pdf_response(print_invoice(found), found.name.replace(" ", "-"))


def _statement(asked: Asked, accounts: set[int], today: date) -> Receipt:
    return statement_of_paid(accounts, asked.span, today, pupil_id=asked.pupil_id, by_care=asked.by_care)


def _paid(receipt: Receipt) -> str:
    line = receipt.papers[0].children[0].lines[0]
    return f"{plain_day(line.paid_on)}, {format_pence(receipt.total_pence)}"


def _file(receipt: Receipt, *, title: str, span: str, on: date, name: str) -> Response:
    return pdf_response(print_receipt(receipt, title=title, span=span, on=on), name)


ADDRESSES = (
    ("/account/statements", statements, ("GET",)),
    ("/account/statements.pdf", statement_file, ("GET",)),
    ("/account/receipts/<int:paid_id>", receipt, ("GET",)),
    ("/account/receipts/<int:paid_id>.pdf", receipt_file, ("GET",)),
    ("/account/invoices/<int:invoice_id>.pdf", invoice_file, ("GET",)),
)
