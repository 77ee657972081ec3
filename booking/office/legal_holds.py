"""Which children a legal hold keeps, whatever the rules of keeping say."""

from __future__ import annotations

from sqlalchemy import select

from booking.core.db import db
from booking.office.retention_models import LegalHold


def held_pupils() -> set[int]:
    """The children of whom a legal hold keeps everything."""
    return set(db.session.scalars(select(LegalHold.pupil_id).where(LegalHold.ended_at.is_(None))))
