"""The request log's lines of who came: attended, or walked in, once for each child and session."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from sqlalchemy import select

from booking.bookings.models import RequestFact
from booking.core.db import db
from booking.registers.child_days import INS


class Came(Protocol):
    """Whatever says that a child came into a session."""

    @property
    def session_id(self) -> int: ...
    @property
    def pupil_id(self) -> int: ...
    @property
    def what(self) -> str: ...
    @property
    def at(self) -> datetime: ...


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


def note_who_came(came: Iterable[Came], user_id: int | None) -> None:
    """A line in the request log for each child who came into a session, once, whichever device says so first."""
    pairs = {(one.session_id, one.pupil_id): one for one in came if one.what in INS}
    known = db.session.execute(
        select(RequestFact.session_id, RequestFact.pupil_id).where(
            RequestFact.session_id.in_({session_id for session_id, _ in pairs}),
            RequestFact.what.in_(("attended", "walk_in")),
        )
    )
    for row in known:
        pairs.pop((row.session_id, row.pupil_id), None)
    for (session_id, pupil_id), one in sorted(pairs.items()):
        db.session.add(came_fact(session_id, pupil_id, one.what, one.at, user_id))
    db.session.flush()
