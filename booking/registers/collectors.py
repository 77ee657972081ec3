"""Who may collect a child: the adults that the school or a guardian named, less everybody whom a restriction bars."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import literal, null, select

from booking.bookings.barred_names import is_named
from booking.core.db import db
from booking.people.models import Contact, Guardianship, User
from booking.people.restrictions import Restriction


@dataclass(frozen=True)
class Collector:
    """One adult who may collect; `is_today` was named for this day alone."""

    name: str
    relationship: str = ""
    phone: str = ""
    is_today: bool = False

    @property
    def words(self) -> str:
        """`Sam Ahmed (parent)`, as it is printed and kept with the mark."""
        return f"{self.name} ({self.relationship})" if self.relationship else self.name


def collectors_of(
    pupil_ids: Collection[int], barred: Mapping[int, list[Restriction]]
) -> dict[int, list[Collector]]:
    """The adults who may collect, guardians first; neither one whom a restriction bars nor whom that adult named."""
    found: dict[int, list[Collector]] = defaultdict(list)
    ids = list(pupil_ids)
    guardians = db.session.execute(
        select(
            Guardianship.pupil_id,
            User.id,
            User.email,
            User.name,
            User.phone,
            Guardianship.relationship_name,
            null().label("given_by_id"),
        )
        .join(User, User.id == Guardianship.user_id)
        .where(Guardianship.pupil_id.in_(ids), Guardianship.may_collect)
        .order_by(Guardianship.id)
    )
    contacts = db.session.execute(
        select(
            Contact.pupil_id,
            literal(0).label("id"),
            Contact.email,
            Contact.name,
            Contact.phone,
            Contact.relationship_name,
            Contact.given_by_id,
        )
        .where(Contact.pupil_id.in_(ids), Contact.may_collect)
        .order_by(Contact.priority, Contact.id)
    )
    for row in [*guardians, *contacts]:
        closed = barred.get(row.pupil_id, ())
        if any(one.is_about(row.id, row.name, row.email) or is_named(row.name, one) for one in closed):
            continue
        if row.given_by_id is not None and any(one.adult_id == row.given_by_id for one in closed):
            continue
        known = found[row.pupil_id]
        if all(one.name.casefold() != row.name.casefold() for one in known):
            known.append(Collector(row.name, row.relationship_name or "", row.phone or ""))
    return found
