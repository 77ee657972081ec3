"""What every worker writes down before and after a call, and how it is read again; one file for each life of a worker.

A line before says what is asked, a line after what came of it. No line after means that the worker was killed: then
nobody knows (`unknown`). Nanoseconds come from the clock that all processes of one machine share.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

EPOCH = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SLOTS = 8
"""The most workers at once; each has instants of its own, so that an instant names one call."""
NEVER = 2**63


@dataclass(frozen=True)
class FastClock:
    """The school's time: microseconds since `EPOCH` that go by `speed` times as fast as the machine's."""

    started: int
    speed: int

    def now(self, slot: int) -> int:
        """The present microsecond, moved by less than ten so that no two workers ever have the same."""
        found = (time.monotonic_ns() - self.started) * self.speed // 1000
        return found - found % SLOTS + slot

    def nanoseconds(self, micros: int) -> int:
        """When it is that microsecond on the machine's clock."""
        return self.started + micros * 1000 // self.speed


def instant(micros: int) -> datetime:
    """A microsecond of the school's time as the engine takes it."""
    return EPOCH + timedelta(microseconds=micros)


def micros(at: datetime | None) -> int | None:
    """The other way round; exact."""
    return None if at is None else (at - EPOCH) // timedelta(microseconds=1)


class Writer:
    """The file of one life of a worker; every line is with the kernel when a method returns, so a kill loses none."""

    def __init__(self, folder: Path, slot: int, life: int) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        self.file = os.open(folder / f"worker-{slot}-{life}.jsonl", flags, 0o600)
        self.number = 0

    def ask(self, kind: str, args: dict[str, Any], at: int) -> None:
        """Before a call."""
        self.number += 1
        self._write({"n": self.number, "kind": kind, "args": args, "at": at})

    def answer(self, **what: Any) -> None:
        """After it: `ok` with the effects, `refused` with the reason, or `broken` with an error."""
        self._write({"n": self.number, **what})

    def _write(self, line: dict[str, Any]) -> None:
        text = json.dumps({"t": time.monotonic_ns(), **line}, separators=(",", ":"))
        os.write(self.file, text.encode() + b"\n")


@dataclass
class Call:
    """One call as the histories tell it; `effects` are lists that begin with a word."""

    kind: str
    args: dict[str, Any]
    at: int
    asked: int
    answered: int = NEVER
    outcome: str = "unknown"
    reason: str = ""
    effects: list[list[Any]] = field(default_factory=list)

    @property
    def done(self) -> bool:
        """It was answered with a yes."""
        return self.outcome == "ok"

    @property
    def maybe(self) -> bool:
        """It may have happened."""
        return self.outcome in {"ok", "unknown"}


def read_calls(folder: Path) -> list[Call]:
    """Every call of every worker, in the order in which they were asked; a line cut short by a kill is left out."""
    calls = [call for path in sorted(folder.glob("worker-*.jsonl")) for call in _read(path)]
    return sorted(calls, key=lambda call: call.asked)


def _read(path: Path) -> Iterator[Call]:
    open_call: Call | None = None
    for text in path.read_text(encoding="utf-8").splitlines():
        try:
            line = json.loads(text)
        except ValueError:
            continue
        if "kind" in line:
            if open_call is not None:
                yield open_call
            open_call = Call(line["kind"], line["args"], line["at"], line["t"])
        elif open_call is not None:
            open_call.answered = line["t"]
            open_call.outcome = next(word for word in ("ok", "refused", "broken") if word in line)
            open_call.effects = line.get("ok", [])
            open_call.reason = line.get("refused") or line.get("broken") or ""
            yield open_call
            open_call = None
    if open_call is not None:
        yield open_call


def asked_in(folder: Path, slot: int) -> int:
    """How many calls the lives of one worker have begun."""
    return sum(
        line.count('"kind":')
        for path in folder.glob(f"worker-{slot}-*.jsonl")
        for line in path.read_text(encoding="utf-8").splitlines()
    )
