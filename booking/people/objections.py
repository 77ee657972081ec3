"""A family's written objection to their child being counted by groups: received, honoured at once, withdrawn."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select

from booking.core import audit
from booking.core.db import db
from booking.core.errors import BookingError, NotFound
from booking.people.group_facts import GroupObjection
from booking.people.models import Pupil


class ObjectionStands(BookingError):
    """There is an objection already, or none to withdraw; nothing was changed."""


def objection_of(pupil_id: int) -> GroupObjection | None:
    """The objection that stands now, if there is one."""
    return db.session.scalars(
        select(GroupObjection).where(
            GroupObjection.pupil_id == pupil_id, GroupObjection.withdrawn_on.is_(None)
        )
    ).first()


def record_objection(pupil_id: int, received_on: date, *, at: datetime, user_id: int) -> GroupObjection:
    """Write down an objection; from that day on the child is in no numerator and no denominator."""
    if db.session.get(Pupil, pupil_id) is None:
        raise NotFound
    if objection_of(pupil_id) is not None:
        raise ObjectionStands("This family’s objection is written down already.")
    made = GroupObjection(pupil_id=pupil_id, received_on=received_on, recorded_by_id=user_id, recorded_at=at)
    db.session.add(made)
    db.session.flush()
    audit.record("objection_recorded", "pupil", pupil_id, at=at, user_id=user_id)
    return made


def withdraw_objection(pupil_id: int, withdrawn_on: date, *, at: datetime, user_id: int) -> None:
    """The family counts again from a day on; reports of the time before stay as they were."""
    found = objection_of(pupil_id)
    if found is None:
        raise ObjectionStands("There is no objection to withdraw.")
    if withdrawn_on < found.received_on:
        raise ObjectionStands("It cannot be withdrawn before it was received.")
    found.withdrawn_on = withdrawn_on
    db.session.flush()
    audit.record("objection_withdrawn", "pupil", pupil_id, at=at, user_id=user_id)
