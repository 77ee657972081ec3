"""Children who pass from one session to the next: sent by who had them, received by who has them, both ends confirmed.

Until it is received a child is in the hands of whoever sent it. A child that is taken in without having been sent is
out of the other session by the same act, and that session's leader is still asked to confirm.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from booking.core.audit import record
from booking.core.db import db
from booking.core.errors import BookingError, NotFound
from booking.people.models import User
from booking.provision.models import Session
from booking.registers.call_models import Handover
from booking.registers.custody import TO_ACTIVITY
from booking.registers.custody_day import Child, CustodyDay, custody_of
from booking.registers.marks import NOTHING_YET, NewMark, add_marks
from booking.registers.plan import TO_NEXT


class HandoverRefused(BookingError):
    """A child chosen is not where it would have to be, or goes nowhere next; it is named, and nothing was changed."""


@dataclass(frozen=True)
class End:
    """One end of a child's way: when it was confirmed, and by whom (nobody is named when a mark alone says it)."""

    at: datetime
    by: str = ""


@dataclass(frozen=True)
class Pass:
    """One child on its way between two sessions of its plan, or of what a leader decided."""

    child: Child
    from_id: int
    to_id: int
    sent: End | None
    received: End | None
    is_still_in: bool

    @property
    def state(self) -> str:
        """`waits` (still in the first), `on_the_way`, `unconfirmed` (here, but nobody sent it) or `whole`."""
        if self.received is not None:
            return "whole" if self.sent is not None else "unconfirmed"
        return "on_the_way" if self.sent is not None else "waits"


def passes_of(custody: CustodyDay) -> list[Pass]:
    """Every way between two sessions that the day's plans and leaders ask for, of children who have come in at all."""
    rows = _rows(custody)
    found = []
    for pupil_id, from_id, to_id in sorted(_wanted(custody) | set(rows)):
        state = custody.state_of(pupil_id, from_id) or NOTHING_YET
        if state.state not in {"in", "out"} or (state.state == "out" and state.how != TO_ACTIVITY):
            continue
        there = custody.state_of(pupil_id, to_id) or NOTHING_YET
        ends = rows.get((pupil_id, from_id, to_id), {})
        came_at = there.in_at if there.state in {"in", "out"} else None
        sent, received = ends.get("sent"), ends.get("received")
        if state.state == "in":
            sent = None
        elif sent is None and state.out_at is not None and state.out_at != came_at:
            sent = End(state.out_at)
        if came_at is None:
            received = None
        elif received is None:
            received = End(came_at)
        child = custody.children[pupil_id]
        found.append(Pass(child, from_id, to_id, sent, received, state.state == "in"))
    return found


def _wanted(custody: CustodyDay) -> set[tuple[int, int, int]]:
    return {
        (pupil_id, leg.session_id, after.session_id)
        for pupil_id, facts in custody.facts.items()
        for leg, after in zip(facts.legs, facts.legs[1:], strict=False)
        if leg.ends == TO_NEXT
    }


def _rows(custody: CustodyDay) -> dict[tuple[int, int, int], dict[str, End]]:
    found: dict[tuple[int, int, int], dict[str, End]] = {}
    rows = db.session.execute(
        select(Handover, User.name)
        .outerjoin(User, User.id == Handover.user_id)
        .where(Handover.from_id.in_(list(custody.sessions)), Handover.to_id.in_(list(custody.sessions)))
        .order_by(Handover.at, Handover.id)
    )
    for row, name in rows:
        key = (row.pupil_id, row.from_id, row.to_id)
        found.setdefault(key, {})[row.end_of] = End(row.at, name or "")
    return found


def send(from_id: int, pupil_ids: Collection[int], *, at: datetime, user_id: int | None) -> list[Pass]:
    """Send children on to the next session of their plan: out of this one, and on their way until they are received.

    Who was taken in there already is confirmed only. Raises `HandoverRefused`, `MarkRefused` or `NotFound`.
    """
    chosen = _chosen(from_id, pupil_ids, at, lambda one: one.from_id)
    marks = [
        NewMark(from_id, one.child.id, "to_activity", at, _name_of(one.to_id))
        for one in chosen
        if one.is_still_in
    ]
    if marks:
        add_marks(marks, recorded_at=at, user_id=user_id)
    _write(chosen, "sent", at, user_id)
    return chosen


def receive(to_id: int, pupil_ids: Collection[int], *, at: datetime, user_id: int | None) -> list[Pass]:
    """Take in children who come from another session, in the caller's unit of work.

    Raises `HandoverRefused`, `MarkRefused` or `NotFound`.
    """
    chosen = [one for one in _chosen(to_id, pupil_ids, at, lambda one: one.to_id) if one.received is None]
    if chosen:
        add_marks(
            [NewMark(to_id, one.child.id, "arrived", at) for one in chosen], recorded_at=at, user_id=user_id
        )
    _write(chosen, "received", at, user_id)
    return chosen


def _chosen(
    session_id: int, pupil_ids: Collection[int], at: datetime, end: Callable[[Pass], int]
) -> list[Pass]:
    session = db.session.get(Session, session_id)
    if session is None:
        raise NotFound
    custody = custody_of(session.date, at)
    known = {one.child.id: one for one in passes_of(custody) if end(one) == session_id}
    strangers = [pupil_id for pupil_id in pupil_ids if pupil_id not in known]
    if strangers or not pupil_ids:
        name = (
            custody.children[strangers[0]].full_name if strangers and strangers[0] in custody.children else ""
        )
        raise HandoverRefused(
            f"{name or 'A child'} is not on the way between these two. Nothing was changed."
            if strangers
            else "Tick the children first. Nothing was changed."
        )
    return [known[pupil_id] for pupil_id in sorted(set(pupil_ids))]


def _name_of(session_id: int) -> str:
    return db.session.get_one(Session, session_id).run.activity.name


def _write(chosen: Iterable[Pass], end_of: str, at: datetime, user_id: int | None) -> None:
    for one in chosen:
        db.session.add(
            Handover(
                pupil_id=one.child.id,
                from_id=one.from_id,
                to_id=one.to_id,
                end_of=end_of,
                at=at,
                user_id=user_id,
            )
        )
        record(f"handover_{end_of}", "pupil", one.child.id, at=at, user_id=user_id, session=one.from_id)
    db.session.flush()
