"""Where a child stands, as a sentence that a tired person understands at once."""

from __future__ import annotations

from datetime import datetime

from booking.core.words import clock as hour
from booking.registers.custody import Stand
from booking.registers.custody_alarms import alarm_words
from booking.registers.custody_day import CustodyDay


def stand_words(custody: CustodyDay, pupil_id: int, stand: Stand) -> str:
    """`In Chess club since 15:31`; what rings is said in the words of its alarm."""
    if stand.rings:
        words = alarm_words(custody, pupil_id, stand)
        return words[:1].upper() + words[1:]
    here, there = _name(custody, stand.session_id), _name(custody, stand.to_id)
    since = hour(stand.since) if stand.since else ""
    if stand.kind == "in":
        return f"In {here} since {since}" + (f", then {there}" if there else "")
    if stand.kind == "on_the_way":
        return f"On the way from {here} to {there or 'another activity'} since {since}"
    if stand.kind == "due":
        return f"Due in {here} since {since}"
    if stand.kind == "class":
        start = _start(custody, stand.to_id)
        return f"In class until {there}, {hour(start)}" if start else "In class"
    if stand.kind == "home" and stand.session_id is not None and stand.since is not None:
        state = custody.state_of(pupil_id, stand.session_id)
        return f"{state.how if state and state.how else 'Gone'} from {here} at {since}"
    if stand.kind == "absent":
        return f"Absent from {here}"
    if stand.kind == "found":
        return f"Not in {here}: somebody has looked into it"
    return "Not expected after class"


def plan_words(custody: CustodyDay, stand: Stand) -> str:
    """Where the plan has a child at an instant, in a word or two, to stand beside where it is."""
    here, there = _name(custody, stand.session_id), _name(custody, stand.to_id)
    return {
        "class": "In class",
        "in": here,
        "on_the_way": f"On the way to {there}",
        "home": "At home",
    }[stand.kind]


def _name(custody: CustodyDay, session_id: int | None) -> str:
    session = custody.sessions.get(session_id or 0)
    return session.name if session else ""


def _start(custody: CustodyDay, session_id: int | None) -> datetime | None:
    session = custody.sessions.get(session_id or 0)
    return session.starts_at if session else None
