"""Sends what the outbox holds: by SMTP when `MAIL_URL` says so, texts by `SMS_URL`, else as files in instance/outbox/.

A row is claimed in one short transaction, sent outside any, and marked in another; a crash between the two sends it
again under the same Message-ID (or, of a text, asks first whether it is known). After the last try, or a clear no, it is
left for the office to see.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from email.message import EmailMessage
from functools import partial
from urllib.parse import unquote, urlsplit

import structlog
from sqlalchemy import select

from booking.core import clock
from booking.core.db import db, unit_of_work
from booking.core.errors import BookingError
from booking.core.outbox import OutboxMessage
from booking.core.settings import Settings
from booking.messages.letters import Composer, Letter, as_email, write_letter
from booking.messages.outbox_files import write_whole
from booking.messages.texting import TextRefused, reference_of, send_text
from booking.people.models import User
from booking.people.texts import texts_number

log = structlog.get_logger()
MOST_TRIES = 8
CLAIM_LASTS = timedelta(minutes=5)
ROUND_LASTS = timedelta(minutes=2)
"""After this long a round lets the rest wait for their claim to end, so that a dead server never outlasts the claims."""
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
    sent, began = 0, clock.now()
    for message_id in _claim(at):
        if clock.now() - began > ROUND_LASTS:
            break
        message = db.session.get(OutboxMessage, message_id)
        if message is not None and _send_one(message, at, settings, composers):
            sent += 1
    return sent


def _claim(at: datetime) -> list[int]:
    """Take up to 50 due rows for five minutes, e-mails first, so that of two workers only one sends each."""
    with unit_of_work():
        rows = db.session.scalars(
            select(OutboxMessage)
            .where(OutboxMessage.sent_at.is_(None), OutboxMessage.next_try_at <= at)
            .order_by(OutboxMessage.channel, OutboxMessage.id)
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
    message_id, attempts, is_over = message.id, message.attempts, False
    try:
        composer = composers.get(message.template)
        context = {**message.context, "to_user_id": message.user_id}
        letter = composer(context) if composer else write_letter(message.template, message.context)
        hand_over = _packed(message, letter, settings) if letter is not None else None
        db.session.rollback()
        if hand_over is not None:
            hand_over()
        failure = None
    except Exception as error:  # whatever went wrong, the row stays and says so
        db.session.rollback()
        is_over = isinstance(error, TextRefused) or attempts >= MOST_TRIES
        failure = f"{type(error).__name__}: {error}"[:500]
        log.warning("message not sent", message_id=message_id, attempts=attempts, error=type(error).__name__)
    with unit_of_work():
        row = db.session.get_one(OutboxMessage, message_id)
        row.last_error = failure
        if failure is None:
            row.sent_at, row.next_try_at = at, None
        else:
            row.next_try_at = None if is_over else at + timedelta(minutes=2**attempts)
    return failure is None


def _packed(message: OutboxMessage, letter: Letter, settings: Settings) -> Callable[[], None] | None:
    """The letter ready to go by the row's channel, with nothing left to read from the database.

    None when the reader has ended the texts since, or the number takes none: the e-mail goes in any case.
    """
    name = f"{message.id:06d}-{message.template}"
    if message.channel == "email":
        email = as_email(message, letter, sender=sender_of(settings))
        return partial(deliver, email, settings, file_name=f"{name}.eml")
    number = texts_number(db.session.get(User, message.user_id))
    if number is None:
        return None
    return partial(
        send_text,
        number,
        letter.brief,
        settings=settings,
        reference=reference_of(message),
        file_name=f"{name}.sms.txt",
        is_repeat=message.attempts > 1,
    )


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
        write_whole(settings, file_name, email.as_bytes())
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
