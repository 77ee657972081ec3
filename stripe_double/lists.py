"""Stripe's lists: newest first, filtered, page by page with a cursor, and `expand` for what is asked whole."""

from __future__ import annotations

from typing import Any

from stripe_double.store import Store, Thing

KINDS = {"payment_intent": "payment_intent", "charge": "charge", "latest_charge": "charge"}
COMPARE = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
UNDELIVERED = "SELECT event_id FROM posting WHERE done = 0"
OF_CURSOR = "(SELECT seq FROM thing WHERE id = ?)"
MOST = 100


def page(store: Store, kind: str, params: dict[str, Any], url: str) -> str:
    """One page of a list as JSON, with whether there is more."""
    where: list[tuple[str, list[Any]]] = [
        (f"json_extract(body, '$.{name}') = ?", [params[name]])
        for name in ("payment_intent", "charge", "status", "type", "source")
        if name in params
    ]
    if "types" in params:
        marks = ", ".join("?" * len(params["types"]))
        where.append((f"json_extract(body, '$.type') IN ({marks})", params["types"]))
    for name, edge in params.get("created", {}).items():
        where.append((f"json_extract(body, '$.created') {COMPARE[name]} ?", [edge]))
    if "delivery_success" in params:
        where.append((f"id {'NOT ' if params['delivery_success'] else ''}IN ({UNDELIVERED})", []))
    limit = min(max(params.get("limit", 10), 1), MOST)
    before = params.get("ending_before")
    if before is not None:
        where.append((f"seq > {OF_CURSOR}", [before]))
    if "starting_after" in params:
        where.append((f"seq < {OF_CURSOR}", [params["starting_after"]]))
    found = store.texts(kind, where, limit=limit + 1, forwards=before is not None)
    has_more, data = len(found) > limit, found[:limit]
    if before is not None:
        data.reverse()
    return f'{{"object": "list", "url": "{url}", "has_more": {str(has_more).lower()}, "data": [{", ".join(data)}]}}'


def expanded(store: Store, thing: Thing, wanted: list[str]) -> Thing:
    """The object with what is asked for whole; a session's lines only when they are asked for."""
    shown = dict(thing)
    if thing["object"] == "checkout.session" and "line_items" not in wanted:
        shown.pop("line_items", None)
    for name in wanted:
        first, _, rest = name.partition(".")
        if first in KINDS and isinstance(shown.get(first), str):
            inner = store.get(KINDS[first], shown[first])
            if inner is not None:
                shown[first] = expanded(store, inner, [rest] if rest else [])
    return shown
