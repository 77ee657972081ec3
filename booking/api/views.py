"""`/api/v1`: read-only JSON for programs that hold a token. Names of children come with their own scope alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import wraps
from typing import Any

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select, tuple_

from booking.api.document import document
from booking.api.paging import BadPage, page_of, read_cursor, read_day, read_limit
from booking.api.tokens import scopes_of
from booking.bookings.models import Basket, Place
from booking.bookings.situations import load_situation
from booking.core import clock
from booking.core.db import db
from booking.people.models import FamilyAccount
from booking.people.restrictions import closed_to_accounts
from booking.provision.models import Activity, Run, Session
from booking.registers.expected import registers_of
from booking.web.audience import for_anyone
from booking.web.errors import problem

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")
MOST_DAYS = 92
MOST_ID = 2**31 - 1


def for_token(scope: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Only a token with this scope gets in: 401 without a live token, 403 without the scope; 422 for a wrong page."""

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            kind, _, token = request.headers.get("Authorization", "").partition(" ")
            scopes = scopes_of(token) if kind == "Bearer" and token else None
            if scopes is None:
                return problem(401, "A live token is needed: Authorization: Bearer ...")
            if scope not in scopes:
                return problem(403, f"This token lacks the scope {scope}.")
            try:
                return view(*args, **kwargs)
            except BadPage as error:
                return problem(422, str(error))

        guarded.audience = frozenset({"token"})  # type: ignore[attr-defined]
        return guarded

    return decorate


def _range() -> tuple[date, date]:
    """The days that are asked for: a week from today unless said otherwise, 92 at most; raises `BadPage`."""
    try:
        first = read_day(request.args.get("from", clock.today().isoformat()))
        week_on = first + timedelta(days=min(6, (date.max - first).days))
        last = read_day(request.args["to"]) if "to" in request.args else week_on
    except ValueError as error:
        raise BadPage("from and to are days like 2026-11-25.") from error
    if not 0 <= (last - first).days <= MOST_DAYS:
        raise BadPage(f"to lies from 0 to {MOST_DAYS} days after from.")
    return first, last


@blueprint.get("/sessions")
@for_token("sessions:read")
def sessions() -> ResponseReturnValue:
    """Sessions of open runs between two days with the places left."""
    first, last = _range()
    limit, after = read_limit(request.args.get("limit")), read_cursor(request.args.get("cursor"), (date, int))
    query = (
        select(Session.id, Session.date)
        .join(Session.run)
        .where(Session.date.between(first, last), Run.status == "open")
        .order_by(Session.date, Session.id)
        .limit(limit + 1)
    )
    if after is not None:
        query = query.where(tuple_(Session.date, Session.id) > after)
    rows, following = page_of(db.session.execute(query).all(), limit, lambda row: (row.date, row.id))
    situation = load_situation([], [row.id for row in rows], clock.now())
    found = [situation.sessions[row.id] for row in rows]
    return jsonify(
        {
            "next": following,
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
            ],
        }
    )


@blueprint.get("/families/<int:account_id>/bookings")
@for_token("bookings:read")
def bookings(account_id: int) -> ResponseReturnValue:
    """A family's places in sessions between two days, of every state; children by id, none that a restriction closes."""
    if account_id > MOST_ID or db.session.get(FamilyAccount, account_id) is None:
        return problem(404, "There is no such family.")
    first, last = _range()
    limit, after = read_limit(request.args.get("limit")), read_cursor(request.args.get("cursor"), (int,))
    closed = closed_to_accounts({account_id}, clock.today())
    query = (
        select(Place, Session, Activity.name, Basket.reference)
        .join(Session, Session.id == Place.session_id)
        .join(Run, Run.id == Session.run_id)
        .join(Activity, Activity.id == Run.activity_id)
        .join(Basket, Basket.id == Place.basket_id)
        .where(Place.account_id == account_id, Session.date.between(first, last))
        .where(Place.pupil_id.not_in(closed), Place.id > (after[0] if after else 0))
        .order_by(Place.id)
        .limit(limit + 1)
    )
    rows, following = page_of(db.session.execute(query).all(), limit, lambda row: (row.Place.id,))
    return jsonify(
        {
            "next": following,
            "bookings": [
                {
                    "id": place.id,
                    "pupil_id": place.pupil_id,
                    "session_id": session.id,
                    "activity": activity,
                    "date": session.date.isoformat(),
                    "starts_at": f"{session.starts_at:%H:%M}",
                    "ends_at": f"{session.ends_at:%H:%M}",
                    "state": place.state,
                    "price_pence": place.price_pence,
                    "reference": reference,
                }
                for place, session, activity, reference in rows
            ],
        }
    )


@blueprint.get("/sessions/<int:session_id>/register")
@for_token("registers:read")
def register(session_id: int) -> ResponseReturnValue:
    """Who is expected in a session: name, class and mark; nothing of care, contacts or collection."""
    session = db.session.get(Session, session_id) if session_id <= MOST_ID else None
    if session is None:
        return problem(404, "There is no such session.")
    (found,) = registers_of([session])
    return jsonify(
        {
            "children": [
                {
                    "pupil_id": child.pupil.id,
                    "first_name": child.pupil.first_name,
                    "surname": child.pupil.surname,
                    "class_name": child.pupil.class_name,
                    "status": child.status,
                    "mark": child.state.state,
                }
                for child in found.children
            ]
        }
    )


@blueprint.get("/openapi.json")
@for_anyone
def openapi() -> ResponseReturnValue:
    """What there is, in OpenAPI 3.1."""
    return jsonify(document())
