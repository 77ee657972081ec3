"""Marks at the door: each is an event by a person, the state of a child follows from them, nothing is overwritten."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from booking.bookings.models import RequestFact
from booking.core.db import db, lock_rows
from booking.core.errors import BookingError, NotFound
from booking.people.models import Pupil
from booking.provision.models import Session
from booking.registers.models import Mark

OUTS = {"collected": "Collected", "left_alone": "Left alone", "to_activity": "To another activity"}
INS = frozenset({"arrived", "walk_in"})
ALLOWED = {
    "expected": frozenset({"arrived", "absent", "walk_in"}),
    "in": frozenset(OUTS),
    "absent": frozenset({"arrived"}),
    "out": frozenset(),
}


class MarkRefused(BookingError):
    """The mark does not follow from what is marked already; the child's state is said, nothing was changed."""


@dataclass(frozen=True)
class ChildState:
    """Where a child stands in one session: expected, in, absent or out, with the instants and the last mark."""

    state: str = "expected"
    in_at: datetime | None = None
    out_at: datetime | None = None
    how: str = ""
    detail: str = ""
    last_mark_id: int | None = None
    is_walk_in: bool = False


NOTHING_YET = ChildState()


def states_in(session_ids: Iterable[int]) -> dict[tuple[int, int], ChildState]:
    """The state of every marked child by (session, pupil), from the marks alone in their order."""
    rows = db.session.scalars(
        select(Mark).where(Mark.session_id.in_(list(session_ids))).order_by(Mark.at, Mark.id)
    ).all()
    undone = {row.undoes_id for row in rows if row.undoes_id is not None}
    states: dict[tuple[int, int], ChildState] = {}
    for row in rows:
        if row.what != "undone" and row.id not in undone:
            key = (row.session_id, row.pupil_id)
            states[key] = _after(states.get(key, NOTHING_YET), row)
    return states


def _after(before: ChildState, mark: Mark) -> ChildState:
    if mark.what in INS:
        return ChildState("in", in_at=mark.at, last_mark_id=mark.id, is_walk_in=mark.what == "walk_in")
    if mark.what == "absent":
        return ChildState("absent", detail=mark.detail or "", last_mark_id=mark.id)
    return ChildState(
        "out",
        in_at=before.in_at,
        out_at=mark.at,
        how=OUTS[mark.what],
        detail=mark.detail or "",
        last_mark_id=mark.id,
        is_walk_in=before.is_walk_in,
    )


def add_mark(
    session_id: int,
    pupil_id: int,
    what: str,
    *,
    at: datetime,
    user_id: int | None,
    recorded_at: datetime | None = None,
    detail: str | None = None,
) -> Mark:
    """Note one thing that happened; raises `MarkRefused` when it cannot follow from what was noted before.

    A child who comes into a session while still in another of that day goes out of the other `to_activity` by the same
    act, so that each child is in exactly one place at any time.
    """
    lock_rows((Pupil, [pupil_id]))
    session = db.session.get(Session, session_id)
    pupil = db.session.get(Pupil, pupil_id)
    if session is None or pupil is None:
        raise NotFound
    today = states_in(_sessions_of_day(session))
    now = today.get((session_id, pupil_id), NOTHING_YET)
    if what not in ALLOWED[now.state]:
        raise MarkRefused(f"{pupil.full_name} is marked “{_words(now)}” already. Nothing was changed.")
    if what in INS:
        for (other_id, child_id), state in today.items():
            if child_id == pupil_id and other_id != session_id and state.state == "in":
                _write(other_id, pupil_id, "to_activity", at, user_id, recorded_at, session.run.activity.name)
        fact = "attended" if what == "arrived" else "walk_in"
        db.session.add(
            RequestFact(
                at=at,
                what=fact,
                pupil_id=pupil_id,
                session_id=session_id,
                user_id=user_id,
                channel="register",
            )
        )
    mark = _write(session_id, pupil_id, what, at, user_id, recorded_at, detail)
    db.session.flush()
    return mark


def undo(mark_id: int, *, session_id: int, at: datetime, user_id: int | None) -> Mark:
    """Take back a mark of this session by another mark; raises `NotFound`, or `MarkRefused` when it is not the last."""
    mark = db.session.get(Mark, mark_id)
    if mark is None or mark.what == "undone" or mark.session_id != session_id:
        raise NotFound
    lock_rows((Pupil, [mark.pupil_id]))
    state = states_in([mark.session_id]).get((mark.session_id, mark.pupil_id), NOTHING_YET)
    if state.last_mark_id != mark.id:
        raise MarkRefused("Something was marked after this. Undo the last mark first. Nothing was changed.")
    back = Mark(
        session_id=mark.session_id,
        pupil_id=mark.pupil_id,
        what="undone",
        at=at,
        recorded_at=at,
        user_id=user_id,
        undoes_id=mark.id,
    )
    db.session.add(back)
    db.session.flush()
    return back


def _write(
    session_id: int,
    pupil_id: int,
    what: str,
    at: datetime,
    user_id: int | None,
    recorded_at: datetime | None,
    detail: str | None,
) -> Mark:
    mark = Mark(
        session_id=session_id,
        pupil_id=pupil_id,
        what=what,
        at=at,
        recorded_at=recorded_at or at,
        user_id=user_id,
        detail=detail,
    )
    db.session.add(mark)
    return mark


def _sessions_of_day(session: Session) -> list[int]:
    return list(db.session.scalars(select(Session.id).where(Session.date == session.date)))


def _words(state: ChildState) -> str:
    return {"in": "in", "absent": "absent", "out": state.how or "out"}.get(state.state, "expected")
