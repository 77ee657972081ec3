"""What a device at the door may keep of a day: the least that the door needs, for the sessions that its person sees.

First name, initial, class, a letter where two children could be taken for each other, and one flag that stops a
release until somebody looked at the leader's sheet. No surname, no care, nobody who collects.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, timedelta
from string import ascii_uppercase
from typing import Any

from sqlalchemy import select

from booking.bookings.day_note_models import DayNote
from booking.bookings.day_notes import note_words, notes_on, why_not_expected
from booking.core import clock
from booking.core.db import db
from booking.people.care_models import CollectionPassword
from booking.people.models import Pupil, User
from booking.people.restrictions import restrictions_of
from booking.provision.models import Session
from booking.registers.events import version_of
from booking.registers.expected import sessions_for, status_of
from booking.registers.marks import NOTHING_YET, ChildState, states_in

SHIFT_GOES_ON = timedelta(hours=1)


def door_day(user: User, day: date, *, at: datetime) -> tuple[dict[str, Any], str]:
    """The day as the door reads it, and a tag that is the same as long as all but the time of making is."""
    sessions = [session for session in sessions_for(user, day) if session.status == "planned"]
    ids = [session.id for session in sessions]
    version = version_of(day)
    status, states = status_of(ids), states_in(ids)
    for key, state in states.items():
        if key not in status and state.state != "expected":
            status[key] = "walk_in"
    children = _Children({pupil_id for _, pupil_id in status}, day)
    made: dict[str, Any] = {
        "date": day.isoformat(),
        "person": user.id,
        "version": version,
        "ends_at": _ends_at(sessions, day).isoformat(),
        "sessions": [
            _session(one, [(p, word) for (s, p), word in status.items() if s == one.id], states, children)
            for one in sessions
        ],
    }
    tag = hashlib.sha256(json.dumps(made, sort_keys=True).encode()).hexdigest()[:32]
    return {**made, "made_at": at.isoformat()}, tag


def _ends_at(sessions: Iterable[Session], day: date) -> datetime:
    """When what the device keeps has to go: an hour after the last session, for children who are fetched late."""
    ends = [clock.instant(day, session.ends_at) for session in sessions]
    return (max(ends) if ends else clock.instant(day, datetime.min.time())) + SHIFT_GOES_ON


class _Children:
    """The children of a day with what the door shows of each, read in a fixed number of queries."""

    def __init__(self, ids: Collection[int], day: date) -> None:
        pupils = db.session.scalars(select(Pupil).where(Pupil.id.in_(ids)))
        self.pupils = {pupil.id: pupil for pupil in pupils}
        self.letters = letters_of(self.pupils.values())
        words = select(CollectionPassword.pupil_id).where(CollectionPassword.pupil_id.in_(ids))
        self.checks = set(restrictions_of(ids, day)) | set(db.session.scalars(words))
        self.notes = notes_on(ids, day)


def letters_of(pupils: Iterable[Pupil]) -> dict[int, str]:
    """A letter for each child who could be taken for another: same first name and initial, or twins."""
    alike: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for pupil in pupils:
        surname = pupil.surname.casefold()
        alike["name", pupil.first_name.casefold(), surname[:1]].append(pupil.id)
        alike["twins", surname, pupil.date_of_birth].append(pupil.id)
    found: dict[int, str] = {}
    for ids in alike.values():
        taken = Counter(found[id_] for id_ in ids if id_ in found)
        free = iter(_letters(taken))
        for id_ in sorted(ids) if len(ids) > 1 else ():
            if id_ not in found:
                found[id_] = next(free)
    return found


def _letters(taken: Collection[str]) -> Iterable[str]:
    for number in range(26 * 27):
        high, low = divmod(number, 26)
        letter = (ascii_uppercase[high - 1] if high else "") + ascii_uppercase[low]
        if letter not in taken:
            yield letter


def _session(
    session: Session,
    expected: list[tuple[int, str]],
    states: Mapping[tuple[int, int], ChildState],
    children: _Children,
) -> dict[str, Any]:
    rows = [
        _child(children, pupil_id, word, session, states.get((session.id, pupil_id), NOTHING_YET))
        for pupil_id, word in expected
    ]
    return {
        "id": session.id,
        "name": session.run.activity.name,
        "kind": session.run.activity.kind,
        "starts": f"{session.starts_at:%H:%M}",
        "ends": f"{session.ends_at:%H:%M}",
        "room": session.run.room.name,
        "leader": session.run.leader or "",
        "children": sorted(rows, key=lambda row: (row["first"].casefold(), row["initial"], row["id"])),
    }


def _child(
    children: _Children, pupil_id: int, status: str, session: Session, state: ChildState
) -> dict[str, Any]:
    pupil = children.pupils[pupil_id]
    return {
        "id": pupil_id,
        "first": pupil.first_name,
        "initial": pupil.surname[:1].upper(),
        "class": pupil.class_name or "",
        "mark": children.letters.get(pupil_id, ""),
        "check": pupil_id in children.checks,
        "status": status,
        "away": _away(children.notes.get(pupil_id, []), session),
        "state": state.state,
        "in": state.in_at.isoformat() if state.in_at else "",
        "out": state.out_at.isoformat() if state.out_at else "",
        "how": state.how,
        "last": state.last_uid,
    }


def _away(notes: list[DayNote], session: Session) -> str:
    """Why nobody waits for the child here, or that it comes late; who collects is on the leader's sheet alone."""
    late = next((one for one in notes if one.kind == "late" and one.session_id in {None, session.id}), None)
    why = why_not_expected(notes, session.id, session.starts_at)
    return why or (note_words(late) if late is not None else "")
