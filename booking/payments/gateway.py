"""The only code that speaks to Stripe: asks over HTTP, gives back small frozen facts, and checks signatures.

The library takes 0.2 s and 40 MB to load, so it is imported when first needed. No call may be made inside a
write transaction: `Gateway` refuses it.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from booking.core.db import is_writing
from booking.core.errors import BookingError
from booking.core.settings import Settings

if TYPE_CHECKING:
    import stripe

CURRENCY = "gbp"
TOLERANCE = timedelta(seconds=300)
TIMEOUTS_SECONDS = (3.0, 10.0)
TRIES_AGAIN = 2


class StripeOutOfReach(BookingError):
    """Stripe did not answer, or not with anything that can be used; whether it acted is not known."""

    def __init__(self) -> None:
        super().__init__("The card page cannot be reached just now.")


class StripeRefused(BookingError):
    """Stripe answered with a clear no, and nothing happened there; `code` is Stripe's word for why."""

    def __init__(self, code: str) -> None:
        super().__init__(f"The card company said no ({code}).")
        self.code = code


class BadSignature(BookingError):
    """A webhook that Stripe did not sign, or not within the last five minutes; it is told nothing."""


class CalledWhileWriting(RuntimeError):
    """A programming error: Stripe was asked inside a unit of work, which everybody else would wait for."""


@dataclass(frozen=True)
class SessionFacts:
    """What Stripe says of one Checkout Session; `reference` is the payment's idempotency key."""

    id: str
    url: str | None
    status: str
    payment_status: str
    amount_pence: int
    currency: str
    intent_id: str | None
    reference: str | None

    @property
    def is_paid(self) -> bool:
        """True when the money is there, whatever the browser or an event said."""
        return self.status == "complete" and self.payment_status == "paid"


@dataclass(frozen=True)
class RefundFacts:
    """What Stripe says of one refund; `reference` is our refund's idempotency key, empty when made at Stripe."""

    id: str
    intent_id: str | None
    amount_pence: int
    status: str
    reference: str | None


@dataclass(frozen=True)
class EventFacts:
    """What is used of a signed event: its id, its type and what it is about; never its amounts."""

    id: str
    type: str
    object_id: str
    intent_id: str | None


@dataclass(frozen=True)
class CardPage:
    """What a card page is asked for; the same values under the same key get the same page from Stripe."""

    idempotency_key: str
    payment_id: int
    amount_pence: int
    title: str
    expires_at: datetime
    success_url: str
    cancel_url: str


@dataclass(frozen=True)
class Gateway:
    """The way to one Stripe account (or to the double); holds no connection itself."""

    secret_key: str
    api_base: str | None = None

    def create_checkout_session(self, page: CardPage) -> SessionFacts:
        """Open a card page at Stripe: one line, cards only, pounds; no child's name leaves the school."""
        with self._asking() as client:
            session = client.v1.checkout.sessions.create(
                params={
                    "mode": "payment",
                    "locale": "en-GB",
                    "allowed_payment_method_types": ["card"],
                    "adaptive_pricing": {"enabled": False},
                    "line_items": [
                        {
                            "quantity": 1,
                            "price_data": {
                                "currency": CURRENCY,
                                "unit_amount": page.amount_pence,
                                "product_data": {"name": page.title},
                            },
                        }
                    ],
                    "client_reference_id": page.idempotency_key,
                    "metadata": {"payment_id": str(page.payment_id)},
                    "expires_at": int(page.expires_at.timestamp()),
                    "success_url": page.success_url,
                    "cancel_url": page.cancel_url,
                },
                options={"idempotency_key": page.idempotency_key},
            )
        return _session_facts(session)

    def retrieve_session(self, session_id: str) -> SessionFacts:
        """Ask Stripe how a card page stands; raises `StripeRefused` (`resource_missing`) when it has none."""
        with self._asking() as client:
            return _session_facts(client.v1.checkout.sessions.retrieve(session_id))

    def expire_session(self, session_id: str) -> SessionFacts:
        """Close a card page, so that nobody can pay on it; when it is over already, say how it ended."""
        try:
            with self._asking() as client:
                return _session_facts(client.v1.checkout.sessions.expire(session_id))
        except StripeRefused:
            return self.retrieve_session(session_id)

    def sessions(self) -> Iterator[SessionFacts]:
        """Every card page that Stripe knows, newest first, page after page."""
        with self._asking() as client:
            for session in client.v1.checkout.sessions.list({"limit": 100}).auto_paging_iter():
                yield _session_facts(session)

    def refund(
        self, intent_id: str, amount_pence: int, *, idempotency_key: str, refund_id: int
    ) -> RefundFacts:
        """Send money back to the card that paid."""
        with self._asking() as client:
            refund = client.v1.refunds.create(
                params={
                    "payment_intent": intent_id,
                    "amount": amount_pence,
                    "metadata": {"reference": idempotency_key, "refund_id": str(refund_id)},
                },
                options={"idempotency_key": idempotency_key},
            )
        return _refund_facts(refund)

    def refunds(self, intent_id: str | None = None) -> Iterator[RefundFacts]:
        """Every refund that Stripe knows, or those of one payment; newest first, page after page."""
        params: stripe.params.RefundListParams = {"limit": 100}
        if intent_id is not None:
            params["payment_intent"] = intent_id
        with self._asking() as client:
            for refund in client.v1.refunds.list(params).auto_paging_iter():
                yield _refund_facts(refund)

    @contextlib.contextmanager
    def _asking(self) -> Iterator[stripe.StripeClient]:
        """Lend the client, and turn the library's errors into ours: a clear no, or not known."""
        import stripe

        if is_writing():
            raise CalledWhileWriting
        try:
            yield _client(self.secret_key, self.api_base)
        except (stripe.CardError, stripe.InvalidRequestError, stripe.IdempotencyError) as error:
            raise StripeRefused(error.code or type(error).__name__) from error
        except stripe.StripeError as error:
            raise StripeOutOfReach from error


