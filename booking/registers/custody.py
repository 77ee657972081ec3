"""Where one child stands at one minute, from its plan and its marks: exactly one answer, and some answers ring an alarm.

All here is pure: no database and no clock. A child in two places, in none, missed, kept too long or not collected rings;
a child who is in one session, on its way for a few minutes, at home, in class or away does not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from booking.registers.custody_rules import CustodyRules
from booking.registers.marks import NOTHING_YET, ChildState
from booking.registers.plan import BEFORE_CLASS, TO_NEXT, WAITS_AT_SCHOOL, Leg

TO_ACTIVITY = "To another activity"
WITH_ITS_PARENT = ("family",)
MOST_PATIENCE = timedelta(minutes=30)
ALARMS = ("two_places", "nowhere", "not_here", "nobody_came", "not_handed_over")
"""Kinds of stand that ring, the gravest first."""


@dataclass(frozen=True)
class SessionHours:
    """One session of the day, with its hours as instants."""

    id: int
    name: str
    kind: str
    room: str
    starts_at: datetime
    ends_at: datetime
    leader: str = ""


@dataclass(frozen=True)
class ChildFacts:
    """What is known of one child's day: its plan, its state in every session, and what persons said.

    `sent` holds, by the session that a child left, the one that it was sent to. `settled` holds until when a person has
    looked into an alarm of a kind in a session. `leaves_at`: when the child is fetched early; `collector_late`: when
    somebody who is late said they would come.
    """

    pupil_id: int
    legs: tuple[Leg, ...] = ()
    states: Mapping[int, ChildState] = field(default_factory=dict)
    sent: Mapping[int, int] = field(default_factory=dict)
    settled: Mapping[tuple[int, str], datetime] = field(default_factory=dict)
    leaves_at: datetime | None = None
    collector_late: datetime | None = None

    @property
    def session_ids(self) -> set[int]:
        """Every session that this child has to do with today: whoever has one of these registers may know of it."""
        return {*(leg.session_id for leg in self.legs), *self.states}


@dataclass(frozen=True)
class Stand:
    """Where a child stands: one of `in`, `on_the_way`, `due`, `class`, `home`, `absent`, `found`, or a kind of alarm.

    `session_id` is the session it is in, was last in or is awaited in; `to_id` where it goes next; `since` when that
    began, which is where the clock of an alarm's steps begins.
    """

    kind: str
    session_id: int | None = None
    since: datetime | None = None
    to_id: int | None = None

    @property
    def rings(self) -> bool:
        """Whether somebody has to act."""
        return self.kind in ALARMS

    @property
    def is_on_site(self) -> bool:
        """Whether the school has this child now, by its registers, as far as anybody knows."""
        return self.kind in {"in", "on_the_way", "nobody_came", "not_handed_over", "two_places", "nowhere"}


def stand_of(
    child: ChildFacts, sessions: Mapping[int, SessionHours], at: datetime, rules: CustodyRules
) -> Stand:
    """Where a child stands at an instant; `sessions` are all of the day."""
    inside = sorted(
        (state.in_at or at, session_id)
        for session_id, state in child.states.items()
        if state.state == "in" and not _is_in_class(sessions[session_id], at)
    )
    if len(inside) > 1:
        return Stand("two_places", inside[-1][1], inside[-1][0], inside[0][1])
    if inside:
        return _inside(child, sessions, inside[0][1], at, rules)
    return _outside(child, sessions, at, rules)


def _is_in_class(session: SessionHours, at: datetime) -> bool:
    """Breakfast has ended, so that who was in it is in class."""
    return session.kind in BEFORE_CLASS and at >= session.ends_at


def _inside(
    child: ChildFacts,
    sessions: Mapping[int, SessionHours],
    here: int,
    at: datetime,
    rules: CustodyRules,
) -> Stand:
    """A child who is in one session: rightly, or taken out of another unasked, kept too long, or not collected."""
    session, state = sessions[here], child.states[here]
    came_at = state.in_at or session.starts_at
    taken_from = _taken_from(child, sessions, here, came_at)
    if taken_from is not None and not _is_settled(child, here, "two_places", came_at):
        return Stand("two_places", here, came_at, taken_from)
    after = _to_come(child, sessions, session)
    ends_at = max([session.ends_at, *(sessions[leg.session_id].ends_at for leg in after)])
    if child.leaves_at is not None:
        ends_at = min(ends_at, child.leaves_at)
    since = _patient(rules.collected_by(ends_at), child.collector_late)
    if at >= since and session.kind not in (*BEFORE_CLASS, *WITH_ITS_PARENT):
        return Stand("nobody_came", here, since)
    if not after:
        return Stand("in", here, came_at)
    next_id = after[0].session_id
    due = max(session.ends_at, sessions[next_id].starts_at)
    is_late = at >= due + timedelta(minutes=rules.way_minutes)
    if is_late and not _is_settled(child, here, "not_handed_over", due):
        return Stand("not_handed_over", here, due, next_id)
    return Stand("in", here, came_at, next_id)


def _patient(since: datetime, collector_late: datetime | None) -> datetime:
    """Who said that they come late is waited for until then, half an hour at the most."""
    return since if collector_late is None else max(since, min(collector_late, since + MOST_PATIENCE))


def _to_come(child: ChildFacts, sessions: Mapping[int, SessionHours], session: SessionHours) -> list[Leg]:
    """The legs for which a child who is in a session waits at school: those that follow on, and are not marked yet."""
    chain = list(child.legs)
    ids = [leg.session_id for leg in chain]
    if session.id in ids:
        first = ids.index(session.id)
        chain = chain[first + 1 :] if chain[first].ends == TO_NEXT else []
    else:
        chain = [leg for leg in chain if _is_after(sessions[leg.session_id], session)]
        if chain and sessions[chain[0].session_id].starts_at - session.ends_at > WAITS_AT_SCHOOL:
            chain = []
    found = []
    for leg in chain:
        if child.states.get(leg.session_id, NOTHING_YET).state == "expected":
            found.append(leg)
        if leg.ends != TO_NEXT:
            break
    return found


def _is_after(later: SessionHours, session: SessionHours) -> bool:
    return later.starts_at > session.starts_at and later.ends_at > session.ends_at


def _taken_from(
    child: ChildFacts, sessions: Mapping[int, SessionHours], here: int, came_at: datetime
) -> int | None:
    """The session that a child was in, and that still ran, when it was taken in here: unasked, and not by its plan."""
    if any(leg.session_id == here for leg in child.legs):
        return None
    for session_id, state in child.states.items():
        if (
            session_id != here
            and state.how == TO_ACTIVITY
            and state.out_at == came_at
            and came_at < sessions[session_id].ends_at
            and child.sent.get(session_id) != here
        ):
            return session_id
    return None


def _outside(
    child: ChildFacts, sessions: Mapping[int, SessionHours], at: datetime, rules: CustodyRules
) -> Stand:
    """A child who is in no session: gone, on its way, awaited, missed, or not here at all.

    Of two "out" of one minute the way home is the last: nobody goes on to another activity from there.
    """
    outs = sorted(
        (state.out_at, state.how != TO_ACTIVITY, session_id)
        for session_id, state in child.states.items()
        if state.state == "out" and state.out_at is not None and not _is_in_class(sessions[session_id], at)
    )
    if not outs:
        return _unmarked(child, sessions, at, rules)
    out_at, _, left_id = outs[-1]
    if child.states[left_id].how != TO_ACTIVITY:
        return Stand("home", left_id, out_at)
    to_id = child.sent.get(left_id) or _next_after(child, left_id)
    if to_id is not None and child.states.get(to_id, NOTHING_YET).state == "absent":
        return Stand("absent", to_id)
    if at < out_at + timedelta(minutes=rules.way_minutes):
        return Stand("on_the_way", left_id, out_at, to_id)
    if _is_settled(child, left_id, "nowhere", out_at):
        return Stand("found", left_id, out_at, to_id)
    return Stand("nowhere", left_id, out_at, to_id)


def _next_after(child: ChildFacts, left_id: int) -> int | None:
    ids = [leg.session_id for leg in child.legs]
    after = ids[ids.index(left_id) + 1 :] if left_id in ids else ids
    return after[0] if after else None


def _unmarked(
    child: ChildFacts, sessions: Mapping[int, SessionHours], at: datetime, rules: CustodyRules
) -> Stand:
    """A child whom nobody has marked in this afternoon: its first leg that is not explained says where it stands."""
    last = Stand("class" if child.legs else "home")
    for leg in child.legs:
        session = sessions[leg.session_id]
        if child.states.get(leg.session_id, NOTHING_YET).state == "absent":
            last = Stand("absent", leg.session_id)
        elif at < session.starts_at:
            return last if last.kind != "class" else Stand("class", None, None, leg.session_id)
        elif at < session.starts_at + timedelta(minutes=rules.not_here_minutes):
            return Stand("due", leg.session_id, session.starts_at)
        elif _is_settled(child, leg.session_id, "not_here", session.starts_at):
            last = Stand("found", leg.session_id)
        else:
            return Stand("not_here", leg.session_id, session.starts_at)
    return last


def _is_settled(child: ChildFacts, session_id: int, kind: str, since: datetime) -> bool:
    """Whether a person has looked into an alarm of this kind after it began."""
    settled_at = child.settled.get((session_id, kind))
    return settled_at is not None and settled_at >= since


def should_be(legs: Sequence[Leg], sessions: Mapping[int, SessionHours], at: datetime) -> Stand:
    """Where a child's plan has it at an instant: `class`, `in` a session, `on_the_way` to one, or `home`."""
    for number, leg in enumerate(legs):
        session = sessions[leg.session_id]
        if at < session.starts_at:
            before = legs[number - 1] if number else None
            if before is None:
                return Stand("class", to_id=leg.session_id)
            if before.ends == TO_NEXT:
                return Stand("on_the_way", before.session_id, to_id=leg.session_id)
            return Stand("home", before.session_id)
        if at < session.ends_at:
            return Stand("in", leg.session_id)
    return Stand("home", legs[-1].session_id if legs else None)
