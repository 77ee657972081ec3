"""Marks at the door: each is an event by a person, the state of a child follows from them, nothing is overwritten."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from sqlalchemy import select

from booking.core.db import db, lock_rows
from booking.core.errors import BookingError, NotFound
from booking.people.models import Pupil
from booking.provision.models import Session
from booking.registers.arrivals import came_fact
from booking.registers.child_days import INS, ONE_STEP, OUTS, ChildDay, Event, Stay, child_days
from booking.registers.events import closed_among, details_of, event_of, events_on, names_of
from booking.registers.models import Mark

__all__ = ["ALLOWED", "INS", "NOTHING_YET", "OUTS", "ChildState", "MarkRefused", "NewMark"]
ALLOWED = {
    "expected": frozenset({"arrived", "absent", "walk_in"}),
    "in": frozenset(OUTS),
    "absent": frozenset({"arrived"}),
    "out": frozenset(),
}
SAME_MOMENT = timedelta(milliseconds=1)


class MarkRefused(BookingError):
    """The mark does not follow from what is marked already; the child's state is said, nothing was changed."""


@dataclass(frozen=True)
class ChildState:
    """Where a child stands in one session: expected, in, absent or out, with the instants and the last mark.

    Who moved on into another session is out of this one by that mark, which is undone there: no last mark here.
    `is_disputed`: two devices disagree, and a person has to say what was. `stays` are all the stays in this session.
    """

    state: str = "expected"
    in_at: datetime | None = None
    out_at: datetime | None = None
    how: str = ""
    detail: str = ""
    last_mark_id: int | None = None
    is_walk_in: bool = False
    last_uid: str = ""
    is_disputed: bool = False
    stays: tuple[Stay, ...] = ()


NOTHING_YET = ChildState()


def states_in(session_ids: Iterable[int]) -> dict[tuple[int, int], ChildState]:
    """The state of every marked child by (session, pupil), from the marks alone, whatever order they came in."""
    wanted = set(session_ids)
    found: dict[tuple[int, int], tuple[ChildState, str | None, int | None]] = {}
    for events in events_on(wanted).values():
        for pupil_id, day in child_days(events).items():
            for session_id in wanted & day.sessions():
                found[session_id, pupil_id] = _state(day, session_id)
    words = details_of({uid for _, uid, _ in found.values() if uid})
    names = names_of({moved_to for _, _, moved_to in found.values() if moved_to})
    return {
        key: replace(state, detail=names[moved_to] if moved_to else words.get(uid or "", ""))
        for key, (state, uid, moved_to) in found.items()
    }


def _state(day: ChildDay, session_id: int) -> tuple[ChildState, str | None, int | None]:
    """The state in one session, the mark whose words belong to it, and the session that the child moved to."""
    stays = day.stays_in(session_id)
    is_disputed = any(
        session_id in {one.first.session_id, one.second.session_id} and not one.is_settled
        for one in day.disputes
    )
    if not stays:
        out = day.lone_outs.get(session_id)
        last = out or day.absences[session_id]
        state = ChildState(
            "out" if out else "absent",
            out_at=out.at if out else None,
            how=OUTS[out.what] if out else "",
            last_mark_id=last.mark_id,
            last_uid=last.uid,
            is_disputed=is_disputed,
        )
        return state, last.uid, None
    stay = stays[-1]
    mark = stay.came if stay.out_at is None else stay.went
    how = OUTS["to_activity" if stay.moved_to else stay.went.what if stay.went else ""] if stay.out_at else ""
    state = ChildState(
        "in" if stay.out_at is None else "out",
        in_at=stay.in_at,
        out_at=stay.out_at,
        how=how,
        last_mark_id=mark.mark_id if mark else None,
        is_walk_in=stays[0].came.what == "walk_in",
        last_uid=mark.uid if mark else "",
        is_disputed=is_disputed,
        stays=tuple(stays),
    )
    return state, stay.went.uid if stay.went else None, stay.moved_to


@dataclass(frozen=True)
class NewMark:
    """One thing that happened to one child, as it is pressed at the door or typed in from paper."""

    session_id: int
    pupil_id: int
    what: str
    at: datetime
    detail: str | None = None
    uid: str = field(default_factory=lambda: str(uuid.uuid4()))
    sequence: int | None = None


@dataclass(frozen=True)
class Maker:
    """Who noted something, on what: a page, a tablet, a sheet of paper (`browser` is its number), the office."""

    user_id: int | None
    source: str = "page"
    device_id: int | None = None
    browser: str | None = None
    sent_by_id: int | None = None


def add_mark(
    session_id: int,
    pupil_id: int,
    what: str,
    *,
    at: datetime,
    user_id: int | None,
    detail: str | None = None,
    device_id: int | None = None,
) -> Mark:
    """Note one thing that happened now; raises `MarkRefused` when it cannot follow from what was noted before."""
    new = NewMark(session_id, pupil_id, what, at, detail)
    (mark,) = add_marks([new], recorded_at=at, user_id=user_id, maker=Maker(user_id, device_id=device_id))
    return mark


