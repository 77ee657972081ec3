"""Pages that show private facts about children say so in the log of who saw what, before they answer."""

from __future__ import annotations

from collections.abc import Collection

from flask_login import current_user

from booking.core import clock
from booking.core.access_log import note_access
from booking.core.db import unit_of_work


def note_seen(pupil_ids: Collection[int], fields: Collection[str], *, reason: str, act: str = "view") -> None:
    """Write that whoever is signed in sees these fields of these children now; the one write that a GET makes."""
    user_id = current_user.id
    with unit_of_work():
        note_access(pupil_ids, fields, act=act, reason=reason, at=clock.now(), user_id=user_id)
