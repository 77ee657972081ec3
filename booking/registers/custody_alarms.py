"""Alarms about children: what is wrong in one sentence, the school's steps by the clock, and what was done so far."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from booking.core import clock
from booking.core.audit import record
from booking.core.db import db, lock_rows
from booking.core.errors import BookingError, NotFound
from booking.core.words import clock as hour
from booking.people.models import Pupil, User
from booking.registers.call_models import CustodyAct
from booking.registers.custody import Stand
from booking.registers.custody_day import Child, CustodyDay, custody_of
from booking.registers.custody_rules import NOBODY_CAME, Step

LONGEST, SHORTEST = 300, 4
TITLES = {
    "two_places": "In two places",
    "nowhere": "On the way for too long",
    "not_here": "Booked but not here",
    "nobody_came": "Nobody came",
    "not_handed_over": "Not handed over",
}


class AlarmRefused(BookingError):
    """The alarm rings no more, or cannot be ended by words; what is so is said, and nothing was written down."""


@dataclass(frozen=True)
class StepState:
    """One step of the school's own: when it is due, and when and by whom it was done."""

    step: Step
    due_at: datetime
    done_at: datetime | None
    done_by: str

    def is_due(self, at: datetime) -> bool:
        """Whether it should have been done by now, and was not."""
        return self.done_at is None and at >= self.due_at


@dataclass(frozen=True)
class Alarm:
    """One child about whom somebody has to act now."""

    child: Child
    stand: Stand
    words: str
    since: datetime
    minutes: int
    steps: tuple[StepState, ...]

    @property
    def kind(self) -> str:
        """The kind of stand that rings."""
        return self.stand.kind

    @property
    def title(self) -> str:
        """The kind in words."""
        return TITLES[self.kind]

    def next_step(self) -> StepState | None:
        """The first step that nobody has done."""
        return next((one for one in self.steps if one.done_at is None), None)


def alarms_of(custody: CustodyDay, visible: Collection[int] | None = None) -> list[Alarm]:
    """What rings now, the oldest first; with `visible` only where one of these sessions has to do with it."""
    ringing = [
        (pupil_id, stand)
        for pupil_id, stand in custody.ringing()
        if visible is None or not {stand.session_id, stand.to_id}.isdisjoint(visible)
    ]
    done = _done(custody, [pupil_id for pupil_id, _ in ringing])
    return [_alarm(custody, pupil_id, stand, done.get(pupil_id, [])) for pupil_id, stand in ringing]


def _alarm(custody: CustodyDay, pupil_id: int, stand: Stand, acts: list[tuple[CustodyAct, str]]) -> Alarm:
    since = stand.since or custody.at
    steps = tuple(
        _step(step, since, [one for one in acts if _is_about(one[0], stand, since)])
        for step in custody.rules.steps_for(stand.kind)
    )
    minutes = int((custody.at - since).total_seconds()) // 60
    return Alarm(
        custody.children[pupil_id], stand, alarm_words(custody, pupil_id, stand), since, minutes, steps
    )


def _step(step: Step, since: datetime, acts: list[tuple[CustodyAct, str]]) -> StepState:
    done = next(((act.at, name) for act, name in acts if act.minutes == step.minutes), (None, ""))
    return StepState(step, since + timedelta(minutes=step.minutes), *done)


def _is_about(act: CustodyAct, stand: Stand, since: datetime) -> bool:
    return (act.session_id, act.kind) == (stand.session_id, stand.kind) and act.at >= since


def _done(custody: CustodyDay, pupil_ids: list[int]) -> dict[int, list[tuple[CustodyAct, str]]]:
    found: dict[int, list[tuple[CustodyAct, str]]] = defaultdict(list)
    if not pupil_ids:
        return found
    rows = db.session.execute(
        select(CustodyAct, User.name)
        .outerjoin(User, User.id == CustodyAct.user_id)
        .where(CustodyAct.session_id.in_(list(custody.sessions)), CustodyAct.pupil_id.in_(pupil_ids))
        .where(CustodyAct.what == "step")
        .order_by(CustodyAct.at, CustodyAct.id)
    )
    for act, name in rows:
        found[act.pupil_id].append((act, name or ""))
    return found


