"""Only what Stripe signed in the last five minutes, over these very bytes, is read as an event."""

import json
from datetime import UTC, datetime, timedelta

import pytest
import stripe

from booking.payments.facts import EventFacts
from booking.payments.gateway import BadSignature, read_event

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SECRETS = ("whsec_new", "whsec_old")
BODY = json.dumps(
    {
        "id": "evt_1",
        "object": "event",
        "type": "checkout.session.completed",
        "data": {"object": {"id": "cs_1", "payment_intent": "pi_1"}},
    }
)


def a_header(body: str = BODY, secret: str = "whsec_new", seconds: int = 0) -> str:
    """Stripe's header for a body, signed so many seconds from now."""
    stamp = int((AT + timedelta(seconds=seconds)).timestamp())
    return str(stripe.WebhookSignature.generate_signature_header(body, secret, stamp))


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("seconds", [-300, 0, 300])
def test_each_secret_of_ours_is_believed_for_five_minutes_both_ways(secret: str, seconds: int) -> None:
    facts = read_event(BODY.encode(), a_header(secret=secret, seconds=seconds), SECRETS, at=AT)
    assert facts == EventFacts("evt_1", "checkout.session.completed", "cs_1", "pi_1")


@pytest.mark.parametrize(
    ("body", "header"),
    [
        (BODY, ""),
        (BODY, "t=,v1="),
        (BODY, "v1=0000"),
        (BODY, a_header(secret="whsec_other")),
        (BODY, a_header(seconds=-301)),
        (BODY, a_header(seconds=301)),
        (BODY, a_header(seconds=4000)),
        (json.dumps(json.loads(BODY), indent=1), a_header()),
        (BODY.replace("cs_1", "cs_2"), a_header()),
        ("not json", a_header("not json")),
        ("[]", a_header("[]")),
        ('{"id": "evt_1", "type": "x", "data": {}}', a_header('{"id": "evt_1", "type": "x", "data": {}}')),
    ],
)
def test_what_is_forged_stale_from_the_future_or_no_event_is_refused(body: str, header: str) -> None:
    with pytest.raises(BadSignature):
        read_event(body.encode(), header, SECRETS, at=AT)


def test_a_second_time_in_the_header_does_not_make_an_old_event_fresh() -> None:
    old = a_header(seconds=-4000)
    fresh = int(AT.timestamp())
    spaced = old.replace("t=", "t= ")
    for header in (f"{old},t={fresh}", f"t={fresh},{old}", f" t={fresh},{old}", f"{spaced},t={fresh}"):
        with pytest.raises(BadSignature):
            read_event(BODY.encode(), header, SECRETS, at=AT)


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(BadSignature):
        read_event(b"\xff\xfe", a_header(), SECRETS, at=AT)


def test_without_a_secret_nothing_is_believed() -> None:
    with pytest.raises(BadSignature):
        read_event(BODY.encode(), a_header(secret=" "), (), at=AT)
