"""Ten thousand steps of everything that can happen, on either database, each compared with a plain model."""

from __future__ import annotations

import os

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.bookings.booking_machine import STEPS, BookingMachine

ON_SQLITE = os.environ.get("TEST_DATABASE", "sqlite") == "sqlite"
STEPS_AN_EXAMPLE = 60


def _run(examples: int, *, is_seeded: bool) -> int:
    before = STEPS[0]
    run_state_machine_as_test(
        BookingMachine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=STEPS_AN_EXAMPLE,
            deadline=None,
            derandomize=is_seeded,
            suppress_health_check=list(HealthCheck),
        ),
    )
    return STEPS[0] - before


@pytest.mark.timeout(1_200)  # the count is what matters; how long it takes is the machine's affair
def test_the_engine_and_the_model_agree(app: Flask) -> None:
    steps = _run(185 if ON_SQLITE else 33, is_seeded=True)
    assert steps >= (8_500 if ON_SQLITE else 1_500)


@pytest.mark.long
@pytest.mark.timeout(14_400)
def test_the_engine_and_the_model_agree_for_long(app: Flask) -> None:
    assert _run(2_100, is_seeded=False) >= 100_000
