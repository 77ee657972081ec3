"""Stripe's objects as the API gives them: every field that the library declares as always there, and those in use."""

from __future__ import annotations

import secrets
from typing import Any

from stripe_double.store import Thing

API_VERSION = "2026-10-28.endive"
DAY = 24 * 3600


def new_id(prefix: str) -> str:
    """An id that nobody can guess."""
    return prefix + secrets.token_hex(16)


def session(params: dict[str, Any], *, now: int, base_url: str) -> Thing:
    """An open Checkout Session of the hosted page."""
    number = new_id("cs_test_")
    lines = [_line(item) for item in params["line_items"]]
    total = sum(line["amount_total"] for line in lines)
    return {
        "id": number,
        "object": "checkout.session",
        "adaptive_pricing": params.get("adaptive_pricing"),
        "allowed_payment_method_types": params.get("allowed_payment_method_types"),
        "amount_subtotal": total,
        "amount_total": total,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "billing_address_collection": None,
        "cancel_url": params.get("cancel_url"),
        "client_reference_id": params.get("client_reference_id"),
        "created": now,
        "currency": "gbp",
        "custom_fields": [],
        "custom_text": {
            "after_submit": None,
            "shipping_address": None,
            "submit": None,
            "terms_of_service_acceptance": None,
        },
        "customer": params.get("customer"),
        "customer_creation": None if params.get("customer") else "if_required",
        "customer_email": params.get("customer_email"),
        "expires_at": params.get("expires_at") or now + DAY,
        "invoice": None,
        "livemode": False,
        "locale": params.get("locale"),
        "metadata": params.get("metadata", {}),
        "mode": "payment",
        "origin_context": None,
        "payment_intent": None,
        "payment_link": None,
        "payment_method_collection": "if_required",
        "payment_method_types": params.get("allowed_payment_method_types") or ["card"],
        "payment_status": "unpaid",
        "redirect_on_completion": "always",
        "saved_payment_method_options": params.get("saved_payment_method_options"),
        "setup_intent": None,
        "shipping_options": [],
        "status": "open",
        "submit_type": params.get("submit_type"),
        "subscription": None,
        "success_url": params["success_url"],
        "ui_mode": "hosted_page",
        "url": f"{base_url}/c/pay/{number}",
        "line_items": {
            "object": "list",
            "data": lines,
            "has_more": False,
            "url": f"/v1/checkout/sessions/{number}/line_items",
        },
    }


def _line(item: dict[str, Any]) -> Thing:
    amount = item["price_data"]["unit_amount"] * item.get("quantity", 1)
    return {
        "id": new_id("li_"),
        "object": "item",
        "amount_discount": 0,
        "amount_subtotal": amount,
        "amount_tax": 0,
        "amount_total": amount,
        "currency": "gbp",
        "description": item["price_data"]["product_data"]["name"],
        "quantity": item.get("quantity", 1),
    }


def intent(of: Thing, *, now: int) -> Thing:
    """The PaymentIntent of a session that was just paid, or that its bank is still thinking about."""
    return {
        "id": new_id("pi_"),
        "object": "payment_intent",
        "amount": of["amount_total"],
        "amount_capturable": 0,
        "amount_received": 0,
        "application": None,
        "cancellation_reason": None,
        "capture_method": "automatic",
        "confirmation_method": "automatic",
        "created": now,
        "currency": of["currency"],
        "customer": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": {},
        "on_behalf_of": None,
        "payment_method": new_id("pm_"),
        "payment_method_types": ["card"],
        "payment_record": None,
        "review": None,
        "setup_future_usage": None,
        "source": None,
        "status": "processing",
    }


def charge(of: Thing, *, now: int) -> Thing:
    """The charge of a PaymentIntent that succeeded."""
    address = {
        "city": None,
        "country": None,
        "line1": None,
        "line2": None,
        "postal_code": None,
        "state": None,
    }
    return {
        "id": new_id("ch_"),
        "object": "charge",
        "amount": of["amount"],
        "amount_captured": of["amount"],
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "balance_transaction": None,
        "billing_details": {"address": address, "email": None, "name": None, "phone": None, "tax_id": None},
        "captured": True,
        "created": now,
        "currency": of["currency"],
        "customer": None,
        "disputed": False,
        "failure_balance_transaction": None,
        "livemode": False,
        "metadata": {},
        "on_behalf_of": None,
        "paid": True,
        "payment_intent": of["id"],
        "payment_method": of["payment_method"],
        "refunded": False,
        "review": None,
        "source": None,
        "source_transfer": None,
        "status": "succeeded",
        "transfer": None,
    }


def refund(of: Thing, amount: int, *, reason: str | None, metadata: dict[str, str], now: int) -> Thing:
    """A refund of a charge; with test money it succeeds at once, unless a test wants it to wait."""
    return {
        "id": new_id("re_"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": of["id"],
        "created": now,
        "currency": of["currency"],
        "customer": None,
        "failure_balance_transaction": None,
        "metadata": metadata,
        "payment_intent": of["payment_intent"],
        "payment_method": of["payment_method"],
        "pending_reason": None,
        "reason": reason,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "succeeded",
        "transfer_reversal": None,
    }


def event(type_: str, of: Thing, *, now: int) -> Thing:
    """An event about an object as it is now; a session in it does not hold its lines, as at Stripe."""
    body = {key: value for key, value in of.items() if key != "line_items"}
    return {
        "id": new_id("evt_"),
        "object": "event",
        "api_version": API_VERSION,
        "created": now,
        "data": {"object": body},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": type_,
    }
