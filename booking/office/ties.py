"""What the office keeps of an adult and a child: responsibility with its source, the end of a tie, accounts by hand."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from booking.core import audit, clock
from booking.core.db import db
from booking.core.errors import BookingError, NotFound
from booking.people.invitations import make_account
from booking.people.models import Contact, FamilyAccount, Guardianship, Pupil, account_pupil


class CannotTie(BookingError):
    """The words do not fit together; what is wrong is said, and nothing was changed."""


@dataclass(frozen=True)
class TieDetails:
    """What the office says of a tie; responsibility that is known has a source."""

    relationship_name: str
    parental_responsibility: str
    responsibility_source: str
    may_book: bool
    may_collect: bool


def tie_of(tie_id: int) -> Guardianship:
    """A tie by its id; raises `NotFound`."""
    found = db.session.get(Guardianship, tie_id)
    if found is None:
        raise NotFound
    return found


def change_tie(tie_id: int, details: TieDetails, *, at: datetime, by: int) -> Guardianship:
    """Keep what is known; raises `CannotTie` when a yes or a no has no source."""
    found = tie_of(tie_id)
    is_new = details.parental_responsibility != found.parental_responsibility
    if details.parental_responsibility != "not_known" and not details.responsibility_source.strip():
        raise CannotTie("Write how you know of the parental responsibility.")
    found.relationship_name = details.relationship_name
    found.parental_responsibility = details.parental_responsibility
    found.responsibility_source = details.responsibility_source.strip() or None
    if is_new:
        found.responsibility_on = clock.today(at)
    found.may_book, found.may_collect = details.may_book, details.may_collect
    db.session.flush()
    audit.record("tie_changed", "guardianship", found.id, at=at, user_id=by)
    return found


def end_tie(tie_id: int, reason: str, *, at: datetime, by: int) -> None:
    """End a tie: from now on the adult finds nothing of the child. What they booked stays booked."""
    found = tie_of(tie_id)
    if not reason.strip():
        raise CannotTie("Write why it ends.")
    audit.record(
        "tie_ended",
        "guardianship",
        found.id,
        at=at,
        user_id=by,
        pupil_id=found.pupil_id,
        adult_id=found.user_id,
    )
    db.session.delete(found)
    db.session.flush()


def open_account(name: str, pupil_ids: Collection[int], *, at: datetime, by: int) -> FamilyAccount:
    """An account that nobody signs in to, for children who have none; raises `CannotTie`."""
    if not pupil_ids:
        raise CannotTie("Choose at least one child.")
    taken = db.session.scalars(
        select(account_pupil.c.pupil_id).where(account_pupil.c.pupil_id.in_(pupil_ids))
    ).first()
    if taken is not None:
        raise CannotTie("One of these children is on such an account already.")
    account = make_account([], name=name, at=at)
    account.pupils = list(db.session.scalars(select(Pupil).where(Pupil.id.in_(pupil_ids))))
    db.session.flush()
    audit.record("account_opened", "family_account", account.id, at=at, user_id=by)
    return account


def siblings_on_file(pupil: Pupil) -> list[Pupil]:
    """The child, and those of whom the same adult (by name and telephone) is in the school's record."""
    adults = {
        (contact.name, contact.phone)
        for contact in pupil.contacts
        if contact.given_by_id is None and contact.phone
    }
    names = [name for name, _ in adults]
    found = {pupil.id: pupil}
    for contact in db.session.scalars(
        select(Contact).where(Contact.name.in_(names), Contact.given_by_id.is_(None))
    ):
        if (contact.name, contact.phone) in adults and contact.pupil.status != "left":
            found[contact.pupil_id] = contact.pupil
    return sorted(found.values(), key=lambda one: one.date_of_birth)
