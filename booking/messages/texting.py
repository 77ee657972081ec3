"""The one port through which texts leave: GOV.UK Notify when `SMS_URL` says so, else files in instance/outbox/.

Notify's client takes a quarter of a second to load and only the worker sends, so it is imported when first needed.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from booking.core.errors import BookingError
from booking.core.outbox import OutboxMessage
from booking.core.settings import NotifyService, Settings
from booking.messages.outbox_files import write_whole

if TYPE_CHECKING:
    from notifications_python_client.notifications import NotificationsAPIClient

TIMEOUT_SECONDS = 10
PLACEHOLDER = "message"
WORTH_A_WAIT = frozenset({408, 429})
"""The only answers from 400 to 499 that another try can better: too slow, and too many at once."""


class TextRefused(BookingError):
    """The text will never be taken as it is (a wrong number, key or template); the office sees why."""


def reference_of(message: OutboxMessage) -> str:
    """The name of one text at Notify; it follows from the row, so a repeat can be known, and tells nothing."""
    digest = hashlib.sha256(message.key.encode()).hexdigest()[:16]
    return f"outbox-{message.id}-{digest}"


def send_text(
    number: str, words: str, *, settings: Settings, reference: str, file_name: str, is_repeat: bool
) -> None:
    """Hand one text over; on a repeat only when Notify does not know it yet.

    Raises `TextRefused` when trying again is of no use, and anything else when it may be.
    """
    if not words:
        raise TextRefused("There are no words for a text of this kind.")
    if settings.notify is not None:
        _by_notify(number, words, settings.notify, settings.notify_api_key or "", reference, is_repeat)
    elif settings.is_production:
        raise TextRefused("SMS_URL is not set, so no text is sent.")
    else:
        content = f"To: {number}\nReference: {reference}\n\n{words}\n"
        write_whole(settings, file_name, content.encode())


def _by_notify(
    number: str, words: str, service: NotifyService, api_key: str, reference: str, is_repeat: bool
) -> None:
    from notifications_python_client.errors import HTTPError

    client = _client(service, api_key)
    try:
        if is_repeat and client.get_all_notifications(reference=reference)["notifications"]:
            return
        client.send_sms_notification(
            phone_number=number,
            template_id=service.template_id,
            personalisation={PLACEHOLDER: words},
            reference=reference,
            sms_sender_id=service.sender_id,
        )
    except HTTPError as error:
        if 400 <= error.status_code < 500 and error.status_code not in WORTH_A_WAIT:
            raise TextRefused(f"Notify said no: {error}") from error
        raise
    finally:
        client.request_session.close()


def _client(service: NotifyService, api_key: str) -> NotificationsAPIClient:
    from notifications_python_client.notifications import NotificationsAPIClient

    if service.api_base is None:
        return NotificationsAPIClient(api_key, timeout=TIMEOUT_SECONDS)
    return NotificationsAPIClient(api_key, base_url=service.api_base, timeout=TIMEOUT_SECONDS)