def gateway_of(settings: Settings) -> Gateway | None:
    """The way to Stripe that the settings name; nothing when the school takes no cards."""
    if settings.stripe_secret_key is None:
        return None
    return Gateway(settings.stripe_secret_key, settings.stripe_api_base)


def read_event(body: bytes, header: str, secrets: tuple[str, ...], *, at: datetime) -> EventFacts:
    """Check the signature over the raw body with each secret, and its time both ways; raises `BadSignature`.

    The library's own check lets a time in the future pass, and looks at another clock than ours.
    """
    import stripe

    for secret in secrets:
        with contextlib.suppress(stripe.SignatureVerificationError, UnicodeDecodeError):
            stripe.WebhookSignature.verify_header(body, header, secret)
            break
    else:
        raise BadSignature("not signed with a secret of ours")
    if abs(at.timestamp() - _signed_at(header)) > TOLERANCE.total_seconds():
        raise BadSignature("signed too long ago, or in the future")
    try:
        event = json.loads(body)
        subject = event["data"]["object"]
        intent = subject.get("payment_intent")
        return EventFacts(str(event["id"]), str(event["type"]), str(subject["id"]), intent and str(intent))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadSignature("signed, but not an event") from error


def _signed_at(header: str) -> int:
    """The time that the signature covers: the first `t`, read as the library reads it, or a replay could add one."""
    return int(next(part.split("=", 2)[1] for part in header.split(",") if part.split("=", 2)[0] == "t"))


@lru_cache(maxsize=4)
def _client(secret_key: str, api_base: str | None) -> stripe.StripeClient:
    """One client a process for each account; its connections are kept open, one a thread."""
    import stripe

    return stripe.StripeClient(
        secret_key,
        base_addresses={"api": api_base} if api_base else None,
        max_network_retries=TRIES_AGAIN,
        http_client=stripe.RequestsClient(timeout=TIMEOUTS_SECONDS),
    )


def _id_of(value: Any) -> str | None:
    """The id of something that Stripe gives as its id or whole."""
    return value if value is None or isinstance(value, str) else str(value.id)


def _session_facts(session: stripe.checkout.Session) -> SessionFacts:
    return SessionFacts(
        id=session.id,
        url=session.url,
        status=session.status or "open",
        payment_status=session.payment_status,
        amount_pence=session.amount_total or 0,
        currency=session.currency or "",
        intent_id=_id_of(session.payment_intent),
        reference=session.client_reference_id,
    )


def _refund_facts(refund: stripe.Refund) -> RefundFacts:
    metadata = refund.metadata.to_dict() if refund.metadata else {}
    return RefundFacts(
        id=refund.id,
        intent_id=_id_of(refund.payment_intent),
        amount_pence=refund.amount,
        status=refund.status or "pending",
        reference=metadata.get("reference"),
    )
