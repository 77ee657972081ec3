"""The double behaves as Stripe documents, spoken to by Stripe's own library over HTTP."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
import stripe

from tests.doubles import (
    PATIENCE_SECONDS,
    WEBHOOK_SECRET,
    Delivery,
    Double,
    Listener,
    a_double,
    a_listener,
)
from tests.serving import free_port

PARAMS: Any = {
    "mode": "payment",
    "line_items": [
        {
            "quantity": 1,
            "price_data": {"currency": "gbp", "unit_amount": 3150, "product_data": {"name": "Booking"}},
        }
    ],
    "success_url": "http://localhost:8000/checkout/back?session_id={CHECKOUT_SESSION_ID}",
    "cancel_url": "http://localhost:8000/checkout/cancelled",
}


@pytest.fixture
def listener() -> Iterator[Listener]:
    """Where events go."""
    with a_listener() as found:
        yield found


@pytest.fixture
def double(listener: Listener, tmp_path: Path) -> Iterator[Double]:
    """A fresh account."""
    with a_double(tmp_path / "state.db", listener.url) as found:
        yield found


def events(listener: Listener, type_: str, count: int = 1) -> list[Delivery]:
    """The deliveries of a type, once there are so many of them."""
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        found = [one for one in list(listener.deliveries) if one.type == type_]
        if len(found) >= count:
            return found
        time.sleep(0.02)
    raise AssertionError(f"no {count} of {type_}, only {[one.type for one in listener.deliveries]}")


def client(double: Double) -> stripe.StripeClient:
    """Stripe's own library, pointed here."""
    return stripe.StripeClient("sk_test_x", base_addresses={"api": double.url}, max_network_retries=0)


def test_paying_tells_in_signed_events_and_leads_back(double: Double, listener: Listener) -> None:
    session = client(double).v1.checkout.sessions.create(params=PARAMS)
    assert (session.status, session.payment_status, session.amount_total) == ("open", "unpaid", 3150)
    with urlopen(session.url or "") as page:
        words = page.read().decode()
    assert "TEST MONEY" in words
    assert "£31.50" in words
    assert double.press(session.url or "", "pay").endswith(session.id)
    (delivery,) = events(listener, "checkout.session.completed")
    event = stripe.Webhook.construct_event(delivery.body, delivery.signature, WEBHOOK_SECRET)
    assert event.data.object["payment_status"] == "paid"
    found = client(double).v1.checkout.sessions.retrieve(
        session.id, params={"expand": ["payment_intent", "line_items"]}
    )
    assert found.payment_intent.amount_received == 3150  # type: ignore[union-attr]
    assert len(found.line_items.data) == 1  # type: ignore[union-attr]


def test_cancelling_leaves_the_page_open(double: Double) -> None:
    session = client(double).v1.checkout.sessions.create(params=PARAMS)
    assert double.press(session.url or "", "cancel") == PARAMS["cancel_url"]
    assert client(double).v1.checkout.sessions.retrieve(session.id).status == "open"


def test_the_same_key_gives_the_same_answer_and_another_body_is_refused(double: Double) -> None:
    first = client(double).v1.checkout.sessions.create(params=PARAMS, options={"idempotency_key": "k"})
    second = client(double).v1.checkout.sessions.create(params=PARAMS, options={"idempotency_key": "k"})
    assert first.id == second.id
    with pytest.raises(stripe.IdempotencyError):
        client(double).v1.checkout.sessions.create(
            params={**PARAMS, "client_reference_id": "x"}, options={"idempotency_key": "k"}
        )


@pytest.mark.parametrize(
    "change",
    [
        {"expires_at": int(time.time()) + 60},
        {"expires_at": int(time.time()) + 2 * 86400},
        {"mode": "subscription"},
        {"colour": "red"},
        {"line_items": []},
        {"success_url": ""},
        {"line_items": [{**PARAMS["line_items"][0], "quantity": -1}]},
        {
            "line_items": [
                {"price_data": {"currency": "usd", "unit_amount": 1, "product_data": {"name": "x"}}}
            ]
        },
    ],
)
def test_what_stripe_refuses_is_refused(double: Double, change: dict[str, Any]) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        client(double).v1.checkout.sessions.create(params={**PARAMS, **change})


def test_refunds_never_pass_what_was_paid(double: Double, listener: Listener) -> None:
    api = client(double)
    session = api.v1.checkout.sessions.create(params=PARAMS)
    double.press(session.url or "", "pay")
    intent = str(api.v1.checkout.sessions.retrieve(session.id).payment_intent)
    api.v1.refunds.create(params={"payment_intent": intent, "amount": 1000})
    with pytest.raises(stripe.InvalidRequestError):
        api.v1.refunds.create(params={"payment_intent": intent, "amount": 2151})
    api.v1.refunds.create(params={"payment_intent": intent})
    with pytest.raises(stripe.InvalidRequestError, match="already been refunded"):
        api.v1.refunds.create(params={"payment_intent": intent})
    assert sum(r.amount for r in api.v1.refunds.list({"payment_intent": intent}).auto_paging_iter()) == 3150
    assert len(events(listener, "charge.refunded", 2)) == 2


def test_a_closed_page_cannot_be_paid_and_a_paid_one_not_closed(double: Double, listener: Listener) -> None:
    api = client(double)
    closed = api.v1.checkout.sessions.create(params=PARAMS)
    api.v1.checkout.sessions.expire(closed.id)
    events(listener, "checkout.session.expired")
    with pytest.raises(AssertionError):
        double.press(closed.url or "", "pay")
    assert api.v1.checkout.sessions.retrieve(closed.id).payment_status == "unpaid"
    paid = api.v1.checkout.sessions.create(params=PARAMS)
    double.press(paid.url or "", "pay")
    with pytest.raises(stripe.InvalidRequestError):
        api.v1.checkout.sessions.expire(paid.id)


def test_an_event_is_sent_until_somebody_takes_it(double: Double, listener: Listener) -> None:
    listener.status = 500
    session = client(double).v1.checkout.sessions.create(params=PARAMS)
    client(double).v1.checkout.sessions.expire(session.id)
    events(listener, "checkout.session.expired", 2)
    undelivered = client(double).v1.events.list({"delivery_success": False})
    assert [event.type for event in undelivered.data] == ["checkout.session.expired"]
    listener.status = 200
    events(listener, "checkout.session.expired", 3)


def test_a_restart_forgets_nothing(listener: Listener, tmp_path: Path) -> None:
    port = free_port()
    with a_double(tmp_path / "state.db", listener.url, port=port) as double:
        session = client(double).v1.checkout.sessions.create(params=PARAMS)
    with a_double(tmp_path / "state.db", listener.url, port=port) as double:
        assert client(double).v1.checkout.sessions.retrieve(session.id).status == "open"
        double.press(session.url or "", "pay")
        events(listener, "checkout.session.completed")


def test_a_live_key_is_refused(double: Double) -> None:
    api = stripe.StripeClient("sk_live_x", base_addresses={"api": double.url}, max_network_retries=0)
    with pytest.raises(stripe.AuthenticationError):
        api.v1.checkout.sessions.create(params=PARAMS)
