"""A letter is what one outbox row becomes: subject, plain text, the same as HTML, and attachments.

Templates are templates/messages/<name>.txt; the first line is `Subject: ...`. The HTML is made from the text, so
the two can never say different things.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import format_datetime
from functools import lru_cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateNotFound
from markupsafe import Markup

from booking.core.outbox import OutboxMessage
from booking.core.settings import ROOT
from booking.core.words import WORDS
from booking.messages.gsm import LONGEST, gsm_length, to_gsm


@dataclass(frozen=True)
class Attachment:
    """A file that goes with a letter."""

    name: str
    mime_type: str
    content: bytes


@dataclass(frozen=True)
class Letter:
    """What will be sent; `text` is plain text, paragraphs apart by an empty line.

    `brief` is what a text message says in its place; empty for letters that never go by text.
    """

    subject: str
    text: str
    attachments: tuple[Attachment, ...] = field(default=())
    brief: str = ""


BRIEF_KNOWS = ("school", "what", "answer_by", "link")
"""All that a text message can say: it lights up on a locked phone, so no child's name is ever in reach."""
SHORTEST_NAME = 12


Composer = Callable[[Mapping[str, Any]], "Letter | None"]


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(ROOT / "templates" / "messages"),
        undefined=StrictUndefined,
        autoescape=False,  # plain text; the HTML copy is escaped
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(WORDS)
    return environment


def write_letter(
    template: str, context: Mapping[str, Any], attachments: tuple[Attachment, ...] = ()
) -> Letter:
    """Fill templates/messages/<template>.txt; line breaks never get into the subject."""
    whole = _environment().get_template(f"{template}.txt").render(**context)
    first, _, body = whole.partition("\n")
    subject = " ".join(first.removeprefix("Subject:").split())
    return Letter(subject, body.strip() + "\n", attachments, write_brief(template, context))


def write_brief(template: str, context: Mapping[str, Any]) -> str:
    """Fill templates/messages/brief/<template>.txt with what a text may know, in the letters that one text can carry.

    A long school name is cut until the whole fits one text; empty where there is no such template.
    """
    try:
        brief = _environment().get_template(f"brief/{template}.txt")
    except TemplateNotFound:
        return ""
    known = {name: to_gsm(str(context[name])) for name in BRIEF_KNOWS if name in context}
    words = brief.render(known).strip()
    too_long = gsm_length(words) - LONGEST
    if too_long > 0:
        left = max(SHORTEST_NAME, len(known["school"]) - too_long - len("..."))
        words = brief.render({**known, "school": known["school"][:left].rstrip() + "..."}).strip()
    return words


def as_html(letter: Letter) -> str:
    """The letter's own words as HTML paragraphs with its links made into links; everything escaped."""
    page = _html_environment().from_string(
        '<!doctype html><html lang="en-GB"><head><meta charset="utf-8"><title>{{ subject }}</title></head><body>'
        "{% for paragraph in paragraphs %}<p>{% for line in paragraph %}{{ line | urlize }}"
        "{% if not loop.last %}<br>{% endif %}{% endfor %}</p>{% endfor %}</body></html>"
    )
    paragraphs = [block.splitlines() for block in letter.text.strip().split("\n\n")]
    return str(Markup(page.render(subject=letter.subject, paragraphs=paragraphs)))


@lru_cache(maxsize=1)
def _html_environment() -> Environment:
    return Environment(autoescape=True, undefined=StrictUndefined)


def as_email(message: OutboxMessage, letter: Letter, *, sender: str) -> EmailMessage:
    """The letter as it goes over the wire; its Message-ID follows from the row, so a repeat can be known."""
    digest = hashlib.sha256(message.key.encode()).hexdigest()[:16]
    email = EmailMessage()
    email["Subject"] = letter.subject
    email["From"] = sender
    email["To"] = message.to_email
    email["Date"] = format_datetime(message.created_at)
    email["Message-ID"] = f"<outbox-{message.id}-{digest}@booking.invalid>"
    email["Auto-Submitted"] = "auto-generated"
    email.set_content(letter.text)
    email.add_alternative(as_html(letter), subtype="html")
    for attachment in letter.attachments:
        kind, _, subtype = attachment.mime_type.partition("/")
        email.add_attachment(attachment.content, maintype=kind, subtype=subtype, filename=attachment.name)
    return email
