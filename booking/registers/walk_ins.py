"""A child who turns up without a booking is taken in and counted first; money and places are sorted out later."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, or_, select

from booking.core.db import db
from booking.core.errors import BookingError
from booking.core.money import format_pence
from booking.core.words import counted
from booking.ledger.terms import terms_on
from booking.people.models import Pupil
from booking.provision.models import Session
from booking.registers.expected import registers_of
from booking.registers.marks import add_mark

MOST_MATCHES = 12


class NoSuchChild(BookingError):
    """No child, or more than one, has that name; nothing was marked, and the ones to choose from are shown."""


def find_children(words: str) -> list[Pupil]:
    """Pupils on the roll whose names hold every one of these words, at most 12, in the order of the register."""
    query = select(Pupil).where(Pupil.status.in_(("on_roll", "visitor")))
    for word in words.split():
        like = f"%{word.replace('%', '').replace('_', '').lower()}%"
        query = query.where(
            or_(
                func.lower(Pupil.forename).like(like),
                func.lower(Pupil.surname).like(like),
                func.lower(func.coalesce(Pupil.preferred_name, "")).like(like),
            )
        )
    if not words.strip():
        return []
    return list(
        db.session.scalars(query.order_by(Pupil.surname, Pupil.forename, Pupil.id).limit(MOST_MATCHES))
    )


def walk_in(session_id: int, words: str, *, pupil_id: str | None, at: datetime, user_id: int) -> Pupil:
    """Mark the one child of that name (or the one chosen) as in; raises `NoSuchChild` or `MarkRefused`."""
    matches = find_children(words)
    if pupil_id:
        matches = [pupil for pupil in matches if str(pupil.id) == pupil_id]
    if not matches:
        raise NoSuchChild(
            f"We found no child called “{words}” on the roll. Check the spelling. Nobody was marked."
        )
    if len(matches) > 1:
        raise NoSuchChild(
            f"{len(matches)} children are called “{words}”. Choose one below. Nobody was marked yet."
        )
    add_mark(session_id, matches[0].id, "walk_in", at=at, user_id=user_id)
    return matches[0]


def taken_in_words(session: Session, pupil: Pupil) -> str:
    """What the door is told after a walk-in: that the child is in, when there are more than places, and what it costs."""
    (register,) = registers_of([session])
    came = register.count("in", "out")
    words = [f"{pupil.full_name} is in."]
    if came > session.capacity:
        words.append(f"{came} children have come, for {counted(session.capacity, 'place')}: tell the leader.")
    pence = session.run.price_pence
    has_place = any(
        one.pupil.id == pupil.id and one.status in ("booked", "held") for one in register.children
    )
    if pence and not has_place and terms_on(session.date).walk_ins_pay:
        words.append(
            f"Nothing was booked: the family is charged {format_pence(pence)} or less by the school’s rule."
        )
    return " ".join(words)
