"""Prints on a printer of the school's own network by IPP, and nowhere else: an address outside it is refused each time.

The host is looked up once and the connection goes to the very address that was checked. An `ipps` printer has a
certificate of its own making, so it is known by its SHA-256; another certificate gets no sheet.
"""

from __future__ import annotations

import hashlib
import http.client
import ipaddress
import socket
import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit

from booking.core.errors import BookingError
from booking.messages import ipp
from booking.messages.ipp import Answer, Attribute

PORT = 631
TIMEOUT_SECONDS = 10
MOST_BYTES = 1_000_000
OWN_NETWORKS = tuple(
    ipaddress.ip_network(one)
    for one in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "127.0.0.0/8", "::1/128")
)
"""Addresses that never leave a building (RFC 1918, RFC 4193), and this machine, for CUPS on it."""
PDF = "application/pdf"
WHO = "Eight till Six"
DONE, STOPPED = 9, frozenset({7, 8})
STATE_WORDS = {3: "it waits", 4: "it is held", 5: "it is printing", 6: "the printer has stopped"}


class NotOurNetwork(BookingError):
    """The address is not one of the school's own network; nothing was sent."""


class PrinterTrouble(BookingError):
    """The printer does not answer, or it refuses; what it said is in the words."""


class JobForgotten(PrinterTrouble):
    """The printer knows the job no more: it keeps no list of what it has done."""


class NotAble(PrinterTrouble):
    """The printer does not know this question."""


TROUBLES = {0x0406: JobForgotten, 0x0501: NotAble}


@dataclass(frozen=True)
class Device:
    """Where a printer is, and for `ipps` the certificate that it must show (empty until the first look)."""

    uri: str
    certificate: str | None = None


@dataclass(frozen=True)
class Look:
    """What a printer says of itself."""

    model: str
    takes_pdf: bool
    certificate: str | None


@dataclass(frozen=True)
class JobState:
    """What became of a job: done, or gone for good (`is_lost`), or in words what it waits for."""

    number: int
    is_done: bool
    is_lost: bool
    words: str


def check_uri(uri: str) -> str:
    """A printer's address as it is kept; raises `NotOurNetwork` for one that is no IPP address or lies outside."""
    parts = urlsplit(uri.strip())
    if parts.scheme not in {"ipp", "ipps"} or not parts.hostname or parts.username or parts.fragment:
        raise NotOurNetwork("Write the printer’s address like ipp://192.168.1.20/ipp/print.")
    address_of(uri.strip())
    return uri.strip()


def address_of(uri: str) -> tuple[str, int]:
    """The address and port to connect to; raises `NotOurNetwork` unless every address of the host is our own."""
    parts = urlsplit(uri)
    try:
        port = parts.port or PORT
        found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    except (OSError, ValueError) as error:
        raise PrinterTrouble(f"Nothing on the network is called “{parts.hostname}”.") from error
    addresses = [str(one[4][0]) for one in found]
    if not addresses or not all(map(_is_own, addresses)):
        raise NotOurNetwork(
            f"“{parts.hostname}” is not on the school’s own network, so nothing is ever sent there."
        )
    return addresses[0], port


def _is_own(address: str) -> bool:
    parsed = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(parsed, "ipv4_mapped", None)
    return any((mapped or parsed) in network for network in OWN_NETWORKS)


def look_at(device: Device) -> Look:
    """Ask a printer who it is and whether it takes PDF; raises `PrinterTrouble` or `NotOurNetwork`."""
    wanted = ("printer-make-and-model", "document-format-supported")
    names = Attribute(ipp.KEYWORD, "requested-attributes", wanted)
    answer, certificate = _ask(device, ipp.GET_PRINTER, (names,))
    found = answer.group(ipp.PRINTER)
    model = str(next(iter(found.get("printer-make-and-model", ())), "A printer"))
    return Look(model, PDF in found.get("document-format-supported", ()), certificate)


def print_pdf(device: Device, name: str, document: bytes) -> int:
    """Hand a PDF over under a job's name; gives the printer's number for it."""
    attributes = (
        Attribute(ipp.NAME, "job-name", (name,)),
        Attribute(ipp.BOOLEAN, "ipp-attribute-fidelity", (False,)),
        Attribute(ipp.MIME, "document-format", (PDF,)),
    )
    job = (
        Attribute(ipp.KEYWORD, "media", ("iso_a4_210x297mm",)),
        Attribute(ipp.KEYWORD, "sides", ("one-sided",)),
        Attribute(ipp.KEYWORD, "print-color-mode", ("monochrome",)),
    )
    answer, _ = _ask(device, ipp.PRINT_JOB, attributes, job, document)
    number = next(iter(answer.group(ipp.JOB).get("job-id", ())), None)
    if not isinstance(number, int):
        raise PrinterTrouble("The printer took the sheet and gave it no number.")
    return number


