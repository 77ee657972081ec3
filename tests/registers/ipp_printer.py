"""A stand-in printer on this machine: reads IPP with its own few lines, keeps what it was given, and can misbehave."""

from __future__ import annotations

import datetime as dt
import ssl
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PRINT_JOB, GET_JOB, GET_JOBS, GET_PRINTER = 2, 9, 10, 11
DONE = 9


@dataclass
class Job:
    """What the printer was given."""

    number: int
    name: str
    document: bytes
    attributes: dict[str, list[bytes]]
    state: int = DONE


@dataclass
class Tray:
    """The printer from inside: its jobs, and how it is to behave next."""

    port: int = 0
    scheme: str = "ipp"
    jobs: list[Job] = field(default_factory=list)
    asked: list[int] = field(default_factory=list)
    formats: tuple[str, ...] = ("application/octet-stream", "application/pdf")
    new_state: int = DONE
    refuses: int = 0
    falls_after_taking: int = 0
    speaks_html: bool = False
    keeps_list: bool = True

    @property
    def uri(self) -> str:
        """Where it is."""
        return f"{self.scheme}://127.0.0.1:{self.port}/ipp/print"


def attributes_of(body: bytes) -> tuple[int, dict[str, list[bytes]], bytes]:
    """Operation, attributes and document of a request."""
    major, minor, operation, _ = struct.unpack(">BBHI", body[:8])
    assert (major, minor) == (1, 1)
    place, found, name = 8, {}, ""
    names: list[str] = []
    while body[place] != 3:
        tag, place = body[place], place + 1
        if tag < 16:
            continue
        (size,) = struct.unpack(">H", body[place : place + 2])
        name = body[place + 2 : place + 2 + size].decode() or name
        place += 2 + size
        (size,) = struct.unpack(">H", body[place : place + 2])
        found.setdefault(name, []).append(body[place + 2 : place + 2 + size])
        names.append(name)
        place += 2 + size
    assert names[:3] == ["attributes-charset", "attributes-natural-language", "printer-uri"]
    return operation, found, body[place + 1 :]


def _attribute(tag: int, name: str, *values: bytes) -> bytes:
    out = b""
    for number, value in enumerate(values):
        called = name.encode() if number == 0 else b""
        out += bytes([tag]) + struct.pack(">H", len(called)) + called + struct.pack(">H", len(value)) + value
    return out


def _answer(status: int, *groups: bytes) -> bytes:
    head = bytes([1, 1]) + struct.pack(">HI", status, 1) + b"\x01"
    return head + _attribute(0x47, "attributes-charset", b"utf-8") + b"".join(groups) + b"\x03"


def _job(job: Job) -> bytes:
    return (
        b"\x02"
        + _attribute(0x21, "job-id", struct.pack(">i", job.number))
        + _attribute(0x42, "job-name", job.name.encode())
        + _attribute(0x23, "job-state", struct.pack(">i", job.state))
        + _attribute(0x44, "job-state-reasons", b"none" if job.state == DONE else b"media-empty")
    )


def _handler(tray: Tray) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """One request of IPP."""

        def do_POST(self) -> None:
            assert self.headers["Content-Type"] == "application/ipp"
            body = self.rfile.read(int(self.headers["Content-Length"]))
            operation, found, document = attributes_of(body)
            tray.asked.append(operation)
            if tray.speaks_html:
                return self._say(b"<html>a router</html>")
            if operation == PRINT_JOB and not tray.refuses:
                name = found["job-name"][0].decode()
                tray.jobs.append(Job(len(tray.jobs) + 1, name, document, found, tray.new_state))
                if tray.falls_after_taking:
                    tray.falls_after_taking -= 1
                    self.close_connection = True
                    return None
            return self._say(self._reply(operation, found))

        def _reply(self, operation: int, found: dict[str, list[bytes]]) -> bytes:
            if tray.refuses and operation == PRINT_JOB:
                tray.refuses -= 1
                return _answer(0x0507, _attribute(0x41, "status-message", b"Busy just now"))
            if operation == GET_PRINTER:
                formats = _attribute(0x49, "document-format-supported", *(f.encode() for f in tray.formats))
                return _answer(
                    0, b"\x04" + _attribute(0x41, "printer-make-and-model", b"Stand-in 1") + formats
                )
            if operation == PRINT_JOB:
                return _answer(0, _job(tray.jobs[-1]))
            if operation == GET_JOBS:
                is_done = found["which-jobs"] == [b"completed"]
                return _answer(0, *(_job(job) for job in tray.jobs if (job.state >= 7) == is_done))
            number = struct.unpack(">i", found["job-id"][0])[0]
            if not tray.keeps_list:
                return _answer(0x0406)
            return _answer(0, _job(tray.jobs[number - 1]))

        def _say(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/ipp")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    return Handler


@contextmanager
def a_printer(*, folder: Path | None = None, port: int = 0) -> Iterator[Tray]:
    """A printer that listens until the block ends; with a folder it speaks TLS with a certificate of its own making."""
    tray = Tray()
    server = ThreadingHTTPServer(("127.0.0.1", port), _handler(tray))
    server.daemon_threads = True
    tray.port = server.server_address[1]
    if folder is not None:
        tray.scheme = "ipps"
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(_certificate(folder))
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield tray
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _certificate(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "printer")])
    start = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + dt.timedelta(days=3650))
        .sign(key, hashes.SHA256())
    )
    path = folder / "printer.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path
