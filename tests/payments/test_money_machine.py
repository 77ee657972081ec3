"""The booking machine with money in it, on either database, each step compared with a plain model and every invariant."""

from __future__ import annotations

import os

from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.bookings.booking_machine import STEPS
from tests.payments.money_machine import MoneyMachine

ON_SQLITE = os.environ.get("TEST_DATABASE", "sqlite") == "sqlite"


def _run(examples: int, *, is_seeded: bool) -> int:
    before = STEPS[0]
    run_state_machine_as_test(
        MoneyMachine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=30,
            deadline=None,
            derandomize=is_seeded,
            suppress_health_check=list(HealthCheck),
        ),
    )
    return STEPS[0] - before


def test_money_and_places_agree_with_the_model(app: Flask) -> None:
    _run(40 if ON_SQLITE else 12, is_seeded=True)
