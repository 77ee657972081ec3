"""A cable between a browser and the school that a test may cut: bytes go through it, or they do not.

Cutting a real connection treats the page and its service worker alike, which a browser's own "offline" does not.
"""

from __future__ import annotations

import socket
import threading
from contextlib import suppress


class Cable:
    """Listens on a port of its own and hands everything on to the school's. `url` is where the browser goes."""

    def __init__(self, port: int) -> None:
        self._school, self._is_cut, self._is_deaf = port, False, False
        self._ends: set[socket.socket] = set()
        self._guard = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://localhost:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """From now on nothing gets through, and what was open breaks."""
        self._is_cut = True
        self._break()

    def lose_answers(self) -> None:
        """From now on the school hears everything, and nobody hears the school."""
        self._break()
        self._is_deaf = True

    def mend(self) -> None:
        """The network is back."""
        self._break()
        self._is_cut = self._is_deaf = False

    def close(self) -> None:
        """Take the cable away."""
        self.cut()
        self._listener.close()

    def _break(self) -> None:
        with self._guard:
            ends, self._ends = self._ends, set()
        for end in ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if self._is_cut:
                near.close()
                continue
            far = socket.create_connection(("127.0.0.1", self._school))
            with self._guard:
                self._ends |= {near, far}
            threading.Thread(target=self._carry, args=(near, far, False), daemon=True).start()
            threading.Thread(target=self._carry, args=(far, near, True), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket, is_answer: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if is_answer and self._is_deaf:
                    break
                target.sendall(data)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
