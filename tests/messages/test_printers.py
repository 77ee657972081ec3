"""Printing by IPP: what is said to a printer, where nothing is ever sent, and answers that are no answers."""

from __future__ import annotations

import socket
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.messages import ipp, printers
from booking.messages.ipp import Attribute, NotIpp, read_answer, request
from booking.messages.printers import (
    Device,
    NotOurNetwork,
    PrinterTrouble,
    check_uri,
    find_job,
    job_state,
    look_at,
    print_pdf,
)
from tests.registers.ipp_printer import a_printer, attributes_of

PDF = b"%PDF-1.7 a sheet \x03\x00\xff"


def test_a_printer_says_who_it_is_and_takes_a_pdf_whole() -> None:
    with a_printer() as tray:
        device = Device(tray.uri)
        look = look_at(device)
        assert (look.model, look.takes_pdf, look.certificate) == ("Stand-in 1", True, None)
        number = print_pdf(device, "2026-11-25 session 1, printer 1", PDF)
        (job,) = tray.jobs
        assert (job.number, job.document) == (number, PDF)
        assert job.attributes["document-format"] == [b"application/pdf"]
        assert job.attributes["sides"] == [b"one-sided"]
        assert job.attributes["requesting-user-name"] == [b"Eight till Six"]
        assert job_state(device, number).is_done
        assert find_job(device, "2026-11-25 session 1, printer 1") == number
        assert find_job(device, "another") is None


def test_what_a_printer_says_of_a_job_reaches_the_office_in_words() -> None:
    with a_printer() as tray:
        device, tray.new_state = Device(tray.uri), 6
        state = job_state(device, print_pdf(device, "one", PDF))
        assert not state.is_done
        assert state.words == "the printer has stopped, media-empty"
        tray.jobs[0].state = 8
        assert job_state(device, 1).is_lost
        assert find_job(device, "one") is None
        tray.keeps_list = False
        assert job_state(device, 1).is_done


def test_a_printer_that_is_off_refuses_or_is_none_is_trouble_in_words() -> None:
    with a_printer() as tray:
        tray.refuses = 1
        with pytest.raises(PrinterTrouble, match="refuses: Busy just now"):
            print_pdf(Device(tray.uri), "one", PDF)
        tray.speaks_html = True
        with pytest.raises(PrinterTrouble, match="is no printer"):
            look_at(Device(tray.uri))
    with pytest.raises(PrinterTrouble, match="does not answer"):
        look_at(Device(tray.uri))


@pytest.mark.parametrize(
    "address",
    [
        "93.184.216.34",
        "169.254.169.254",
        "100.64.0.1",
        "[2001:db8::1]",
        "[fe80::1]",
        "0.0.0.0",
        "[::ffff:8.8.8.8]",
    ],
)
def test_nothing_is_sent_outside_the_schools_own_network(address: str) -> None:
    with pytest.raises(NotOurNetwork, match="own network"):
        check_uri(f"ipp://{address}/ipp/print")
    with pytest.raises(NotOurNetwork):
        print_pdf(Device(f"ipp://{address}/ipp/print"), "one", PDF)


@pytest.mark.parametrize(
    "address", ["10.1.2.3", "172.31.0.9", "192.168.1.20", "127.0.0.1", "[fd00::7]", "[::1]"]
)
def test_addresses_that_never_leave_a_building_are_the_schools(address: str) -> None:
    assert check_uri(f" ipp://{address}/ipp/print ") == f"ipp://{address}/ipp/print"


def test_a_name_with_one_address_outside_is_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    def found(*_: object, **__: object) -> list[tuple[object, ...]]:
        return [(0, 0, 0, "", ("192.168.1.20", 631)), (0, 0, 0, "", ("93.184.216.34", 631))]

    monkeypatch.setattr(socket, "getaddrinfo", found)
    with pytest.raises(NotOurNetwork):
        check_uri("ipp://printer.school.example/ipp/print")


@pytest.mark.parametrize("uri", ["http://10.0.0.1/", "ipp:///x", "printer", "ipp://me:word@10.0.0.1/"])
def test_an_address_of_another_kind_is_refused(uri: str) -> None:
    with pytest.raises(NotOurNetwork, match="like ipp://"):
        check_uri(uri)


def test_a_printer_with_another_certificate_gets_no_sheet(tmp_path: Path) -> None:
    with a_printer(folder=tmp_path) as tray:
        seen = look_at(Device(tray.uri)).certificate
        assert seen is not None
        assert print_pdf(Device(tray.uri, seen), "one", PDF) == 1
        with pytest.raises(PrinterTrouble, match="Another printer"):
            print_pdf(Device(tray.uri, "0" * 64), "two", PDF)
        assert len(tray.jobs) == 1


texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40)


@given(
    texts, st.lists(texts, min_size=1, max_size=4), st.integers(-(2**31), 2**31 - 1), st.binary(max_size=50)
)
def test_what_is_written_is_read_by_somebody_else(
    name: str, words: list[str], number: int, document: bytes
) -> None:
    content = request(
        ipp.PRINT_JOB,
        1,
        (
            Attribute(ipp.URI, "printer-uri", ("ipp://10.0.0.1",)),
            Attribute(ipp.NAME, "job-name", (name,)),
            Attribute(ipp.INTEGER, "job-id", (number,)),
        ),
        (Attribute(ipp.KEYWORD, "media", tuple(words)),),
        document,
    )
    operation, found, rest = attributes_of(content)
    assert (operation, rest) == (ipp.PRINT_JOB, document)
    assert found["job-name"] == [name.encode()]
    assert found["media"] == [word.encode() for word in words]
    assert int.from_bytes(found["job-id"][0], "big", signed=True) == number


def _answer() -> bytes:
    head = bytes([1, 1, 0, 0, 0, 0, 0, 1, 2])
    return (
        head
        + b"\x21\x00\x06job-id\x00\x04\x00\x00\x00\x07"
        + b"\x35\x00\x01n\x00\x08\x00\x02en\x00\x02hi"
        + b"\x22\x00\x01b\x00\x01\x01\x03"
    )


def test_an_answer_is_read() -> None:
    answer = read_answer(_answer())
    assert answer.is_ok
    assert dict(answer.group(ipp.JOB)) == {"job-id": (7,), "n": ("hi",), "b": (True,)}


@given(st.integers(0, len(_answer()) - 1), st.integers(0, 255), st.binary(max_size=60))
def test_an_answer_that_is_broken_is_said_to_be(cut: int, letter: int, noise: bytes) -> None:
    with pytest.raises(NotIpp):
        read_answer(_answer()[:cut])
    changed = bytearray(_answer())
    changed[cut] = letter
    for content in (bytes(changed), noise):
        with suppress(NotIpp):
            read_answer(content)


def test_a_long_name_is_cut_between_letters_and_not_within_one() -> None:
    _, found, _ = attributes_of(
        request(
            2, 1, (Attribute(ipp.URI, "printer-uri", ("x",)), Attribute(ipp.NAME, "job-name", ("ü" * 900,)))
        )
    )
    assert found["job-name"][0].decode() == "ü" * 511
    assert printers.PORT == 631
