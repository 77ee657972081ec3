"""Two entries of one adult become one: looked at first, then all of it or nothing.

The entry that goes must have no money and no bookings of its own, so that no ledger line and no place changes hands;
where it has, the office settles first. Children, contacts, words about care and consents move over.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, select, update

from booking.bookings.day_note_models import DayNote
from booking.bookings.models import Basket, Place, WaitingEntry
from booking.core import audit
from booking.core.db import Base, db, table_of
from booking.core.errors import BookingError, NotFound
from booking.ledger.balances import lines_of
from booking.office.corrections import Correction
from booking.office.erasure import erase_user
from booking.people.care_models import CareConfirmation, CareStatement, CollectionPassword
from booking.people.linking_models import LinkRequest
from booking.people.models import Consent, Contact, FamilyAccount, Guardianship, User
from booking.people.restrictions import Restriction
from booking.provision.price_models import Funding, RateHolder

MOVES: tuple[tuple[type[Base], str], ...] = (
    (Contact, "given_by_id"),
    (CareStatement, "said_by_id"),
    (CareConfirmation, "user_id"),
    (Consent, "given_by_id"),
    (LinkRequest, "user_id"),
    (Correction, "user_id"),
    (DayNote, "told_by_id"),
)


class CannotMerge(BookingError):
    """Something stands against it, and is named; nothing was changed."""


@dataclass(frozen=True)
class MergePreview:
    """What would happen: the children who move over, and what stands against it."""

    keep: User
    gone: User
    children: tuple[str, ...]
    against: tuple[str, ...]


def preview_merge(keep_id: int, gone_id: int) -> MergePreview:
    """Look before anything is done; raises `NotFound`."""
    keep, gone = db.session.get(User, keep_id), db.session.get(User, gone_id)
    if keep is None or gone is None or keep is gone:
        raise NotFound
    has = {tie.pupil_id for tie in keep.guardianships}
    moving = tuple(tie.pupil.full_name for tie in gone.guardianships if tie.pupil_id not in has)
    return MergePreview(keep, gone, moving, tuple(_against(keep, gone)))


def _against(keep: User, gone: User) -> list[str]:
    found = []
    if gone.role_names - {"parent"}:
        found.append(f"{gone.name} works here. Take the roles away first.")
    if _is_restricted(keep) or _is_restricted(gone):
        found.append("A restriction is about one of them. Ring the safeguarding lead.")
    for account in gone.accounts:
        if len(account.users) > 1:
            found.append("The one that goes shares an account. Part it first.")
        elif _is_used(account):
            found.append(
                "The one that goes has bookings or money. Settle and cancel them first, or keep the other."
            )
    return found


def _is_restricted(user: User) -> bool:
    found = select(Restriction.id).where(Restriction.adult_id == user.id, Restriction.lifted_at.is_(None))
    return db.session.scalars(found).first() is not None


def _is_used(account: FamilyAccount) -> bool:
    """Whether anything of money or places hangs on an account."""
    if lines_of(account.id):
        return True
    return any(
        db.session.scalar(select(exists().where(table_of(model).c.account_id == account.id)))
        for model in (Place, WaitingEntry, Basket, Funding, RateHolder)
    )


def merge_users(keep_id: int, gone_id: int, *, at: datetime, by: int) -> User:
    """Move everything over and close the other entry; raises `CannotMerge` or `NotFound`."""
    preview = preview_merge(keep_id, gone_id)
    if preview.against:
        raise CannotMerge(" ".join(preview.against))
    has = {tie.pupil_id for tie in preview.keep.guardianships}
    for tie in list(preview.gone.guardianships):
        if tie.pupil_id not in has:
            db.session.execute(update(Guardianship).where(Guardianship.id == tie.id).values(user_id=keep_id))
    for model, column in MOVES:
        table = table_of(model)
        db.session.execute(update(table).where(table.c[column] == gone_id).values({column: keep_id}))
    words = select(CollectionPassword.pupil_id).where(CollectionPassword.given_by_id == keep_id)
    db.session.execute(
        update(CollectionPassword)
        .where(CollectionPassword.given_by_id == gone_id, CollectionPassword.pupil_id.not_in(words))
        .values(given_by_id=keep_id)
        .execution_options(synchronize_session=False)
    )
    db.session.flush()
    db.session.expire_all()
    erase_user(gone_id)
    audit.record("users_merged", "user", keep_id, at=at, user_id=by, gone_id=gone_id)
    return db.session.get_one(User, keep_id)
