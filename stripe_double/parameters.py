"""Reads Stripe's bracketed form bodies, and refuses every parameter that the double does not know.

The tables name what is understood; a test holds them against the types of the locked Stripe library.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from stripe_double.errors import StripeError

Tree = dict[str, Any]
INTEGER = re.compile(r"-?\d{1,12}")

CREATE_SESSION: Tree = {
    "mode": "payment",
    "locale": str,
    "allowed_payment_method_types": [str],
    "adaptive_pricing": {"enabled": bool},
    "line_items": [
        {
            "quantity": int,
            "price_data": {
                "currency": "gbp",
                "unit_amount": int,
                "product_data": {"name": str, "description": str},
            },
        }
    ],
    "client_reference_id": str,
    "customer": str,
    "customer_email": str,
    "saved_payment_method_options": {"payment_method_save": str},
    "metadata": {"*": str},
    "payment_intent_data": {"metadata": {"*": str}, "description": str},
    "expires_at": int,
    "success_url": str,
    "cancel_url": str,
    "submit_type": str,
    "expand": [str],
}
CREATE_REFUND: Tree = {
    "payment_intent": str,
    "charge": str,
    "amount": int,
    "reason": str,
    "metadata": {"*": str},
    "expand": [str],
}
CREATE_CUSTOMER: Tree = {"metadata": {"*": str}, "expand": [str]}
CREATED = {"gt": int, "gte": int, "lt": int, "lte": int}
PAGES: Tree = {"limit": int, "starting_after": str, "ending_before": str, "expand": [str], "created": CREATED}
LIST_SESSIONS: Tree = {**PAGES, "payment_intent": str, "status": str}
LIST_REFUNDS: Tree = {**PAGES, "payment_intent": str, "charge": str}
LIST_INTENTS: Tree = PAGES
LIST_EVENTS: Tree = {**PAGES, "type": str, "types": [str], "delivery_success": bool}
LIST_DISPUTES: Tree = {**PAGES, "payment_intent": str, "charge": str}
LIST_PAYOUTS: Tree = {**PAGES, "status": str}
LIST_MOVEMENTS: Tree = {**PAGES, "type": str, "source": str}
RETRIEVE: Tree = {"expand": [str]}


def read(pairs: Iterable[tuple[str, str]], table: Tree) -> Tree:
    """Turn `line_items[0][quantity]=1` into values as the table says; raises a 400 that names the parameter."""
    found: Tree = {}
    for name, value in pairs:
        keys = re.findall(r"[^\[\]]+", name)
        place: Any = found
        kind: Any = table
        for depth, key in enumerate(keys):
            kind = _kind_of(kind, key, name)
            is_last = depth == len(keys) - 1
            if is_last and isinstance(kind, list):
                place.setdefault(key, []).append(_value(kind[0], value, name))
            elif is_last:
                place[key] = _value(kind, value, name)
            else:
                place = place.setdefault(key, {})
    return {key: _lists(value, table.get(key)) for key, value in found.items()}


def _kind_of(kind: Any, key: str, name: str) -> Any:
    if isinstance(kind, list) and key.isdigit():
        return kind[0]
    if isinstance(kind, dict) and (key in kind or "*" in kind):
        return kind.get(key, kind.get("*"))
    raise StripeError(400, f"Received unknown parameter: {name}", code="parameter_unknown", param=name)


def _value(kind: Any, value: str, name: str) -> Any:
    if kind is int:
        if INTEGER.fullmatch(value) is None:
            raise StripeError(400, f"Invalid integer: {value}", code="parameter_invalid_integer", param=name)
        return int(value)
    if kind is bool:
        if value not in {"true", "false"}:
            raise StripeError(400, f"Invalid boolean: {value}", param=name)
        return value == "true"
    if isinstance(kind, str) and value != kind:
        raise StripeError(400, f"Invalid {name}: must be {kind}", param=name)
    if isinstance(kind, dict | list):
        raise StripeError(400, f"Invalid {name}", param=name)
    return value


def _lists(value: Any, kind: Any) -> Any:
    """Numbered entries become lists, in the order of their numbers."""
    if isinstance(kind, list) and isinstance(value, dict):
        return [_lists(value[key], kind[0]) for key in sorted(value, key=int)]
    if isinstance(kind, dict) and isinstance(value, dict):
        return {key: _lists(one, kind.get(key)) for key, one in value.items()}
    return value
