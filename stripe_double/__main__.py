"""`python -m stripe_double`: one account of test money on this machine, until it is stopped."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from pathlib import Path

from werkzeug.serving import WSGIRequestHandler, make_server

from stripe_double.account import Account
from stripe_double.server import Server
from stripe_double.store import Store
from stripe_double.webhooks import Postman


class Quiet(WSGIRequestHandler):
    """No line for each request, and no wait for a fuller packet before an answer leaves."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log(self, type: str, message: str, *args: object) -> None:
        """Say nothing."""


def main() -> int:
    """Serve on loopback only, and deliver events, until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(description="A stand-in for Stripe on this machine. Test money only.")
    parser.add_argument("--port", type=int, default=int(os.environ.get("STRIPE_DOUBLE_PORT", "8001")))
    parser.add_argument("--state", type=Path, default=Path("instance/stripe-double.db"))
    parser.add_argument("--webhook-url", default="http://127.0.0.1:8000/webhooks/stripe")
    parser.add_argument("--webhook-secret", default=os.environ.get("STRIPE_WEBHOOK_SECRET", ""))
    options = parser.parse_args()
    if not options.webhook_secret:
        parser.error("--webhook-secret or STRIPE_WEBHOOK_SECRET is needed")
    account = Account(Store(options.state), f"http://127.0.0.1:{options.port}")
    server = make_server("127.0.0.1", options.port, Server(account), threaded=True, request_handler=Quiet)
    postman = Postman(account, options.webhook_url, options.webhook_secret.split(",")[0])
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    postman.start()
    server.serve_forever(poll_interval=0.1)
    postman.stopped.set()
    server.server_close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
