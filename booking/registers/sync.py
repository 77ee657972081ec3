"""Marks that devices made on their own, with or without a network: all are kept once, whatever order they come in.

What follows from them is another matter (`child_days.py`): a mark that does not follow happened all the same. Refused
is only nonsense, and what this person may not see. See docs/decisions/0019-marks.md for the times.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import select

from booking.core import clock
from booking.core.db import db, insert_new, lock_rows
from booking.core.errors import BookingError
from booking.people.models import Pupil, User
from booking.people.restrictions import closed_pupils
from booking.provision.models import Session
from booking.registers.arrivals import note_who_came
from booking.registers.child_days import INS
from booking.registers.expected import sessions_for
from booking.registers.models import MARKS, Mark

MOST_MARKS = 1_000
MOST_WORDS = 160
NETWORK = timedelta(seconds=5)
"""Clocks that differ by less are called the same: it is what the way to the server takes."""
NOT_THERE = "That child or session is not there, or not yours to see."


class NotUnderstood(BookingError):
    """The whole message is nonsense; nothing was kept, and the device has to send it otherwise."""


@dataclass(frozen=True)
class Sent:
    """One mark as a device says it, read and sound; `at` is bounded by the server's clock."""

    uid: str
    session_id: int
    pupil_id: int
    what: str
    at: datetime
    device_at: datetime
    sequence: int | None
    detail: str | None
    undoes: str | None
    person_id: int | None


@dataclass
class Answer:
    """What the device is told: these are safe and may be forgotten, these are refused and why."""

    kept: list[str] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    marks: list[Sent] = field(default_factory=list)


def read_instant(value: object) -> datetime:
    """An instant of a device; raises `ValueError` when it is none, or does not know its zone."""
    if not isinstance(value, str):
        raise ValueError("no instant")
    at = datetime.fromisoformat(value)
    if at.tzinfo is None or not 1970 < at.year < 9000:
        raise ValueError("no instant")
    return at


def bounded(device_at: datetime, sent_at: datetime, received_at: datetime) -> datetime:
    """When it happened by the server's clock: the device's error at sending is taken off, and never after receipt."""
    error = sent_at - received_at
    at = device_at - error if abs(error) > NETWORK else device_at
    return min(at, received_at)


def within(at: datetime, session: Session, received_at: datetime) -> datetime:
    """A mark of a session happened on its day, whatever a clock says."""
    first = clock.instant(session.date, time(0))
    last = clock.instant(session.date + timedelta(days=1), time(0)) - timedelta(seconds=1)
    return min(max(at, first), last, received_at)


def keep_marks(
    message: Mapping[str, Any], *, user: User, device_id: int | None, received_at: datetime
) -> Answer:
    """Keep what a device sent, in the caller's unit of work; sending the same again changes nothing and answers the same.

    Raises `NotUnderstood` when the message as a whole is nonsense.
    """
    browser, sent_at, raw = _envelope(message)
    answer = Answer()
    sound = [one for item in raw if (one := _read(item, sent_at, received_at, answer)) is not None]
    lock_rows((Pupil, {one.pupil_id for one in sound}))
    sessions = _seen_sessions(sound, user)
    pupils = _seen_pupils(sound, user, received_at)
    targets = _targets(sound)
    writers = _writers(sound, user)
    today, rows, came = clock.today(received_at), [], []
    for one in sound:
        session = sessions.get(one.session_id)
        if session is not None and session.date > today:
            answer.refused.append((one.uid, "That session has not begun."))
            continue
        if session is None or one.pupil_id not in pupils:
            answer.refused.append((one.uid, NOT_THERE))
            continue
        if one.undoes and targets.get(one.undoes, one.pupil_id) != one.pupil_id:
            answer.refused.append((one.uid, "It takes back the mark of another child."))
            continue
        answer.kept.append(one.uid)
        answer.marks.append(one)
        person_id = one.person_id if one.person_id in writers else user.id
        rows.append(
            Mark.row(
                uid=one.uid,
                session_id=one.session_id,
                pupil_id=one.pupil_id,
                what=one.what,
                at=within(one.at, session, received_at),
                recorded_at=received_at,
                user_id=person_id,
                sent_by_id=user.id if person_id != user.id else None,
                source="tablet",
                device_id=device_id,
                browser=browser,
                sequence=one.sequence,
                device_at=one.device_at,
                undoes_uid=one.undoes,
                **({"detail": one.detail} if one.detail else {}),
            )
        )
        if one.what in INS:
            came.append((one.session_id, one.pupil_id, one.what, one.at))
    if rows:
        note_who_came(came, user.id)
        db.session.execute(insert_new(Mark), rows)
    return answer