def find_job(device: Device, name: str) -> int | None:
    """The number of a job of this name that the printer has or had, or nothing: was it there before we fell?"""
    for which in ("not-completed", "completed"):
        attributes = (
            Attribute(ipp.KEYWORD, "which-jobs", (which,)),
            Attribute(ipp.INTEGER, "limit", (200,)),
            Attribute(ipp.KEYWORD, "requested-attributes", ("job-id", "job-name", "job-state")),
        )
        try:
            answer, _ = _ask(device, ipp.GET_JOBS, attributes)
        except NotAble:
            return None
        for job in answer.each(ipp.JOB):
            state = next(iter(job.get("job-state", ())), None)
            if name in job.get("job-name", ()) and state not in STOPPED:
                return int(next(iter(job["job-id"])))
    return None


def job_state(device: Device, number: int) -> JobState:
    """What became of a job."""
    attributes = (
        Attribute(ipp.INTEGER, "job-id", (number,)),
        Attribute(ipp.KEYWORD, "requested-attributes", ("job-state", "job-state-reasons")),
    )
    try:
        answer, _ = _ask(device, ipp.GET_JOB, attributes)
    except JobForgotten:
        return JobState(number, is_done=True, is_lost=False, words="the printer keeps no list of what it did")
    job = answer.group(ipp.JOB)
    state = next(iter(job.get("job-state", ())), 0)
    reasons = [str(one) for one in job.get("job-state-reasons", ()) if one != "none"]
    said = STATE_WORDS.get(int(state), "it was stopped at the printer" if state in STOPPED else "it waits")
    return JobState(number, state == DONE, state in STOPPED, ", ".join([said, *reasons]))


def _ask(
    device: Device,
    operation: int,
    attributes: tuple[Attribute, ...],
    job: tuple[Attribute, ...] = (),
    document: bytes = b"",
) -> tuple[Answer, str | None]:
    """One request and its answer, with the certificate that the printer showed."""
    parts = urlsplit(device.uri)
    where = Attribute(ipp.URI, "printer-uri", (device.uri,))
    # CUPS tells the names of jobs to their owner alone, so each request says who asks.
    who = Attribute(ipp.NAME, "requesting-user-name", (WHO,))
    content = ipp.request(operation, 1, (where, *_ordered(attributes, who)), job, document)
    host, port = address_of(device.uri)
    headers = {
        "Content-Type": "application/ipp",
        "Host": parts.netloc if parts.port else f"{parts.netloc}:{port}",
    }
    connection = _connection(parts.scheme, host, port)
    try:
        connection.connect()
        certificate = _certificate(connection)
        if device.certificate and certificate != device.certificate:
            raise PrinterTrouble("Another printer answers at this address: its certificate is not the same.")
        connection.request("POST", parts.path or "/", content, headers)
        response = connection.getresponse()
        status, body = response.status, response.read(MOST_BYTES)
    except (OSError, http.client.HTTPException) as error:
        raise PrinterTrouble("The printer does not answer. Is it on, and on the network?") from error
    finally:
        connection.close()
    if status != http.client.OK:
        raise PrinterTrouble(f"The printer answers {status}, not what a printer says. Is the address right?")
    return _checked(body), certificate


def _ordered(attributes: tuple[Attribute, ...], who: Attribute) -> tuple[Attribute, ...]:
    """The job's number stands right behind the printer's address (RFC 8011, 4.1.5), the rest in any order."""
    first = tuple(one for one in attributes if one.name == "job-id")
    return (*first, who, *(one for one in attributes if one.name != "job-id"))


def _connection(scheme: str, host: str, port: int) -> http.client.HTTPConnection:
    if scheme == "ipp":
        return http.client.HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # A printer signs its own certificate: it is held against the one that was seen first, in place of a chain.
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return http.client.HTTPSConnection(host, port, timeout=TIMEOUT_SECONDS, context=context)


def _certificate(connection: http.client.HTTPConnection) -> str | None:
    if not isinstance(connection.sock, ssl.SSLSocket):
        return None
    return hashlib.sha256(connection.sock.getpeercert(binary_form=True) or b"").hexdigest()


def _checked(body: bytes) -> Answer:
    try:
        answer = ipp.read_answer(body)
    except ipp.NotIpp as error:
        raise PrinterTrouble("What answers at this address is no printer.") from error
    if not answer.is_ok:
        said = next(iter(answer.group(ipp.OPERATION).get("status-message", ())), f"{answer.status:#06x}")
        raise TROUBLES.get(answer.status, PrinterTrouble)(f"The printer refuses: {said!s}")
    return answer
