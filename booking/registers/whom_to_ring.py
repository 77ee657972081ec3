"""Whom to ring about a child: parents first, then the other contacts; nobody whom a restriction bars."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from booking.core.db import db
from booking.core.words import telephone
from booking.people.models import Contact, Guardianship
from booking.people.restrictions import restrictions_of

MOST = 12


@dataclass(frozen=True)
class Number:
    """Somebody to ring: who they are to the child, the number as it is kept, and whether they may collect."""

    name: str
    who: str
    phone: str
    may_collect: bool

    @property
    def spoken(self) -> str:
        """The number as it is read out."""
        return telephone(self.phone)


def whom_to_ring(pupil_id: int, on: date) -> list[Number]:
    """Everybody with a telephone; the same person or number once."""
    barred = restrictions_of([pupil_id], on).get(pupil_id, [])
    ties = db.session.scalars(
        select(Guardianship)
        .options(joinedload(Guardianship.user))
        .where(Guardianship.pupil_id == pupil_id)
        .order_by(Guardianship.id)
    )
    contacts = db.session.scalars(
        select(Contact).where(Contact.pupil_id == pupil_id).order_by(Contact.priority, Contact.id)
    )
    found: list[Number] = []
    seen: set[str] = set()
    for user_id, name, who, phone, email, may_collect in [
        *(
            (t.user.id, t.user.name, t.relationship_name, t.user.phone, t.user.email, t.may_collect)
            for t in ties
        ),
        *((0, c.name, c.relationship_name, c.phone, c.email, c.may_collect) for c in contacts),
    ]:
        digits = "".join(filter(str.isdigit, phone or ""))[-9:]
        if not digits or digits in seen or any(one.is_about(user_id, name, email) for one in barred):
            continue
        seen.add(digits)
        found.append(Number(name, who or "", phone or "", may_collect))
    return found[:MOST]
