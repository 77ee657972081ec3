"""The office notes that a disability benefit is paid for a child: Tax-Free Childcare then pays more, and to 16."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from booking.core import clock
from booking.core.audit import record
from booking.core.db import db
from booking.payments.childcare import DISABLED, disabled_among
from booking.people.group_facts import GroupFact

MARK_WORDS = {DISABLED: "Disability benefit, for childcare"}


def mark_disability(pupil_id: int, is_disabled: bool, *, at: datetime, user_id: int | None) -> None:
    """Note it from today on, or that it has ended; saying the same again changes nothing."""
    today = clock.today(at)
    if is_disabled == bool(disabled_among([pupil_id], today)):
        return
    if is_disabled:
        fact = GroupFact(
            pupil_id=pupil_id, kind=DISABLED, value="yes", source="office", starts_on=today, recorded_at=at
        )
        db.session.add(fact)
    else:
        facts = db.session.scalars(select(GroupFact).where(GroupFact.pupil_id == pupil_id)).all()
        for fact in [one for one in facts if one.kind == DISABLED and one.ends_on is None]:
            if fact.starts_on >= today:
                db.session.delete(fact)
            else:
                fact.ends_on = today - timedelta(days=1)
    db.session.flush()
    record("childcare_disability_noted", "pupil", pupil_id, at=at, user_id=user_id)
