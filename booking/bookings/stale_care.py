"""Whose care has to be asked about again: nobody has confirmed it since the term began."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from booking.core.clock import to_school
from booking.people.care import last_confirmed
from booking.provision.calendar import term_began


def to_confirm(pupil_ids: Collection[int], on: date) -> set[int]:
    """Children whose guardians have neither confirmed their care this term nor said anything new of it."""
    confirmed, began = last_confirmed(pupil_ids), term_began(on)
    return {
        pupil_id
        for pupil_id in pupil_ids
        if pupil_id not in confirmed or to_school(confirmed[pupil_id]).date() < began
    }
