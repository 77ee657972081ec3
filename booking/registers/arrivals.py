"""The request log's lines of who came: attended, or walked in, once for each child and session."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import select

from booking.bookings.models import RequestFact
from booking.core.db import db
from booking.registers.child_days import INS

Came = tuple[int, int, str, datetime]
"""Session, pupil, what was marked, and when."""


def came_fact(session_id: int, pupil_id: int, what: str, at: datetime, user_id: int | None) -> RequestFact:
    """The line of the request log that says that a child came."""
    return RequestFact(
        at=at,
        what="attended" if what == "arrived" else "walk_in",
        pupil_id=pupil_id,
        session_id=session_id,
        user_id=user_id,
        channel="register",
    )


def note_who_came(marks: Iterable[Came], user_id: int | None) -> None:
    """A line for each child who came into a session, whichever device says so first."""
    pairs = {(one[0], one[1]): one for one in marks if one[2] in INS}
    for pair in _noted({session_id for session_id, _ in pairs}):
        pairs.pop(pair, None)
    db.session.add_all(came_fact(*one, user_id) for _, one in sorted(pairs.items()))
    db.session.flush()


def _noted(session_ids: Collection[int]) -> set[tuple[int, int]]:
    """Who came to these sessions as the log has it already, by (session, pupil)."""
    rows = db.session.execute(
        select(RequestFact.session_id, RequestFact.pupil_id).where(
            RequestFact.session_id.in_(session_ids), RequestFact.what.in_(("attended", "walk_in"))
        )
    )
    return {(row.session_id, row.pupil_id) for row in rows}
