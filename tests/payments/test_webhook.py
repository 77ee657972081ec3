"""A forged, stale, future, replayed, huge or unknown event leaves no trace but a line in the log."""

import json
from datetime import datetime

import pytest
import stripe as library
import structlog
import time_machine
from flask import Flask
from sqlalchemy import func, select

from booking.core.db import Base, db
from booking.payments.models import StripeEvent
from tests.browser import Browser
from tests.doubles import WEBHOOK_SECRET
from tests.payments.card_ways import assert_booked_once, go_to_card_page
from tests.payments.conftest import Stripe
from tests.payments.families import a_family_with_a_basket, payments_of, states_of


def rows() -> dict[str, int]:
    """How many rows each table has."""
    db.session.rollback()
    return {
        table.name: db.session.scalar(select(func.count()).select_from(table)) or 0
        for table in Base.metadata.sorted_tables
    }


def an_event(**values: object) -> str:
    """The body of an event about a card page."""
    subject = {"id": "cs_test_1", "object": "checkout.session", "payment_status": "paid"}
    event = {"id": "evt_1", "object": "event", "type": "checkout.session.completed"}
    return json.dumps({**event, "data": {"object": subject}, **values})


def send(app: Flask, body: str | bytes, header: str | None) -> int:
    """Post to the webhook as anybody on the internet could; gives the status."""
    headers = {} if header is None else {"Stripe-Signature": header}
    return app.test_client().post("/webhooks/stripe", data=body, headers=headers).status_code


def signed(body: str, at: datetime, seconds: int = 0, secret: str = WEBHOOK_SECRET) -> str:
    """Stripe's header for a body, so many seconds from an instant."""
    stamp = int(at.timestamp()) + seconds
    return str(library.WebhookSignature.generate_signature_header(body, secret, stamp))


@pytest.mark.parametrize("fault", ["no header", "forged", "stale", "future", "changed", "huge"])
def test_what_stripe_did_not_sign_just_now_leaves_a_log_line_alone(
    app: Flask, now: datetime, fault: str
) -> None:
    body = an_event()
    header: str | None = signed(body, now)
    if fault == "no header":
        header = None
    elif fault == "forged":
        header = signed(body, now, secret="whsec_forger")
    elif fault == "stale":
        header = signed(body, now, -400)
    elif fault == "future":
        header = signed(body, now, 400)
    elif fault == "changed":
        body = body.replace("cs_test_1", "cs_test_2")
    elif fault == "huge":
        body = an_event(padding="x" * 1024 * 1024)
        header = signed(body, now)
    before = rows()
    with structlog.testing.capture_logs() as lines:
        assert send(app, body, header) == 400
    assert [line["event"] for line in lines] == ["webhook refused"]
    assert rows() == before


def test_a_replayed_event_leaves_a_log_line_alone(
    stripe: Stripe, parent: Browser, app: Flask, now: datetime
) -> None:
    family, basket_id = a_family_with_a_basket(now)
    stripe.double.press(go_to_card_page(parent, family), "pay")
    event = stripe.event("checkout.session.completed")
    stripe.deliver(event)
    before = rows()
    with structlog.testing.capture_logs() as lines:
        stripe.deliver(event)
    assert [line["event"] for line in lines] == ["stripe event again"]
    with time_machine.travel(now.timestamp() + 1000, tick=True), structlog.testing.capture_logs() as lines:
        stripe.deliver(event, expect=400)
    assert [line["event"] for line in lines] == ["webhook refused"]
    assert rows() == before
    assert_booked_once(basket_id, family)


def test_an_event_is_only_a_reason_to_ask_stripe(
    stripe: Stripe, parent: Browser, app: Flask, now: datetime
) -> None:
    family, basket_id = a_family_with_a_basket(now)
    go_to_card_page(parent, family)
    session_id = payments_of(basket_id)[0].stripe_session_id
    subject = {"id": session_id, "status": "complete", "payment_status": "paid", "amount_total": 900}
    body = an_event(data={"object": subject})
    assert send(app, body, signed(body, now)) == 200
    assert states_of(basket_id) == ("paying", ["held", "held"])
    assert payments_of(basket_id)[0].state == "started"


@pytest.mark.parametrize(
    "values",
    [
        {"type": "customer.created"},
        {"type": "checkout.session.completed"},
        {"type": "charge.refunded", "data": {"object": {"id": "ch_1"}}},
        {"type": "charge.refunded", "data": {"object": {"id": "ch_1", "payment_intent": "pi_nobody"}}},
    ],
)
def test_an_event_about_nothing_of_ours_is_answered_and_changes_nothing(
    stripe: Stripe, app: Flask, now: datetime, values: dict[str, object]
) -> None:
    body = an_event(**values)
    before = rows()
    assert send(app, body, signed(body, now)) == 200
    after = rows()
    after.pop("stripe_event"), before.pop("stripe_event")
    assert after == before


def test_only_a_post_is_taken_and_no_token_is_asked(app: Flask) -> None:
    client = app.test_client()
    assert client.get("/webhooks/stripe").status_code == 405
    assert client.post("/webhooks/stripe", data=b"{}").status_code == 400
    assert db.session.scalar(select(func.count()).select_from(StripeEvent)) == 0


def test_every_other_post_of_this_room_needs_a_token(app: Flask, parent: Browser, now: datetime) -> None:
    family, basket_id = a_family_with_a_basket(now)
    parent.sign_in(family.user)
    for path in ("/checkout/pay", "/checkout/close/1"):
        assert parent.client.post(path, data={"tender": "office", "seen_pence": "900"}).status_code == 400
    assert states_of(basket_id)[0] == "open"
