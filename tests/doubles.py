"""The Stripe double as its own process, and a listener that keeps what it sends, for tests that speak real HTTP."""

from __future__ import annotations

import contextlib
import http.client
import http.server
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from tests.serving import free_port, until_it_answers

SECRET_KEY = "sk_test_of_the_tests"
WEBHOOK_SECRET = "whsec_of_the_tests"
PATIENCE_SECONDS = 20


@dataclass
class Delivery:
    """One signed event as it came: raw body and header."""

    body: bytes
    signature: str

    @property
    def type(self) -> str:
        """The event's type, read with as little as possible."""
        found = re.search(rb'"type":\s*"([a-z_.]+\.[a-z_.]+)"', self.body)
        assert found is not None, self.body
        return found[1].decode()


@dataclass
class Listener:
    """Takes what the double sends and keeps it; `status` is what it answers."""

    url: str
    deliveries: list[Delivery] = field(default_factory=list)
    status: int = 200

    def wait_for(self, type_: str, marks: Sequence[bytes]) -> list[Delivery]:
        """The deliveries of a type whose body holds one of these marks, once there is one."""
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            found = [
                one
                for one in list(self.deliveries)
                if one.type == type_ and any(mark in one.body for mark in marks)
            ]
            if found:
                return found
            time.sleep(0.02)
        raise AssertionError(f"no {type_} came, only {[one.type for one in self.deliveries]}")


@contextlib.contextmanager
def a_listener() -> Iterator[Listener]:
    """Listen on loopback for webhooks until the block ends."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            listener.deliveries.append(Delivery(body, self.headers.get("Stripe-Signature", "")))
            self.send_response(listener.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    listener = Listener(f"http://127.0.0.1:{server.server_port}/webhooks/stripe")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield listener
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class Double:
    """A running Stripe double: where it listens, and what a person does on its card page."""

    url: str
    process: subprocess.Popen[bytes]

    def press(self, page_url: str, action: str) -> str:
        """Press `pay` or `cancel` on a card page as a browser would; gives where it leads to."""
        parts = urlsplit(page_url)
        connection = http.client.HTTPConnection(parts.netloc, timeout=PATIENCE_SECONDS)
        with contextlib.closing(connection):
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            connection.request("POST", parts.path, urlencode({"action": action}), headers)
            answer = connection.getresponse()
            answer.read()
            assert answer.status in {302, 303}, answer.status
            return str(answer.headers["Location"])


@contextlib.contextmanager
def a_double(
    state: Path, webhook_url: str, *, port: int | None = None, secret: str = WEBHOOK_SECRET
) -> Iterator[Double]:
    """Run the double until the block ends; the same `state` file later is the same Stripe account."""
    port = port or free_port()
    command = [sys.executable, "-m", "stripe_double", "--port", str(port), "--state", str(state)]
    command += ["--webhook-url", webhook_url, "--webhook-secret", secret]
    process = subprocess.Popen(command, env={**os.environ, "PYTHONUNBUFFERED": "1"})
    try:
        until_it_answers(process, port)
        yield Double(f"http://127.0.0.1:{port}", process)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