@dataclass(frozen=True)
class Done:
    """One act about a child's alarm, as it is read afterwards."""

    at: datetime
    kind: str
    what: str
    minutes: int | None
    words: str
    by: str


def acts_on(pupil_id: int, session_ids: Collection[int]) -> list[Done]:
    """What was done about a child on the day of these sessions, in its order."""
    rows = db.session.execute(
        select(CustodyAct, User.name)
        .outerjoin(User, User.id == CustodyAct.user_id)
        .where(CustodyAct.pupil_id == pupil_id, CustodyAct.session_id.in_(session_ids))
        .order_by(CustodyAct.at, CustodyAct.id)
    )
    return [
        Done(act.at, TITLES.get(act.kind, act.kind), act.what, act.minutes, act.words, name or "")
        for act, name in rows
    ]


def alarm_words(custody: CustodyDay, pupil_id: int, stand: Stand) -> str:
    """What is wrong, without the child's name: `was due in Chess club at 15:30 and is not marked in.`"""
    here = custody.sessions.get(stand.session_id or 0)
    there = custody.sessions.get(stand.to_id or 0)
    here_name = here.name if here else "a session"
    there_name = there.name if there else "another activity"
    since = hour(stand.since) if stand.since else ""
    unpaid = (stand.session_id, pupil_id) in custody.held
    return {
        "not_here": f"was due in {here_name} at {since} and is not marked in."
        + (" The place is not paid yet." if unpaid else ""),
        "nowhere": f"left {here_name} for {there_name} at {since} and is not marked in there.",
        "two_places": f"was taken into {here_name} at {since}, but was in {there_name}, which did not send "
        "this child. Look where the child is.",
        "not_handed_over": f"is still in {here_name}. {there_name} waits since {since}.",
        "nobody_came": f"is still in {here_name}. Nobody has come. The clock runs since {since}.",
    }.get(stand.kind, "")


def do_step(pupil_id: int, minutes: int, *, words: str, at: datetime, user_id: int | None) -> CustodyAct:
    """Write down that a step of the alarm that rings now was done; raises `AlarmRefused` or `NotFound`."""
    custody, stand = _ringing_now(pupil_id, at)
    if minutes not in {step.minutes for step in custody.rules.steps_for(stand.kind)}:
        raise NotFound
    return _act(pupil_id, stand, "step", minutes, words, at, user_id)


def settle(pupil_id: int, *, words: str, at: datetime, user_id: int | None) -> CustodyAct:
    """End the alarm of a child who was found, with where; raises `AlarmRefused` or `NotFound`.

    "Nobody came" is never ended by words: it ends when somebody marks who took the child.
    """
    _, stand = _ringing_now(pupil_id, at)
    if stand.kind == NOBODY_CAME:
        raise AlarmRefused(
            "Mark in the register who collected the child. That ends it. Nothing was written down."
        )
    if len(words.strip()) < SHORTEST:
        raise AlarmRefused("Say where the child is and who said so. Nothing was written down.")
    return _act(pupil_id, stand, "settled", None, words, at, user_id)


def _ringing_now(pupil_id: int, at: datetime) -> tuple[CustodyDay, Stand]:
    if db.session.get(Pupil, pupil_id) is None:
        raise NotFound
    lock_rows((Pupil, [pupil_id]))
    custody = custody_of(clock.today(at), at)
    stand = custody.stands.get(pupil_id)
    if stand is None or not stand.rings:
        raise AlarmRefused("Nothing rings for this child any more. Nothing was written down.")
    return custody, stand


def _act(
    pupil_id: int, stand: Stand, what: str, minutes: int | None, words: str, at: datetime, user_id: int | None
) -> CustodyAct:
    act = CustodyAct(
        pupil_id=pupil_id,
        session_id=stand.session_id,
        kind=stand.kind,
        what=what,
        minutes=minutes,
        at=at,
        user_id=user_id,
        words=words.strip()[:LONGEST],
    )
    db.session.add(act)
    db.session.flush()
    record(f"alarm_{what}", "pupil", pupil_id, at=at, user_id=user_id, kind=stand.kind, minutes=minutes)
    return act
