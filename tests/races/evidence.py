"""Brings histories and final rows together: which call made, booked and ended each place, and which never happened."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from tests.races.history import Call, FastClock
from tests.races.lives import HOLD_MICROS, Life, Numbers, bound
from tests.races.school import Rows, School

MAKERS = {"hold", "again", "offer", "swap"}
BOOKERS = {"pay", "pay_late", "accept", "swap"}
ENDERS = {"hold", "again", "cancel", "swap", "leave", "capacity", "give_up"}
OF_BOOKED = {"cancel", "swap", "capacity"}
"""What may end a place that was booked: each of these gives its price back."""


@dataclass
class Evidence:
    """All that is known of one race, ready to be questioned."""

    calls: list[Call]
    rows: Rows
    school: School
    fast: FastClock
    by_at: dict[int, Call] = field(default_factory=dict)
    lives: dict[int, Life] = field(default_factory=dict)
    numbers: dict[int, Numbers] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.by_at = {call.at: call for call in self.calls if call.maybe}
        self.numbers = {session: Numbers(first) for session, first in self.school.capacity.items()}
        for row in self.rows.places:
            self.lives[row["id"]] = self._life(row)
        for call in self.calls:
            if call.done:
                self._hear(call)
            elif call.kind == "capacity" and call.maybe and call.at in self.rows.changes:
                self.numbers[call.args["session"]].changes.append((call, call.args["number"]))
        self._hear_unanswered()

    def say(self, call: Call | None, words: str) -> None:
        """Keep one thing that is wrong, with the call that shows it."""
        where = (
            f"{call.kind} asked at {call.asked} with {call.args}, {call.outcome}" if call else "final rows"
        )
        self.problems.append(f"{words} ({where})")

    def _life(self, row: dict[str, Any]) -> Life:
        """A place with the calls that its own instants name; what no call explains is a problem."""
        life = Life(row)
        life.made = self._named(row, "held_at", MAKERS)
        if row["booked_at"] is not None:
            life.booked = self._named(row, "booked_at", BOOKERS)
        if row["state"] == "cancelled":
            life.ended = self._named(row, "ended_at", ENDERS)
        elif row["state"] == "expired":
            life.ended = self._named(row, "ended_at", set())
        return life

    def _named(self, row: dict[str, Any], column: str, kinds: set[str]) -> Call | None:
        call = self.by_at.get(row[column])
        place = f"place {row['id']} of pupil {row['pupil_id']} in session {row['session_id']}"
        if call is None:
            self.say(None, f"{place}: nobody who was not refused did what its {column} says")
        elif kinds and call.kind not in kinds:
            self.say(call, f"{place}: its {column} names a call that does no such thing")
        elif call.done and kinds and not any(row["id"] in effect[1:2] for effect in call.effects):
            self.say(call, f"{place}: its {column} names a call that said nothing of it")
        return call

    def _hear(self, call: Call) -> None:
        """What a call said that it did, put beside the rows."""
        for word, *rest in call.effects:
            if word == "capacity":
                self.numbers[rest[0]].changes.append((call, rest[1]))
            if word not in {"hold", "offer", "keep", "book", "end"}:
                continue
            life = self.lives.get(rest[0])
            if life is None:
                self.say(call, f"{word} of place {rest[0]} was answered with yes, and there is no such place")
            elif word in {"hold", "offer", "keep"}:
                life.said.append((call, rest[1] if word == "keep" else rest[4]))
            elif word == "end" and call.kind == "give_up":
                life.given_up = call

    def _hear_unanswered(self) -> None:
        """Calls without an answer may have made a hold last longer, or given it up."""
        quiet = defaultdict(list)
        for call in self.calls:
            if call.outcome == "unknown" and "account" in call.args:
                quiet[call.args["account"]].append(call)
        for life in self.lives.values():
            since, over = life.perhaps()
            for call in quiet[life.row["account_id"]]:
                if bound(call) < since or call.asked > over:
                    continue
                if call.kind in {"hold", "again", "extend"}:
                    life.said.append((call, call.at + HOLD_MICROS))
                elif call.kind == "open_page":
                    life.said.append((call, None))
                elif call.kind == "give_up" and life.given_up is None:
                    life.given_up = call
            if life.made is not None and life.made.kind == "offer" and not life.made.done:
                life.said.append((life.made, life.row["held_until"]))
