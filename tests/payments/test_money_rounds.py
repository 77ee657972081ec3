"""The worker looks every ten minutes, and from two in the morning once a day at everything; without Stripe it waits."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from booking.core.audit import AuditEntry
from booking.core.db import db
from booking.payments.gateway import Gateway, StripeOutOfReach
from booking.payments.looking_after import MoneyRounds, last_compared
from booking.worker import look_after_money
from tests.stripe_here import StripeHere

MIDNIGHT = datetime(2026, 11, 24, 0, 0, tzinfo=UTC)
NOBODY = Gateway("sk_test", "http://127.0.0.1:1", tries_again=0)


def compared() -> int:
    """How often everything was held against Stripe."""
    return db.session.scalar(select(func.count()).where(AuditEntry.action == "money_compared")) or 0


def test_everything_is_compared_once_a_night_and_by_one_worker_of_two(app: Flask, here: StripeHere) -> None:
    rounds = [MoneyRounds(), MoneyRounds()]
    seen = []
    for minutes in range(0, 36 * 60, 30):
        for one in rounds:
            one.look(MIDNIGHT + timedelta(minutes=minutes), here.gateway)
        seen.append(compared())
    assert seen[:4] == [0, 0, 0, 0]
    assert set(seen[4:52]) == {1}
    assert set(seen[52:]) == {2}
    assert last_compared() == MIDNIGHT + timedelta(hours=26)


def test_nothing_is_asked_again_within_ten_minutes(app: Flask, here: StripeHere) -> None:
    rounds, asked = MoneyRounds(), []
    here.account.faults.meanwhile = asked.append
    for minutes in range(21):
        rounds.look(MIDNIGHT + timedelta(minutes=minutes), here.gateway)
    assert asked.count("list_events") == 3


def test_a_night_without_stripe_is_made_up_for(app: Flask, here: StripeHere) -> None:
    rounds = MoneyRounds()
    with pytest.raises(StripeOutOfReach):
        rounds.look(MIDNIGHT + timedelta(hours=3), NOBODY)
    look_after_money(app, MoneyRounds(), NOBODY)
    assert compared() == 0
    rounds.look(MIDNIGHT + timedelta(hours=3, minutes=10), here.gateway)
    assert compared() == 1


def test_a_school_without_cards_is_left_alone(app: Flask) -> None:
    MoneyRounds().look(MIDNIGHT + timedelta(hours=3), None)
    assert compared() == 0
