"""What the interface says of itself, in OpenAPI 3.1, made from one table of endpoints that the tests hold it to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from booking.api.paging import MOST, USUAL
from booking.api.tokens import SCOPES

WHOLE, TEXT, TRUTH = {"type": "integer"}, {"type": "string"}, {"type": "boolean"}
DAY = {"type": "string", "format": "date"}
SESSION = {
    "id": WHOLE,
    "activity": TEXT,
    "kind": TEXT,
    "date": DAY,
    "starts_at": TEXT,
    "ends_at": TEXT,
    "price_pence": WHOLE,
    "year_groups": {"type": "array", "items": TEXT},
    "called_off": TRUTH,
    "places_left": {"type": ["integer", "null"], "description": "null for a free slot, which is never full"},
}
BOOKING = {
    "id": WHOLE,
    "pupil_id": WHOLE,
    "session_id": WHOLE,
    "activity": TEXT,
    "date": DAY,
    "starts_at": TEXT,
    "ends_at": TEXT,
    "state": {"type": "string", "enum": ["held", "booked", "cancelled", "expired"]},
    "price_pence": WHOLE,
    "reference": TEXT,
}
CHILD = {
    "pupil_id": WHOLE,
    "first_name": TEXT,
    "surname": TEXT,
    "class_name": {"type": ["string", "null"]},
    "status": {"type": "string", "enum": ["booked", "held", "forecast", "walk_in"]},
    "mark": TEXT,
}
RANGE = tuple({"name": name, "in": "query", "required": False, "schema": DAY} for name in ("from", "to"))
PAGE = (
    {
        "name": "limit",
        "in": "query",
        "required": False,
        "schema": {"type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL},
    },
    {"name": "cursor", "in": "query", "required": False, "schema": TEXT},
)


def _in_path(name: str) -> dict[str, Any]:
    whole = {"type": "integer", "minimum": 1, "maximum": 2**31 - 1}
    return {"name": name, "in": "path", "required": True, "schema": whole}


@dataclass(frozen=True)
class Endpoint:
    """One GET: its path, scope, parameters, and the name and fields of the rows that it gives."""

    path: str
    summary: str
    scope: str
    rows: str
    fields: dict[str, Any]
    parameters: tuple[dict[str, Any], ...]
    may_be_missing: bool = False


ENDPOINTS = (
    Endpoint(
        "/sessions",
        "Sessions of open runs with the places left",
        "sessions:read",
        "sessions",
        SESSION,
        (*RANGE, *PAGE),
    ),
    Endpoint(
        "/families/{account_id}/bookings",
        "What a family holds, has booked and had, by session",
        "bookings:read",
        "bookings",
        BOOKING,
        (_in_path("account_id"), *RANGE, *PAGE),
        may_be_missing=True,
    ),
    Endpoint(
        "/sessions/{session_id}/register",
        "Who is expected in a session, by surname, and where each stands now",
        "registers:read",
        "children",
        CHILD,
        (_in_path("session_id"),),
        may_be_missing=True,
    ),
)


def document() -> dict[str, Any]:
    """The whole document."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Eight till Six", "version": "1"},
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": str(SCOPES)}},
            "schemas": {
                "Problem": {
                    "type": "object",
                    "required": ["status", "detail"],
                    "properties": {"status": WHOLE, "detail": TEXT},
                }
            },
        },
        "paths": {f"/api/v1{one.path}": {"get": _operation(one)} for one in ENDPOINTS},
    }


def _operation(one: Endpoint) -> dict[str, Any]:
    row = {"type": "object", "required": list(one.fields), "properties": one.fields}
    properties: dict[str, Any] = {one.rows: {"type": "array", "items": row}}
    if PAGE[0] in one.parameters:
        properties["next"] = {"type": ["string", "null"], "description": "the cursor of the next page"}
    answer = {
        "type": "object",
        "required": list(properties),
        "properties": properties,
        "additionalProperties": False,
    }
    problem = {
        "description": "What is wrong, in one sentence",
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    answers = [
        "401",
        "403",
        *(["404"] if one.may_be_missing else []),
        *(["422"] if RANGE[0] in one.parameters else []),
    ]
    return {
        "operationId": one.rows,
        "summary": one.summary,
        "security": [{"token": [one.scope]}],
        "parameters": list(one.parameters),
        "responses": {
            "200": {"description": one.summary, "content": {"application/json": {"schema": answer}}},
            **dict.fromkeys(answers, problem),
        },
    }
