"""What the office takes out of the product as a file."""

from __future__ import annotations

from datetime import date

from flask import Response, request, stream_with_context
from flask.typing import ResponseReturnValue
from flask_login import current_user

from booking.core import audit, clock
from booking.core.db import unit_of_work
from booking.core.errors import BookingError
from booking.office.places_csv import stream_places
from booking.people.restrictions import closed_pupils
from booking.web.audience import for_roles


@for_roles("manager")
def places_csv() -> ResponseReturnValue:
    """All places between two days, as CSV; that it was taken stands in the audit trail."""
    today = clock.today()
    try:
        first = date.fromisoformat(request.args.get("from", today.replace(day=1).isoformat()))
        last = date.fromisoformat(request.args.get("to", today.isoformat()))
    except ValueError as error:
        raise BookingError("Give the days like 2026-11-25.") from error
    user_id = current_user.id
    with unit_of_work():
        details = {"first": first.isoformat(), "last": last.isoformat()}
        audit.record("exported", "place", None, at=clock.now(), user_id=user_id, **details)
    pieces = stream_places(first, last, closed_pupils(user_id, today))
    name = f"places-{first.isoformat()}-{last.isoformat()}.csv"
    return Response(
        stream_with_context(pieces),
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
