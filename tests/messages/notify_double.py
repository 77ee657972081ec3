"""A stand-in for GOV.UK Notify on loopback: takes texts as its interface does, and fails when it is told to."""

from __future__ import annotations

import contextlib
import http.server
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class NotifyDouble:
    """What it has taken; `status` is the answer, `drops` takes the text and says 500, `sleeps` answers late."""

    url: str
    taken: list[dict[str, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    authorisations: list[str] = field(default_factory=list)
    status: int = 201
    drops: bool = False
    sleeps: float = 0


@contextlib.contextmanager
def a_notify_double() -> Iterator[NotifyDouble]:
    """Listen on loopback until the block ends."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            double.authorisations.append(self.headers["Authorization"])
            time.sleep(double.sleeps)
            if double.status == 201:
                double.taken.append(body)
            answer = (
                {"id": "1"} if double.status == 201 else _errors("BadRequestError", "phone_number is wrong")
            )
            self._say(500 if double.drops else double.status, answer)

        def do_GET(self) -> None:
            reference = parse_qs(urlsplit(self.path).query)["reference"][0]
            double.asked.append(reference)
            self._say(200, {"notifications": [one for one in double.taken if one["reference"] == reference]})

        def _say(self, status: int, answer: object) -> None:
            content = json.dumps(answer).encode()
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    double = NotifyDouble(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield double
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _errors(error: str, message: str) -> dict[str, object]:
    return {"errors": [{"error": error, "message": message}]}
