"""From the marks of a day to where each child was, whatever the order in which the marks came in; pure, no database.

The rules (docs/decisions/0019-marks.md): a mark counts once; what was undone never was; of two "in" the earliest counts;
"out" beats "in" only when it is later; who comes into one session goes out of any other by the same act. One device's
marks keep the order in which it made them, whatever its clock did. Where two devices disagree a person decides.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

INS = frozenset({"arrived", "walk_in"})
OUTS = {
    "collected": "Collected",
    "left_alone": "Left alone",
    "to_bus": "To the bus",
    "to_activity": "To another activity",
}
TOO_CLOSE = timedelta(minutes=2)
ONE_STEP = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Event:
    """One mark: `device` is who is meant by "two devices", `counter` whose `sequence` it is (empty without one)."""

    uid: str
    session_id: int
    pupil_id: int
    what: str
    at: datetime
    device: str = ""
    counter: str = ""
    sequence: int | None = None
    undoes: str | None = None
    mark_id: int | None = None


@dataclass(frozen=True, slots=True)
class Stay:
    """A child was in one session from `in_at` until `out_at` (open: still there); by which marks, when by one."""

    session_id: int
    in_at: datetime
    came: Event
    out_at: datetime | None = None
    went: Event | None = None
    moved_to: int | None = None


@dataclass(frozen=True, slots=True)
class Dispute:
    """Two marks of two devices that do not go together; a person says which one stands, or that both do."""

    kind: str
    first: Event
    second: Event
    is_settled: bool = False


@dataclass
class ChildDay:
    """One child's day: stays in the order of time, never two at once, and what a person has to look at."""

    stays: list[Stay] = field(default_factory=list)
    lone_outs: dict[int, Event] = field(default_factory=dict)
    absences: dict[int, Event] = field(default_factory=dict)
    disputes: list[Dispute] = field(default_factory=list)
    settled: set[str] = field(default_factory=set)

    @property
    def is_in(self) -> int | None:
        """The session that the child is in now, if any."""
        return self.stays[-1].session_id if self.stays and self.stays[-1].out_at is None else None

    def stays_in(self, session_id: int) -> list[Stay]:
        """The stays in one session."""
        return [stay for stay in self.stays if stay.session_id == session_id]

    def sessions(self) -> set[int]:
        """Every session that anything is known of."""
        return {stay.session_id for stay in self.stays} | set(self.lone_outs) | set(self.absences)


def child_days(events: Iterable[Event]) -> dict[int, ChildDay]:
    """Each child's day from the marks of one day, in any order, with or without duplicates."""
    by_child: dict[int, dict[str, Event]] = defaultdict(dict)
    for event in events:
        by_child[event.pupil_id].setdefault(event.uid, event)
    return {pupil_id: _child_day(list(marks.values())) for pupil_id, marks in by_child.items()}


def _child_day(marks: list[Event]) -> ChildDay:
    undone = {mark.undoes for mark in marks if mark.what == "undone"}
    settled = {mark.undoes for mark in marks if mark.what == "settled"}
    standing = [mark for mark in marks if mark.what not in {"undone", "settled"} and mark.uid not in undone]
    times = _times(standing)
    reader = _Reader(times, settled)
    for mark in sorted(standing, key=lambda one: (times[one.uid], one.what in INS, one.uid)):
        if mark.what in INS:
            reader.come(mark)
        elif mark.what == "absent":
            reader.be_absent(mark)
        else:
            reader.go(mark)
    return reader.day


def _times(marks: Iterable[Event]) -> dict[str, datetime]:
    """When each mark counts: its own time, but never later than what the same device noted after it."""
    times = {mark.uid: mark.at for mark in marks}
    by_counter: dict[str, list[Event]] = defaultdict(list)
    for mark in marks:
        if mark.counter and mark.sequence is not None:
            by_counter[mark.counter].append(mark)
    for own in by_counter.values():
        own.sort(key=lambda one: (one.sequence, one.uid), reverse=True)
        for later, mark in pairwise(own):
            times[mark.uid] = min(times[mark.uid], times[later.uid] - ONE_STEP)
    return times


class _Reader:
    """Goes through a child's marks by time and writes the day."""

    def __init__(self, times: Mapping[str, datetime], settled: set[str | None]) -> None:
        self.day = ChildDay(settled={uid for uid in settled if uid})
        self.times = times
        self.settled = settled
        self.last_out: Event | None = None

    def come(self, mark: Event) -> None:
        """In: the first of several counts; out of wherever else by the same act."""
        at = self.times[mark.uid]
        if self.day.is_in == mark.session_id:
            return
        if self.day.is_in is not None:
            self._close(at, None, moved_to=mark.session_id)
        elif (out := self.last_out) is not None and self._are_close(out, mark):
            is_handover = out.what == "to_activity" and out.session_id != mark.session_id
            if not is_handover:
                self._dispute("out_in", out, mark)
        self.day.stays.append(Stay(mark.session_id, at, mark))

    def be_absent(self, mark: Event) -> None:
        """Absent, unless somebody saw the child; who says so all the same is not believed unheard."""
        stays = self.day.stays_in(mark.session_id)
        if not stays:
            self.day.absences[mark.session_id] = mark
        elif mark.device != stays[-1].came.device:
            self._dispute("absent", stays[-1].came, mark)

    def go(self, mark: Event) -> None:
        """Out: ends a stay; one that ends none is kept as what it is."""
        here, stays = self.day.is_in, self.day.stays_in(mark.session_id)
        if here == mark.session_id:
            if self._are_close(stays[-1].came, mark):
                self._dispute("in_out", stays[-1].came, mark)
            self._close(self.times[mark.uid], mark)
        elif not stays and mark.session_id not in self.day.lone_outs:
            self.day.lone_outs[mark.session_id] = mark
            if here is not None:
                self._dispute("elsewhere", self.day.stays[-1].came, mark)
        elif here is not None and mark.what != "to_activity":
            self._dispute("elsewhere", self.day.stays[-1].came, mark)
        elif stays and (before := stays[-1].went) is not None and before.what != mark.what:
            self._dispute("two_outs", before, mark)
        self.last_out = mark

    def _close(self, at: datetime, by: Event | None, *, moved_to: int | None = None) -> None:
        stay = self.day.stays[-1]
        self.day.stays[-1] = Stay(stay.session_id, stay.in_at, stay.came, at, by, moved_to)

    def _are_close(self, first: Event, second: Event) -> bool:
        return first.device != second.device and self.times[second.uid] - self.times[first.uid] <= TOO_CLOSE

    def _dispute(self, kind: str, first: Event, second: Event) -> None:
        """Note that two devices disagree; the office, which has no device, disagrees with nobody."""
        if first.device and second.device and first.device != second.device:
            self.day.disputes.append(Dispute(kind, first, second, second.uid in self.settled))
