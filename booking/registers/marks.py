"""Marks at the door: each is an event by a person, the state of a child follows from them, nothing is overwritten."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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


@dataclass(frozen=True)
class NewMark:
    """One thing that happened to one child, as it is pressed at the door or typed in from paper."""

    session_id: int
    pupil_id: int
    what: str
    at: datetime
    detail: str | None = None


def add_mark(
    session_id: int, pupil_id: int, what: str, *, at: datetime, user_id: int | None, detail: str | None = None
) -> Mark:
    """Note one thing that happened now; raises `MarkRefused` when it cannot follow from what was noted before."""
    (mark,) = add_marks([NewMark(session_id, pupil_id, what, at, detail)], recorded_at=at, user_id=user_id)
    return mark


def add_marks(marks: Sequence[NewMark], *, recorded_at: datetime, user_id: int | None) -> list[Mark]:
    """Note what happened on one day, in the given order, all or nothing (a paper sheet typed in afterwards).

    A child who comes into a session while still in another of that day goes out of the other `to_activity` by the same
    act, so that each child is in exactly one place at any time. Raises `MarkRefused` or `NotFound`.
    """
    lock_rows((Pupil, {mark.pupil_id for mark in marks}))
    ids = {mark.session_id for mark in marks}
    sessions = {s.id: s for s in db.session.scalars(select(Session).where(Session.id.in_(ids)))}
    names = {
        p.id: p.full_name
        for p in db.session.scalars(select(Pupil).where(Pupil.id.in_({m.pupil_id for m in marks})))
    }
    if set(sessions) != ids or set(names) != {mark.pupil_id for mark in marks}:
        raise NotFound
    days = {session.date for session in sessions.values()}
    today = states_in(db.session.scalars(select(Session.id).where(Session.date.in_(days))).all())
    written = []
    for new in marks:
        key = (new.session_id, new.pupil_id)
        now = today.get(key, NOTHING_YET)
        if new.what not in ALLOWED[now.state]:
            raise MarkRefused(
                f"{names[new.pupil_id]} is marked “{_words(now)}” already. Nothing was changed."
            )
        if new.what in INS:
            _leave_others(new, today, sessions[new.session_id], recorded_at, user_id)
        mark = _write(new, recorded_at, user_id)
        today[key] = _after(now, mark)
        written.append(mark)
    db.session.flush()
    return written


def _leave_others(
    new: NewMark,
    today: dict[tuple[int, int], ChildState],
    session: Session,
    recorded_at: datetime,
    user_id: int | None,
) -> None:
    """Take the child out of wherever else it is today, and note that it came here."""
    for (other_id, child_id), state in list(today.items()):
        if child_id == new.pupil_id and other_id != new.session_id and state.state == "in":
            left = NewMark(other_id, child_id, "to_activity", new.at, session.run.activity.name)
            today[other_id, child_id] = _after(state, _write(left, recorded_at, user_id))
    fact = "attended" if new.what == "arrived" else "walk_in"
    db.session.add(
        RequestFact(
            at=new.at,
            what=fact,
            pupil_id=new.pupil_id,
            session_id=session.id,
            user_id=user_id,
            channel="register",
        )
    )


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


def _write(new: NewMark, recorded_at: datetime, user_id: int | None) -> Mark:
    mark = Mark(
        session_id=new.session_id,
        pupil_id=new.pupil_id,
        what=new.what,
        at=new.at,
        recorded_at=recorded_at,
        user_id=user_id,
        detail=new.detail,
    )
    db.session.add(mark)
    return mark


def _words(state: ChildState) -> str:
    return {"in": "in", "absent": "absent", "out": state.how or "out"}.get(state.state, "expected")
