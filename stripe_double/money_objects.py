"""Stripe's objects of what moves an account's balance besides charges: fees, disputes, payouts; and customers."""

from __future__ import annotations

from typing import Any

from stripe_double.objects import new_id
from stripe_double.store import Thing

DISPUTE_FEE = 2000
CATEGORIES = {"adjustment": "dispute", "refund_failure": "refund_failure", "stripe_fee": "fee"}


def fee_of_charge(amount: int) -> int:
    """What the double takes of a card payment: 1.5 % and 20p, in whole pence."""
    return (amount * 15 + 500) // 1000 + 20


def balance_transaction(type_: str, amount: int, fee: int, source: str, *, now: int) -> Thing:
    """One movement of the account's balance."""
    details = [
        {"amount": fee, "application": None, "currency": "gbp", "description": None, "type": "stripe_fee"}
    ]
    return {
        "id": new_id("txn_"),
        "object": "balance_transaction",
        "amount": amount,
        "available_on": now,
        "balance_type": "payments",
        "created": now,
        "currency": "gbp",
        "description": None,
        "exchange_rate": None,
        "fee": fee,
        "fee_details": details if fee else [],
        "net": amount - fee,
        "reporting_category": CATEGORIES.get(type_, type_),
        "source": source,
        "status": "available",
        "type": type_,
    }


def dispute(charge: Thing, amount: int, reason: str, *, now: int) -> Thing:
    """A cardholder's bank takes money back until it is decided who is right."""
    return {
        "id": new_id("dp_"),
        "object": "dispute",
        "amount": amount,
        "balance_transactions": [],
        "charge": charge["id"],
        "created": now,
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {},
        "evidence_details": {"due_by": now + 7 * 86400, "has_evidence": False, "past_due": False},
        "is_charge_refundable": False,
        "livemode": False,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "reason": reason,
        "status": "needs_response",
    }


def payout(amount: int, *, now: int) -> Thing:
    """Money on its way to the school's bank."""
    return {
        "id": new_id("po_"),
        "object": "payout",
        "amount": amount,
        "arrival_date": now + 2 * 86400,
        "automatic": True,
        "balance_transaction": None,
        "created": now,
        "currency": "gbp",
        "description": "STRIPE PAYOUT",
        "destination": None,
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "livemode": False,
        "metadata": {},
        "method": "standard",
        "original_payout": None,
        "reconciliation_status": "in_progress",
        "reversed_by": None,
        "source_type": "card",
        "statement_descriptor": None,
        "application_fee": None,
        "application_fee_amount": None,
        "payout_method": None,
        "trace_id": None,
        "status": "paid",
        "type": "bank_account",
    }


def balance(pence: int) -> Thing:
    """What the account holds now."""
    return {
        "object": "balance",
        "available": [{"amount": pence, "currency": "gbp", "source_types": {"card": pence}}],
        "livemode": False,
        "pending": [{"amount": 0, "currency": "gbp", "source_types": {"card": 0}}],
    }


def customer(params: dict[str, Any], *, now: int) -> Thing:
    """Somebody whose card may be kept."""
    return {
        "id": new_id("cus_"),
        "object": "customer",
        "created": now,
        "default_source": None,
        "description": None,
        "email": None,
        "livemode": False,
        "metadata": params.get("metadata", {}),
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
    }


def kept_card(customer_id: str, *, now: int) -> Thing:
    """A card that its holder agreed to have kept."""
    return {
        "id": new_id("pm_"),
        "object": "payment_method",
        "allow_redisplay": "always",
        "billing_details": {"address": None, "email": None, "name": None, "phone": None, "tax_id": None},
        "card": {"brand": "visa", "last4": "4242", "exp_month": 12, "exp_year": 2034},
        "created": now,
        "customer": customer_id,
        "livemode": False,
        "metadata": {},
        "type": "card",
    }
