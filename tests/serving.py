"""Servers that tests and benchmarks start on this machine: a port for each, and the wait until it answers."""

from __future__ import annotations

import socket
import subprocess
import time
from contextlib import closing
from http.client import HTTPConnection

READY_SECONDS = 60


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until_it_answers(process: subprocess.Popen[bytes], port: int) -> None:
    """Wait for any answer over HTTP; raises `RuntimeError` when the process has ended or stays silent for a minute."""
    ends = time.monotonic() + READY_SECONDS
    while time.monotonic() < ends:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        try:
            with closing(HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
                connection.request("GET", "/healthz")
                connection.getresponse().read()
                return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("the server did not come up")
