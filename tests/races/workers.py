"""Workers that call the engine and write down what comes of it, and whoever kills them and starts them afresh."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy.exc import IntegrityError

from booking.bookings.states import WrongMove
from booking.core.db import db, unit_of_work
from booking.core.errors import BookingError
from tests.races.history import FastClock, Writer, asked_in, instant
from tests.races.office_acts import WEIGHTS, Everybody
from tests.races.school import School, build

FORK = multiprocessing.get_context("fork")


@dataclass(frozen=True)
class Plan:
    """One race: how many calls by how many workers, how often one is killed, how fast the clock goes, in which school.

    `acts` weighs what is drawn: the name of an act of `Everybody` to its weight. `prepare` runs in each worker before
    it begins; the control takes the locks out with it.
    """

    calls: int
    seed: int
    slots: int = 4
    kills: int = 3
    speed: int = 240
    build: Callable[[], School] = build
    acts: Mapping[str, int] = field(default_factory=lambda: WEIGHTS)
    prepare: Callable[[], None] = field(default=lambda: None)


def work(app: Flask, folder: Path, school: School, plan: Plan, fast: FastClock, slot: int, life: int) -> None:
    """One life of a worker: its share of the calls less those that its former lives have begun."""
    plan.prepare()
    writer = Writer(folder, slot, life)
    chance = random.Random(f"{plan.seed}/{slot}/{life}")
    share = plan.calls // plan.slots - asked_in(folder, slot)
    with app.app_context():
        everybody = Everybody(school, chance, slot, plan.slots, plan.acts)
        for _ in range(share):
            act = everybody.some(fast.now(slot))
            db.session.rollback()
            at = fast.now(slot)
            writer.ask(act.kind, act.args, at)
            try:
                with unit_of_work():
                    effects = act.run(instant(at))
            except BookingError as error:
                writer.answer(refused=type(error).__name__)
            except (IntegrityError, WrongMove) as error:
                writer.answer(refused=f"{type(error).__name__}: {error.args[0][:200]}")
            except Exception as error:
                where = "".join(traceback.format_exception(error)[-2:])
                writer.answer(broken=f"{error!r}: {where[:600]}")
            else:
                writer.answer(ok=effects)
            db.session.remove()
    os._exit(0)


class Race:
    """The workers of one race and how often they were killed; the app must hold no open connection when it begins."""

    def __init__(self, app: Flask, folder: Path, school: School, plan: Plan) -> None:
        self.app, self.folder, self.school, self.plan = app, folder, school, plan
        self.fast = FastClock(time.monotonic_ns(), plan.speed)
        self.lives = [0] * plan.slots
        self.killed = 0
        self.running: dict[int, Any] = {}

    def run(self) -> float:
        """Until every worker has made its share of the calls; gives the seconds that it took."""
        begun, chance = time.monotonic(), random.Random(self.plan.seed)
        for slot in range(self.plan.slots):
            self._start(slot)
        try:
            while self.running:
                time.sleep(0.02 + 0.03 * chance.random())
                self._look(chance)
        finally:
            for process in self.running.values():
                process.kill()
        return time.monotonic() - begun

    def _start(self, slot: int) -> None:
        arguments = (self.app, self.folder, self.school, self.plan, self.fast, slot, self.lives[slot])
        self.lives[slot] += 1
        self.running[slot] = FORK.Process(target=work, args=arguments)
        self.running[slot].start()

    def _look(self, chance: random.Random) -> None:
        for slot, process in list(self.running.items()):
            if process.exitcode == 0:
                del self.running[slot]
            elif process.exitcode is not None:
                raise RuntimeError(f"worker {slot} ended by itself with {process.exitcode}")
        if self.running and self.killed < self.plan.kills * self._share_done():
            self._kill(chance.choice(sorted(self.running)))

    def _share_done(self) -> float:
        """How much of the race is over, by the size of the histories; a little ahead, for an early first kill."""
        size = sum(path.stat().st_size for path in self.folder.glob("worker-*.jsonl"))
        return min(1.0, 0.1 + size / (self.plan.calls * 150))

    def _kill(self, slot: int) -> None:
        process = self.running[slot]
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        if process.exitcode == 0:
            return
        self.killed += 1
        self._start(slot)
