"""Delivers events as Stripe does: signed, at least once, again and again until somebody answers 2xx."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import threading
from urllib.parse import urlsplit

from stripe_double.account import Account
from stripe_double.store import Store

WAITS = (1, 2, 5, 10, 30, 60, 300, 3600)
TIMEOUT_SECONDS = 10


def signature(body: bytes, secret: str, at: int) -> str:
    """Stripe's header: an HMAC-SHA256 of `time.body` with the endpoint's secret."""
    digest = hmac.new(secret.encode(), str(at).encode() + b"." + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


class Postman(threading.Thread):
    """Delivers what is due ten times a second, and expires sessions whose time is over, until stopped."""

    def __init__(self, account: Account, url: str, secret: str) -> None:
        super().__init__(daemon=True)
        self.account, self.url, self.secret = account, url, secret
        self.stopped = threading.Event()

    def run(self) -> None:
        """Go on until told to stop; nothing due is lost by stopping."""
        while not self.stopped.wait(0.1):
            self.account.expire_overdue()
            self.deliver_due()

    def deliver_due(self) -> int:
        """Try each due event once, oldest first; gives the number of tries."""
        store: Store = self.account.store
        due = store.due(self.account.clock.now())
        for number, event_id, tries in due:
            body = store.text_of(store.get("event", event_id))
            is_done = self.send(body, signature(body, self.secret, self.account.clock.now()))
            wait = WAITS[min(tries, len(WAITS) - 1)]
            store.note_delivery(number, is_done=is_done, next_try=self.account.clock.now() + wait)
        return len(due)

    def send(self, body: bytes, header: str) -> bool:
        """Post one signed event; true when it was taken."""
        parts = urlsplit(self.url)
        connection = http.client.HTTPConnection(parts.netloc, timeout=TIMEOUT_SECONDS)
        headers = {"Content-Type": "application/json", "Stripe-Signature": header}
        try:
            connection.request("POST", parts.path, body, headers)
            return 200 <= connection.getresponse().status < 300
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
