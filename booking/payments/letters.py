"""What the letters about payments say, gathered at the moment of sending."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from booking.bookings.models import WaitingEntry
from booking.core.clock import today
from booking.core.db import db
from booking.core.words import clock as clock_words
from booking.core.words import full_day, short_day
from booking.ledger.arrears_models import LateCharge
from booking.messages.letters import Letter, write_letter
from booking.payments.fulfilment import LATE, WRONG_AMOUNT
from booking.payments.invoice_models import Invoice
from booking.payments.invoices import invoices_of
from booking.payments.models import Payment, Refund
from booking.people.restrictions import closed_to_accounts, is_member
from booking.people.school_words import school_words

WHY = {
    LATE: "came when the places could not be booked with it any more",
    WRONG_AMOUNT: "was not the amount that we had asked for",
}


def late_refund_letter(context: Mapping[str, Any], *, base_url: str) -> Letter | None:
    """Tell a family that a card payment could not be used and goes back whole; `context` holds the payment's id."""
    payment = db.session.get_one(Payment, int(context["payment_id"]))
    if not is_member(payment.account_id, context.get("to_user_id")):
        return None
    return write_letter(
        "late_refund",
        {
            **_of_payment(payment),
            "why": next(WHY[refund.reason] for refund in payment.refunds if refund.reason in WHY),
            "waits_for": _waits_for(payment),
            "link": f"{base_url}/book",
        },
    )


def card_failed_letter(context: Mapping[str, Any], *, base_url: str) -> Letter | None:
    """Tell a family that their bank said no to a payment that it had thought about; nothing was booked."""
    payment = db.session.get_one(Payment, int(context["payment_id"]))
    if not is_member(payment.account_id, context.get("to_user_id")):
        return None
    return write_letter(
        "card_failed",
        {**_of_payment(payment), "link": f"{base_url}/{'basket' if payment.basket_id else 'account'}"},
    )


def refund_failed_letter(context: Mapping[str, Any], *, base_url: str) -> Letter | None:
    """Tell a family that money could not go back to their card, and is their credit; `refund_id` says which."""
    refund = db.session.get_one(Refund, int(context["refund_id"]))
    if not is_member(refund.payment.account_id, context.get("to_user_id")):
        return None
    words = {**_of_payment(refund.payment), "amount_pence": refund.amount_pence}
    return write_letter("refund_failed", {**words, "link": f"{base_url}/account"})


def invoice_letter(context: Mapping[str, Any], *, base_url: str) -> Letter | None:
    """Tell a family of an invoice or a credit note, `invoice_id`; nothing about a child whom a restriction closes."""
    invoice = db.session.get_one(Invoice, int(context["invoice_id"]))
    if not is_member(invoice.account_id, context.get("to_user_id")):
        return None
    if invoice not in invoices_of({invoice.account_id}, today()):
        return None
    words = {
        "is_invoice": invoice.kind == "invoice",
        "name": invoice.name,
        "total_pence": abs(invoice.total_pence),
        "span": f"{short_day(invoice.from_on)} to {short_day(invoice.to_on)}",
        "due": full_day(invoice.due_on),
    }
    return write_letter("invoice", {**words, **school_words(), "link": f"{base_url}/account/statements"})


def late_charge_letter(context: Mapping[str, Any], *, base_url: str) -> Letter | None:
    """Tell a family of a charge for late collection, `charge_id`, or that it was taken back; never of both at once."""
    charge = db.session.get_one(LateCharge, int(context["charge_id"]))
    is_back = bool(context.get("is_back"))
    if is_back != (charge.ended_at is not None):
        return None
    if not is_member(charge.account_id, context.get("to_user_id")):
        return None
    if charge.pupil_id in closed_to_accounts({charge.account_id}, today()):
        return None
    words = {
        "is_back": is_back,
        "child": charge.pupil.first_name,
        "day": full_day(charge.date),
        "until": clock_words(charge.free_until),
        "out": clock_words(charge.out_at),
        "amount_pence": charge.amount_pence,
    }
    return write_letter("late_charge", {**words, **school_words(), "link": f"{base_url}/account"})


def _of_payment(payment: Payment) -> dict[str, Any]:
    """What every letter about a payment says of it, and of the school."""
    return {
        "amount_pence": payment.amount_pence,
        "reference": payment.basket.reference if payment.basket else "",
        **school_words(),
    }


def _waits_for(payment: Payment) -> list[str]:
    """The lists on which children were put because this money came too late, less what a restriction closes by now."""
    closed = closed_to_accounts({payment.account_id}, today())
    entries = db.session.scalars(
        select(WaitingEntry)
        .where(WaitingEntry.account_id == payment.account_id, WaitingEntry.joined_at == payment.paid_at)
        .where(WaitingEntry.state.in_(("waiting", "offered")))
        .order_by(WaitingEntry.id)
    )
    return [
        f"{one.pupil.first_name}: {one.session.run.activity.name}, {short_day(one.session.date)}"
        for one in entries
        if one.pupil_id not in closed
    ]
