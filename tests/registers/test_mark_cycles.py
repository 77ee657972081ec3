"""Three devices, off and on line, clocks ten minutes out, a network that loses and doubles, a server that is killed.

After all of it each mark is there once, none that nobody made, and each child's day is what truly happened, whatever
the order in which the marks came in. 60 cycles in `make test`, 1,000 in `make test-long`.
"""

from __future__ import annotations

import random
from datetime import timedelta
from itertools import pairwise

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from booking.core import clock
from booking.core.db import db
from booking.registers.child_days import ChildDay, child_days
from booking.registers.events import events_of_day
from booking.registers.models import Mark
from tests.builders import AT, a_family, a_run, a_session, a_user
from tests.registers.devices import Device, as_events

TEN_MINUTES = timedelta(minutes=10)


def _cycles(app: Flask, number: int, seed: int) -> None:
    dice = random.Random(seed)
    with time_machine.travel(AT, tick=False) as now:
        sessions = [a_session(clock.today(), run=a_run()).id for _ in range(3)]
        pupils = a_family(children=6).pupils
        children = [pupil.id for pupil in pupils]
        office = a_user("manager")
        devices = [Device(app, office, skew) for skew in (-TEN_MINUTES, timedelta(), TEN_MINUTES)]
        for _ in range(number):
            for device in devices:
                for _ in range(dice.randint(0, 2)):
                    now.shift(timedelta(seconds=dice.randint(1, 25)))
                    _one_mark(device, devices, dice, sessions, children)
                device.try_to_flush(dice)
        for device in dice.sample(devices, 3):
            device.flush()
            assert device.queue == []
    _nothing_lost_nothing_invented(devices)
    _days_are_what_happened(devices)


def _one_mark(
    device: Device, devices: list[Device], dice: random.Random, sessions: list[int], children: list[int]
) -> None:
    what = dice.choice(
        ["arrived", "arrived", "collected", "left_alone", "to_activity", "to_bus", "absent", "undone"]
    )
    if what != "undone":
        device.mark(dice.choice(sessions), dice.choice(children), what, detail=dice.choice([None, "Nana"]))
        return
    known = [mark for other in devices for mark in other.made if mark["what"] != "undone"]
    if known:
        target = dice.choice(known)
        device.mark(target["session_id"], target["pupil_id"], "undone", undoes=target["uid"])


def _nothing_lost_nothing_invented(devices: list[Device]) -> None:
    made = {
        mark["uid"]: (mark["session_id"], mark["pupil_id"], mark["what"], mark["detail"], mark["undoes"])
        for device in devices
        for mark in device.made
    }
    rows = db.session.scalars(select(Mark)).all()
    kept = {row.uid: (row.session_id, row.pupil_id, row.what, row.detail, row.undoes_uid) for row in rows}
    assert len(rows) == len(kept)
    assert kept == made


def _days_are_what_happened(devices: list[Device]) -> None:
    true, known = child_days(as_events(devices)), child_days(events_of_day(AT.date()))
    assert _plain(known) == _plain(true)
    for day in known.values():
        for before, after in pairwise(day.stays):
            assert before.out_at is not None
            assert before.out_at <= after.in_at


def _plain(days: dict[int, ChildDay]) -> dict[int, object]:
    """A day without the numbers that the database gives."""
    return {
        pupil_id: (
            [(stay.session_id, stay.in_at, stay.out_at, stay.moved_to) for stay in day.stays],
            {session_id: mark.uid for session_id, mark in day.lone_outs.items()},
            {session_id: mark.uid for session_id, mark in day.absences.items()},
            [(one.kind, one.first.uid, one.second.uid) for one in day.disputes],
        )
        for pupil_id, day in days.items()
    }


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_of_twenty_cycles_no_mark_is_lost_or_invented(app: Flask, seed: int) -> None:
    _cycles(app, 20, seed)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(10))
def test_of_a_thousand_cycles_no_mark_is_lost_or_invented(app: Flask, seed: int) -> None:
    _cycles(app, 100, 100 + seed)
