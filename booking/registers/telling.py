"""Telling a family that something waits to be read in their account: a letter without a word about the child.

Every adult who is tied to the child and signs in is told, never one whom a restriction bars; the letter is looked at
again when it leaves, for a restriction may have come in between.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from booking.core import clock, outbox
from booking.core.db import db
from booking.core.outbox import OutboxMessage
from booking.messages.letters import Letter, write_letter
from booking.people.models import Guardianship, School, User
from booking.people.restrictions import open_ties, restrictions_of
from booking.registers.incident_models import Incident
from booking.registers.incident_reading import has_read

TEMPLATE = "to_read"


def readers_of(pupil_ids: Collection[int], on: date) -> dict[int, list[User]]:
    """The adults who may read about each child in their account, by child: tied, active, and not barred on a day."""
    barred = {
        (pupil_id, one.adult_id)
        for pupil_id, found in restrictions_of(pupil_ids, on).items()
        for one in found
    }
    found: dict[int, list[User]] = {}
    for pupil_id, user in db.session.execute(
        select(Guardianship.pupil_id, User)
        .join(User, User.id == Guardianship.user_id)
        .where(Guardianship.pupil_id.in_(pupil_ids), User.active)
        .order_by(Guardianship.id)
    ):
        if (pupil_id, user.id) not in barred:
            found.setdefault(pupil_id, []).append(user)
    return found


def tell_family(pupil_id: int, *, key: str, at: datetime, incident_id: int | None = None) -> int:
    """Put a letter to each reader in the outbox, in the caller's unit of work; a key is used once. Gives how many."""
    told = 0
    for user in readers_of([pupil_id], clock.today(at)).get(pupil_id, ()):
        own_key = f"{key}:{user.id}"
        if db.session.scalars(select(OutboxMessage.id).where(OutboxMessage.key == own_key)).first():
            continue
        outbox.post(
            key=own_key,
            to_email=user.email,
            template=TEMPLATE,
            context={"pupil_id": pupil_id, "incident_id": incident_id},
            at=at,
            user_id=user.id,
        )
        told += 1
    return told


def to_read_letter(context: Mapping[str, Any], *, base_url: str) -> Letter | None:
    """That something waits to be read; nothing for who may not read it by now, or has read it already."""
    user = db.session.get(User, int(context["to_user_id"]))
    if user is None or not user.active:
        return None
    if int(context["pupil_id"]) not in {tie.pupil_id for tie in open_ties(user, clock.today())}:
        return None
    incident = db.session.get(Incident, context["incident_id"]) if context["incident_id"] else None
    if incident is not None and has_read(incident, user.id):
        return None
    school = db.session.scalars(select(School)).first()
    words = {
        "needs_yes": incident is not None,
        "school": school.name if school else "Eight till Six",
        "phone": school.phone if school else "",
        "link": f"{base_url}/children/to-read",
    }
    return write_letter(TEMPLATE, words)
