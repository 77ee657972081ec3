"""`/api/v1`: read-only JSON for programs that hold a token."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import wraps
from typing import Any

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from booking.api.tokens import SCOPES, scopes_of
from booking.bookings.situations import load_situation
from booking.core import clock
from booking.core.db import db
from booking.provision.models import Run, Session
from booking.web.audience import for_anyone

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")
MOST_DAYS = 92
DAY = {"type": "string", "format": "date"}


def for_token(scope: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Only a token with this scope gets in: 401 without a live token, 403 without the scope."""

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            kind, _, token = request.headers.get("Authorization", "").partition(" ")
            scopes = scopes_of(token) if kind == "Bearer" and token else None
            if scopes is None:
                return _problem(401, "A live token is needed: Authorization: Bearer ...")
            if scope not in scopes:
                return _problem(403, f"This token lacks the scope {scope}.")
            return view(*args, **kwargs)

        guarded.audience = frozenset({"token"})  # type: ignore[attr-defined]
        return guarded

    return decorate


def _problem(status: int, detail: str) -> ResponseReturnValue:
    response = jsonify({"status": status, "detail": detail})
    response.headers["Content-Type"] = "application/problem+json"
    return response, status


@blueprint.get("/sessions")
@for_token("sessions:read")
def sessions() -> ResponseReturnValue:
    """Sessions of open runs between two days with the places left; at most 92 days at once."""
    try:
        first = date.fromisoformat(request.args.get("from", clock.today().isoformat()))
        last = date.fromisoformat(request.args.get("to", (first + timedelta(days=6)).isoformat()))
    except ValueError:
        return _problem(422, "from and to are days like 2026-11-25.")
    if not first <= last <= first + timedelta(days=MOST_DAYS):
        return _problem(422, f"to lies from 0 to {MOST_DAYS} days after from.")
    ids = db.session.scalars(
        select(Session.id).join(Session.run).where(Session.date.between(first, last), Run.status == "open")
    ).all()
    situation = load_situation([], ids, clock.now())
    found = sorted(situation.sessions.values(), key=lambda s: (s.date, s.starts_at, s.id))
    return jsonify(
        {
            "sessions": [
                {
                    "id": one.id,
                    "activity": one.activity,
                    "kind": one.kind,
                    "date": one.date.isoformat(),
                    "starts_at": f"{one.starts_at:%H:%M}",
                    "ends_at": f"{one.ends_at:%H:%M}",
                    "price_pence": one.price_pence,
                    "year_groups": list(one.year_groups),
                    "called_off": one.status == "called_off",
                    "places_left": None if one.is_free_slot else max(0, situation.left(one.id)),
                }
                for one in found
            ]
        }
    )


@blueprint.get("/openapi.json")
@for_anyone
def openapi() -> ResponseReturnValue:
    """What there is, in OpenAPI 3.1."""
    whole = {"type": "integer"}
    text = {"type": "string"}
    fields = {
        "id": whole,
        "activity": text,
        "kind": text,
        "date": DAY,
        "starts_at": text,
        "ends_at": text,
        "price_pence": whole,
        "year_groups": {"type": "array", "items": text},
        "called_off": {"type": "boolean"},
        "places_left": {
            "type": ["integer", "null"],
            "description": "null for a free slot, which is never full",
        },
    }
    session = {"type": "object", "required": list(fields), "properties": fields}
    answer = {"type": "object", "properties": {"sessions": {"type": "array", "items": session}}}
    problem = {"description": "What is wrong, in one sentence", "content": {"application/problem+json": {}}}
    return jsonify(
        {
            "openapi": "3.1.0",
            "info": {"title": "Eight till Six", "version": "1"},
            "components": {
                "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": str(SCOPES)}}
            },
            "paths": {
                "/api/v1/sessions": {
                    "get": {
                        "summary": "Sessions with the places left",
                        "security": [{"token": ["sessions:read"]}],
                        "parameters": [
                            {"name": name, "in": "query", "required": False, "schema": DAY}
                            for name in ("from", "to")
                        ],
                        "responses": {
                            "200": {
                                "description": "Sessions by day",
                                "content": {"application/json": {"schema": answer}},
                            },
                            "401": problem,
                            "403": problem,
                            "422": problem,
                        },
                    }
                }
            },
        }
    )
