"""The booking machine with money in it, on either database, each step compared with a plain model and every invariant."""

from __future__ import annotations

import os

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.bookings.booking_machine import STEPS
from tests.payments.whole_money_machine import WholeMoneyMachine

ON_SQLITE = os.environ.get("TEST_DATABASE", "sqlite") == "sqlite"


def _run(examples: int, *, is_seeded: bool) -> int:
    before = STEPS[0]
    run_state_machine_as_test(
        WholeMoneyMachine,
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
    assert _run(24 if ON_SQLITE else 8, is_seeded=True) > 100


@pytest.mark.long
@pytest.mark.timeout(14_400)
def test_money_and_places_agree_with_the_model_for_long(app: Flask) -> None:
    assert _run(800, is_seeded=False) > 15_000
