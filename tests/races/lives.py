"""What the histories say of each place and of each number of places, in intervals: certainly there, or perhaps.

Plain Python that knows nothing of the engine. A place is certainly taken from the answer that said so until the
moment when somebody asked for what ends it, or until its own time is over; perhaps, from the question that made it
until the answer to what ended it. The final rows decide what came of calls that nobody answered.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.races.history import NEVER, Call, FastClock

HOLD_MICROS = 15 * 60 * 1_000_000
LINGER = 15 * 10**9
"""A killed worker's last statement may still be carried out by the database, for this long at most."""


@dataclass
class Life:
    """One place: its row, who made it, what was said of it, and who ended it."""

    row: dict[str, Any]
    made: Call | None = None
    said: list[tuple[Call, int | None]] = field(default_factory=list)
    booked: Call | None = None
    ended: Call | None = None
    given_up: Call | None = None

    @property
    def pair(self) -> tuple[int, int]:
        """The child and the session."""
        return self.row["pupil_id"], self.row["session_id"]

    def clock_end(self) -> int:
        """The earliest microsecond at which the hold may have run out, whichever of two crossing calls came last."""
        if not self.said:
            return 0
        last = max(call.asked for call, _ in self.said)
        ends = [NEVER if until is None else until for call, until in self.said if bound(call) > last]
        return min(ends, default=0)

    def last_end(self) -> int:
        """The latest microsecond until which the hold may have lasted."""
        return max((NEVER if until is None else until for _, until in self.said), default=NEVER)

    def certain(self, fast: FastClock) -> list[tuple[int, int]]:
        """When it was taken beyond doubt, in nanoseconds."""
        known = [call.answered for call, _ in self.said if call.done]
        since = min(known, default=NEVER)
        booked_at = NEVER if self.booked is None else self.booked.answered
        over = NEVER if self.ended is None else self.ended.asked
        if self.booked is not None and self.booked.kind == "pay_late":
            gone = self.given_up.asked if self.given_up is not None else 0
            parts = [(since, min(gone, _until(self.clock_end(), fast))), (booked_at, over)]
        elif self.booked is not None:
            parts = [(min(since, booked_at), over)]
        else:
            parts = [(since, min(over, _until(self.clock_end(), fast)))]
        return [(start, end) for start, end in parts if start < end]

    def perhaps(self) -> tuple[int, int]:
        """From when until when it may have been taken; a hold that is over by its clock is not looked at here."""
        since = self.made.asked if self.made is not None else 0
        return since, NEVER if self.ended is None else bound(self.ended)

    def may_count_for(self, call: Call) -> bool:
        """Whether the place may have stood in the way of a call."""
        since, until = self.perhaps()
        if since > call.answered or until < call.asked:
            return False
        was_booked = self.booked is not None and self.booked.asked <= call.answered
        return was_booked or self.last_end() > call.at


def _until(micros: int, fast: FastClock) -> int:
    return NEVER if micros >= NEVER else fast.nanoseconds(micros)


def bound(call: Call) -> int:
    """The last moment at which a call can have had its effect."""
    return call.answered if call.answered < NEVER else call.asked + LINGER


@dataclass
class Numbers:
    """How many places a session had: the first number, and each change of it with the call that made it."""

    first: int
    changes: list[tuple[Call, int]] = field(default_factory=list)

    def between(self, start: int, end: int) -> list[int]:
        """Every number that may have held at some moment from `start` to `end`."""
        before = [call for call, _ in self.changes if bound(call) <= start]
        last = max((call.asked for call in before), default=-1)
        found = [number for call, number in self.changes if call.asked <= end and bound(call) > last]
        return found if before else [*found, self.first]
