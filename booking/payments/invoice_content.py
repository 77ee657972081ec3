"""What an invoice prints, gathered once on the day of issue and then kept: everything is text, as it stands on paper."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from booking.core.clock import to_school
from booking.core.money import format_pence
from booking.core.words import plain_day, plain_short_day
from booking.payments.invoice_models import Invoice
from booking.payments.receipts import CARE_TYPES, seller_facts
from booking.provision.models import Seller
from booking.provision.vat import Treatment

HOW_TO_PAY = (
    "On your page “Money” at Eight till Six, or at the school office. Please give the invoice number."
)


@dataclass(frozen=True)
class Asked:
    """One place on an invoice: what is asked for it, what of that is paid already, and how VAT looks at it."""

    place_id: int
    care: Any
    pence: int
    paid_pence: int
    treatment: Treatment
    is_late: bool


def invoice_content(
    invoice: Invoice, seller: Seller, payer: str, asked: Sequence[Asked]
) -> tuple[dict[str, Any], int]:
    """The paper's data, and the VAT in it in pence (worked out once for each treatment, so that sums agree)."""
    vat, vat_pence = _vat(asked)
    paid_pence = sum(one.paid_pence for one in asked)
    content = {
        "title": "Invoice",
        "number": invoice.name,
        "corrects": "",
        "issued": plain_day(to_school(invoice.issued_at).date()),
        "due": plain_day(invoice.due_on),
        "care": f"{plain_day(invoice.from_on)} to {plain_day(invoice.to_on)}",
        "payer": payer,
        "seller": seller.name,
        "facts": seller_facts(seller),
        "children": _children(asked),
        "vat": vat,
        "total": format_pence(invoice.total_pence),
        "paid": format_pence(paid_pence),
        "rest": format_pence(invoice.total_pence - paid_pence),
        "how": HOW_TO_PAY,
    }
    return content, vat_pence


def credit_content(note: Invoice, invoice: Invoice, reason: str) -> dict[str, Any]:
    """The data of a credit note: the invoice's own, with its number, the reason and the whole amount taken back."""
    content = deepcopy(invoice.content)
    return content | {
        "title": "Credit note",
        "number": note.name,
        "corrects": f"Takes back invoice {invoice.name} of {content['issued']}: {reason}",
        "issued": plain_day(to_school(note.issued_at).date()),
        "due": "",
        "total": format_pence(note.total_pence),
        "paid": "",
        "rest": "",
        "how": "What you paid stays on your account.",
    }


def _children(asked: Sequence[Asked]) -> list[dict[str, Any]]:
    return [
        {
            "name": f"{rows[0].care.preferred_name or rows[0].care.forename} {rows[0].care.surname}",
            "rows": lines,
        }
        for _, same in groupby(asked, key=lambda one: one.care.pupil_id)
        if (rows := list(same)) and (lines := [_row(one) for one in rows])
    ]


def _row(one: Asked) -> list[str]:
    late = ", with late collection" if one.is_late else ""
    return [
        plain_short_day(one.care.date),
        f"{CARE_TYPES[one.care.kind]}: {one.care.activity}{late}",
        one.treatment.words,
        format_pence(one.pence),
        format_pence(one.paid_pence),
    ]


def _vat(asked: Sequence[Asked]) -> tuple[list[list[str]], int]:
    totals: dict[Treatment, int] = {}
    for one in asked:
        totals[one.treatment] = totals.get(one.treatment, 0) + one.pence
    by_words = sorted(totals.items(), key=lambda found: found[0].words)
    rows = [
        [treatment.words, format_pence(pence), format_pence(treatment.vat_in(pence))]
        for treatment, pence in by_words
    ]
    return rows, sum(treatment.vat_in(pence) for treatment, pence in by_words)
