"""The Stripe double inside the process of a test: its account in hand, its clock and its faults to be set, real HTTP."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from flask import Flask
from werkzeug.serving import make_server

from booking.payments.gateway import Gateway
from stripe_double import happenings
from stripe_double.__main__ import Quiet
from stripe_double.account import Account
from stripe_double.server import Server
from stripe_double.store import Store, Thing
from stripe_double.webhooks import Postman, signature
from tests.doubles import SECRET_KEY, WEBHOOK_SECRET

PATIENT, IMPATIENT_SECONDS = (10.0, 60.0), 0.3
"""How long the product waits to be connected, and for an answer; a call that hangs takes a little longer."""


class AppPostman(Postman):
    """Delivers to the app itself; nothing runs by itself, a test says when the post goes."""

    def __init__(self, account: Account, app: Flask) -> None:
        super().__init__(account, "", WEBHOOK_SECRET)
        self.app = app

    def send(self, body: bytes, header: str) -> bool:
        """Post one signed event to the webhook; true when it was taken."""
        answer = self.app.test_client().post(
            "/webhooks/stripe", data=body, headers={"Stripe-Signature": header}
        )
        return 200 <= answer.status_code < 300


@dataclass
class StripeHere:
    """One account at Stripe: `gateway` asks it, `deliver` lets the post go, and people and banks act on `account`."""

    account: Account
    gateway: Gateway
    postman: AppPostman

    def deliver(self) -> int:
        """Deliver what is due now; gives the number of tries."""
        return self.postman.deliver_due()

    def lose_patience(self) -> None:
        """From now on the product waits only a moment for an answer, so that a call which hangs is soon over."""
        self.gateway = replace(self.gateway, timeouts_seconds=(PATIENT[0], IMPATIENT_SECONDS))

    def calm_down(self) -> None:
        """Nothing goes wrong any more, and the product has patience, however slow the machine."""
        self.account.faults.chance = 0
        self.gateway = replace(self.gateway, timeouts_seconds=PATIENT)

    def hand_over(self, event: Thing) -> bool:
        """Deliver this very event now, whatever was planned."""
        body = Store.text_of(event)
        return self.postman.send(body, signature(body, WEBHOOK_SECRET, self.account.clock.now()))

    def lose_post(self) -> None:
        """From now on no event is ever delivered."""
        self.account.faults.delays = lambda event: (None,)

    def pay(self, session_id: str | None, *, amount: int | None = None, later: bool = False) -> None:
        """Somebody pays on a card page."""
        happenings.pay(self.account, session_id or "", amount=amount, later=later)


@contextlib.contextmanager
def a_server() -> Iterator[tuple[Server, str]]:
    """Serve an account over HTTP until the block ends; which one is set by each test."""
    server = Server.__new__(Server)
    web = make_server("127.0.0.1", 0, server, threaded=True, request_handler=Quiet)
    web.daemon_threads = True  # type: ignore[attr-defined]
    thread = threading.Thread(target=web.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server, f"http://127.0.0.1:{web.server_port}"
    finally:
        web.shutdown()
        web.server_close()
        thread.join()


@contextlib.contextmanager
def an_account(server: Server, url: str, app: Flask, folder: Path) -> Iterator[StripeHere]:
    """A fresh account behind the server, for one test."""
    store = Store(folder / "stripe.db", is_lasting=False)
    server.account = Account(store, url)
    server.account.faults.hang_seconds = IMPATIENT_SECONDS + 0.1
    gateway = Gateway(SECRET_KEY, url, timeouts_seconds=PATIENT, tries_again=0)
    yield StripeHere(server.account, gateway, AppPostman(server.account, app))
    store.close()
