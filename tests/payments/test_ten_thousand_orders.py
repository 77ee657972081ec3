"""Ten thousand orders, a hundred at a time, while everything goes wrong: none lost, none doubled, none stuck."""

from datetime import datetime, timedelta

import pytest
import time_machine
from flask import Flask

from booking.core import clock
from booking.core.db import db
from booking.provision.models import Session
from tests.builders import a_family
from tests.payments.families import hold, some_sessions
from tests.payments.mix import Mix
from tests.stripe_here import StripeHere


def play(here: StripeHere, now: datetime, *, orders: int, seed: int) -> Mix:
    """Orders over half an hour in a storm, then four calm days; all must be well at the end."""
    with time_machine.travel(now, tick=False) as time:
        mix = Mix(here, seed)
        session_ids = [one.id for one in some_sessions(now, capacity=orders)]
        account_ids: list[int] = []
        while len(account_ids) < orders:
            for _ in range(10):
                family = a_family()
                account_ids.append(family.account.id)
                hold(family, [db.session.get_one(Session, one) for one in session_ids], clock.now())
                for _ in range(mix.rng.randint(1, 3)):
                    mix.press_card(account_ids[-1])
            for session_id in mix.pages():
                if mix.rng.random() < 0.7:
                    mix.on_the_page(session_id)
            mix.at_banks()
            mix.worker()
            time.shift(timedelta(seconds=30))
        for minutes in (5, 5, 12, 12, 12, 60):
            time.shift(timedelta(minutes=minutes))
            mix.at_banks()
            mix.worker()
        here.calm_down()
        for hours in (1, 2, 7, 14, 25, 25, 1):
            time.shift(timedelta(hours=hours))
            mix.at_banks()
            for _ in range(orders // 20 + 1):
                mix.worker(is_calm=True)
        booked = mix.assert_all_is_well(account_ids)
        assert 0 < booked < orders
    return mix


def test_twenty_orders_in_a_storm(app: Flask, here: StripeHere, now: datetime) -> None:
    assert play(here, now, orders=20, seed=2026).killed > 0


@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("seed", range(100))
def test_ten_thousand_orders_in_a_storm(app: Flask, here: StripeHere, now: datetime, seed: int) -> None:
    play(here, now, orders=100, seed=seed)