def add_marks(
    marks: Sequence[NewMark], *, recorded_at: datetime, user_id: int | None, maker: Maker | None = None
) -> list[Mark]:
    """Note what happened, in the given order, all or nothing. Raises `MarkRefused` or `NotFound`.

    A child who comes into a session while still in another goes out of the other by the same act, without another
    mark. After the day is closed a mark is a correction that two people make (`booking/registers/corrections.py`).
    """
    lock_rows((Pupil, {mark.pupil_id for mark in marks}))
    days = _days_of(marks)
    if closed_among({session.date for session in days.values()}):
        raise MarkRefused("The registers of this day are closed. Ask the office for a correction.")
    return write_marks(marks, days, recorded_at=recorded_at, maker=maker or Maker(user_id))


def _days_of(marks: Collection[NewMark]) -> dict[int, Session]:
    """The sessions of these marks by id; raises `NotFound` when one of them or a child is not there."""
    ids, pupils = {mark.session_id for mark in marks}, {mark.pupil_id for mark in marks}
    sessions = {s.id: s for s in db.session.scalars(select(Session).where(Session.id.in_(ids)))}
    known = set(db.session.scalars(select(Pupil.id).where(Pupil.id.in_(pupils))))
    if set(sessions) != ids or known != pupils:
        raise NotFound
    return sessions


def write_marks(
    marks: Sequence[NewMark], sessions: dict[int, Session], *, recorded_at: datetime, maker: Maker
) -> list[Mark]:
    """Write marks that follow from each other; the pupils are locked already. Raises `MarkRefused`."""
    known_events: dict[tuple[date, int], list[Event]] = defaultdict(list)
    for on, events in events_on(set(sessions), of_pupils={mark.pupil_id for mark in marks}).items():
        for event in events:
            known_events[on, event.pupil_id].append(event)
    written = []
    for new in marks:
        own = known_events[sessions[new.session_id].date, new.pupil_id]
        day = child_days(own).get(new.pupil_id, ChildDay())
        known = new.session_id in day.sessions()
        now = _state(day, new.session_id)[0] if known else NOTHING_YET
        if new.what not in _allowed(now):
            raise MarkRefused(
                f"{db.session.get_one(Pupil, new.pupil_id).full_name} is marked “{_words(now)}” already. "
                "Nothing was changed."
            )
        mark = _row(replace(new, at=_after_all(own, new.at)), recorded_at, maker)
        db.session.add(mark)
        if new.what in INS and not day.stays_in(new.session_id):
            db.session.add(came_fact(new.session_id, new.pupil_id, new.what, new.at, maker.user_id))
        own.append(event_of(mark))
        written.append(mark)
    db.session.flush()
    return written


def _allowed(now: ChildState) -> frozenset[str]:
    """What may follow; somebody whom a device sent out without an "in" may still be marked in."""
    return INS if now.state == "out" and now.in_at is None else ALLOWED[now.state]


def _after_all(events: Iterable[Event], at: datetime) -> datetime:
    """What is pressed on a page at the very moment of another mark comes after it: it was seen there."""
    last = max((event.at for event in events), default=None)
    return last + ONE_STEP if last is not None and timedelta() <= last - at < SAME_MOMENT else at


def undo(
    mark_id: int, *, session_id: int, at: datetime, user_id: int | None, device_id: int | None = None
) -> Mark:
    """Take back a mark of this session by another mark; raises `NotFound`, or `MarkRefused` when it is not the last."""
    mark = db.session.get(Mark, mark_id)
    if mark is None or mark.what in {"undone", "settled"} or mark.session_id != session_id:
        raise NotFound
    lock_rows((Pupil, [mark.pupil_id]))
    state = states_in([mark.session_id]).get((mark.session_id, mark.pupil_id), NOTHING_YET)
    if state.last_mark_id != mark.id:
        raise MarkRefused("Something was marked after this. Undo the last mark first. Nothing was changed.")
    if closed_among({db.session.get_one(Session, mark.session_id).date}):
        raise MarkRefused("The registers of this day are closed. Ask the office for a correction.")
    return name_mark(mark, "undone", at=at, maker=Maker(user_id, device_id=device_id))


def name_mark(mark: Mark, what: str, *, at: datetime, maker: Maker, detail: str | None = None) -> Mark:
    """Write the mark that takes another back (`undone`), or says that it stands (`settled`)."""
    new = NewMark(mark.session_id, mark.pupil_id, what, at, detail)
    made = _row(new, at, maker)
    made.undoes_uid = mark.uid
    db.session.add(made)
    db.session.flush()
    return made


def _row(new: NewMark, recorded_at: datetime, maker: Maker) -> Mark:
    private = {"detail": new.detail} if new.detail else {}
    return Mark(
        uid=new.uid,
        session_id=new.session_id,
        pupil_id=new.pupil_id,
        what=new.what,
        at=new.at,
        recorded_at=recorded_at,
        user_id=maker.user_id,
        sent_by_id=maker.sent_by_id,
        source=maker.source,
        device_id=maker.device_id,
        browser=maker.browser,
        sequence=new.sequence,
        **private,
    )


def _words(state: ChildState) -> str:
    return {"in": "in", "absent": "absent", "out": state.how or "out"}.get(state.state, "expected")