def _envelope(message: Mapping[str, Any]) -> tuple[str, datetime, Sequence[Any]]:
    try:
        browser = str(uuid.UUID(message["device"]))
        sent_at = read_instant(message["sent_at"])
        raw = message["marks"]
        if not isinstance(raw, list) or len(raw) > MOST_MARKS:
            raise ValueError("no list")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise NotUnderstood(
            f"Send device, sent_at and at most {MOST_MARKS} marks. Nothing was kept."
        ) from error
    return browser, sent_at, raw


def _read(item: Any, sent_at: datetime, received_at: datetime, answer: Answer) -> Sent | None:
    """One mark, or nothing: then what is wrong stands among the refused (without a uid nobody could be told)."""
    uid = item.get("uid") if isinstance(item, dict) else None
    try:
        if not isinstance(uid, str) or str(uuid.UUID(uid)) != uid:
            raise ValueError("uid")
        what, undoes = item["what"], item.get("undoes") or None
        device_at = read_instant(item["at"])
        if what not in MARKS or what == "settled" or (what == "undone") != (undoes is not None):
            raise ValueError("what")
        if undoes is not None and str(uuid.UUID(undoes)) != undoes:
            raise ValueError("undoes")
        return Sent(
            uid=uid,
            session_id=_number(item["session_id"]),
            pupil_id=_number(item["pupil_id"]),
            what=what,
            at=bounded(device_at, sent_at, received_at),
            device_at=device_at,
            sequence=None if item.get("sequence") is None else _number(item["sequence"]),
            detail=_words(item.get("detail")),
            undoes=undoes,
            person_id=None if item.get("by") is None else _number(item["by"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        if isinstance(uid, str) and len(uid) <= 36:
            answer.refused.append((uid, "This mark makes no sense."))
        return None


def _number(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**31:
        raise ValueError("no number")
    return value


def _words(value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise TypeError("no words")
    return " ".join(value.split())[:MOST_WORDS] or None


def _seen_sessions(sound: Sequence[Sent], user: User) -> dict[int, Session]:
    """The sessions named that this person may see."""
    ids = {one.session_id for one in sound}
    days = set(db.session.scalars(select(Session.date).where(Session.id.in_(ids))))
    seen = {session.id: session for day in days for session in sessions_for(user, day)}
    return {session_id: seen[session_id] for session_id in ids & set(seen)}


def _seen_pupils(sound: Sequence[Sent], user: User, at: datetime) -> set[int]:
    """The children named that are there, but for those whom a restriction closes to this person."""
    ids = {one.pupil_id for one in sound}
    there = set(db.session.scalars(select(Pupil.id).where(Pupil.id.in_(ids))))
    return there - closed_pupils(user.id, clock.today(at))


def _targets(sound: Sequence[Sent]) -> dict[str, int]:
    """Whose the marks are that are taken back, where they are here already or come with this message."""
    uids = {one.undoes for one in sound if one.undoes}
    known = db.session.execute(select(Mark.uid, Mark.pupil_id).where(Mark.uid.in_(uids)))
    return {one.uid: one.pupil_id for one in sound} | {row.uid: row.pupil_id for row in known}


def _writers(sound: Sequence[Sent], user: User) -> set[int]:
    """Members of staff who may have made marks on this device before another sent them."""
    ids = {one.person_id for one in sound if one.person_id not in {None, user.id}}
    if not ids:
        return set()
    people = db.session.scalars(select(User).where(User.id.in_(ids)))
    return {one.id for one in people if one.role_names & {"staff", "manager"}}
