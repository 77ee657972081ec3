"""What goes wrong on purpose: calls that are lost, late or refused, and events that come twice, late or never.

Nothing goes wrong unless a test asks for it, in the process in which it runs the double.
"""

from __future__ import annotations

import random
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Sequence

from stripe_double.errors import StripeError
from stripe_double.store import Thing

CALLS = (
    "lost_before",
    "lost_after",
    "hang_before",
    "hang_after",
    "too_many",
    "broken_before",
    "broken_after",
)
"""How a call may go wrong: no answer, no answer in time, 429, or 500; each before or after it had its effect."""


class Dropped(Exception):
    """The connection ends without an answer."""


class Faults:
    """What is planned for the next calls, by endpoint, and how each event is delivered.

    `delays` gives the seconds after which an event is sent, once for each; None is an event that is never sent.
    """

    def __init__(self) -> None:
        self._planned: dict[str, deque[str]] = defaultdict(deque)
        self._lock = threading.Lock()
        self.chance = 0.0
        self.rng = random.Random(0)
        self.hang_seconds = 1.0
        self.delays: Callable[[Thing], Sequence[int | None]] = lambda event: (0,)
        self.meanwhile: Callable[[str], None] = lambda endpoint: None
        """Called before each call has its effect: what happens at Stripe at that very moment."""

    def plan(self, endpoint: str, *kinds: str) -> None:
        """The next calls of an endpoint go wrong like this, in this order."""
        assert set(kinds) <= set(CALLS), kinds
        self._planned[endpoint].extend(kinds)

    def take(self, endpoint: str) -> str:
        """What goes wrong with this call; empty when nothing does."""
        with self._lock:
            if self._planned[endpoint]:
                return self._planned[endpoint].popleft()
            return self.rng.choice(CALLS) if self.rng.random() < self.chance else ""

    def strike(self, fault: str, when: str) -> None:
        """End the connection, perhaps only after the caller has lost patience, if the fault strikes now."""
        kind, _, its_time = fault.partition("_")
        if kind in {"lost", "hang"} and its_time == when:
            if kind == "hang":
                time.sleep(self.hang_seconds)
            raise Dropped


def too_many() -> StripeError:
    """429: nothing was done, and no answer is kept."""
    return StripeError(
        429, "Too many requests hit the API too quickly.", type_="rate_limit_error", code="rate_limit"
    )


def broken() -> StripeError:
    """500: whether anything was done is not said; kept under the idempotency key like any other answer."""
    return StripeError(500, "An unknown error occurred", type_="api_error")
