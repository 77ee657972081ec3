"""Messages leave once, survive a failing server, and never carry a line break into a header."""

import smtplib
import socket
import threading
from dataclasses import replace
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from flask import Flask
from icalendar import Calendar

from booking.core.db import db, unit_of_work
from booking.core.outbox import OutboxMessage, post
from booking.core.settings import Settings
from booking.messages.calendar_file import CalendarEvent, calendar_file
from booking.messages.letters import Letter, as_html, write_letter
from booking.messages.sending import MOST_TRIES, NotSecret, deliver, send_due

CONTEXT = {"school": "Brook Lane", "name": "Zoë", "link": "http://localhost:8000/join/x"}


def _post(at: datetime, key: str = "k") -> None:
    with unit_of_work():
        post(key=key, to_email="zoe@families.example", template="invitation", context=CONTEXT, at=at)


def _files(settings: Settings) -> list[EmailMessage]:
    folder = settings.instance / "outbox"
    found = []
    for path in sorted(folder.glob("*.eml")):
        found.append(message_from_bytes(path.read_bytes(), policy=policy.default))
        path.unlink()
    return found  # type: ignore[return-value]


def test_a_message_is_written_to_the_outbox_folder_once(app: Flask, at: datetime, settings: Settings) -> None:
    _files(settings)
    _post(at)
    assert send_due(at, settings, {}) == 1
    assert send_due(at + timedelta(hours=1), settings, {}) == 0
    (email,) = _files(settings)
    assert email["To"] == "zoe@families.example"
    assert email["Subject"] == "Join Eight till Six at Brook Lane"
    body = email.get_body(("plain",))
    assert body is not None
    assert "http://localhost:8000/join/x" in body.get_content()


def test_a_composer_that_returns_nothing_sends_nothing(app: Flask, at: datetime, settings: Settings) -> None:
    _files(settings)
    _post(at)
    send_due(at, settings, {"invitation": lambda context: None})
    assert _files(settings) == []
    assert db.session.query(OutboxMessage).one().sent_at == at


def test_a_failing_server_is_tried_again_and_given_up_at_last(
    app: Flask, at: datetime, settings: Settings
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    broken = replace(settings, mail_url=f"smtp://127.0.0.1:{port}")
    _post(at)
    when = at
    for _ in range(MOST_TRIES):
        assert send_due(when, broken, {}) == 0
        row = db.session.query(OutboxMessage).one()
        db.session.rollback()
        assert row.last_error is not None
        when = row.next_try_at or when
    assert row.next_try_at is None
    assert row.sent_at is None


def test_two_messages_with_one_key_are_refused(app: Flask, at: datetime) -> None:
    _post(at)
    with pytest.raises(Exception, match=r"UNIQUE|unique"):
        _post(at)


def test_it_is_sent_by_smtp(app: Flask, at: datetime, settings: Settings) -> None:
    server = _TinySmtp()
    _post(at)
    assert send_due(at, replace(settings, mail_url=f"smtp://127.0.0.1:{server.port}"), {}) == 1
    server.join()
    assert b"To: zoe@families.example" in server.received


class _TinySmtp(threading.Thread):
    """Speaks just enough SMTP to take one message on loopback."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(10)
        self.port = self.listener.getsockname()[1]
        self.received = b""
        self.start()

    def run(self) -> None:
        connection, _ = self.listener.accept()
        with connection, connection.makefile("rwb", buffering=0) as stream, self.listener:
            stream.write(b"220 ready\r\n")
            while line := stream.readline():
                verb = line[:4].upper()
                if verb == b"DATA":
                    stream.write(b"354 go on\r\n")
                    while (part := stream.readline()) != b".\r\n":
                        self.received += part
                stream.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n")
                if verb == b"QUIT":
                    return


def test_a_name_with_a_line_break_stays_in_one_header() -> None:
    letter = write_letter("invitation", {**CONTEXT, "school": "Brook\r\nBcc: everyone@families.example"})
    assert "\n" not in letter.subject


def test_the_html_copy_is_escaped() -> None:
    html = as_html(Letter("s", "Hello <script>alert(1)</script>\n\nhttp://localhost:8000/x\n"))
    assert "<script>" not in html
    assert 'href="http://localhost:8000/x"' in html


def test_a_calendar_file_holds_every_session_in_utc(at: datetime) -> None:
    event = CalendarEvent("place-1@booking", "Chess club (A)", at, at + timedelta(hours=1), "Hall")
    parsed = Calendar.from_ical(calendar_file([event], name="Bookings", at=at))
    (found,) = parsed.walk("VEVENT")
    assert found["UID"] == "place-1@booking"
    assert found.decoded("DTSTART") == at


def test_a_server_elsewhere_without_encryption_gets_nothing(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = _TinySmtp()
    plain = smtplib.SMTP
    monkeypatch.setattr(
        smtplib, "SMTP", lambda host, port, **options: plain("127.0.0.1", server.port, **options)
    )
    letter = EmailMessage()
    letter["To"], letter["From"], letter["Subject"] = "a@families.example", "b@school.example", "Hello"
    with pytest.raises(NotSecret, match="STARTTLS"):
        deliver(letter, replace(settings, mail_url="smtp://user:word@mail.school.example"), file_name="x.eml")
    server.join(10)
    assert server.received == b""
