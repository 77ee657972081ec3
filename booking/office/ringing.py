"""Whom to ring about a child: the school's contacts in their order, never an adult whom a restriction bars."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from booking.people.models import Pupil
from booking.people.restrictions import restrictions_of


def numbers_for(pupils: Iterable[Pupil], on: date) -> dict[int, list[str]]:
    """By pupil, "name (who they are): number" of everybody with a telephone, the first to ring first."""
    found = list(pupils)
    barred = restrictions_of([pupil.id for pupil in found], on)
    return {
        pupil.id: [
            f"{one.name}{f' ({one.relationship_name})' if one.relationship_name else ''}: {one.phone}"
            for one in sorted(pupil.contacts, key=lambda contact: (contact.priority, contact.id))
            if one.phone and not any(bar.is_about(0, one.name, one.email) for bar in barred.get(pupil.id, ()))
        ]
        for pupil in found
    }
