"""The double's faults are Stripe's: what is kept under a key and for how long, what is not, and how events are posted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import stripe

from stripe_double import happenings
from stripe_double.account import Account
from stripe_double.store import Store
from tests.stripe_double.test_double import PARAMS
from tests.stripe_here import a_server


@pytest.fixture
def account(tmp_path: Path) -> Iterator[Account]:
    """A fresh account, served over HTTP."""
    with a_server() as (server, url):
        server.account = Account(Store(tmp_path / "stripe.db", is_lasting=False), url)
        yield server.account
        server.account.store.close()


def create(account: Account, key: str, **change: Any) -> Any:
    """Open a card page under a key, with no second try."""
    client = stripe.StripeClient(
        "sk_test_x",
        base_addresses={"api": account.base_url},
        max_network_retries=0,
        http_client=stripe.RequestsClient(timeout=(1, 0.3)),
    )
    return client.v1.checkout.sessions.create({**PARAMS, **change}, {"idempotency_key": key})


def count(account: Account) -> int:
    """How many pages there are."""
    return len(account.store.all("checkout.session"))


@pytest.mark.parametrize(
    ("fault", "error", "made"),
    [
        ("lost_before", stripe.APIConnectionError, 0),
        ("lost_after", stripe.APIConnectionError, 1),
        ("hang_before", stripe.APIConnectionError, 0),
        ("hang_after", stripe.APIConnectionError, 1),
        ("too_many", stripe.RateLimitError, 0),
        ("broken_before", stripe.APIError, 0),
        ("broken_after", stripe.APIError, 1),
    ],
)
def test_a_call_goes_wrong_before_or_after_its_effect_and_its_key_remembers(
    account: Account, fault: str, error: type[Exception], made: int
) -> None:
    account.faults.hang_seconds = 0.5
    account.faults.plan("create_session", fault)
    with pytest.raises(error):
        create(account, "k")
    assert count(account) == made
    if fault.startswith("broken"):
        with pytest.raises(stripe.APIError):
            create(account, "k")
        assert count(account) == made
        account.clock.ahead += 24 * 3600 + 1
    assert create(account, "k").status == "open"
    assert count(account) == (2 if fault == "broken_after" else 1)


def test_a_key_goes_with_its_parameters_for_a_day(account: Account) -> None:
    first = create(account, "k")
    with pytest.raises(stripe.IdempotencyError):
        create(account, "k", client_reference_id="other")
    account.clock.ahead += 24 * 3600 - 60
    assert create(account, "k").id == first.id
    account.clock.ahead += 120
    assert create(account, "k", client_reference_id="other").id != first.id


def test_what_is_refused_for_its_parameters_is_not_kept(account: Account) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        create(account, "k", colour="red")
    assert create(account, "k").status == "open"


def test_events_are_posted_as_planned(account: Account) -> None:
    plans: dict[str, tuple[int | None, ...]] = {
        "charge.succeeded": (0, 5),
        "payment_intent.succeeded": (None,),
        "checkout.session.completed": (71 * 3600,),
    }
    account.faults.delays = lambda event: plans[event["type"]]
    happenings.pay(account, create(account, "k").id)
    start = account.clock.now()

    def types_due(seconds: int) -> list[str]:
        found = [account.store.get("event", one) for _, one, _ in account.store.due(start + seconds)]
        return [one["type"] for one in found if one]

    assert types_due(1) == ["charge.succeeded"]
    assert types_due(3600) == ["charge.succeeded"] * 2
    assert types_due(71 * 3600 + 1) == [*["charge.succeeded"] * 2, "checkout.session.completed"]


def test_the_balance_is_the_sum_of_what_moved_it(account: Account) -> None:
    session = happenings.pay(account, create(account, "k").id)
    fee = 67
    assert account.store.balance() == 3150 - fee
    happenings.refund_by_hand(account, session["payment_intent"], 1000)
    found = happenings.dispute(account, session["payment_intent"], 500)
    assert account.store.balance() == 3150 - fee - 1000 - 500 - 2000
    happenings.end_dispute(account, found["id"], is_won=True)
    happenings.pay_out(account, 100)
    assert account.store.balance() == 3150 - fee - 1000 - 2000 - 100
