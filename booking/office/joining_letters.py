"""Letters on paper with a code, one for each adult: neither of two parents reads of the other."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from sqlalchemy import select

from booking.core import clock
from booking.core.db import db
from booking.core.errors import BookingError
from booking.core.pdf import render
from booking.core.words import full_day
from booking.people.codes import make_code, need_letters
from booking.people.models import School
from booking.provision.models import Period

SHORTEST = timedelta(days=14)


class NoLetters(BookingError):
    """Everybody has an e-mail address on file or has joined; there is nothing to print."""

    def __init__(self) -> None:
        super().__init__("Nobody here needs a letter: all have an e-mail address or have joined.")


def code_ends(at: datetime) -> datetime:
    """The end of the half-term, but never in less than 14 days."""
    today = clock.today(at)
    ends = db.session.scalars(
        select(Period.ends_on)
        .where(Period.kind == "half_term", Period.ends_on >= today)
        .order_by(Period.starts_on)
        .limit(1)
    ).first()
    return max(clock.instant(ends, time(23, 59)) if ends else at + SHORTEST, at + SHORTEST)


def letters_pdf(class_name: str | None, *, base_url: str, at: datetime, user_id: int) -> bytes:
    """One page an adult, each with a fresh code, in the caller's unit of work; raises `NoLetters`."""
    contacts = need_letters(class_name, on=clock.today(at))
    if not contacts:
        raise NoLetters
    school = db.session.scalars(select(School)).first()
    ends = code_ends(at)
    letters = [
        {
            "name": contact.name,
            "child": contact.pupil.first_name,
            "class": contact.pupil.class_name or "",
            "code": make_code(contact, expires_at=ends, at=at, by_user_id=user_id),
        }
        for contact in contacts
    ]
    data = {
        "title": "Letters with codes",
        "school": school.name if school else "Our school",
        "phone": school.phone if school else "",
        "address": f"{base_url.removeprefix('https://').removeprefix('http://')}/join",
        "until": full_day(clock.to_school(ends).date()),
        "letters": letters,
    }
    return render("joining.typ", data, at=at)
