"""The only code that speaks to Stripe: asks over HTTP, gives back small frozen facts, and checks signatures.

The library takes 0.2 s and 40 MB to load, so it is imported when first needed. No call may be made inside a
write transaction: `Gateway` refuses it.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

from booking.core.db import is_writing
from booking.core.errors import BookingError
from booking.core.settings import Settings
from booking.payments.facts import (
    DisputeFacts,
    EventFacts,
    Movement,
    RefundFacts,
    SessionFacts,
    dispute_facts,
    movement,
    refund_facts,
    session_facts,
)

if TYPE_CHECKING:
    import stripe

CURRENCY = "gbp"
TOLERANCE = timedelta(seconds=300)
TIMEOUTS_SECONDS = (3.0, 10.0)
TRIES_AGAIN = 2
CLOCKS_DIFFER = timedelta(minutes=5)


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
class CardPage:
    """What a card page is asked for; the same values under the same key get the same page from Stripe."""

    idempotency_key: str
    payment_id: int
    amount_pence: int
    title: str
    expires_at: datetime
    success_url: str
    cancel_url: str
    customer_id: str | None = None


@dataclass(frozen=True)
class Gateway:
    """The way to one Stripe account (or to the double); holds no connection itself."""

    secret_key: str
    api_base: str | None = None
    timeouts_seconds: tuple[float, float] = TIMEOUTS_SECONDS
    tries_again: int = TRIES_AGAIN

    def create_checkout_session(self, page: CardPage) -> SessionFacts:
        """Open a card page at Stripe: one line, cards only, pounds; no child's name leaves the school.

        We close it ourselves when its time is over. Stripe is given five minutes more, because it takes no time under
        half an hour, and our clocks may differ. A customer finds the card that they had kept, or a box to keep one.
        """
        kept: Any = {}
        if page.customer_id is not None:
            kept = {
                "customer": page.customer_id,
                "saved_payment_method_options": {"payment_method_save": "enabled"},
            }
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
                    "expires_at": int((page.expires_at + CLOCKS_DIFFER).timestamp()),
                    "success_url": page.success_url,
                    "cancel_url": page.cancel_url,
                    **kept,
                },
                options={"idempotency_key": page.idempotency_key},
            )
        return session_facts(session)

    def retrieve_session(self, session_id: str) -> SessionFacts:
        """Ask Stripe how a card page stands; raises `StripeRefused` (`resource_missing`) when it has none."""
        with self._asking() as client:
            return session_facts(
                client.v1.checkout.sessions.retrieve(session_id, {"expand": ["payment_intent"]})
            )

    def expire_session(self, session_id: str) -> SessionFacts:
        """Close a card page, so that nobody can pay on it; when it is over already, say how it ended."""
        try:
            with self._asking() as client:
                return session_facts(client.v1.checkout.sessions.expire(session_id))
        except StripeRefused:
            return self.retrieve_session(session_id)

    def sessions(
        self, status: Literal["open", "complete", "expired"] | None = None
    ) -> Iterator[SessionFacts]:
        """Every card page that Stripe knows, or those that stand so; newest first, page after page."""
        params: stripe.params.checkout.SessionListParams = {"limit": 100}
        if status is not None:
            params["status"] = status
        with self._asking() as client:
            for session in client.v1.checkout.sessions.list(params).auto_paging_iter():
                yield session_facts(session)

    def session_of(self, intent_id: str) -> SessionFacts | None:
        """The card page on which something was paid; nothing when it was paid in another way."""
        with self._asking() as client:
            found = client.v1.checkout.sessions.list({"payment_intent": intent_id}).data
        return session_facts(found[0]) if found else None

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
        return refund_facts(refund)

    def refunds(self, intent_id: str | None = None) -> Iterator[RefundFacts]:
        """Every refund that Stripe knows, or those of one payment; newest first, page after page."""
        params: stripe.params.RefundListParams = {"limit": 100}
        if intent_id is not None:
            params["payment_intent"] = intent_id
        with self._asking() as client:
            for refund in client.v1.refunds.list(params).auto_paging_iter():
                yield refund_facts(refund)

    def dispute(self, dispute_id: str) -> DisputeFacts:
        """Ask Stripe how a dispute stands."""
        with self._asking() as client:
            return dispute_facts(client.v1.disputes.retrieve(dispute_id))

    def disputes(self) -> Iterator[DisputeFacts]:
        """Every dispute that Stripe knows, newest first, page after page."""
        with self._asking() as client:
            for dispute in client.v1.disputes.list({"limit": 100}).auto_paging_iter():
                yield dispute_facts(dispute)

    def movements(self, since: datetime | None = None) -> Iterator[Movement]:
        """What moved the balance at Stripe, newest first, page after page: charges, refunds, disputes, fees, payouts."""
        params: stripe.params.BalanceTransactionListParams = {"limit": 100}
        if since is not None:
            params["created"] = {"gte": int(since.timestamp())}
        with self._asking() as client:
            for transaction in client.v1.balance_transactions.list(params).auto_paging_iter():
                yield movement(transaction)

    def balance_pence(self) -> int:
        """What Stripe holds for the school now, whether it is paid out already or still to be."""
        with self._asking() as client:
            found: Any = client.v1.balance.retrieve()
        return sum(one.amount for one in (*found.available, *found.pending) if one.currency == CURRENCY)

    def undelivered_events(self, types: Collection[str], since: datetime) -> Iterator[EventFacts]:
        """Events that no delivery has brought here, newest first; Stripe keeps them for 30 days."""
        params: stripe.params.EventListParams = {
            "limit": 100,
            "delivery_success": False,
            "types": sorted(types),
            "created": {"gte": int(since.timestamp())},
        }
        with self._asking() as client:
            for event in client.v1.events.list(params).auto_paging_iter():
                yield _event_facts(event.to_dict())

    def create_customer(self, *, idempotency_key: str) -> str:
        """Let Stripe know somebody, without name or address, so that it can offer to keep their card; gives the id."""
        with self._asking() as client:
            return client.v1.customers.create({}, {"idempotency_key": idempotency_key}).id

    def delete_customer(self, customer_id: str) -> None:
        """Let Stripe forget somebody and their cards; nothing when it did already."""
        try:
            with self._asking() as client:
                client.v1.customers.delete(customer_id)
        except StripeRefused as error:
            if error.code != "resource_missing":
                raise

    @contextlib.contextmanager
    def _asking(self) -> Iterator[stripe.StripeClient]:
        """Lend the client, and turn the library's errors into ours: a clear no, or not known."""
        import stripe

        if is_writing():
            raise CalledWhileWriting
        try:
            yield _client(self)
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
        return _event_facts(json.loads(body))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadSignature("signed, but not an event") from error


def _event_facts(event: Any) -> EventFacts:
    subject = event["data"]["object"]
    intent = subject.get("payment_intent")
    return EventFacts(str(event["id"]), str(event["type"]), str(subject["id"]), intent and str(intent))


def _signed_at(header: str) -> int:
    """The time that the signature covers: the first `t`, read as the library reads it, or a replay could add one."""
    return int(next(part.split("=", 2)[1] for part in header.split(",") if part.split("=", 2)[0] == "t"))


@lru_cache(maxsize=4)
def _client(gateway: Gateway) -> stripe.StripeClient:
    """One client a process for each account; its connections are kept open, one a thread."""
    import stripe

    return stripe.StripeClient(
        gateway.secret_key,
        base_addresses={"api": gateway.api_base} if gateway.api_base else None,
        max_network_retries=gateway.tries_again,
        http_client=stripe.RequestsClient(timeout=gateway.timeouts_seconds),
    )
