"""The custody rules that must hold of every day that was ever marked, for `booking check`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import pairwise

from sqlalchemy import or_, select
from sqlalchemy.orm import aliased

from booking.core.db import db
from booking.provision.models import Session
from booking.registers.call_models import CustodyTerms, Handover
from booking.registers.marks import ChildState, states_in
from booking.registers.models import Mark

FOR_EVER = datetime.max.replace(tzinfo=UTC)


def custody_problems() -> Iterator[str]:
    """One sentence for each child and day that break a rule: one pair of hands at a time, in before out."""
    for day, sessions in _marked_days().items():
        states = states_in(sessions)
        yield from state_problems(day, states)
    yield from _handover_problems()
    for row in db.session.scalars(select(CustodyTerms).order_by(CustodyTerms.from_on)):
        if not row.not_here_steps or not row.nobody_came_steps:
            yield f"custody terms from {row.from_on.isoformat()}: a kind of alarm has no step"


def _marked_days() -> dict[date, list[int]]:
    """The sessions with marks, by day."""
    found: dict[date, list[int]] = defaultdict(list)
    rows = db.session.execute(
        select(Session.date, Session.id)
        .where(Session.id.in_(select(Mark.session_id).distinct()))
        .order_by(Session.date, Session.id)
    )
    for row in rows:
        found[row.date].append(row.id)
    return found


def state_problems(day: date, states: dict[tuple[int, int], ChildState]) -> Iterator[str]:
    """What is wrong with the derived states of one day, by (session, pupil): two places at once, out before in."""
    by_child: dict[int, list[tuple[int, ChildState]]] = defaultdict(list)
    for (session_id, pupil_id), state in sorted(states.items()):
        by_child[pupil_id].append((session_id, state))
        if state.in_at and state.out_at and state.out_at < state.in_at:
            yield f"register of session {session_id}: pupil {pupil_id} went out before coming in"
        if state.state == "absent" and state.in_at is not None:
            yield f"register of session {session_id}: pupil {pupil_id} is in and absent at once"
    for pupil_id, own in by_child.items():
        stays = sorted(
            (stay.in_at, stay.out_at or FOR_EVER, session_id) for session_id, one in own for stay in one.stays
        )
        for (_, went_at, first), (came_at, _, second) in pairwise(stays):
            if went_at > came_at:
                yield (
                    f"registers of {day.isoformat()}: pupil {pupil_id} is in sessions {first} and {second} at once"
                )


def _handover_problems() -> Iterator[str]:
    """A handover goes on, on the same day, to a session that begins later or at the same time."""
    first, second = aliased(Session), aliased(Session)
    rows = db.session.execute(
        select(Handover.id, Handover.pupil_id)
        .join(first, first.id == Handover.from_id)
        .join(second, second.id == Handover.to_id)
        .where(or_(first.date != second.date, first.starts_at > second.starts_at))
        .order_by(Handover.id)
    )
    for row in rows:
        yield f"handover {row.id}: pupil {row.pupil_id} is sent to another day or back in time"
