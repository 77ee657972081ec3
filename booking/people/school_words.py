"""How every letter ends: the school's name, and the number to ring."""

from __future__ import annotations

from sqlalchemy import select

from booking.core.db import db
from booking.people.models import School


def school_words() -> dict[str, str]:
    """The school's name and telephone; before the school is set up the product's own name and no number."""
    school = db.session.scalars(select(School)).first()
    return {"school": school.name if school else "Eight till Six", "phone": school.phone if school else ""}
