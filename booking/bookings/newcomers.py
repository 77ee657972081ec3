"""The right to request care, for families whose child is not at the school yet (DfE, February 2024).

Nobody signs in for it: a letter proves the address, and only then does the request count. The letter repeats nothing
that was typed, so that this page cannot be used to send words to strangers.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import delete, func, select

from booking.bookings.request_models import FamilyRequest, NewcomerRequest
from booking.bookings.requests import RequestRefused, decided_by
from booking.core import audit, clock, outbox
from booking.core.db import db
from booking.core.errors import NotFound
from booking.core.outbox import OutboxMessage
from booking.people.invitations import token_digest
from booking.people.limits import TooManyTries, account_digest

LINK_LASTS = timedelta(days=7)
MOST_LETTERS_AN_HOUR = 3
MONTHS_AHEAD = 60
HOURS = {"before": "Before school", "after": "After school until six"}
LETTERS = ("newcomer_confirm", "newcomer_answer")


@dataclass(frozen=True)
class Asked:
    """What a family asks for: who and where to answer, from which month, weekdays (Monday is 0) and keys of `HOURS`."""

    name: str
    email: str
    starts_on: date
    weekdays: tuple[int, ...]
    hours: tuple[str, ...]
    words: str


def start_months(today: date) -> list[date]:
    """The first of each month in which a child may start: this one and five years on."""
    count = today.year * 12 + today.month - 1
    return [date(number // 12, number % 12 + 1, 1) for number in range(count, count + MONTHS_AHEAD)]


def ask_as_newcomer(asked: Asked, *, at: datetime) -> NewcomerRequest:
    """Keep a request and write to its address; raises `TooManyTries` after three letters to it in an hour."""
    digest, token = account_digest(asked.email, "newcomer "), secrets.token_urlsafe(16)
    lately = NewcomerRequest.made_at > at - timedelta(hours=1)
    if _count(NewcomerRequest.email_digest == digest, lately) >= MOST_LETTERS_AN_HOUR:
        raise TooManyTries
    made = NewcomerRequest(
        token_digest=token_digest(token),
        email_digest=digest,
        starts_on=asked.starts_on,
        made_at=at,
        token=token,
        name=asked.name,
        email=asked.email.strip().lower(),
        weekdays=list(asked.weekdays),
        hours=list(asked.hours),
        words=asked.words,
    )
    db.session.add(made)
    db.session.flush()
    audit.record("newcomer_wrote", "newcomer_request", made.id, at=at, user_id=None)
    _write(made, "newcomer_confirm", at=at)
    return made


def newcomer_behind(token: str, *, at: datetime) -> NewcomerRequest:
    """The request that a link opens, locked; raises `NotFound` for an unknown one, or when it ran out unconfirmed."""
    found = db.session.scalars(
        select(NewcomerRequest)
        .where(NewcomerRequest.token_digest == token_digest(token))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()
    if found is None or (found.state == "unconfirmed" and found.made_at <= at - LINK_LASTS):
        raise NotFound
    return found


def confirm_newcomer(token: str, *, at: datetime) -> NewcomerRequest:
    """The address is theirs: from today the school has a term to decide. A second press changes nothing."""
    found = newcomer_behind(token, at=at)
    if found.state == "unconfirmed":
        found.state, found.asked_at, found.answer_by = "asked", at, decided_by(clock.today(at))
        db.session.flush()
        audit.record("asked_wraparound", "newcomer_request", found.id, at=at, user_id=None)
    return found


def take_back(token: str, *, at: datetime) -> None:
    """The family wants no answer any more: all that it told is deleted. Raises `RequestRefused` once it is answered."""
    found = newcomer_behind(token, at=at)
    if found.state not in ("unconfirmed", "asked"):
        raise RequestRefused("The school has answered this already. Nothing was changed.")
    audit.record("withdrawn", "newcomer_request", found.id, at=at, user_id=None)
    forget_newcomers([found.id])


def answer_newcomer(newcomer_id: int, *, is_yes: bool, words: str, at: datetime, user_id: int) -> None:
    """A person's yes or no with its reason, which goes by e-mail; raises `RequestRefused` or `NotFound`."""
    found = db.session.get(NewcomerRequest, newcomer_id, with_for_update=True, populate_existing=True)
    if found is None or found.state == "unconfirmed":
        raise NotFound
    if not words.strip():
        raise RequestRefused("Write the plan, or the reason. Nothing was changed.")
    if found.state != "asked":
        raise RequestRefused("This was answered already. Nothing was changed.")
    found.state, found.answer = ("yes" if is_yes else "no"), words
    found.answered_at, found.answered_by_id = at, user_id
    db.session.flush()
    audit.record("answered_wraparound", "newcomer_request", found.id, at=at, user_id=user_id, yes=is_yes)
    _write(found, "newcomer_answer", at=at)


def find_newcomer(newcomer_id: int) -> NewcomerRequest:
    """A request for the office to read; one whose address is not confirmed is not there."""
    found = db.session.get(NewcomerRequest, newcomer_id)
    if found is None or found.state == "unconfirmed":
        raise NotFound
    return found


def newcomers_to_answer() -> list[NewcomerRequest]:
    """What waits for the school's answer, the most pressing first."""
    return list(
        db.session.scalars(
            select(NewcomerRequest)
            .where(NewcomerRequest.state == "asked")
            .order_by(NewcomerRequest.answer_by, NewcomerRequest.id)
        )
    )


def care_asked(at: datetime) -> tuple[int, int]:
    """How often care that is not offered was asked for in a year: by families with a child here, and without."""
    since = at - timedelta(days=365)
    here = select(func.count()).where(FamilyRequest.kind == "wraparound", FamilyRequest.asked_at > since)
    return db.session.scalar(here) or 0, _count(NewcomerRequest.asked_at > since)


def unconfirmed_since(before: datetime) -> list[int]:
    """Requests made before an instant whose address nobody has confirmed."""
    over = (NewcomerRequest.state == "unconfirmed", NewcomerRequest.made_at <= before)
    return list(db.session.scalars(select(NewcomerRequest.id).where(*over).order_by(NewcomerRequest.id)))


def forget_unconfirmed(at: datetime) -> int:
    """What the public page promises, whether the school has looked at the rules of keeping or not; hourly."""
    ids = unconfirmed_since(at - LINK_LASTS)
    if ids:
        forget_newcomers(ids)
    return len(ids)


def forget_newcomers(ids: Collection[int]) -> None:
    """Delete requests with the letters that hold their addresses."""
    keys = [_key(newcomer_id, letter) for newcomer_id in ids for letter in LETTERS]
    db.session.execute(delete(OutboxMessage).where(OutboxMessage.key.in_(keys)))
    db.session.execute(delete(NewcomerRequest).where(NewcomerRequest.id.in_(ids)))


def _write(request: NewcomerRequest, letter: str, *, at: datetime) -> None:
    """The row holds the address and a number alone; the words are read when the letter leaves."""
    context = {"newcomer_id": request.id}
    outbox.post(key=_key(request.id, letter), to_email=request.email, template=letter, context=context, at=at)


def _key(newcomer_id: int, letter: str) -> str:
    return f"{letter}:{newcomer_id}"


def _count(*where: object) -> int:
    return db.session.scalar(select(func.count()).select_from(NewcomerRequest).where(*where)) or 0  # type: ignore[arg-type]
