"""Sends what the outbox holds: by SMTP when `MAIL_URL` says so, else as files in instance/outbox/.

A row is claimed in one short transaction, sent outside any, and marked in another; a crash between the two sends it
again under the same Message-ID. After the last try it is left for the office to see.
"""

from __future__ import annotations

import os
import smtplib
import ssl
from collections.abc import Mapping
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import unquote, urlsplit

import structlog
from sqlalchemy import select

from booking.core.db import db, unit_of_work
from booking.core.errors import BookingError
from booking.core.outbox import OutboxMessage
from booking.core.settings import Settings
from booking.messages.letters import Composer, as_email, write_letter

log = structlog.get_logger()
MOST_TRIES = 8
CLAIM_LASTS = timedelta(minutes=5)
AT_ONCE = 50
TIMEOUT_SECONDS = 20
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class NotSecret(BookingError):
    """The mail server offers no encryption, and it is not on this machine; the letter stays and is tried again."""


def send_due(at: datetime, settings: Settings, composers: Mapping[str, Composer]) -> int:
    """Send all messages that are due, and return how many left the building.

    A composer (by template) gathers what a letter says at the moment of sending; one that returns nothing means that
    the message has become void. It is told who the letter is to (`to_user_id`), who may have lost the right to read
    it since. Without a composer the row's own context fills the template.
    """
    sent = 0
    for message_id in _claim(at):
        message = db.session.get(OutboxMessage, message_id)
        if message is not None and _send_one(message, at, settings, composers):
            sent += 1
    return sent


def _claim(at: datetime) -> list[int]:
    """Take up to 50 due rows for five minutes, so that of two workers only one sends each."""
    with unit_of_work():
        rows = db.session.scalars(
            select(OutboxMessage)
            .where(OutboxMessage.sent_at.is_(None), OutboxMessage.next_try_at <= at)
            .order_by(OutboxMessage.id)
            .limit(AT_ONCE)
            .with_for_update(skip_locked=True)
        ).all()
        for row in rows:
            row.next_try_at = at + CLAIM_LASTS
            row.attempts += 1
        return [row.id for row in rows]


def _send_one(
    message: OutboxMessage, at: datetime, settings: Settings, composers: Mapping[str, Composer]
) -> bool:
    message_id, attempts = message.id, message.attempts
    try:
        composer = composers.get(message.template)
        context = {**message.context, "to_user_id": message.user_id}
        letter = composer(context) if composer else write_letter(message.template, message.context)
        if letter is not None:
            email = as_email(message, letter, sender=sender_of(settings))
            db.session.rollback()
            deliver(email, settings, file_name=f"{message_id:06d}-{message.template}.eml")
        failure = None
    except Exception as error:  # whatever went wrong, the row stays and says so
        db.session.rollback()
        failure = f"{type(error).__name__}: {error}"[:500]
        log.warning("message not sent", message_id=message_id, attempts=attempts, error=type(error).__name__)
    with unit_of_work():
        row = db.session.get_one(OutboxMessage, message_id)
        row.last_error = failure
        if failure is None:
            row.sent_at, row.next_try_at = at, None
        else:
            row.next_try_at = None if attempts >= MOST_TRIES else at + timedelta(minutes=2**attempts)
    return failure is None


def sender_of(settings: Settings) -> str:
    """The address that letters come from: `from` in MAIL_URL's query, else no-reply at the site's own name."""
    query = urlsplit(settings.mail_url or "").query
    for part in query.split("&"):
        name, _, value = part.partition("=")
        if name == "from" and value:
            return unquote(value)
    return f"no-reply@{urlsplit(settings.base_url).hostname}"


def deliver(email: EmailMessage, settings: Settings, *, file_name: str) -> None:
    """Hand one e-mail over: `smtp://` (STARTTLS when offered), `smtps://`, or a file that is whole or absent."""
    if settings.mail_url is None:
        folder = settings.instance / "outbox"
        folder.mkdir(exist_ok=True)
        _write_whole(folder / file_name, email.as_bytes())
        return
    parts = urlsplit(settings.mail_url)
    host, context = parts.hostname or "localhost", ssl.create_default_context()
    server = (
        smtplib.SMTP_SSL(host, parts.port or 465, timeout=TIMEOUT_SECONDS, context=context)
        if parts.scheme == "smtps"
        else smtplib.SMTP(host, parts.port or 587, timeout=TIMEOUT_SECONDS)
    )
    with server:
        server.ehlo()
        if parts.scheme == "smtp" and server.has_extn("starttls"):
            server.starttls(context=context)
        elif parts.scheme == "smtp" and host not in LOOPBACK:
            raise NotSecret(
                f"{host} does not offer STARTTLS, so nothing was sent. Use smtps:// or another server."
            )
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
        server.send_message(email)


def _write_whole(path: Path, content: bytes) -> None:
    part = path.with_suffix(".part")
    part.write_bytes(content)
    os.chmod(part, 0o600)
    part.replace(path)
