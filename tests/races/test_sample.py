"""A sample of `make race` in every run of the tests, and its control: without the locks the checker must object."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from booking.bookings import offers, places
from booking.bookings.rules import Situation
from booking.core.db import db
from tests.races.running import Outcome, judge_folder, race
from tests.races.school import School, build
from tests.races.workers import FORK, Plan

CALLS, SEED = 2_000, 20
FEW, WORKERS = 40, 4
MEETING = FORK.Barrier(WORKERS)
PATIENCE = 60


@pytest.fixture
def race_app(app: Flask) -> Iterator[Flask]:
    """The tests' app without an open connection, so that workers can be forked from here."""
    db.session.remove()
    db.engine.dispose()
    yield app
    db.session.remove()


def _tell(outcome: Outcome) -> str:
    return "\n".join([f"{outcome.counts}", *outcome.verdict.problems[:20]])


def test_two_thousand_calls_with_workers_killed_leave_nothing_wrong(race_app: Flask, tmp_path: Path) -> None:
    outcome = race(race_app, tmp_path, Plan(CALLS, SEED, kills=3))
    assert outcome.verdict.problems == [], _tell(outcome)
    assert sum(outcome.counts.values()) == CALLS
    assert outcome.kills >= 3
    assert outcome.verdict.places >= 100
    assert outcome.verdict.full >= 20
    assert judge_folder(tmp_path).problems == []


def _without_locks() -> None:
    """In each worker: nobody locks, and all have looked for the first time before anybody takes."""
    first = iter([True])
    for module in (places, offers):
        module.lock_rows = lambda *rows: None  # type: ignore[attr-defined]
        module.load_situation = _look_then_meet(module.load_situation, first)  # type: ignore[attr-defined]


def _look_then_meet(look: Callable[..., Situation], first: Iterator[bool]) -> Callable[..., Situation]:
    @functools.wraps(look)
    def meets(pupils: Collection[int], sessions: Collection[int], at: datetime, **more: Any) -> Situation:
        found = look(pupils, sessions, at, **more)
        if not next(first, False):
            return found
        is_sqlite = db.engine.dialect.name == "sqlite"
        if is_sqlite:
            db.session.flush()
            db.session.connection().exec_driver_sql("COMMIT")
        MEETING.wait(PATIENCE)
        if is_sqlite:
            db.session.connection().exec_driver_sql("BEGIN IMMEDIATE")
        return found

    return meets


def _one_club() -> School:
    """Two places, for whoever comes first."""
    return build(days=1, clubs=1)


def test_the_control_without_the_locks_is_found_out(race_app: Flask, tmp_path: Path) -> None:
    plan = Plan(
        FEW, SEED, WORKERS, kills=0, speed=1, build=_one_club, acts={"hold": 1}, prepare=_without_locks
    )
    outcome = race(race_app, tmp_path, plan)
    assert any("allowed: places" in problem for problem in outcome.verdict.problems), _tell(outcome)


@pytest.mark.long
def test_twenty_thousand_calls_leave_nothing_wrong(race_app: Flask, tmp_path: Path) -> None:
    outcome = race(race_app, tmp_path, Plan(10 * CALLS, int(os.environ.get("SEED") or SEED), kills=40))
    assert outcome.verdict.problems == [], _tell(outcome)
