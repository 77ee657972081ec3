"""How each child of a school goes home on one day, and what of it changed late: what the going-home sheet says.

Made afresh from bookings, what was told of today, buses and consents. A change counts from 13:00 of that day on, when
teachers have looked for the last time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import time

from booking.bookings.day_note_models import DayNote
from booking.people.models import Pupil
from booking.registers.buses import Ride
from booking.registers.plan import Leg

LATE_FROM = time(13, 0)


@dataclass
class WayHome:
    """One child tonight: its sessions in order, its bus, what was told of today, and what changed since 13:00."""

    pupil: Pupil
    legs: list[Leg] = field(default_factory=list)
    ride: Ride | None = None
    notes: list[DayNote] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)
