"""The ground of the payment tests: the real double in its own process, and families with places held."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from booking.core import clock
from booking.core.db import db
from booking.core.settings import Settings
from booking.payments import going_on_views
from booking.payments.gateway import Gateway
from booking.payments.models import Payment
from stripe_double.server import Server
from tests.browser import Browser
from tests.doubles import SECRET_KEY, Delivery, Double, Listener, a_double, a_listener
from tests.stripe_here import StripeHere, a_server, an_account


@dataclass
class Stripe:
    """The double as a test drives it: `gateway` asks it, `listener` holds its events until they are delivered."""

    double: Double
    listener: Listener
    gateway: Gateway
    app: Flask

    def deliver(self, delivery: Delivery, *, expect: int = 200) -> None:
        """Hand an event that came on to the product, as Stripe would."""
        answer = self.app.test_client().post(
            "/webhooks/stripe", data=delivery.body, headers={"Stripe-Signature": delivery.signature}
        )
        assert answer.status_code == expect, answer.get_data(as_text=True)

    def event(self, type_: str) -> Delivery:
        """The newest event of a type about a payment of this test, once it came."""
        db.session.rollback()
        rows = db.session.execute(select(Payment.idempotency_key, Payment.stripe_intent_id)).all()
        marks = [mark.encode() for row in rows for mark in row if mark]
        db.session.rollback()
        return self.listener.wait_for(type_, marks)[-1]


@pytest.fixture(scope="session")
def listener() -> Iterator[Listener]:
    """One listener a process."""
    with a_listener() as found:
        yield found


@pytest.fixture(scope="session")
def double(listener: Listener, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Double]:
    """One double a process; tests share its account and look only at their own pages."""
    with a_double(tmp_path_factory.mktemp("stripe") / "state.json", listener.url) as found:
        yield found


@pytest.fixture
def stripe(app: Flask, double: Double, listener: Listener) -> Iterator[Stripe]:
    """The app, its settings pointing to the double for as long as the test lasts."""
    settings: Settings = app.extensions["booking_settings"]
    app.extensions["booking_settings"] = dataclasses.replace(settings, stripe_api_base=double.url)
    listener.deliveries.clear()
    yield Stripe(double, listener, Gateway(SECRET_KEY, double.url), app)
    app.extensions["booking_settings"] = settings


@pytest.fixture(scope="session")
def stripe_server() -> Iterator[tuple[Server, str]]:
    """One server a process for the accounts of `here`."""
    with a_server() as found:
        yield found


@pytest.fixture
def here(
    app: Flask, stripe_server: tuple[Server, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[StripeHere]:
    """An account at Stripe of the test's own, in this process; the pages of the app ask it too."""
    with an_account(*stripe_server, app, tmp_path) as found:
        monkeypatch.setattr(going_on_views, "gateway_of", lambda settings: found.gateway)
        yield found


@pytest.fixture
def now() -> datetime:
    """The true instant: Stripe's pages live by it."""
    return clock.now().replace(microsecond=0)


@pytest.fixture
def soon(now: datetime) -> datetime:
    """Just after the card page's 31 minutes."""
    return now + timedelta(minutes=32)


@pytest.fixture
def parent(app: Flask) -> Browser:
    """A browser for a parent to sign in with."""
    return Browser(app)
