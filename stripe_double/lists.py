"""Stripe's lists: newest first, filtered, page by page with a cursor, and `expand` for what is asked whole."""

from __future__ import annotations

from typing import Any

from stripe_double.store import Store, Thing

KINDS = {"payment_intent": "payment_intent", "charge": "charge", "latest_charge": "charge"}
COMPARE = {
    "gt": lambda a, b: a > b,
    "gte": lambda a, b: a >= b,
    "lt": lambda a, b: a < b,
    "lte": lambda a, b: a <= b,
}


def page(found: list[Thing], params: dict[str, Any], url: str) -> Thing:
    """One page of a list, with whether there is more."""
    for name in ("payment_intent", "charge", "status", "type"):
        if name in params:
            found = [one for one in found if one.get(name) == params[name]]
    if "types" in params:
        found = [one for one in found if one["type"] in params["types"]]
    for name, edge in params.get("created", {}).items():
        found = [one for one in found if COMPARE[name](one["created"], edge)]
    limit = min(max(params.get("limit", 10), 1), 100)
    ids = [one["id"] for one in found]
    if params.get("ending_before") in ids:
        place = ids.index(params["ending_before"])
        data, has_more = found[max(0, place - limit) : place], place > limit
    else:
        start = ids.index(params["starting_after"]) + 1 if params.get("starting_after") in ids else 0
        data, has_more = found[start : start + limit], len(found) > start + limit
    return {"object": "list", "data": data, "has_more": has_more, "url": url}


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
