"""A child's reference for Tax-Free Childcare, told once: four letters, five digits, TFC."""

from __future__ import annotations

import re
from datetime import datetime

from sqlalchemy import select

from booking.core.audit import record
from booking.core.db import db, insert_new
from booking.core.errors import BookingError
from booking.payments.models import ChildReference

SHAPE = re.compile(r"[A-Z]{4}\d{5}TFC")


class NotAReference(BookingError):
    """What was typed has not the shape of a reference; nothing was saved."""

    def __init__(self) -> None:
        super().__init__(
            "A reference has four letters, five numbers and TFC, like AJON12345TFC. Nothing was saved. "
            "It is on the page of your child in your childcare account."
        )


class ReferenceTaken(BookingError):
    """Another child, or another family, has this reference; nothing was saved, and nobody is told whose it is."""

    def __init__(self) -> None:
        super().__init__(
            "That reference cannot be used here. Nothing was saved. Please check it, or ring the school office."
        )


def read_reference(text: str) -> str:
    """The reference in one shape, whatever blanks, dashes and small letters were typed; raises `NotAReference`."""
    cleaned = re.sub(r"[\s.\-–]+", "", text).upper()
    if not SHAPE.fullmatch(cleaned):
        raise NotAReference
    return cleaned


def references_of(account_id: int) -> dict[int, str]:
    """The references that a family has told, by child."""
    rows = db.session.execute(
        select(ChildReference.pupil_id, ChildReference.reference).where(
            ChildReference.account_id == account_id
        )
    )
    return {row.pupil_id: row.reference for row in rows}


def keep_reference(
    account_id: int, pupil_id: int, text: str, *, at: datetime, user_id: int | None
) -> ChildReference:
    """Keep a child's reference for a family, in place of an earlier one; raises `NotAReference` and `ReferenceTaken`.

    The caller has seen that the child is this family's. Two families that tell one reference at the same moment: the
    database lets one of them.
    """
    reference = read_reference(text)
    holder = db.session.scalars(
        select(ChildReference).where(ChildReference.reference == reference)
    ).one_or_none()
    if holder is not None:
        if (holder.account_id, holder.pupil_id) != (account_id, pupil_id):
            raise ReferenceTaken
        return holder
    old = db.session.scalars(
        select(ChildReference).where(
            ChildReference.account_id == account_id, ChildReference.pupil_id == pupil_id
        )
    ).one_or_none()
    if old is not None:
        db.session.delete(old)
        db.session.flush()
    values = {"account_id": account_id, "pupil_id": pupil_id, "reference": reference}
    made = db.session.scalars(
        insert_new(ChildReference).values(**values, at=at, user_id=user_id).returning(ChildReference)
    ).one_or_none()
    if made is None:
        raise ReferenceTaken
    record("child_reference_kept", "child_reference", made.id, at=at, user_id=user_id)
    return made
