"""Adults who are not on file ask to be linked to a child; the office decides in ten school days, with a reason."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import date, datetime, timedelta

from sqlalchemy import select

from booking.core import audit, clock
from booking.core.db import db
from booking.core.errors import BookingError, NotFound
from booking.core.outbox import post
from booking.office.families import invite_contact
from booking.people.invitations import make_account, tie, token_digest
from booking.people.linking_models import LinkRequest
from booking.people.models import Contact, Pupil, User
from booking.people.restrictions import restrictions_of
from booking.people.school_words import school_words
from booking.provision.calendar import is_school_day

SCHOOL_DAYS = 10
MOST_OPEN = 3
SATURDAY = 5
FURTHEST = timedelta(days=60)
FIELDS = ("name", "email", "child_name", "date_of_birth", "class_name", "relationship_name", "words")


class CannotLink(BookingError):
    """The request cannot stand or be decided so; what is wrong is said, and nothing was changed."""


def school_days_on(day: date, count: int) -> date:
    """The day that lies so many school days after another.

    Where the calendar says nothing of the next weeks (it is not set up, or it is summer) weekdays count after 60 days.
    """
    last = day + FURTHEST
    while count:
        day += timedelta(days=1)
        count -= is_school_day(day) if day <= last else day.weekday() < SATURDAY
    return day


def ask_link(said: Mapping[str, str], *, user: User | None, base_url: str, at: datetime) -> LinkRequest:
    """Keep a request; somebody without an account gets a link to confirm the address. Raises `CannotLink`."""
    if user is not None and len(_open_of(user)) >= MOST_OPEN:
        raise CannotLink(
            "Three of your requests wait already. The school answers each within ten school days."
        )
    values = {name: said.get(name, "").strip() for name in FIELDS}
    if user is not None:
        values |= {"name": user.name, "email": user.email}
    token = None if user is not None else secrets.token_urlsafe(16)
    made = LinkRequest(
        user_id=user.id if user else None,
        token_digest=token_digest(token) if token else None,
        state="unconfirmed" if token else "asked",
        made_at=at,
        due_on=None if token else school_days_on(clock.today(at), SCHOOL_DAYS),
        **values,
    )
    db.session.add(made)
    db.session.flush()
    audit.record("link_asked", "link_request", made.id, at=at, user_id=user.id if user else None)
    if token:
        post(
            key=f"link-{made.id}",
            to_email=values["email"].lower(),
            template="link_confirm",
            context={"name": values["name"], "link": f"{base_url}/ask/{token}", **school_words()},
            at=at,
        )
    return made


def confirm_request(token: str, *, at: datetime) -> LinkRequest:
    """The asker's address is theirs: the ten school days begin; raises `NotFound`."""
    found = db.session.scalars(
        select(LinkRequest).where(LinkRequest.token_digest == token_digest(token))
    ).first()
    if found is None or found.state != "unconfirmed" or found.made_at < at - timedelta(days=14):
        raise NotFound
    found.state, found.due_on = "asked", school_days_on(clock.today(at), SCHOOL_DAYS)
    db.session.flush()
    return found


def open_requests() -> list[LinkRequest]:
    """What waits for the office's decision, the most urgent first."""
    return list(
        db.session.scalars(
            select(LinkRequest)
            .where(LinkRequest.state == "asked")
            .order_by(LinkRequest.due_on, LinkRequest.id)
        )
    )


def candidates(request: LinkRequest) -> list[Pupil]:
    """Children who might be meant: the same date of birth, or every word of the name; for the office's eyes alone."""
    words = {word.casefold() for word in request.child_name.split()}
    return [
        pupil
        for pupil in db.session.scalars(
            select(Pupil)
            .where(Pupil.status.in_(("on_roll", "expected")))
            .order_by(Pupil.surname, Pupil.forename)
        )
        if pupil.date_of_birth.isoformat() == request.date_of_birth
        or words
        <= {part.casefold() for part in f"{pupil.forename} {pupil.first_name} {pupil.surname}".split()}
    ]


def decide_link(
    request_id: int,
    pupil_id: int | None,
    *,
    responsibility: str,
    reason: str,
    base_url: str,
    at: datetime,
    by: int,
) -> LinkRequest:
    """Link the asker to a child (`pupil_id`), or refuse (None); a reason either way, and a letter to the asker."""
    found = db.session.get(LinkRequest, request_id)
    if found is None or found.state != "asked":
        raise NotFound
    if not reason.strip():
        raise CannotLink("Write why: what you have seen, or what is missing.")
    if pupil_id is not None:
        _link(found, pupil_id, responsibility, base_url=base_url, at=at, by=by)
    found.state = "linked" if pupil_id is not None else "refused"
    found.pupil_id, found.reason, found.decided_by_id, found.decided_at = pupil_id, reason.strip(), by, at
    db.session.flush()
    audit.record(f"link_{found.state}", "link_request", found.id, at=at, user_id=by)
    post(
        key=f"link-answer-{found.id}",
        to_email=found.email.lower(),
        template="link_answer",
        context={
            "name": found.name,
            "is_linked": pupil_id is not None,
            "reason": reason.strip(),
            **school_words(),
        },
        at=at,
        user_id=found.user_id,
    )
    return found


def _link(
    found: LinkRequest, pupil_id: int, responsibility: str, *, base_url: str, at: datetime, by: int
) -> None:
    """The adult comes into the school's record; with an account they are tied, without one they are invited."""
    pupil = db.session.get(Pupil, pupil_id)
    if pupil is None:
        raise NotFound
    email = found.email.lower()
    barred = restrictions_of([pupil_id], clock.today(at)).get(pupil_id, [])
    if any(one.is_about(found.user_id or 0, found.name, email) for one in barred):
        raise CannotLink(
            "A restriction about this adult and this child is in force. Ring the safeguarding lead."
        )
    contact = Contact(
        pupil_id=pupil_id,
        name=found.name,
        relationship_name=found.relationship_name or None,
        email=email,
        priority=len(pupil.contacts) + 1,
        parental_responsibility=responsibility,
    )
    db.session.add(contact)
    db.session.flush()
    user = db.session.get(User, found.user_id) if found.user_id else None
    if user is None:
        invite_contact(contact.id, base_url=base_url, at=at, user_id=by)
        return
    tie(
        user,
        pupil,
        relationship_name=found.relationship_name or "parent",
        responsibility=responsibility,
        at=at,
    )
    if not user.accounts:
        make_account([user], name=user.name, at=at)


def _open_of(user: User) -> list[LinkRequest]:
    return list(
        db.session.scalars(
            select(LinkRequest).where(LinkRequest.user_id == user.id, LinkRequest.state == "asked")
        )
    )
